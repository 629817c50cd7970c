//! Checks a database: whether the file is intact, and whether stored counts are correct.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_domain::ids::MAX_SAFE_INTEGER;
use groupchat_domain::time::Timestamp;

use super::error::OpenError;
use super::staged_file::folder;
use super::{ids, inspect, log_state, migrate};
use crate::check::{
    CheckOutcome, Depth, Finding, INVARIANTS, Invariant, MESSAGE_NUMBERS_BEFORE_THREADS, checksums,
    newest_row, number, seen_as_newest,
};
use crate::connection;

/// If less space than this is free, in bytes, the write-ahead log may soon find no room: it starts over at 64 MiB.
const MIN_FREE: u64 = 64 << 20;

/// The name of the check that SQLite makes.
pub(super) const INTEGRITY: &str = "integrity";

const REFERENCES: Invariant = Invariant {
    check: "references",
    offenders: "SELECT count(*) AS number FROM pragma_foreign_key_check",
    holds: "every row refers to rows that exist",
    broken: "rows refer to rows that don't exist",
};

const EVENT_LOG: Invariant = Invariant {
    check: "event_log",
    offenders: "SELECT coalesce(max(id) - min(id) + 1 - count(*) + (max(id) <> coalesce( \
        (SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)), 0) AS number FROM events",
    holds: "the event log has no gaps up to its head",
    broken: "events are missing in the log or after its head",
};

/// Checks the database in this file, its volume and the clock, on one snapshot, even while a server uses it. `now` is
/// the current time. A file that can't be opened is reported as a finding.
pub fn check(path: &Path, depth: Depth, now: Timestamp) -> Vec<Finding> {
    let mut findings = match check_file(path, depth, now) {
        Ok(findings) => findings,
        Err(error) => vec![Finding::new("database", CheckOutcome::Failed, error.to_string())],
    };
    findings.push(free_space(path));
    findings
}

fn check_file(path: &Path, depth: Depth, now: Timestamp) -> Result<Vec<Finding>, OpenError> {
    let failed = |error: diesel::result::Error| OpenError::from_reason(path, &error.to_string());
    let mut connection = inspect::open(path)?;
    inspect::only_read(&mut connection).map_err(failed)?;
    let version = migrate::schema_version(&mut connection, path)?;
    log_state::refuse_unfinished(&mut connection, path)?;
    let mut findings = vec![Finding::opened(&version)];
    connection.batch_execute("BEGIN").map_err(failed)?;
    findings.extend(soundness(&mut connection, depth));
    let clock = newest_row(&mut connection::Connection::Sqlite(&mut connection), now);
    findings.push(Finding::from_query("clock", clock));
    // Ends without a COMMIT, which fails on a damaged file and would cost the findings.
    Ok(findings)
}

