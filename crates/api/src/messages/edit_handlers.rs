//! Handlers for editing and deleting messages.

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, MessageId, Version};
use groupchat_domain::messages::{self, ChangeTerms, EarlierText, MessageText};
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{EarlierTextDto, MessageDto};
use super::edit_requests::{DeletionParams, MessageChangesDto};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Edits a message
///
/// For its author. The text that it had is kept in its history. With `if_version`, the message is only edited if it still has
/// that version.
#[api_v2_operation(tags(Messages), operation_id = "editMessage")]
pub async fn edit(
    state: State,
    key: Key,
    body: Body<MessageChangesDto>,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<MessageDto>, ApiError> {
    let ((text, if_version), Ids((group, id))) = (body.0.parse()?, path);
    let terms = ChangeTerms { if_version, within: state.options().change_windows.edit };
    let mentions = text.as_ref().map_or(0, MessageText::mention_count);
    let writing = Writing::of_text(key.0, text.as_ref().map_or("", MessageText::as_str))
        .in_groups()
        .for_others(mentions);
    let view = state
        .storage
        .write_as(writing, move |tx, actor| messages::edit(tx, actor, group, id, text.as_ref(), terms))
        .await?;
    Ok(Ok200(view.into()))
}

/// Deletes a message
///
/// For its author, and for owners and admins of the group. A tombstone takes its place, and its text, its history and its
/// reactions are removed for good. With `if_version`, the message is only deleted if it still has that version.
#[api_v2_operation(tags(Messages), operation_id = "deleteMessage")]
pub async fn delete(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    params: Params<DeletionParams>,
) -> Result<NoContent, ApiError> {
    let (if_version, Ids((group, id))) = (params.0.parse()?, path);
    let terms = ChangeTerms { if_version, within: state.options().change_windows.delete };
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| messages::delete(tx, actor, group, id, terms)).await?;
    Ok(NoContent)
}

/// Lists what a message said before it was edited
///
/// For its author, and for members who may delete anybody's messages; the newest text first. The last 100 are kept. A deleted
/// message has none.
#[api_v2_operation(tags(Messages), operation_id = "listHistory")]
pub async fn list_history(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<EarlierTextDto>>, ApiError> {
    let Ids((group, id)) = path;
    let (limit, cursor) = params.0.parse(list)?;
    let before = cursor.map(|cursor| Version::new(cursor.id));
    let listing =
        move |tx: &mut dyn Tx, actor: &Actor| messages::list_history(tx, actor, group, id, before, limit);
    let place_after = |earlier: &EarlierText| ListCursor::after(earlier.version.get());
    state.read_large(key.in_groups(), listing, move |page, _| PageDto::new(list, page, place_after)).await
}
