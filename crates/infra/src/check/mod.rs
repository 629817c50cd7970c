//! Checking a database: the findings, and the checks for both databases.

mod checksums;
mod clock;
mod invariants;
mod older_schema;
mod startup;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::connection::{Attempt, Connection, on_backend};
use crate::migrations::SchemaVersion;

use checksums::newest_checksums;
pub(crate) use checksums::{checksums, is_complete};
pub(crate) use clock::newest_row;
pub(crate) use invariants::{INVARIANTS, Invariant, MESSAGE_NUMBERS_BEFORE_THREADS};
pub(crate) use older_schema::seen_as_newest;
pub(crate) use startup::{SOME_DAMAGED, StartupCheck};

/// How many problems of one check are listed.
pub(crate) const COMPLAINTS: usize = 5;

/// How thorough a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Checks everything except that each index agrees with its table.
    Quick,
    /// Everything.
    Full,
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Everything is fine.
    Passed,
    /// Nothing is wrong yet.
    Warning,
    /// Something is wrong.
    Failed,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable, short name of the check.
    pub check: &'static str,
    /// The outcome.
    pub outcome: CheckOutcome,
    /// What was found, as text.
    pub detail: String,
}

/// The check that opens the database, and what it says of a schema that needs no migration.
const DATABASE: &str = "database";
const CURRENT: &str = ", which this program uses";

impl Finding {
    pub(crate) fn new(check: &'static str, outcome: CheckOutcome, detail: impl Into<String>) -> Self {
        Self { check, outcome, detail: detail.into() }
    }

    /// The result of a check, or that it could not be run.
    pub(crate) fn from_query(check: &'static str, found: QueryResult<(CheckOutcome, String)>) -> Self {
        let (outcome, detail) = found.unwrap_or_else(|error| (CheckOutcome::Failed, error.to_string()));
        Self { check, outcome, detail }
    }

    /// The first of the problems, or `praise` if there are none.
    pub(crate) fn from_complaints(
        check: &'static str,
        complaints: QueryResult<Vec<String>>,
        praise: impl Into<String>,
    ) -> Self {
        let found = complaints.map(|complaints| match complaints.as_slice() {
            [] => (CheckOutcome::Passed, praise.into()),
            some => (CheckOutcome::Failed, some[..some.len().min(COMPLAINTS)].join("; ")),
        });
        Self::from_query(check, found)
    }

    /// That the database can be opened and has this schema.
    pub(crate) fn opened(schema: &SchemaVersion) -> Self {
        let SchemaVersion { found, pending } = schema;
        let detail = match pending {
            0 => format!("schema {found}{CURRENT}"),
            pending => format!("schema {found}; {pending} migrations run at the next start"),
        };
        Self::new(DATABASE, CheckOutcome::Passed, detail)
    }

    /// Whether it says that the database has the schema of this program.
    pub fn is_current_schema(&self) -> bool {
        self.check == DATABASE && self.detail.ends_with(CURRENT)
    }

    /// Whether something is wrong.
    pub fn is_failure(&self) -> bool {
        self.outcome == CheckOutcome::Failed
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Runs a query with one number column named `number`. If it fails, other queries can still run.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn number(connection: &mut Connection<'_>, query: &str) -> QueryResult<i64> {
    let row: Number = on_backend!(connection, |connection| {
        connection.attempt(|connection| diesel::sql_query(query).get_result(connection))
    })?;
    Ok(row.number)
}
