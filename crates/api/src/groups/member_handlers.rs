//! Handlers for members.

use groupchat_domain::groups;
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::batch_dto::{AdditionsDto, BatchDto};
use super::dto::MemberDto;
use super::requests::{MemberChangesDto, MemberDraftDto, MemberListParams};
use crate::extract::{Body, Ids, Key, NoParams, Params, UserOrMe};
use crate::problem::ApiError;
use crate::respond::{Created, Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, PageDto};

/// Lists a group's members
///
/// By name.
#[api_v2_operation(tags(Groups), operation_id = "listMembers")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<MemberListParams>,
) -> Result<Large<PageDto<MemberDto>>, ApiError> {
    let Ids(group) = path;
    let query = params.0.parse(group, list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| groups::list_members(tx, actor, &query),
            move |page, actor| {
                PageDto::by_name(list, page, |member| MemberDto::listed_for(actor.id(), member))
            },
        )
        .await
}

/// Adds a member
///
/// For members. Only owners and server admins can give a role above `member`. If the group has no members, the user
/// becomes its owner.
#[api_v2_operation(tags(Groups), operation_id = "addMember")]
pub async fn add(
    state: State,
    key: Key,
    body: Body<MemberDraftDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Created<MemberDto>, ApiError> {
    let Ids(group) = path;
    let ((candidate, role), quotas) = (body.0.parse()?, state.options().quotas);
    let member = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| {
            let member = groups::add_member(tx, actor, group, &candidate, &role, &quotas)?;
            Ok(MemberDto::seen_by(actor.id(), member))
        })
        .await?;
    Ok(created(group, member))
}

/// Adds many members
///
/// Adds users as plain members, and responds with what came of each. A user who can't be added keeps none of the others out.
#[api_v2_operation(tags(Groups), operation_id = "addMembers")]
pub async fn add_batch(
    state: State,
    key: Key,
    body: Body<BatchDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<AdditionsDto>, ApiError> {
    let (batch, Ids(group), quotas) = (body.0.parse()?, path, state.options().quotas);
    let writing = Writing::of_many(key.0, batch.ids().len()).in_groups();
    let additions = state
        .storage
        .write_as(writing, move |tx, actor| groups::add_members(tx, actor, group, &batch, &quotas))
        .await?;
    Ok(Ok200(additions.into()))
}

/// A membership that was made, with where it is found.
pub(crate) fn created(group: GroupId, member: MemberDto) -> Created<MemberDto> {
    let location = format!("/api/groups/{group}/members/{}", member.user.id.0);
    Created { body: member, location }
}

/// Changes a member
///
/// Owners of the group and server admins change roles. Members change their own `notify`, `pinned` and `hidden`, which
/// only their own devices are told.
#[api_v2_operation(tags(Groups), operation_id = "editMember")]
pub async fn edit(
    state: State,
    key: Key,
    body: Body<MemberChangesDto>,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<Ok200<MemberDto>, ApiError> {
    let (changes, Ids((group, user)), quotas) = (body.0.parse()?, path, state.options().quotas);
    let member = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| {
            let member = groups::edit_member(tx, actor, group, user.id(actor), &changes, &quotas)?;
            Ok(MemberDto::seen_by(actor.id(), member))
        })
        .await?;
    Ok(Ok200(member))
}

/// Removes a member, or leaves the group
///
/// Members can remove themselves. Admins of the group can remove plain members. Owners and server admins can remove
/// anyone.
#[api_v2_operation(tags(Groups), operation_id = "removeMember")]
pub async fn remove(
    state: State,
    key: Key,
    path: Ids<(GroupId, UserOrMe)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, user)) = path;
    state
        .storage
        .write_as(Writing::new(key.0, WritePurpose::Tidy).in_groups(), move |tx, actor| {
            groups::remove_member(tx, actor, group, user.id(actor))
        })
        .await?;
    Ok(NoContent)
}
