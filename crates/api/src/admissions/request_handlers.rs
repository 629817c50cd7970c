//! Handlers for joining, and for requests to join.

use groupchat_domain::accounts::Actor;
use groupchat_domain::admissions::{self, Joined};
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{JoinRequestDto, RequestedDto};
use super::requests::JoinDraftDto;
use crate::extract::{Ids, Key, NoParams, OptionalBody, Params, UserOrMe};
use crate::groups::{MemberDto, MemberListParams, created_member};
use crate::problem::ApiError;
use crate::respond::{Accepted, Created, CreatedOrOk, Large, NoContent, OrAccepted};
use crate::state::State;
use crate::wire::{List, PageDto};

/// Joins a group, or asks to
///
/// A public group has the caller as a member at once. Responds with 200 if the caller is already a member, and changes
/// nothing. The first user who joins a group without members becomes its owner. Server admins can join any group. Of a
/// closed group, the caller asks to become a member (202); asking again changes nothing, not even the message.
#[api_v2_operation(tags(Admissions), operation_id = "joinGroup")]
pub async fn join(
    state: State,
    key: Key,
    body: OptionalBody<JoinDraftDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<OrAccepted<CreatedOrOk<MemberDto>, RequestedDto>, ApiError> {
    let message = body.0.map(JoinDraftDto::parse).transpose()?.flatten();
    let (Ids(group), quotas) = (path, state.options().quotas);
    let join =
        move |tx: &mut dyn Tx, actor: &Actor| admissions::join(tx, actor, group, message.as_ref(), &quotas);
    Ok(match state.storage.write_as(Writing::of_notice(key.0).in_groups(), join).await? {
        Joined::Now(member) => {
            let member = MemberDto::for_themselves(member);
            OrAccepted::Done(CreatedOrOk::Created(created_member(group, member)))
        }
        Joined::Before(member) => OrAccepted::Done(CreatedOrOk::Ok(MemberDto::for_themselves(member))),
        Joined::Requested(request) => OrAccepted::Accepted(Accepted(request.into())),
    })
}

/// Lists the requests to join a group
///
/// By name. For those who may `approve_requests`.
#[api_v2_operation(tags(Admissions), operation_id = "listJoinRequests")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<MemberListParams>,
) -> Result<Large<PageDto<JoinRequestDto>>, ApiError> {
    let Ids(group) = path;
    let query = params.0.parse(group, list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| admissions::list_requests(tx, actor, &query),
            move |page, _| PageDto::by_name(list, page, JoinRequestDto::from),
        )
        .await
}

/// Approves a request to join a group
///
/// The user becomes a member. For those who may `approve_requests`.
#[api_v2_operation(tags(Admissions), operation_id = "approveJoinRequest")]
pub async fn approve(
    state: State,
    key: Key,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<Created<MemberDto>, ApiError> {
    let (Ids((group, user)), quotas) = (path, state.options().quotas);
    let member = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| {
            let member = admissions::approve_request(tx, actor, group, user.id(actor), &quotas)?;
            Ok(MemberDto::seen_by(actor.id(), member))
        })
        .await?;
    Ok(created_member(group, member))
}

/// Refuses a request to join a group, or withdraws it
///
/// Users withdraw their own request. For others, this is for those who may `approve_requests`.
#[api_v2_operation(tags(Admissions), operation_id = "endJoinRequest")]
pub async fn end(
    state: State,
    key: Key,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, user)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state
        .storage
        .write_as(tidying, move |tx, actor| admissions::end_request(tx, actor, group, user.id(actor)))
        .await?;
    Ok(NoContent)
}
