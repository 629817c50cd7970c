//! Handlers for groups.

use groupchat_domain::accounts::Actor;
use groupchat_domain::groups;
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::GroupDto;
use super::requests::{DirectDraftDto, GroupChangesDto, GroupDraftDto, GroupListParams};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Created, CreatedOrOk, Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, PageDto};

/// Creates a group
///
/// The caller becomes its owner.
#[api_v2_operation(tags(Groups), operation_id = "createGroup")]
pub async fn create(
    state: State,
    key: Key,
    body: Body<GroupDraftDto>,
    _: NoParams,
) -> Result<Created<GroupDto>, ApiError> {
    let draft = body.0.parse()?;
    let quotas = state.options().quotas;
    let create = move |tx: &mut dyn Tx, actor: &Actor| groups::create(tx, actor, &draft, &quotas);
    let view = state.storage.write_as(key.0, create).await?;
    let location = format!("/api/groups/{}", view.group.id);
    Ok(Created { body: view.into(), location })
}

/// Starts a direct conversation
///
/// Finds or creates the conversation of exactly these people and you. Nobody joins it or leaves it. If it is closed or
/// can't be created, because somebody has blocked somebody or has no account, the answer is always the same.
#[api_v2_operation(tags(Groups), operation_id = "startDirect")]
pub async fn start_direct(
    state: State,
    key: Key,
    body: Body<DirectDraftDto>,
    _: NoParams,
) -> Result<CreatedOrOk<GroupDto>, ApiError> {
    let (people, quotas) = (body.0.parse()?, state.options().quotas);
    let start = move |tx: &mut dyn Tx, actor: &Actor| groups::start_direct(tx, actor, &people, &quotas);
    let (view, is_new) = state.storage.write_as(key.0, start).await?;
    let location = format!("/api/groups/{}", view.group.id);
    let body = GroupDto::from(view);
    Ok(if is_new { CreatedOrOk::Created(Created { body, location }) } else { CreatedOrOk::Ok(body) })
}

/// Lists groups
///
/// All public and closed groups and your own, by name. To others than its members, a private group does not exist.
/// Direct conversations are a list of their own.
#[api_v2_operation(tags(Groups), operation_id = "listGroups")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<GroupListParams>,
) -> Result<Large<PageDto<GroupDto>>, ApiError> {
    let selection = params.0.parse(list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| groups::list(tx, actor, &selection.seen_by(actor.id())),
            move |page, _| PageDto::by_name(list, page, GroupDto::from),
        )
        .await
}

/// Returns a group
///
/// Server admins see every group, but its messages only as members.
#[api_v2_operation(tags(Groups), operation_id = "getGroup")]
pub async fn show(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<GroupDto>, ApiError> {
    let Ids(id) = path;
    let view = state.storage.read_as(key.in_groups(), move |tx, actor| groups::find(tx, actor, id)).await?;
    Ok(Ok200(view.into()))
}

/// Edits a group
///
/// For its owners and admins, and server admins.
#[api_v2_operation(tags(Groups), operation_id = "editGroup")]
pub async fn edit(
    state: State,
    key: Key,
    body: Body<GroupChangesDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<GroupDto>, ApiError> {
    let (changes, Ids(id)) = (body.0.parse_within(state.options().retention_bounds)?, path);
    let view = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| groups::edit(tx, actor, id, &changes))
        .await?;
    Ok(Ok200(view.into()))
}

/// Archives a group
///
/// Members can read an archived group, and nothing in it can be changed. For its owners and admins, and server admins.
#[api_v2_operation(tags(Groups), operation_id = "archiveGroup")]
pub async fn archive(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<GroupDto>, ApiError> {
    let Ids(id) = path;
    let view =
        state.storage.write_as(key.in_groups(), move |tx, actor| groups::archive(tx, actor, id)).await?;
    Ok(Ok200(view.into()))
}

/// Restores an archived group
///
/// For its owners and admins, and server admins.
#[api_v2_operation(tags(Groups), operation_id = "restoreGroup")]
pub async fn restore(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<GroupDto>, ApiError> {
    let Ids(id) = path;
    let view =
        state.storage.write_as(key.in_groups(), move |tx, actor| groups::restore(tx, actor, id)).await?;
    Ok(Ok200(view.into()))
}

/// Deletes a group
///
/// Deletes the group and its contents. For its owners and server admins.
#[api_v2_operation(tags(Groups), operation_id = "deleteGroup")]
pub async fn delete(state: State, key: Key, path: Ids<GroupId>, _: NoParams) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| groups::delete(tx, actor, id)).await?;
    Ok(NoContent)
}
