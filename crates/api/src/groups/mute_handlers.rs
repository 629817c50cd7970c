//! Handlers for mutes.

use groupchat_domain::groups;
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::ban_dto::RestrictionDraftDto;
use super::dto::MemberDto;
use crate::extract::{Body, Ids, Key, NoParams, UserOrMe};
use crate::problem::ApiError;
use crate::respond::{NoContent, Ok200};
use crate::state::State;

/// Mutes a member
///
/// Until `until`, or until the mute is ended, the member can't send, reply, react or create polls, also after leaving and
/// joining again. A member who is muted already gets this reason and this end. For those who may `mute_members`, if the
/// member has a lower rank.
#[api_v2_operation(tags(Groups), operation_id = "muteMember")]
pub async fn mute(
    state: State,
    key: Key,
    body: Body<RestrictionDraftDto>,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<Ok200<MemberDto>, ApiError> {
    let (draft, Ids((group, user))) = (body.0.parse()?, path);
    let member = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| {
            let member = groups::mute(tx, actor, group, user.id(actor), &draft)?;
            Ok(MemberDto::told_to(actor.id(), member))
        })
        .await?;
    Ok(Ok200(member))
}

/// Ends the mute of a member
///
/// Changes nothing if the member is not muted. For those who may `mute_members`, if the member has a lower rank.
#[api_v2_operation(tags(Groups), operation_id = "unmuteMember")]
pub async fn unmute(
    state: State,
    key: Key,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, user)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state
        .storage
        .write_as(tidying, move |tx, actor| groups::unmute(tx, actor, group, user.id(actor)))
        .await?;
    Ok(NoContent)
}
