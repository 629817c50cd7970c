//! Recovers, into a restored database, the intact rows of a damaged one that are newer than the backup.
//!
//! What must stay true:
//! - The restored database comes from a verified backup, and nothing in it is replaced by what can't be verified.
//!   Messages and events are compared with their checksums. Users, groups and memberships have none: new ones are
//!   taken if their names fit their keys and the schema's rules accept them, without the right to administer the
//!   server. Of those that the backup has, only those changes are taken that an intact event records. Roles on the
//!   server, and who has them, stay as they were in the backup, except those of users deleted since.
//!   Invitations, invite links and requests to join end.
//! - Second factors are as they were in the end, as far as they can be read, and none of the backup is lost. Logins that
//!   lack one end. Who may have had one of which nothing is left is suspended, since the password alone would suffice.
//! - A session or a token of the backup is valid only if the damaged database has it, with the same key. New tokens are
//!   taken, with the scopes that the audit log tells, if it does. New sessions are not.
//! - Entries of the audit log are taken as far as their chain holds.
//! - What keeps others out is never loosened: of the visibility and the history of a group, the stricter counts, and all
//!   blocks that can be read are there.
//! - Drafts and bookmarks that can be read are taken, those of users who are there. Those that have ended since come back.
//! - A scheduled message is there only if the damaged database has it: the others may have been sent.
//! - Nothing is invented. A lost message leaves no trace, and the later ones of its group move up, so that numbers have
//!   no gap. Ids don't change.
//! - All or nothing: this works on the copy that a restore makes, before that takes the database's place.

mod audit;
mod audited;
mod edits;
mod factors;
mod limits;
mod log;
mod mentions;
mod messages;
mod people;
mod polls;
mod quotes;
mod recorded;
mod saved;
mod sessions;
mod source;
mod threads;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use diesel::prelude::*;
use diesel::result::Error;

use self::audited::Audited;
use self::recorded::RecordedChanges;
use self::source::DamagedDatabase;
use super::ids::{self, Heads};
use super::migrate;
use super::restore_error::RestoreError;
use crate::schema::log_state;

/// What was recovered, and what was lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// New users.
    pub users: u64,
    /// New tokens.
    pub tokens: u64,
    /// Users who are suspended, because they may have had a second factor of which nothing is left.
    pub suspended: u64,
    /// New groups.
    pub groups: u64,
    /// New memberships.
    pub memberships: u64,
    /// New messages.
    pub messages: u64,
    /// Messages of the backup that have changed since: edited, deleted, liked, pinned.
    pub changed_messages: u64,
    /// Deletions and other changes of users, groups and memberships that the log records.
    pub recorded_changes: u64,
    /// Rows, or parts of tables, that are damaged and were not recovered.
    pub damaged: u64,
    /// Intact rows that were not recovered, because what they belong to is lost.
    pub orphaned: u64,
    /// The numbers of lost messages, as they were in the damaged database, by the ids of their groups.
    pub lost: BTreeMap<i64, Vec<RangeInclusive<i64>>>,
}

impl Salvaged {
    /// How many messages are known to be lost.
    pub fn lost_messages(&self) -> u64 {
        let ranges = self.lost.values().flatten();
        ranges.map(|range| range.end().abs_diff(*range.start()) + 1).sum()
    }
}

/// A restored copy that is being completed.
struct Salvage<'c> {
    target: &'c mut SqliteConnection,
    source: DamagedDatabase,
    /// How far ids had come when the backup was made.
    heads: Heads,
    recorded: RecordedChanges,
    audited: Audited,
    report: Salvaged,
}

