//! Checks a database: is the file whole, and do the numbers that are kept twice agree.

use std::path::Path;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_domain::time::Timestamp;

use super::draft::folder;
use super::error::OpenError;
use super::inspect::{self, number};
use super::migrate;

/// By how much the newest row may be ahead of the clock: it can be stored while the check runs.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// With less free space than this, in bytes, the write-ahead log may soon find no room: 64 MiB is the length at
/// which it starts over.
const LEAST_FREE: u64 = 64 << 20;

/// How many of SQLite's complaints about a file are told.
const COMPLAINTS: usize = 5;

/// How closely the file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every page, but not whether each index agrees with its table.
    Quick,
    /// Everything.
    Full,
}

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
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
    pub outcome: Outcome,
    /// What was found, in a few words for people.
    pub detail: String,
}

impl Finding {
    fn new(check: &'static str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { check, outcome, detail: detail.into() }
    }

    /// Whether something is wrong.
    pub fn is_failure(&self) -> bool {
        self.outcome == Outcome::Failed
    }
}

/// A number that is kept in one place and follows from others.
struct Invariant {
    check: &'static str,
    /// Counts, as `number`, what does not agree.
    offenders: &'static str,
    holds: &'static str,
    broken: &'static str,
}

/// Groups and messages that are marked as deleted are left out: they are emptied bit by bit.
const INVARIANTS: [Invariant; 5] = [
    Invariant {
        check: "message_numbers",
        offenders: "SELECT count(*) AS number FROM groups \
            LEFT JOIN (SELECT group_id, count(*) AS stored, max(seq) AS highest FROM messages GROUP BY group_id) \
            ON group_id = id \
            WHERE deleted_at IS NULL AND (last_seq <> coalesce(highest, 0) OR last_seq <> coalesce(stored, 0))",
        holds: "every group's messages are numbered from 1 to its last number without a gap",
        broken: "groups whose messages and last number don't agree",
    },
    Invariant {
        check: "member_counts",
        offenders: "SELECT count(*) AS number FROM groups WHERE deleted_at IS NULL AND member_count <> \
            (SELECT count(*) FROM memberships WHERE group_id = groups.id)",
        holds: "every group has as many members as it says",
        broken: "groups with other than the number of members that they say",
    },
    Invariant {
        check: "read_cursors",
        offenders: "SELECT count(*) AS number FROM memberships JOIN groups ON groups.id = group_id \
            WHERE deleted_at IS NULL AND read_seq > last_seq",
        holds: "nobody has read further than their group's last message",
        broken: "members who have read further than their group's last message",
    },
    Invariant {
        check: "like_counts",
        offenders: "SELECT count(*) AS number FROM messages JOIN groups ON groups.id = group_id \
            LEFT JOIN (SELECT message_id, count(*) AS stored FROM reactions WHERE emoji = '👍' \
                       GROUP BY message_id) ON message_id = messages.id \
            WHERE groups.deleted_at IS NULL AND messages.deleted_at IS NULL AND likes <> coalesce(stored, 0)",
        holds: "every message has as many likes as it says",
        broken: "messages with other than the number of likes that they say",
    },
    Invariant {
        check: "event_log",
        offenders: "SELECT coalesce(max(id) - min(id) + 1 - count(*) + (max(id) <> coalesce( \
            (SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)), 0) AS number FROM events",
        holds: "the event log has no gap up to its head",
        broken: "events are missing from the log or after its head",
    },
];

/// The newest time that is stored, by the newest row of each table that grows.
const NEWEST: &str = "SELECT max(\
    coalesce((SELECT at FROM events ORDER BY id DESC LIMIT 1), 0), \
    coalesce((SELECT created_at FROM messages ORDER BY id DESC LIMIT 1), 0), \
    coalesce((SELECT created_at FROM sessions ORDER BY id DESC LIMIT 1), 0), \
    coalesce((SELECT created_at FROM users ORDER BY id DESC LIMIT 1), 0)) AS number";

/// Checks the database in this file, its volume and the clock, on one snapshot; also while a server uses it.
/// `now` is the present time. A file that can't be opened is a finding too.
pub fn check(path: &Path, depth: Depth, now: Timestamp) -> Vec<Finding> {
    let mut findings = match check_file(path, depth, now) {
        Ok(findings) => findings,
        Err(error) => vec![Finding::new("database", Outcome::Failed, error.to_string())],
    };
    findings.push(free_space(path));
    findings
}

