//! Handlers for bans.

use groupchat_domain::groups;
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::ban_dto::{BanDto, RestrictionDraftDto};
use super::requests::MemberListParams;
use crate::extract::{Body, Ids, Key, NoParams, Params, UserOrMe};
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, PageDto};

/// Lists those who are banned from a group
///
/// By name. For those who may `ban_members`.
#[api_v2_operation(tags(Groups), operation_id = "listBans")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<MemberListParams>,
) -> Result<Large<PageDto<BanDto>>, ApiError> {
    let Ids(group) = path;
    let query = params.0.parse(group, list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| groups::list_bans(tx, actor, &query),
            move |page, _| PageDto::by_name(list, page, BanDto::from),
        )
        .await
}

/// Bans a user from a group
///
/// Removes a member of a lower rank, and keeps the user out until `until`, or until the ban is lifted, whoever adds or
/// invites them. A user who is banned already gets this reason and this end. For those who may `ban_members`.
#[api_v2_operation(tags(Groups), operation_id = "ban")]
pub async fn ban(
    state: State,
    key: Key,
    body: Body<RestrictionDraftDto>,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<Ok200<BanDto>, ApiError> {
    let (draft, Ids((group, user))) = (body.0.parse()?, path);
    let ban = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| groups::ban(tx, actor, group, user.id(actor), &draft))
        .await?;
    Ok(Ok200(ban.into()))
}

/// Lifts a ban
///
/// Changes nothing if the user is not banned. For those who may `ban_members`.
#[api_v2_operation(tags(Groups), operation_id = "unban")]
pub async fn unban(
    state: State,
    key: Key,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, user)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| groups::unban(tx, actor, group, user.id(actor))).await?;
    Ok(NoContent)
}