/// Completes the copy `target` of the backup `name` from the database `damaged`, which is only read. Has to run before
/// the copy gets another epoch, and before its ids are advanced.
///
/// # Errors
/// [`RestoreError::Salvage`] if the damaged database can't be opened or is not a later state of the backup, or if a
/// statement fails.
pub(super) fn salvage(
    target: &mut SqliteConnection,
    name: &Path,
    damaged: &Path,
) -> Result<Salvaged, RestoreError> {
    let refused = |reason: String| RestoreError::Salvage { damaged: damaged.to_owned(), reason };
    let failed = |error: Error| refused(error.to_string());
    let version = migrate::schema_version(target, name)?;
    if version.pending > 0 {
        return Err(refused(format!("the backup has an older schema ({})", version.found)));
    }
    let epoch =
        log_state::table.select(log_state::epoch).first::<String>(target).optional().map_err(failed)?;
    let source = DamagedDatabase::open(damaged, epoch.as_deref())?;
    let completed = target.immediate_transaction(|target| {
        let heads = ids::heads(target)?;
        let mut salvage = Salvage {
            target,
            source,
            heads,
            recorded: RecordedChanges::default(),
            audited: Audited::default(),
            report: Salvaged::default(),
        };
        salvage.run()?;
        QueryResult::Ok(salvage.report)
    });
    completed.map_err(failed)
}

impl Salvage<'_> {
    fn run(&mut self) -> QueryResult<()> {
        self.read_log()?;
        self.bring_audit()?;
        // Before deletions: the members of a private group are told of its end in another way.
        self.tighten_groups()?;
        // Before what is new, because it frees names that others have taken since.
        self.apply_deletions()?;
        self.end_ways_in()?;
        self.bring_users()?;
        self.bring_factors()?;
        // After those who are suspended for want of a factor.
        self.bring_sessions()?;
        self.bring_blocks()?;
        self.bring_groups()?;
        self.bring_roles()?;
        self.bring_memberships()?;
        self.bring_bans()?;
        self.bring_mutes()?;
        self.bring_messages()?;
        self.bring_threads()?;
        self.bring_quotes()?;
        self.bring_drafts()?;
        self.bring_bookmarks()?;
        self.bring_reminders()?;
        self.bring_scheduled()?;
        self.bring_polls()?;
        self.settle_counts()
    }

    /// The greatest id that the backup knows of a table.
    fn head(&self, table: &str) -> i64 {
        self.heads.get(table).map_or(0, |head| head.counter.max(head.stored))
    }

    /// Makes stored counts follow from the rows.
    fn settle_counts(&mut self) -> QueryResult<()> {
        diesel::sql_query(
            "UPDATE groups SET member_count = (SELECT count(*) FROM memberships WHERE group_id = groups.id)",
        )
        .execute(self.target)?;
        diesel::sql_query(
            "UPDATE memberships SET read_seq = (SELECT last_seq FROM groups WHERE id = group_id) \
             WHERE read_seq > (SELECT last_seq FROM groups WHERE id = group_id)",
        )
        .execute(self.target)?;
        // Where members read what was sent after they joined, they would otherwise miss what is sent next.
        diesel::sql_query(
            "UPDATE memberships SET joined_seq = (SELECT last_seq FROM groups WHERE id = group_id) \
             WHERE joined_seq > (SELECT last_seq FROM groups WHERE id = group_id)",
        )
        .execute(self.target)
        .map(drop)
    }

    /// Stores something that may break a rule of the schema, if it is damaged or what it refers to is lost. Returns
    /// whether it was stored.
    fn attempt(
        &mut self,
        store: impl FnOnce(&mut SqliteConnection) -> QueryResult<usize>,
    ) -> QueryResult<bool> {
        let is_rejected = rejected(store(self.target))?;
        self.report.orphaned += u64::from(is_rejected);
        Ok(!is_rejected)
    }
}

/// Whether the schema has rejected what was to be stored. Nothing but this statement is undone then.
///
/// # Errors
/// Any other failure.
fn rejected(outcome: QueryResult<usize>) -> QueryResult<bool> {
    use diesel::result::DatabaseErrorKind::{
        CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation,
    };
    match outcome {
        Ok(_) => Ok(false),
        Err(Error::DatabaseError(
            CheckViolation | ForeignKeyViolation | NotNullViolation | UniqueViolation,
            reason,
        )) => {
            tracing::warn!(reason = reason.message(), "something in the damaged database was not recovered");
            Ok(true)
        }
        Err(error) => Err(error),
    }
}
