//! Handlers for threads. Replies are sent and listed like other messages.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{MessageDto, ThreadDto};
use super::format::Formatted;
use super::thread_requests::ThreadListParams;
use crate::extract::{Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto};

/// Lists threads that you follow
///
/// Over all groups whose messages you can read now, as the messages that were replied to; the thread with the newest
/// reply first. You follow at most 1,000 threads.
#[api_v2_operation(tags(Messages), operation_id = "listThreads")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<ThreadListParams>,
) -> Result<Large<PageDto<MessageDto>>, ApiError> {
    let (unread, before, limit, format) = params.0.parse(list)?;
    let place_after = |root: &Formatted| {
        ListCursor::after(root.view.thread.as_ref().map_or(0, |view| view.thread.last_reply.get()))
    };
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| Ok(format.of_list(messages::list_threads(tx, actor, unread, before, limit)?)),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Follows a thread
///
/// For members. `message_id` is the message that was replied to. Following it again changes nothing. If you follow 1,000
/// threads already, the one that you have looked at least recently is unfollowed.
#[api_v2_operation(tags(Messages), operation_id = "followThread")]
pub async fn follow(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<ThreadDto>, ApiError> {
    let Ids((group, root)) = path;
    let view = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| messages::follow(tx, actor, group, root))
        .await?;
    Ok(Ok200(view.into()))
}

/// Unfollows a thread
///
/// For members. If you don't follow it, nothing changes.
#[api_v2_operation(tags(Messages), operation_id = "unfollowThread")]
pub async fn unfollow(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, root)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| messages::unfollow(tx, actor, group, root)).await?;
    Ok(NoContent)
}
