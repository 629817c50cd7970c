//! Checks a database: whether its constraints hold, whether stored counts are correct, and whether the server's
//! settings prevent data loss. The free space of its disk can't be seen from here.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_domain::time::Timestamp;

use super::connector::{ConnectionPurpose, Connector};
use super::error::OpenError;
use super::options::PostgresOptions;
use super::{log_state, migrate, schema_check};
use crate::check::{CheckOutcome, Depth, Finding, INVARIANTS, Invariant, checksums, newest_row, number};
use crate::connection::{Attempt, Connection};

/// By how much the clocks of this machine and the database server may differ before it is reported.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// Settings and states that would let invalid rows in or hide valid ones.
const SWITCHED_OFF: &str = "\
    SELECT format('the index %s is not valid', indexrelid::regclass) AS text \
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
        WHERE relnamespace = current_schema()::regnamespace AND NOT (indisvalid AND indisready AND indislive) \
    UNION ALL SELECT format('the constraint %I of %s is not validated', conname, conrelid::regclass) \
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated \
    UNION ALL SELECT format('the trigger %I of %s is off', tgname, tgrelid::regclass) \
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid \
        WHERE relnamespace = current_schema()::regnamespace AND tgenabled NOT IN ('O', 'A') \
    UNION ALL SELECT format('%s pages did not agree with their checksums', checksum_failures) \
        FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0";

/// Whether this user can use the extension amcheck.
const CAN_COMPARE_INDEXES: &str = "\
    SELECT coalesce(has_function_privilege(to_regprocedure('bt_index_check(regclass, boolean)'), 'EXECUTE'), \
        false)::int::bigint AS number";

/// Compares each index with its table. Fails with an error that describes the problem. The number means nothing.
const COMPARE_INDEXES: &str = "\
    SELECT count(bt_index_check(pg_class.oid, true)::text) AS number \
        FROM pg_class JOIN pg_am ON pg_am.oid = relam \
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'i' AND amname = 'btree'";

/// For each foreign key, a query that counts the rows whose parent is missing. The server doesn't allow them, but a
/// restore that disables triggers does.
const REFERENCES: &str = "\
    SELECT format('SELECT count(*) AS number FROM %s AS child \
                   WHERE %s AND NOT EXISTS (SELECT FROM %s AS parent WHERE %s)', \
        conrelid::regclass, string_agg(format('child.%I IS NOT NULL', child.attname), ' AND '), \
        confrelid::regclass, string_agg(format('parent.%I = child.%I', parent.attname, child.attname), ' AND ')) \
        AS text \
    FROM pg_constraint CROSS JOIN unnest(conkey, confkey) AS pair (child, parent) \
        JOIN pg_attribute AS child ON child.attrelid = conrelid AND child.attnum = pair.child \
        JOIN pg_attribute AS parent ON parent.attrelid = confrelid AND parent.attnum = pair.parent \
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace \
    GROUP BY pg_constraint.oid, conrelid, confrelid";

/// For each table, a query that counts 1 if the table would assign ids again that it has used. This happens when rows
/// are restored without their sequence.
const IDS: &str = "\
    SELECT format('SELECT (coalesce((SELECT max(%I) FROM %s), 0) > coalesce((SELECT coalesce(last_value, start_value - 1) FROM pg_sequences \
                   WHERE format(''%%I.%%I'', schemaname, sequencename) = pg_get_serial_sequence(%L, %L)), 0)) \
                   ::int::bigint AS number', \
        attname, attrelid::regclass, attrelid::regclass, attname) AS text \
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
    WHERE relnamespace = current_schema()::regnamespace AND attidentity <> ''";

const EVENT_LOG: Invariant = Invariant {
    check: "event_log",
    offenders: "SELECT coalesce(max(position) - min(position) + 1 - count(position), 0) AS number FROM events",
    holds: "the event log has no gaps up to its head",
    broken: "events are missing in the log",
};

const WAITING: &str = "SELECT count(*) AS number FROM events WHERE position IS NULL";

const SERVER_CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS number";

/// Settings with which a crash of the database server may lose acknowledged data, or with which damage goes unnoticed.
const DANGEROUS: &str = "\
    SELECT format('%s is %s', name, setting) AS text FROM pg_settings \
    WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' \
        OR name IN ('zero_damaged_pages', 'ignore_checksum_failure') AND setting = 'on' \
    ORDER BY name";

/// Our connections override this one.
const OVERRULED: &str = "\
    SELECT count(*) AS number FROM pg_settings WHERE name = 'synchronous_commit' AND reset_val = 'off'";

/// Checks the database, the server's settings and the clocks, on one snapshot, even while servers use it. `now` is the
/// current time. A database that can't be opened is reported as a finding. Blocks, and doesn't wait for a database
/// server that accepts no connections.
pub fn check(options: &PostgresOptions, depth: Depth, now: Timestamp) -> Vec<Finding> {
    match check_database(&Connector::new(options), depth, now) {
        Ok(findings) => findings,
        Err(error) => vec![Finding::new("database", CheckOutcome::Failed, error.to_string())],
    }
}

