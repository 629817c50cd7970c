//! Bookmarks.

use diesel::prelude::*;
use groupchat_domain::ids::{MessageId, UserId};
use groupchat_domain::saved::{
    Bookmark, BookmarkNote, BookmarkPlace, BookmarkQuery, BookmarkRepository, OwnBookmark,
};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::messages::repository::PlaceRow;
use crate::schema::{bookmarks, messages};
use crate::sql::keys::among_pairs;
use crate::sql::row_count;
use crate::tx::DbTx;

// A second name of the table, for the subquery that selects the rows to remove.
diesel::alias!(const PICKED: Alias<PickedBookmarks> = bookmarks as picked_bookmarks);

#[derive(Queryable, Selectable)]
#[diesel(table_name = bookmarks)]
struct BookmarkRow {
    user_id: i64,
    message_id: i64,
    place: i64,
    note: Option<String>,
    created_at: i64,
}

impl From<BookmarkRow> for Bookmark {
    fn from(row: BookmarkRow) -> Self {
        Self {
            user: UserId::new(row.user_id),
            message: MessageId::new(row.message_id),
            note: row.note.map(BookmarkNote::from_stored),
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}

/// A bookmark with the place of its message.
type OwnRow = (BookmarkRow, PlaceRow);

fn own((row, message): OwnRow) -> OwnBookmark {
    OwnBookmark {
        place: BookmarkPlace::new(row.place),
        group: message.group(),
        history_seq: message.history_seq(),
        bookmark: row.into(),
    }
}

impl BookmarkRepository for DbTx<'_> {
    fn find(&mut self, user: UserId, message: MessageId) -> Result<Option<OwnBookmark>, StorageFault> {
        let found = bookmarks::table
            .inner_join(messages::table.on(messages::id.eq(bookmarks::message_id)))
            .filter(bookmarks::user_id.eq(user.get()))
            .filter(bookmarks::message_id.eq(message.get()));
        let row: Option<OwnRow> = on_backend!(self, |connection| found
            .select(<(BookmarkRow, PlaceRow)>::as_select())
            .first(connection)
            .optional())?;
        Ok(row.map(own))
    }

    fn find_many(&mut self, keys: &[(UserId, MessageId)]) -> Result<Vec<Bookmark>, StorageFault> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = keys.iter().map(|(user, message)| (user.get(), message.get())).collect();
        let found = bookmarks::table.filter(among_pairs((bookmarks::user_id, bookmarks::message_id), pairs));
        let rows: Vec<BookmarkRow> =
            on_backend!(self, |connection| found.select(BookmarkRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(Bookmark::from).collect())
    }

    fn count(&mut self, user: UserId, most: i64) -> Result<i64, StorageFault> {
        let all = bookmarks::table.filter(bookmarks::user_id.eq(user.get())).count();
        let all: i64 = on_backend!(self, |connection| all.get_result(connection))?;
        Ok(all.min(most))
    }

    fn insert(&mut self, bookmark: &Bookmark) -> Result<(), StorageFault> {
        let user = bookmark.user.get();
        let last = bookmarks::table
            .filter(bookmarks::user_id.eq(user))
            .order(bookmarks::place.desc())
            .select(bookmarks::place);
        let last: Option<i64> = on_backend!(self, |connection| last.first(connection).optional())?;
        let row = diesel::insert_into(bookmarks::table).values((
            bookmarks::user_id.eq(user),
            bookmarks::message_id.eq(bookmark.message.get()),
            bookmarks::place.eq(last.unwrap_or(0) + 1),
            bookmarks::note.eq(bookmark.note.as_ref().map(BookmarkNote::as_str)),
            bookmarks::created_at.eq(bookmark.created_at.as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn note(&mut self, bookmark: &Bookmark) -> Result<(), StorageFault> {
        let row = bookmarks::table.find((bookmark.user.get(), bookmark.message.get()));
        let noted =
            diesel::update(row).set(bookmarks::note.eq(bookmark.note.as_ref().map(BookmarkNote::as_str)));
        on_backend!(self, |connection| noted.execute(connection)).map(drop)
    }

    fn remove(&mut self, user: UserId, message: MessageId) -> Result<(), StorageFault> {
        let row = bookmarks::table.find((user.get(), message.get()));
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(drop)
    }

    fn list(&mut self, query: &BookmarkQuery) -> Result<Vec<OwnBookmark>, StorageFault> {
        let listed = bookmarks::table
            .inner_join(messages::table.on(messages::id.eq(bookmarks::message_id)))
            .filter(bookmarks::user_id.eq(query.user.get()))
            .filter(bookmarks::place.lt(query.before.map_or(i64::MAX, BookmarkPlace::get)))
            .order(bookmarks::place.desc())
            .limit(query.limit);
        let rows: Vec<OwnRow> = on_backend!(self, |connection| listed
            .select(<(BookmarkRow, PlaceRow)>::as_select())
            .load(connection))?;
        Ok(rows.into_iter().map(own).collect())
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let first = PICKED
            .select(PICKED.field(bookmarks::message_id))
            .filter(PICKED.field(bookmarks::user_id).eq(user.get()))
            .order(PICKED.field(bookmarks::message_id))
            .limit(limit);
        let removed = bookmarks::table
            .filter(bookmarks::user_id.eq(user.get()))
            .filter(bookmarks::message_id.eq_any(first));
        let removed = on_backend!(self, |connection| diesel::delete(removed).execute(connection))?;
        Ok(row_count(removed) < limit)
    }
}
