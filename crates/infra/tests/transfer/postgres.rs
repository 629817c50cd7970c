//! Copies between the two kinds of databases, and what PostgreSQL can do that a file can't.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::postgres::{OpenError, PostgresOptions, PostgresStorage};
use groupchat_infra::transfer::{Endpoint, Side, TransferError, TransferStep, transfer};
use groupchat_testing::Scratch;

use crate::contents::{Contents, ask, epoch};
use crate::endpoints::{Folder, copy, execute};
use crate::filled::fill;
use crate::support::NoListener;

/// How long a server may take to do something.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn endpoint(scratch: &Scratch) -> Endpoint {
    Endpoint::Postgres(scratch.url().to_owned())
}

/// Opens the database as a server does.
pub(crate) fn open(scratch: &Scratch) -> Result<PostgresStorage, OpenError> {
    PostgresStorage::open(PostgresOptions::new(scratch.url()), Arc::new(SystemClock), Arc::new(NoListener))
}

/// A full file, and a copy of it on a server.
fn copied() -> (Folder, Endpoint, Scratch) {
    let (folder, scratch) = (Folder::new(), Scratch::create());
    let from = folder.endpoint("from.db");
    fill(&from);
    copy(&from, &endpoint(&scratch)).unwrap();
    (folder, from, scratch)
}

#[test]
fn there_and_back_again_nothing_has_changed() {
    let (folder, from, scratch) = copied();
    let (there, back) = (endpoint(&scratch), folder.endpoint("back.db"));
    let contents = Contents::of(&from);
    Contents::of(&there).assert_same(&contents);
    copy(&there, &back).unwrap();
    Contents::of(&back).assert_same(&contents);
    Contents::of(&there).assert_same(&contents);
    let epochs = [&from, &there, &back].map(epoch);
    assert!(epochs.iter().all(|epoch| epoch.len() == 32), "{epochs:?}");
    assert!(epochs[0] != epochs[1] && epochs[1] != epochs[2] && epochs[0] != epochs[2], "{epochs:?}");
    let off = "SELECT count(*)::text AS line FROM pg_trigger WHERE tgenabled <> 'O'";
    assert_eq!(ask(&there, off), "0", "the triggers are on");
    open(&scratch).unwrap();
}

#[test]
fn of_an_empty_database_the_ids_that_are_reserved_stay_reserved() {
    let (folder, scratch, other) = (Folder::new(), Scratch::create(), Scratch::create());
    open(&scratch).unwrap();
    let (first, second) = (endpoint(&scratch), endpoint(&other));
    let (file, again) = (folder.endpoint("file.db"), Scratch::create());
    let role = "INSERT INTO server_roles (name, permissions) VALUES ('Moderators', 0)";
    let ways = [(&first, &second), (&second, &file), (&file, &endpoint(&again))];
    for (from, to) in ways {
        copy(from, to).unwrap();
        Contents::of(to).assert_same(&Contents::of(from));
    }
    for copied in [&second, &file, &endpoint(&again)] {
        execute(copied, role);
        assert_eq!(ask(copied, "SELECT CAST(max(id) AS TEXT) AS line FROM server_roles"), "3");
    }
}

#[test]
fn a_copy_from_server_to_server_keeps_even_the_ids_of_events() {
    let (_folder, _, scratch) = copied();
    let other = Scratch::create();
    execute(&endpoint(&scratch), "UPDATE events SET id = id + 10000; SELECT setval('events_id_seq', 20000)");
    copy(&endpoint(&scratch), &endpoint(&other)).unwrap();
    Contents::of(&endpoint(&other)).assert_same(&Contents::of(&endpoint(&scratch)));
}

#[test]
fn a_database_with_rows_or_foreign_tables_is_left_alone() {
    let (_folder, from, scratch) = copied();
    let before = Contents::of(&endpoint(&scratch));
    let refused = copy(&from, &endpoint(&scratch)).unwrap_err();
    assert!(matches!(refused, TransferError::NotEmpty(_)), "{refused}");
    Contents::of(&endpoint(&scratch)).assert_same(&before);

    let foreign = Scratch::create();
    execute(&endpoint(&foreign), "CREATE TABLE notes (id BIGINT)");
    let refused = copy(&from, &endpoint(&foreign)).unwrap_err();
    assert!(matches!(refused, TransferError::NotEmpty(_)), "{refused}");
    let refused = copy(&endpoint(&foreign), &endpoint(&Scratch::create())).unwrap_err();
    assert!(matches!(refused, TransferError::Postgres(OpenError::NotADatabase(_))), "{refused}");
    assert_eq!(Contents::of(&endpoint(&foreign)).rows.len(), 1);
}

