//! The damaged database: it is only read, and what can't be read is passed over.

use std::path::Path;

use diesel::prelude::*;

use super::super::restore_error::RestoreError;
use super::super::{inspect, migrate};
use crate::check::is_complete;
use crate::checksum::{Checksummed, Stored, Walked, walk};
use crate::connection::Connection;
use crate::rows::{
    audit_log, blocks, bookmarks, drafts, group_bans, group_mentions, group_mutes, group_roles, memberships,
    mentions, message_edits, message_quotes, passkeys, poll_ballots, polls, reactions, recovery_codes,
    reminders, scheduled_messages, secret_ballots, thread_members, totp,
};
use crate::schema;

/// There may be more than can be read.
pub(super) struct Unreadable;

/// The damaged database.
pub(super) struct DamagedDatabase {
    connection: SqliteConnection,
    /// Whether every row has a checksum, unless damage took it. Taken for granted if that can't be read.
    has_all_checksums: bool,
}

impl DamagedDatabase {
    /// Opens it. `epoch` is the epoch of the log in the backup: another one means that ids and positions of the two
    /// databases have nothing to do with each other.
    ///
    /// # Errors
    /// [`RestoreError::Salvage`].
    pub(super) fn open(path: &Path, epoch: Option<&str>) -> Result<Self, RestoreError> {
        let refused = |reason: String| RestoreError::Salvage { damaged: path.to_owned(), reason };
        let mut connection = inspect::open(path).map_err(|error| refused(error.to_string()))?;
        let failed = |error: diesel::result::Error| refused(error.to_string());
        inspect::only_read(&mut connection).map_err(failed)?;
        let version =
            migrate::schema_version(&mut connection, path).map_err(|error| refused(error.to_string()))?;
        if version.pending > 0 {
            return Err(refused(format!("its schema is an older one ({})", version.found)));
        }
        let own: Option<String> = schema::log_state::table
            .select(schema::log_state::epoch)
            .first(&mut connection)
            .optional()
            .map_err(failed)?;
        if own.is_none() || own.as_deref() != epoch {
            return Err(refused(
                "it is not a later state of the backup: its event log has another epoch".to_owned(),
            ));
        }
        let has_all_checksums = is_complete(&mut Connection::Sqlite(&mut connection)).unwrap_or(true);
        Ok(Self { connection, has_all_checksums })
    }

    /// Visits the rows of a table that can be read, in the order of ids. Returns how many rows, and parts of the table,
    /// can't be.
    pub(super) fn walk<T: Stored>(&mut self, mut visit: impl FnMut(T)) -> u64 {
        let mut unreadable = 0;
        walk::<T>(&mut Connection::Sqlite(&mut self.connection), |walked| match walked {
            Walked::Row(row) => visit(row),
            Walked::Unreadable { .. } | Walked::Hole { .. } => unreadable += 1,
        });
        unreadable
    }

    /// Visits the rows of a table that can be read and say what the program wrote. Returns how many others there are.
    pub(super) fn walk_intact<T: Checksummed>(&mut self, mut visit: impl FnMut(T)) -> u64 {
        let (mut damaged, has_all) = (0, self.has_all_checksums);
        let unreadable = self.walk::<T>(|row| {
            if row.is_damaged() || (has_all && row.stored().is_none()) {
                damaged += 1;
            } else {
                visit(row);
            }
        });
        damaged + unreadable
    }

    /// What a group has stored about roles, as far as that can be read.
    pub(super) fn roles(&mut self, group: i64) -> Vec<group_roles::Row> {
        use schema::group_roles as columns;
        columns::table.filter(columns::group_id.eq(group)).load(&mut self.connection).unwrap_or_default()
    }

    /// The bans from a group, as far as they can be read.
    pub(super) fn bans(&mut self, group: i64) -> Vec<group_bans::Row> {
        use schema::group_bans as columns;
        columns::table.filter(columns::group_id.eq(group)).load(&mut self.connection).unwrap_or_default()
    }

