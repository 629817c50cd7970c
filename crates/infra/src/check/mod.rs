//! Checking a database: the findings, and the checks for both databases.

mod clock;
mod invariants;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::connection::{Attempt, Connection, on_backend};
use crate::migrations::SchemaVersion;

pub(crate) use clock::newest_row;
pub(crate) use invariants::{INVARIANTS, Invariant};

/// How many complaints of one check are told.
pub(crate) const COMPLAINTS: usize = 5;

/// How closely a database is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything, but not whether each index agrees with its table.
    Quick,
    /// Everything.
    Full,
}

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// As it should be.
    Passed,
    /// Not wrong yet.
    Warning,
    /// Wrong.
    Failed,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked: a short name that stays the same.
    pub check: &'static str,
    /// How it came out.
    pub outcome: CheckOutcome,
    /// What was found, in a few words for people.
    pub detail: String,
}

impl Finding {
    pub(crate) fn new(check: &'static str, outcome: CheckOutcome, detail: impl Into<String>) -> Self {
        Self { check, outcome, detail: detail.into() }
    }

    /// What a check found, or that it could not be made.
    pub(crate) fn from_query(check: &'static str, found: QueryResult<(CheckOutcome, String)>) -> Self {
        let (outcome, detail) = found.unwrap_or_else(|error| (CheckOutcome::Failed, error.to_string()));
        Self { check, outcome, detail }
    }

    /// The first of the complaints; `praise` if there are none.
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

    /// That the database can be opened, with this schema.
    pub(crate) fn opened(schema: &SchemaVersion) -> Self {
        let SchemaVersion { found, pending } = schema;
        let detail = match pending {
            0 => format!("schema {found}, which this program uses"),
            pending => format!("schema {found}; {pending} migrations run at the next start"),
        };
        Self::new("database", CheckOutcome::Passed, detail)
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

/// The number that a query names `number`. Where the query fails, others can follow.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn number(connection: &mut Connection<'_>, query: &str) -> QueryResult<i64> {
    let row: Number = on_backend!(connection, |connection| {
        connection.attempt(|connection| diesel::sql_query(query).get_result(connection))
    })?;
    Ok(row.number)
}
