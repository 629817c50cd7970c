//! Handlers for bookmarks.

use groupchat_domain::ids::MessageId;
use groupchat_domain::saved::{self, BookmarkNote, BookmarkPage};
use groupchat_domain::storage::{WritePurpose, Writing};
use groupchat_domain::text::TextBytes;
use paperclip::actix::api_v2_operation;

use super::dto::{BookmarkDto, ShownBookmark};
use super::requests::{BookmarkDraftDto, BookmarkList, BookmarkListParams};
use crate::extract::{Ids, Key, NoParams, OptionalBody, Params};
use crate::messages::MessageFormat;
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto};

/// Bookmarks a message
///
/// By its id alone, for members of its group who may read it; nobody else is told. Bookmarking it again replaces the note, and
/// leaves the bookmark in its place.
#[api_v2_operation(tags(Saved), operation_id = "bookmarkMessage")]
pub async fn put(
    state: State,
    key: Key,
    body: OptionalBody<BookmarkDraftDto>,
    path: Ids<MessageId>,
    _: NoParams,
) -> Result<Ok200<BookmarkDto>, ApiError> {
    let note = body.0.map(BookmarkDraftDto::parse).transpose()?.flatten();
    let Ids(message) = path;
    let writing = Writing::of_text(key.0, note.as_ref().map_or("", BookmarkNote::as_str)).in_groups();
    let view = state
        .storage
        .write_as(writing, move |tx, actor| saved::put_bookmark(tx, actor, message, note.as_ref()))
        .await?;
    Ok(Ok200(ShownBookmark::of(view, MessageFormat::Text).into()))
}

/// Removes a bookmark
///
/// Also from a message that you can't read any more. If there is none, nothing changes.
#[api_v2_operation(tags(Saved), operation_id = "removeBookmark")]
pub async fn remove(
    state: State,
    key: Key,
    path: Ids<MessageId>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids(message) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| saved::remove_bookmark(tx, actor, message)).await?;
    Ok(NoContent)
}

/// A page as a reader asked for it.
struct Shown {
    items: Vec<ShownBookmark>,
    next: Option<ListCursor>,
}

impl Shown {
    fn of(page: BookmarkPage, format: MessageFormat) -> Self {
        let items = page.items.into_iter().map(|view| ShownBookmark::of(view, format)).collect();
        Self { items, next: page.next.map(|place| ListCursor::after(place.get())) }
    }
}

impl TextBytes for Shown {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(ShownBookmark::text_bytes).sum()
    }
}

/// Lists your bookmarks
///
/// Over all groups, those on messages that you can read now: the newest bookmark first. A message that was deleted is its
/// tombstone. A page may have fewer items than its limit, or none, where the list goes on.
#[api_v2_operation(tags(Saved), operation_id = "listBookmarks")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<BookmarkListParams>,
) -> Result<Large<PageDto<BookmarkDto>>, ApiError> {
    let BookmarkList { before, limit, format } = params.0.parse(list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| Ok(Shown::of(saved::list_bookmarks(tx, actor, before, limit)?, format)),
            move |page, _| PageDto {
                items: page.items.into_iter().map(BookmarkDto::from).collect(),
                next: page.next.map(|place| place.encode(list)),
            },
        )
        .await
}