    /// The mutes in a group, as far as they can be read.
    pub(super) fn mutes(&mut self, group: i64) -> Vec<group_mutes::Row> {
        use schema::group_mutes as columns;
        columns::table.filter(columns::group_id.eq(group)).load(&mut self.connection).unwrap_or_default()
    }

    /// Whom users have blocked: all of them or, where these can't be read, those of each of `candidates` by itself.
    pub(super) fn blocks(&mut self, candidates: &[i64]) -> Vec<blocks::Row> {
        use schema::blocks as columns;
        columns::table.load(&mut self.connection).unwrap_or_else(|_| {
            let mut made_by = |user: &i64| {
                let made = columns::table.filter(columns::user_id.eq(*user));
                made.load(&mut self.connection).unwrap_or_default()
            };
            candidates.iter().flat_map(&mut made_by).collect()
        })
    }

    /// The one-time passwords of a user, if there are some.
    pub(super) fn totp(&mut self, user: i64) -> Result<Option<totp::Row>, Unreadable> {
        use schema::totp as columns;
        let found = columns::table.find(user).first(&mut self.connection).optional();
        let found: Option<totp::Row> = found.map_err(|_| Unreadable)?;
        if found.as_ref().is_some_and(|row| row.user_id != user) { Err(Unreadable) } else { Ok(found) }
    }

    /// The passkeys of a user.
    pub(super) fn passkeys(&mut self, user: i64) -> Result<Vec<passkeys::Row>, Unreadable> {
        use schema::passkeys as columns;
        let found = columns::table.filter(columns::user_id.eq(user)).load(&mut self.connection);
        let found: Vec<passkeys::Row> = found.map_err(|_| Unreadable)?;
        if found.iter().any(|row| row.user_id != user) { Err(Unreadable) } else { Ok(found) }
    }

    /// The recovery codes of a user; `None` if they can't be read.
    pub(super) fn recovery_codes(&mut self, user: i64) -> Option<Vec<recovery_codes::Row>> {
        use schema::recovery_codes as columns;
        let found = columns::table.filter(columns::user_id.eq(user)).load(&mut self.connection);
        keep(found, |row: &recovery_codes::Row| row.user_id == user)
    }

    /// The members of a group: by their list or, where that can't be read, each of `candidates` by itself.
    pub(super) fn members(&mut self, group: i64, candidates: &[i64]) -> Vec<memberships::Row> {
        use schema::memberships as columns;
        let listed = columns::table.filter(columns::group_id.eq(group)).load(&mut self.connection);
        listed.unwrap_or_else(|_| {
            let one = |user: &i64| columns::table.find((group, *user)).first(&mut self.connection).ok();
            candidates.iter().filter_map(one).collect()
        })
    }

    /// Who follows or has read a thread, as far as that can be read.
    pub(super) fn thread_members(&mut self, root: i64) -> Vec<thread_members::Row> {
        use schema::thread_members as columns;
        let found = columns::table.filter(columns::root_id.eq(root)).load(&mut self.connection);
        keep(found, |row: &thread_members::Row| row.root_id == root).unwrap_or_default()
    }

    /// What a message said before it was edited; `None` if it can't be read.
    pub(super) fn edits(&mut self, message: i64) -> Option<Vec<message_edits::Row>> {
        use schema::message_edits as columns;
        let found = columns::table.filter(columns::message_id.eq(message)).load(&mut self.connection);
        keep(found, |row: &message_edits::Row| row.message_id == message)
    }

    /// What a message quotes, if that can be read.
    pub(super) fn quote(&mut self, message: i64) -> Option<message_quotes::Row> {
        use schema::message_quotes as columns;
        columns::table.find(message).first(&mut self.connection).ok()
    }

    /// The poll that a message is, if it is one and that can be read.
    pub(super) fn poll(&mut self, message: i64) -> Option<polls::Row> {
        let found: polls::Row = schema::polls::table.find(message).first(&mut self.connection).ok()?;
        (found.message_id == message).then_some(found)
    }

