//! Handlers for drafts.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::saved;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::DraftDto;
use super::requests::{DraftRemovalParams, DraftTextDto};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{NoContent, Ok200};
use crate::state::State;

/// Where a draft is: a group, and the root of a thread.
type Place = (GroupId, Option<MessageId>);

async fn put_at(
    state: State,
    key: Key,
    body: DraftTextDto,
    place: Place,
) -> Result<Ok200<DraftDto>, ApiError> {
    let (text, if_version) = body.parse()?;
    let writing = Writing::of_text(key.0, text.as_str()).in_groups();
    let draft = state
        .storage
        .write_as(writing, move |tx, actor| saved::put_draft(tx, actor, place, &text, if_version))
        .await?;
    Ok(Ok200(draft.into()))
}

async fn show_at(state: State, key: Key, place: Place) -> Result<Ok200<DraftDto>, ApiError> {
    let draft =
        state.storage.read_as(key.in_groups(), move |tx, actor| saved::find_draft(tx, actor, place)).await?;
    Ok(Ok200(draft.into()))
}

async fn remove_at(
    state: State,
    key: Key,
    place: Place,
    params: DraftRemovalParams,
) -> Result<NoContent, ApiError> {
    let if_version = params.parse()?;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state
        .storage
        .write_as(tidying, move |tx, actor| saved::remove_draft(tx, actor, place, if_version))
        .await?;
    Ok(NoContent)
}

/// Keeps a draft for a group
///
/// What you have typed and not sent, for all of your devices. With `if_version`, only in the place of the draft that has that
/// version. Sending a message leaves the draft as it is. For members who may read.
#[api_v2_operation(tags(Saved), operation_id = "putDraft")]
pub async fn put(
    state: State,
    key: Key,
    body: Body<DraftTextDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<DraftDto>, ApiError> {
    put_at(state, key, body.0, (path.0, None)).await
}

/// Returns your draft for a group
///
/// For members who may read.
#[api_v2_operation(tags(Saved), operation_id = "getDraft")]
pub async fn show(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<DraftDto>, ApiError> {
    show_at(state, key, (path.0, None)).await
}

/// Removes your draft for a group
///
/// With `if_version`, only if it still has that version. If there is none, nothing changes.
#[api_v2_operation(tags(Saved), operation_id = "deleteDraft")]
pub async fn remove(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    params: Params<DraftRemovalParams>,
) -> Result<NoContent, ApiError> {
    remove_at(state, key, (path.0, None), params.0).await
}

/// Keeps a draft for a thread
///
/// Under the message that is replied to. The same as for a group.
#[api_v2_operation(tags(Saved), operation_id = "putThreadDraft")]
pub async fn put_in_thread(
    state: State,
    key: Key,
    body: Body<DraftTextDto>,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<DraftDto>, ApiError> {
    let Ids((group, root)) = path;
    put_at(state, key, body.0, (group, Some(root))).await
}

/// Returns your draft for a thread
///
/// Under the message that is replied to. For members who may read that.
#[api_v2_operation(tags(Saved), operation_id = "getThreadDraft")]
pub async fn show_in_thread(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<DraftDto>, ApiError> {
    let Ids((group, root)) = path;
    show_at(state, key, (group, Some(root))).await
}

/// Removes your draft for a thread
///
/// With `if_version`, only if it still has that version. If there is none, nothing changes.
#[api_v2_operation(tags(Saved), operation_id = "deleteThreadDraft")]
pub async fn remove_in_thread(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    params: Params<DraftRemovalParams>,
) -> Result<NoContent, ApiError> {
    let Ids((group, root)) = path;
    remove_at(state, key, (group, Some(root)), params.0).await
}