/// Waits until the server has the right to number events, as it has soon after its start.
fn wait_for_server(scratch: &Scratch) {
    let deadline = Instant::now() + DEADLINE;
    let held = "SELECT count(*)::text AS line FROM pg_locks JOIN pg_database ON oid = database \
                WHERE locktype = 'advisory' AND datname = current_database()";
    while ask(&endpoint(scratch), held) == "0" {
        assert!(Instant::now() < deadline, "the server does not come up");
        std::thread::yield_now();
    }
}

#[test]
fn a_database_in_use_is_neither_source_nor_target() {
    let (folder, from, scratch) = copied();
    let server = open(&scratch).unwrap();
    wait_for_server(&scratch);
    let refused = copy(&endpoint(&scratch), &folder.endpoint("to.db")).unwrap_err();
    assert!(matches!(refused, TransferError::InUse(Side::Source)), "{refused}");
    let refused = copy(&from, &endpoint(&scratch)).unwrap_err();
    assert!(matches!(refused, TransferError::InUse(Side::Target)), "{refused}");
    drop(server);
    copy(&endpoint(&scratch), &folder.endpoint("to.db")).unwrap();
}

#[test]
fn the_source_is_no_target() {
    let (_folder, _, scratch) = copied();
    let same = Endpoint::Postgres(format!("{}?application_name=another", scratch.url()));
    let refused = copy(&endpoint(&scratch), &same).unwrap_err();
    assert!(matches!(refused, TransferError::Same), "{refused}");
}

#[test]
fn another_schema_than_this_programs_is_refused() {
    let (folder, _, scratch) = copied();
    let newest = "(SELECT max(version) FROM __diesel_schema_migrations)";
    execute(&endpoint(&scratch), &format!("DELETE FROM __diesel_schema_migrations WHERE version = {newest}"));
    let refused = copy(&endpoint(&scratch), &folder.endpoint("to.db")).unwrap_err();
    assert!(matches!(refused, TransferError::Outdated(_)), "{refused}");
    execute(
        &endpoint(&scratch),
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')",
    );
    let refused = copy(&endpoint(&scratch), &folder.endpoint("to.db")).unwrap_err();
    assert!(matches!(refused, TransferError::Postgres(OpenError::Newer { .. })), "{refused}");
}

#[test]
fn a_server_that_can_not_be_reached_is_told() {
    let folder = Folder::new();
    fill(&folder.endpoint("from.db"));
    let nowhere = Endpoint::Postgres("postgres://ann:secret@127.0.0.1:1/chat".to_owned());
    let refused = copy(&folder.endpoint("from.db"), &nowhere).unwrap_err();
    assert!(matches!(refused, TransferError::Postgres(OpenError::Unreachable { .. })), "{refused}");
    assert!(!refused.to_string().contains("secret"), "{refused}");
}

#[test]
fn nobody_writes_to_the_source_meanwhile() {
    let (folder, _, scratch) = copied();
    let write = "SET lock_timeout = '50ms'; INSERT INTO log_state VALUES (2, 'never')";
    let insert = "SET lock_timeout = '50ms'; \
                  INSERT INTO jobs (kind, subject_id, run_after, created_at) VALUES ('late', 1, 0, 0)";
    let mut tried = 0;
    transfer(&endpoint(&scratch), &folder.endpoint("to.db"), SystemClock.now(), &mut |step| {
        if matches!(step, TransferStep::Copying { done: 0, .. } | TransferStep::Verifying { done: 0, .. }) {
            let mut other = PgConnection::establish(scratch.url()).unwrap();
            other.batch_execute(insert).unwrap_err();
            other.batch_execute(write).unwrap_err();
            tried += 1;
        }
    })
    .unwrap();
    assert!(tried >= 2, "{tried}");
    execute(&endpoint(&scratch), insert);
}

#[test]
fn a_difference_is_found_and_no_server_opens_the_copy() {
    let (folder, scratch) = (Folder::new(), Scratch::create());
    let (from, to) = (folder.endpoint("from.db"), endpoint(&scratch));
    fill(&from);
    let failed = transfer(&from, &to, SystemClock.now(), &mut |step| {
        if matches!(step, TransferStep::Verifying { done: 0, .. }) {
            execute(&to, "UPDATE messages SET text = 'y' || substr(text, 2) WHERE id = 7000");
        }
    });
    match failed.unwrap_err() {
        TransferError::Different(tables) => assert_eq!(tables, ["messages"]),
        other => panic!("{other}"),
    }
    let refused = open(&scratch).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::Unfinished(_)), "{refused}");
    let refused = copy(&to, &folder.endpoint("again.db")).unwrap_err();
    assert!(matches!(refused, TransferError::Unfinished), "{refused}");
    copy(&from, &to).unwrap();
    Contents::of(&to).assert_same(&Contents::of(&from));
}