    /// The ballots in a poll that is not anonymous; `None` if they can't be read.
    pub(super) fn ballots(&mut self, message: i64) -> Option<Vec<poll_ballots::Row>> {
        use schema::poll_ballots as columns;
        let found = columns::table.filter(columns::message_id.eq(message)).load(&mut self.connection);
        keep(found, |row: &poll_ballots::Row| row.message_id == message)
    }

    /// The ballots in an anonymous poll; `None` if they can't be read.
    pub(super) fn secret_ballots(&mut self, message: i64) -> Option<Vec<secret_ballots::Row>> {
        use schema::secret_ballots as columns;
        let found = columns::table.filter(columns::message_id.eq(message)).load(&mut self.connection);
        keep(found, |row: &secret_ballots::Row| row.message_id == message)
    }

    /// The reactions to a message; `None` if they can't be read.
    pub(super) fn reactions(&mut self, message: i64) -> Option<Vec<reactions::Row>> {
        use schema::reactions as columns;
        let found = columns::table.filter(columns::message_id.eq(message)).load(&mut self.connection);
        keep(found, |row: &reactions::Row| row.message_id == message)
    }

    /// Whom a message mentions; `None` if it can't be read.
    pub(super) fn mentions(&mut self, message: i64) -> Option<Vec<mentions::Row>> {
        use schema::mentions as columns;
        let found = columns::table.filter(columns::message_id.eq(message)).load(&mut self.connection);
        keep(found, |row: &mentions::Row| row.message_id == message)
    }

    /// What a user has typed and not sent; `None` if it can't be read.
    pub(super) fn drafts(&mut self, user: i64) -> Option<Vec<drafts::Row>> {
        use schema::drafts as columns;
        let found = columns::table.filter(columns::user_id.eq(user)).load(&mut self.connection);
        keep(found, |row: &drafts::Row| row.user_id == user)
    }

    /// The bookmarks of a user, in their order; `None` if they can't be read.
    pub(super) fn bookmarks(&mut self, user: i64) -> Option<Vec<bookmarks::Row>> {
        use schema::bookmarks as columns;
        let found =
            columns::table.filter(columns::user_id.eq(user)).order(columns::place).load(&mut self.connection);
        keep(found, |row: &bookmarks::Row| row.user_id == user)
    }

    /// What a user is to be reminded of; `None` if it can't be read.
    pub(super) fn reminders(&mut self, user: i64) -> Option<Vec<reminders::Row>> {
        use schema::reminders as columns;
        let found = columns::table.filter(columns::user_id.eq(user)).load(&mut self.connection);
        keep(found, |row: &reminders::Row| row.user_id == user)
    }

    /// What a user has scheduled; `None` if it can't be read.
    pub(super) fn scheduled(&mut self, user: i64) -> Option<Vec<scheduled_messages::Row>> {
        use schema::scheduled_messages as columns;
        let found = columns::table.filter(columns::user_id.eq(user)).load(&mut self.connection);
        keep(found, |row: &scheduled_messages::Row| row.user_id == user)
    }

    /// An entry of the audit log, if it can be read.
    pub(super) fn audit_entry(&mut self, seq: i64) -> Option<audit_log::Row> {
        schema::audit_log::table.find(seq).first(&mut self.connection).ok()
    }

    /// What the audit log notes as the number and the hash of its newest entry, if that can be read.
    pub(super) fn audit_head(&mut self) -> Option<(i64, Vec<u8>)> {
        use schema::audit_state as columns;
        columns::table.select((columns::newest, columns::newest_hash)).first(&mut self.connection).ok()
    }

    /// That a message mentions all members, if it does and that can be read.
    pub(super) fn mention_of_all(&mut self, message: i64) -> Option<group_mentions::Row> {
        schema::group_mentions::table.find(message).first(&mut self.connection).ok()
    }
}

/// Of the rows that were found under a key, those that have it: where a page is damaged, SQLite also finds others.
fn keep<T>(found: QueryResult<Vec<T>>, has_key: impl Fn(&T) -> bool) -> Option<Vec<T>> {
    Some(found.ok()?.into_iter().filter(has_key).collect())
}