fn check_database(connector: &Connector, depth: Depth, now: Timestamp) -> Result<Vec<Finding>, OpenError> {
    let mut connection = connector.connect_within(ConnectionPurpose::Check, Duration::ZERO)?;
    let version = migrate::schema_version(&mut connection, &connector.shown())?;
    let schema = schema_check::check(&mut connection);
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    connection.batch_execute(begin).map_err(|error| log_state::refused(&connector.shown(), &error))?;
    // Before anything that takes long.
    let server_clock = number(&mut Connection::Postgres(&mut connection), SERVER_CLOCK);
    log_state::refuse_unfinished(&mut connection, &connector.shown())?;
    let mut findings = vec![
        Finding::opened(&version),
        schema,
        integrity(&mut connection, depth),
        references(&mut connection),
        ids(&mut connection),
    ];
    findings.extend(INVARIANTS.iter().map(|it| it.check(&mut Connection::Postgres(&mut connection))));
    findings.push(event_log(&mut connection));
    findings.push(checksums(&mut Connection::Postgres(&mut connection)));
    findings.push(clock(&mut connection, server_clock, now));
    findings.push(settings(&mut connection));
    Ok(findings)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Runs a query with one text column named `text`. If it fails, other queries can still run.
fn lines(connection: &mut PgConnection, query: &str) -> QueryResult<Vec<String>> {
    let lines: Vec<Line> = connection.attempt(|connection| diesel::sql_query(query).load(connection))?;
    Ok(lines.into_iter().map(|line| line.text).collect())
}

/// The sum of the results of the queries that a query returns.
fn sum(connection: &mut PgConnection, queries: &str) -> QueryResult<i64> {
    let mut sum = 0;
    for query in lines(connection, queries)? {
        sum += number(&mut Connection::Postgres(connection), &query)?;
    }
    Ok(sum)
}

fn integrity(connection: &mut PgConnection, depth: Depth) -> Finding {
    let praise = "every index, constraint and trigger is valid and in force";
    let in_force = Finding::from_complaints("integrity", lines(connection, SWITCHED_OFF), praise);
    if in_force.is_failure() || depth == Depth::Quick {
        return in_force;
    }
    let connection = &mut Connection::Postgres(connection);
    let compared = number(connection, CAN_COMPARE_INDEXES).and_then(|can| {
        let detail = if can == 0 {
            format!("{praise}; indexes were not compared with their tables, because the extension amcheck is missing")
        } else {
            number(connection, COMPARE_INDEXES)?;
            format!("{praise}, and every index matches its table")
        };
        Ok((CheckOutcome::Passed, detail))
    });
    Finding::from_query("integrity", compared)
}

fn references(connection: &mut PgConnection) -> Finding {
    let found = sum(connection, REFERENCES).map(|dangling| match dangling {
        0 => (CheckOutcome::Passed, "every row refers to rows that exist".to_owned()),
        rows => (CheckOutcome::Failed, format!("{rows} rows refer to rows that don't exist")),
    });
    Finding::from_query("references", found)
}

fn ids(connection: &mut PgConnection) -> Finding {
    let found = sum(connection, IDS).map(|tables| match tables {
        0 => (CheckOutcome::Passed, "no id will be reused".to_owned()),
        tables => (CheckOutcome::Failed, format!("{tables} tables would reuse ids")),
    });
    Finding::from_query("ids", found)
}

/// Events without a position are not a problem: while no server runs, nobody assigns positions.
fn event_log(connection: &mut PgConnection) -> Finding {
    let connection = &mut Connection::Postgres(connection);
    let mut finding = EVENT_LOG.check(connection);
    match number(connection, WAITING) {
        Ok(0) => {}
        Ok(waiting) => finding.detail.push_str(&format!("; events that wait for their position: {waiting}")),
        Err(error) => return Finding::new(EVENT_LOG.check, CheckOutcome::Failed, error.to_string()),
    }
    finding
}

fn clock(connection: &mut PgConnection, server_clock: QueryResult<i64>, now: Timestamp) -> Finding {
    let compared = newest_row(&mut Connection::Postgres(connection), now).and_then(|(outcome, detail)| {
        let apart = Duration::from_micros(server_clock?.abs_diff(now.as_micros()));
        if apart <= CLOCK_TOLERANCE {
            return Ok((outcome, detail));
        }
        let detail = format!("{detail}; it differs from the server's clock by {} seconds", apart.as_secs());
        Ok((if outcome == CheckOutcome::Passed { CheckOutcome::Warning } else { outcome }, detail))
    });
    Finding::from_query("clock", compared)
}

fn settings(connection: &mut PgConnection) -> Finding {
    let found = lines(connection, DANGEROUS).and_then(|dangers| {
        if !dangers.is_empty() {
            let dangers = dangers.join(", ");
            let detail = format!("{dangers}: a crash of the server can lose or damage stored data");
            return Ok((CheckOutcome::Warning, detail));
        }
        let overruled = number(&mut Connection::Postgres(connection), OVERRULED)? > 0;
        let word = if overruled { "; synchronous_commit is off, but groupchat overrides it" } else { "" };
        Ok((CheckOutcome::Passed, format!("committed data survives a crash of the server{word}")))
    });
    Finding::from_query("settings", found)
}