fn check_file(path: &Path, depth: Depth, now: Timestamp) -> Result<Vec<Finding>, OpenError> {
    let failed = |error: diesel::result::Error| OpenError::from_reason(path, &error.to_string());
    let mut connection = inspect::open(path)?;
    inspect::only_read(&mut connection).map_err(failed)?;
    let version = migrate::schema_version(&mut connection, path)?;
    let schema = match version.pending {
        0 => format!("schema {}, which is this program's", version.found),
        pending => format!("schema {}; {pending} migrations run at the next start", version.found),
    };
    let mut findings = vec![Finding::new("database", Outcome::Passed, schema)];
    let looked_at = connection.transaction(|connection| {
        findings.extend(soundness(connection, depth));
        findings.push(clock(connection, now));
        QueryResult::Ok(())
    });
    looked_at.map_err(failed)?;
    Ok(findings)
}

/// Checks what makes a database whole, wherever the file is.
pub(super) fn soundness(connection: &mut SqliteConnection, depth: Depth) -> Vec<Finding> {
    let mut findings = vec![integrity(connection, depth), references(connection)];
    findings.extend(INVARIANTS.iter().map(|invariant| agreement(connection, invariant)));
    findings
}

/// What one check found, or that it could not be made.
fn finding(check: &'static str, found: QueryResult<Result<String, String>>) -> Finding {
    match found {
        Ok(Ok(detail)) => Finding::new(check, Outcome::Passed, detail),
        Ok(Err(detail)) => Finding::new(check, Outcome::Failed, detail),
        Err(error) => Finding::new(check, Outcome::Failed, error.to_string()),
    }
}

#[derive(QueryableByName)]
struct Complaint {
    #[diesel(sql_type = Text)]
    complaint: String,
}

fn integrity(connection: &mut SqliteConnection, depth: Depth) -> Finding {
    let query = match depth {
        Depth::Quick => "SELECT quick_check AS complaint FROM pragma_quick_check",
        Depth::Full => "SELECT integrity_check AS complaint FROM pragma_integrity_check",
    };
    let complaints = diesel::sql_query(query).load(connection).map(|rows: Vec<Complaint>| {
        let told: Vec<_> = rows.into_iter().map(|row| row.complaint).take(COMPLAINTS).collect();
        if told == ["ok"] { Ok("SQLite finds the file sound".to_owned()) } else { Err(told.join("; ")) }
    });
    finding("integrity", complaints)
}

fn references(connection: &mut SqliteConnection) -> Finding {
    let dangling = number(connection, "SELECT count(*) AS number FROM pragma_foreign_key_check");
    let found = dangling.map(|rows| match rows {
        0 => Ok("every row refers to rows that exist".to_owned()),
        rows => Err(format!("{rows} rows refer to rows that don't exist")),
    });
    finding("references", found)
}

fn agreement(connection: &mut SqliteConnection, invariant: &Invariant) -> Finding {
    let found = number(connection, invariant.offenders).map(|offenders| match offenders {
        0 => Ok(invariant.holds.to_owned()),
        offenders => Err(format!("{offenders} {}", invariant.broken)),
    });
    finding(invariant.check, found)
}

fn clock(connection: &mut SqliteConnection, now: Timestamp) -> Finding {
    let found = number(connection, NEWEST).map(|newest| {
        let ahead = Duration::from_micros(newest.saturating_sub(now.as_micros()).try_into().unwrap_or(0));
        if ahead <= CLOCK_TOLERANCE {
            Ok("the clock is not behind what is stored".to_owned())
        } else {
            Err(format!("the clock is {} seconds behind the newest row", ahead.as_secs()))
        }
    });
    finding("clock", found)
}

fn free_space(path: &Path) -> Finding {
    let free = match fs4::available_space(folder(path)) {
        Ok(free) => free,
        Err(error) => return Finding::new("free_space", Outcome::Failed, format!("can't be told: {error}")),
    };
    let size = path.metadata().map_or(0, |file| file.len());
    let told = format!("{} MiB are free", free >> 20);
    if free < LEAST_FREE {
        Finding::new(
            "free_space",
            Outcome::Failed,
            format!("{told}; at least {} are needed", LEAST_FREE >> 20),
        )
    } else if free < size {
        let detail = format!("{told}, less than the database has ({} MiB): no room for a copy", size >> 20);
        Finding::new("free_space", Outcome::Warning, detail)
    } else {
        Finding::new("free_space", Outcome::Passed, told)
    }
}
