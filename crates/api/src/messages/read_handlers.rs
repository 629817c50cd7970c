//! Handlers for read cursors and receipts.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, ReaderPlace};
use paperclip::actix::api_v2_operation;

use super::read_dto::{ReadStateDto, ReaderDto};
use super::read_requests::{ReadMarkDto, ReaderListParams};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto};

/// Moves your read cursor
///
/// Never moves it back. With `unread`, marks the messages from `seq` on as unread: the cursor moves to the number before it,
/// wherever it was.
#[api_v2_operation(tags(Messages), operation_id = "markRead")]
pub async fn mark_read(
    state: State,
    key: Key,
    body: Body<ReadMarkDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<ReadStateDto>, ApiError> {
    let (mark, Ids(group)) = (body.0.parse()?, path);
    let (storage, live) = (state.storage.as_ref(), state.live.as_ref());
    let read = messages::mark_read_and_publish(storage, live, key.0, group, mark).await?;
    Ok(Ok200(read.into()))
}

/// Moves your read cursor of a thread
///
/// For members. `message_id` is the message that was replied to. As for the group itself, the cursor never moves back
/// except with `unread`.
#[api_v2_operation(tags(Messages), operation_id = "markThreadRead")]
pub async fn mark_thread_read(
    state: State,
    key: Key,
    body: Body<ReadMarkDto>,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<ReadStateDto>, ApiError> {
    let (mark, Ids(thread)) = (body.0.parse()?, path);
    let (storage, live) = (state.storage.as_ref(), state.live.as_ref());
    let read = messages::mark_thread_read_and_publish(storage, live, key.0, thread, mark).await?;
    Ok(Ok200(read.into()))
}

/// Marks everything as read
///
/// All your groups and direct conversations, and the threads that you follow. What is sent meanwhile may stay unread. If the
/// response is an error, a part may be marked; repeating the request does no harm.
#[api_v2_operation(tags(Messages), operation_id = "readAll")]
pub async fn read_all(state: State, key: Key, _: NoParams) -> Result<NoContent, ApiError> {
    messages::read_all_and_publish(state.storage.as_ref(), state.live.as_ref(), key.0).await?;
    Ok(NoContent)
}

/// Lists who has read a message
///
/// For members who can read it. Members who hide how far they have read are left out, and can't list the others. A page
/// may have fewer items than `limit`, or none, and still have a `next`.
#[api_v2_operation(tags(Messages), operation_id = "listReaders")]
pub async fn list_readers(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<ReaderListParams>,
) -> Result<Large<PageDto<ReaderDto>>, ApiError> {
    let Ids(group) = path;
    let (seq, after, limit) = params.0.parse(list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| messages::list_readers(tx, actor, group, seq, after, limit),
            move |page, _| PageDto {
                items: page.items.into_iter().map(ReaderDto::from).collect(),
                next: page.next.map(|place| cursor_of(place).encode(list)),
            },
        )
        .await
}

/// Later pages are about the message that the first one was about, also if it was the newest one then.
fn cursor_of(ReaderPlace { seq, user }: ReaderPlace) -> ListCursor {
    ListCursor::after_about(user.get(), seq.get())
}
