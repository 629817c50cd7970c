//! Rows to try on both databases: some that every database takes first, then for each table one more that it would
//! take, changed by a rule's limit or by a step beyond it. [`TableRows`] has them all, table by table.

mod accounts;
mod groups;
mod internal;
mod messages;
mod polls;
mod value;

pub(crate) use value::{Dialect, Value};

/// A column and what is in it instead of the usual.
pub(crate) type Change = (&'static str, Value);

/// The rows of a table, each of which is [`another`](Self::another) but for its changes.
pub(crate) struct TableRows {
    /// The table's name.
    pub table: &'static str,
    /// Whether the table has one row only, which is there already: [`another`](Self::another) is that row again.
    pub is_single_row: bool,
    /// What is in the table before a row is tried. `migrate-database` is tested with these rows, too, and that a new
    /// column has a value in one of them.
    pub first: &'static [&'static [Change]],
    /// A row that the table takes besides the first ones.
    pub another: &'static [Change],
    /// Rows at the limits: what no rule may reject.
    pub accepted: &'static [&'static [Change]],
    /// Rows with one thing wrong, at least one for every rule. Those with a NULL where none may be aren't listed: the
    /// schema says where.
    pub rejected: &'static [(Rule, &'static [Change])],
}

/// The rows of all tables. A row refers only to rows of its own table and of those above it.
pub(crate) const TABLES: &[TableRows] = &[
    accounts::USERS,
    accounts::SESSIONS,
    accounts::TICKETS,
    accounts::KNOWN_NETWORKS,
    accounts::KNOWN_DEVICES,
    accounts::TOTP,
    accounts::PASSKEYS,
    accounts::RECOVERY_CODES,
    accounts::HALF_LOGINS,
    accounts::PASSWORD_RESETS,
    accounts::PENDING_ACCOUNTS,
    accounts::SERVER_ROLES,
    accounts::USER_ROLES,
    accounts::BLOCKS,
    groups::GROUPS,
    groups::GROUP_ROLES,
    messages::AUTHOR_RUNS,
    groups::MEMBERSHIPS,
    groups::GROUP_BANS,
    groups::INVITATIONS,
    groups::JOIN_REQUESTS,
    groups::INVITE_LINKS,
    groups::SERVER_INVITES,
    groups::GROUP_MUTES,
    messages::MESSAGES,
    messages::THREADS,
    messages::THREAD_MEMBERS,
    messages::MESSAGE_EDITS,
    messages::MESSAGE_QUOTES,
    messages::REACTIONS,
    polls::POLLS,
    polls::POLL_BALLOTS,
    polls::SECRET_BALLOTS,
    messages::MENTIONS,
    messages::GROUP_MENTIONS,
    messages::DRAFTS,
    messages::BOOKMARKS,
    messages::REMINDERS,
    messages::SCHEDULED_MESSAGES,
    internal::JOBS,
    internal::EVENTS,
    internal::LOG_STATE,
    internal::AUDIT_LOG,
    internal::AUDIT_STATE,
    internal::KNOWN_SETTINGS,
    internal::STORAGE_PROBE,
    internal::NAME_STATE,
    internal::RENAMES,
];

impl TableRows {
    /// The statements that insert the first rows.
    pub(crate) fn first_statements(&self, dialect: Dialect) -> impl Iterator<Item = String> {
        self.first.iter().map(move |changes| self.insert(dialect, changes))
    }

    /// The statement that inserts a row with these changes, of which the later ones count.
    pub(crate) fn insert(&self, dialect: Dialect, changes: &[Change]) -> String {
        let mut row = self.another.to_vec();
        for (column, value) in changes {
            row.retain(|(present, _)| present != column);
            row.push((column, *value));
        }
        value::insert(dialect, self.table, &row)
    }
}

/// By what kind of rule a row is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A CHECK.
    Check,
    /// There is such a row already.
    Unique,
    /// It refers to a row that isn't there.
    Reference,
    /// A column takes no NULL.
    NotNull,
    /// A column takes no such values at all.
    Type,
}
