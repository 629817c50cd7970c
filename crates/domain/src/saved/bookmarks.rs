//! Bookmarking messages, and the list of one's bookmarks.

use std::collections::HashMap;

use crate::accounts::{Actor, LockStrength};
use crate::error::Error;
use crate::events::{BookmarkUpdate, Event};
use crate::ids::{GroupId, MessageId};
use crate::messages::{MessageView, Readable, attach, lock_anywhere};
use crate::paging::{Limit, Page};
use crate::saved::bookmark::{Bookmark, BookmarkNote, BookmarkPlace, MAX_BOOKMARKS, OwnBookmark};
use crate::saved::bookmark_repository::BookmarkQuery;
use crate::saved::error::SavedRefusal;
use crate::storage::Tx;
use crate::text::TextBytes;

/// How many bookmarks a page looks at, to find those on messages that the user may read now. If these are not enough to
/// fill it, the list goes on after the last of them.
const LOOKED_AT: i64 = 500;

/// A bookmark, and the message as its user may see it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookmarkView {
    /// The bookmark.
    pub bookmark: Bookmark,
    /// The message, or its tombstone.
    pub view: MessageView,
}

impl TextBytes for BookmarkView {
    fn text_bytes(&self) -> usize {
        self.bookmark.text_bytes() + self.view.text_bytes()
    }
}

/// A page of bookmarks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookmarkPage {
    /// The newest first.
    pub items: Vec<BookmarkView>,
    /// The bookmark before which the list goes on; `None` at the end.
    pub next: Option<BookmarkPlace>,
}

impl TextBytes for BookmarkPage {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(TextBytes::text_bytes).sum()
    }
}

/// Bookmarks a message that the actor may read, whatever its group. One that is bookmarked already gets this note, and keeps
/// its place. Only the actor's devices are told.
///
/// # Errors
/// [`MessageRefusal::NotFound`](crate::messages::MessageRefusal::NotFound), [`SavedRefusal::TooManyBookmarks`], or a fault.
pub fn put_bookmark(
    tx: &mut dyn Tx,
    actor: &Actor,
    message: MessageId,
    note: Option<&BookmarkNote>,
) -> Result<BookmarkView, Error> {
    let view = lock_anywhere(tx, actor, message)?;
    let (user, note) = (actor.id(), note.cloned());
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    let bookmark = match tx.bookmarks().find(user, message)? {
        Some(OwnBookmark { bookmark, .. }) if bookmark.note == note => {
            return Ok(BookmarkView { bookmark, view });
        }
        Some(OwnBookmark { bookmark, .. }) => {
            let noted = Bookmark { note, ..bookmark };
            tx.bookmarks().note(&noted)?;
            noted
        }
        None => {
            if tx.bookmarks().count(user, MAX_BOOKMARKS)? >= MAX_BOOKMARKS {
                return Err(SavedRefusal::TooManyBookmarks.into());
            }
            let made = Bookmark { user, message, note, created_at: tx.now() };
            tx.bookmarks().insert(&made)?;
            made
        }
    };
    tell(tx, actor, view.message.group_id, message, Some(bookmark.clone()));
    Ok(BookmarkView { bookmark, view })
}

/// Removes the actor's bookmark on a message, also on one that the actor can't read any more. Where there is none, nothing
/// changes.
///
/// # Errors
/// A fault.
pub fn remove_bookmark(tx: &mut dyn Tx, actor: &Actor, message: MessageId) -> Result<(), Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    let found = tx.bookmarks().find(actor.id(), message)?;
    // To a session for other groups, there is none.
    let Some(own) = found.filter(|own| actor.reaches(own.group)) else { return Ok(()) };
    tx.bookmarks().remove(actor.id(), message)?;
    tell(tx, actor, own.group, message, None);
    Ok(())
}

fn tell(tx: &mut dyn Tx, actor: &Actor, group: GroupId, message: MessageId, bookmark: Option<Bookmark>) {
    let update = BookmarkUpdate { user: actor.id(), group, message, bookmark };
    tx.emit(Some(actor.id()), Event::BookmarkUpdated(update));
}

/// Reads a page of the actor's bookmarks on messages that the actor may read now: the newest first, before the given one. A
/// message that was deleted is its tombstone.
///
/// Each page looks at so many bookmarks at most, with a constant number of queries, so it may have fewer than the limit, or
/// none, where the list goes on.
///
/// # Errors
/// A fault.
pub fn list_bookmarks(
    tx: &mut dyn Tx,
    actor: &Actor,
    before: Option<BookmarkPlace>,
    limit: Limit,
) -> Result<BookmarkPage, Error> {
    let found = tx.bookmarks().list(&BookmarkQuery { user: actor.id(), before, limit: LOOKED_AT })?;
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= LOOKED_AT);
    let end = found.last().map(|own| own.place).filter(|_| is_full);
    let readable = Readable::load(tx, actor, found.iter().map(|own| own.group))?;
    let wanted = usize::try_from(limit.with_lookahead()).unwrap_or(usize::MAX);
    let shown = found.into_iter().filter(|own| readable.contains(own.group, own.history_seq));
    let shown: Vec<_> = shown.take(wanted).collect();
    let ids: Vec<_> = shown.iter().map(|own| own.bookmark.message).collect();
    let views = if ids.is_empty() { Vec::new() } else { tx.messages().views(&ids, actor.id())? };
    let mut views: HashMap<_, _> = views.into_iter().map(|view| (view.message.id, view)).collect();
    let placed = shown.into_iter().filter_map(|OwnBookmark { bookmark, place, .. }| {
        let view = views.remove(&bookmark.message)?;
        Some(Placed { place, shown: BookmarkView { bookmark, view } })
    });
    let Page { mut items, more } = Page::from_lookahead(placed.collect(), limit);
    attach(tx, actor, readable, items.iter_mut().map(|placed| &mut placed.shown.view))?;
    let next = if more { items.last().map(|placed| placed.place) } else { end };
    Ok(BookmarkPage { items: items.into_iter().map(|placed| placed.shown).collect(), next })
}

struct Placed {
    place: BookmarkPlace,
    shown: BookmarkView,
}

impl TextBytes for Placed {
    fn text_bytes(&self) -> usize {
        self.shown.text_bytes()
    }
}

#[cfg(test)]
mod tests;
