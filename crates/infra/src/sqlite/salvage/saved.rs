//! What users keep for themselves, and what they have scheduled.

use std::collections::BTreeMap;

use diesel::dsl::max;
use diesel::prelude::*;

use super::Salvage;
use crate::schema::{bookmarks, drafts, reminders, scheduled_messages, users};

/// Drops the drafts of those who are not in the group.
const DROP_DRAFTS_OF_STRANGERS: &str = "DELETE FROM drafts WHERE NOT EXISTS (SELECT 1 FROM memberships \
    WHERE memberships.group_id = drafts.group_id AND memberships.user_id = drafts.user_id)";

impl Salvage<'_> {
    fn present_users(&mut self) -> QueryResult<Vec<i64>> {
        let people = users::table.filter(users::deleted_at.is_null()).select(users::id).order(users::id);
        people.load(self.target)
    }

    /// Drafts that the backup doesn't have, or has in an earlier version.
    pub(super) fn bring_drafts(&mut self) -> QueryResult<()> {
        for user in self.present_users()? {
            let found = self.source.drafts(user);
            self.report.damaged += u64::from(found.is_none());
            for draft in found.unwrap_or_default() {
                let key = (draft.user_id, draft.group_id, draft.root_id);
                let known = drafts::table.find(key).select(drafts::version);
                let known: Option<i64> = known.first(self.target).optional()?;
                if known.is_none_or(|version| version < draft.version) {
                    self.attempt(|target| diesel::replace_into(drafts::table).values(draft).execute(target))?;
                }
            }
        }
        let dropped = diesel::sql_query(DROP_DRAFTS_OF_STRANGERS).execute(self.target)?;
        self.report.orphaned += dropped as u64;
        Ok(())
    }

    /// Bookmarks that the backup doesn't have, after those that it has, and the notes of these.
    pub(super) fn bring_bookmarks(&mut self) -> QueryResult<()> {
        for user in self.present_users()? {
            let found = self.source.bookmarks(user);
            self.report.damaged += u64::from(found.is_none());
            let own = bookmarks::table.filter(bookmarks::user_id.eq(user));
            let known: Vec<(i64, Option<String>)> =
                own.select((bookmarks::message_id, bookmarks::note)).load(self.target)?;
            let known: BTreeMap<_, _> = known.into_iter().collect();
            let last: Option<i64> = own.select(max(bookmarks::place)).first(self.target)?;
            let mut last = last.unwrap_or(0);
            for mut bookmark in found.unwrap_or_default() {
                match known.get(&bookmark.message_id) {
                    Some(note) if *note == bookmark.note => {}
                    Some(_) => {
                        let row = bookmarks::table.find((user, bookmark.message_id));
                        let noted = diesel::update(row).set(bookmarks::note.eq(bookmark.note));
                        self.attempt(|target| noted.execute(target))?;
                    }
                    None => {
                        bookmark.place = last + 1;
                        let insert = diesel::insert_into(bookmarks::table).values(bookmark);
                        last += i64::from(self.attempt(|target| insert.execute(target))?);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reminders as the damaged database has them, and those that only the backup has.
    pub(super) fn bring_reminders(&mut self) -> QueryResult<()> {
        for user in self.present_users()? {
            let found = self.source.reminders(user);
            self.report.damaged += u64::from(found.is_none());
            for reminder in found.unwrap_or_default() {
                self.attempt(|target| {
                    diesel::replace_into(reminders::table).values(reminder).execute(target)
                })?;
            }
        }
        Ok(())
    }

    /// Scheduled messages as the damaged database has them, and no others: nothing is sent twice.
    pub(super) fn bring_scheduled(&mut self) -> QueryResult<()> {
        diesel::delete(scheduled_messages::table).execute(self.target)?;
        for user in self.present_users()? {
            let found = self.source.scheduled(user);
            self.report.damaged += u64::from(found.is_none());
            for row in found.unwrap_or_default() {
                self.attempt(|target| {
                    diesel::insert_into(scheduled_messages::table).values(row).execute(target)
                })?;
            }
        }
        Ok(())
    }
}