/// Tables and columns that a file from before lacks, as a backup may be one, with the check that reads them. Without roles of
/// groups, the schema allows only built-in ones.
const LATER: [(&str, &str); 28] = [
    ("roles", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'group_roles'"),
    ("bans", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'group_bans'"),
    ("invitations", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'invitations'"),
    ("join_requests", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'join_requests'"),
    ("invite_links", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'invite_links'"),
    ("server_invites", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'server_invites'"),
    (
        "joined_seqs",
        "SELECT count(*) AS number FROM pragma_table_info('memberships') WHERE name = 'joined_seq'",
    ),
    ("suspended", "SELECT count(*) AS number FROM pragma_table_info('users') WHERE name = 'suspended'"),
    ("bots", "SELECT count(*) AS number FROM pragma_table_info('users') WHERE name = 'owner_id'"),
    ("server_roles", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'user_roles'"),
    ("message_order", HAS_AUTHOR_RUNS),
    ("authored", HAS_AUTHOR_RUNS),
    ("audit_log", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'audit_state'"),
    ("factors", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'passkeys'"),
    ("edits", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'message_edits'"),
    ("trimmed", HAS_THREADS),
    ("replies", HAS_THREADS),
    ("threads", HAS_THREADS),
    ("thread_members", HAS_THREADS),
    ("quotes", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'message_quotes'"),
    ("polls", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'polls'"),
    ("mentions", "SELECT count(*) AS number FROM pragma_table_info('mentions') WHERE name = 'author_id'"),
    ("group_mentions", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'group_mentions'"),
    ("drafts", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'drafts'"),
    ("bookmarks", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'bookmarks'"),
    ("reminders", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'reminders'"),
    ("scheduled", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'scheduled_messages'"),
    (
        "reaction_counts",
        "SELECT count(*) AS number FROM pragma_table_info('messages') WHERE name = 'reactions'",
    ),
];

const HAS_AUTHOR_RUNS: &str = "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'author_runs'";

const HAS_THREADS: &str = "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'threads'";

/// Checks whether a database is intact, independently of where its file is.
pub(super) fn soundness(connection: &mut SqliteConnection, depth: Depth) -> Vec<Finding> {
    let mut findings = vec![schema(connection), integrity(connection, depth), ids(connection)];
    findings.push(REFERENCES.check(&mut connection::Connection::Sqlite(connection)));
    let lacking = {
        let connection = &mut connection::Connection::Sqlite(connection);
        LATER.map(|(check, exists)| number(connection, exists).is_ok_and(|found| found == 0).then_some(check))
    };
    let kept = |connection: &mut SqliteConnection| invariants(connection, &lacking);
    match seen_as_newest(connection, &["groups", "messages"], kept) {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(Finding::from_query(INTEGRITY, Err(error))),
    }
    findings.push(checksums(&mut connection::Connection::Sqlite(connection)));
    findings
}

/// Checks the invariants that don't read what the file lacks.
fn invariants(connection: &mut SqliteConnection, lacking: &[Option<&str>]) -> Vec<Finding> {
    let connection = &mut connection::Connection::Sqlite(connection);
    let known = INVARIANTS.iter().chain([&EVENT_LOG]);
    let known = known.filter(|invariant| !lacking.contains(&Some(invariant.check)));
    let as_of_then = |invariant: &'static Invariant| {
        let is_before = invariant.check == "message_numbers" && lacking.contains(&Some("threads"));
        if is_before { &MESSAGE_NUMBERS_BEFORE_THREADS } else { invariant }
    };
    known.map(|invariant| as_of_then(invariant).check(connection)).collect()
}

/// Anything in the schema that our migrations don't create would run with the server's rights.
fn schema(connection: &mut SqliteConnection) -> Finding {
    let differences = migrate::schema_differences(connection);
    let differences = differences.map_err(diesel::result::Error::QueryBuilderError);
    Finding::from_complaints("schema", differences, "the schema is the one that groupchat creates")
}

/// Whether an id would be assigned twice, or an id that clients can't read.
fn ids(connection: &mut SqliteConnection) -> Finding {
    let complaints = ids::heads(connection).map(|heads| {
        let wrong = heads
            .into_iter()
            .filter(|(_, head)| head.stored > head.counter || head.counter > MAX_SAFE_INTEGER);
        wrong.map(|(table, _)| format!("the id counter of {table} is wrong")).collect()
    });
    Finding::from_complaints("ids", complaints, "no id will be reused")
}

#[derive(QueryableByName)]
struct Complaint {
    #[diesel(sql_type = Text)]
    complaint: String,
}

/// Runs SQLite's own check for damage.
pub(super) fn integrity(connection: &mut SqliteConnection, depth: Depth) -> Finding {
    let query = match depth {
        Depth::Quick => "SELECT quick_check AS complaint FROM pragma_quick_check",
        Depth::Full => "SELECT integrity_check AS complaint FROM pragma_integrity_check",
    };
    let complaints = diesel::sql_query(query).load(connection).map(|rows: Vec<Complaint>| {
        let told = rows.into_iter().map(|row| row.complaint);
        told.filter(|complaint| complaint != "ok").collect()
    });
    Finding::from_complaints(INTEGRITY, complaints, "SQLite finds no damage in the file")
}

fn free_space(path: &Path) -> Finding {
    let free = match fs4::available_space(folder(path)) {
        Ok(free) => free,
        Err(error) => return Finding::new("free_space", CheckOutcome::Failed, format!("unknown: {error}")),
    };
    let size = path.metadata().map_or(0, |file| file.len());
    let told = format!("{} MiB are free", free >> 20);
    if free < MIN_FREE {
        Finding::new(
            "free_space",
            CheckOutcome::Failed,
            format!("{told}; the server needs at least {}", MIN_FREE >> 20),
        )
    } else if free < size {
        let detail =
            format!("{told}, less than the size of the database ({} MiB): not enough for a copy", size >> 20);
        Finding::new("free_space", CheckOutcome::Warning, detail)
    } else {
        Finding::new("free_space", CheckOutcome::Passed, told)
    }
}
