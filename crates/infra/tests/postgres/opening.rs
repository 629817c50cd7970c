//! Opening a database: what is waited for, what is made, and what is rejected.

use std::thread;
use std::time::{Duration, Instant};

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use groupchat_infra::postgres::{OpenError, PostgresOptions};
use groupchat_testing::{Proxy, Scratch};

use crate::console::Console;
use crate::database::{OneWorkerStorage, open, options, refusal, store};

/// A password that must not be told.
const SECRET: &str = "hunter2";

/// The URL for a user who isn't there, with a password.
fn stranger(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{scheme}://stranger:{SECRET}@{place}")
}

/// What is said, in every way in which an error can be.
fn said(error: &OpenError) -> String {
    format!("{error} {error:?}")
}

#[test]
fn many_who_open_an_empty_database_at_once_migrate_it_once() {
    let scratch = Scratch::create();
    let opened: Vec<_> = thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| open(options(scratch.url())))).collect();
        opening.into_iter().map(|opening| opening.join().unwrap().unwrap()).collect()
    });
    drop(opened);
    let mut console = Console::open(scratch.url());
    let applied = console.number("SELECT count(*) AS number FROM __diesel_schema_migrations");
    assert_eq!(applied, i64::try_from(migrations()).unwrap());
    assert_eq!(console.number("SELECT count(*) AS number FROM log_state"), 1);
}

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");

/// How many migrations there are.
fn migrations() -> usize {
    std::fs::read_dir(MIGRATIONS).unwrap().count()
}

#[test]
fn another_encoding_is_refused() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let scratch = Scratch::encoded(encoding);
        let error = refusal(options(scratch.url()));
        assert!(matches!(&error, OpenError::Encoding { found, .. } if found == encoding), "{error}");
        let tables = "SELECT count(*) AS number FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(Console::open(scratch.url()).number(tables), 0, "nothing was made");
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let place = OneWorkerStorage::new();
    place.console().execute("INSERT INTO __diesel_schema_migrations VALUES ('99990101000000')");
    let error = refusal(options(place.scratch.url()));
    assert!(matches!(&error, OpenError::Newer { found, .. } if found == "99990101000000"), "{error}");
    assert!(said(&error).contains("newer groupchat"), "{error}");
}

#[test]
fn a_command_beside_servers_makes_a_schema_and_changes_none() {
    drop(OneWorkerStorage::with(|options| options.migrates = false));
    let older = Scratch::create();
    let mut connection = PgConnection::establish(older.url()).unwrap();
    let mut migrations: Vec<_> =
        MigrationSource::<Pg>::migrations(&FileBasedMigrations::from_path(MIGRATIONS).unwrap()).unwrap();
    migrations.sort_by_key(|migration| migration.name().version().as_owned());
    migrations.pop();
    connection.applied_migrations().unwrap();
    connection.run_migrations(&migrations).unwrap();
    let error = refusal(PostgresOptions { migrates: false, ..options(older.url()) });
    assert!(matches!(error, OpenError::NeedsMigration(_)), "{error}");
    drop(open(options(older.url())).expect("a server migrates it"));
}

#[test]
fn opening_waits_until_the_server_accepts_connections() {
    let scratch = Scratch::create();
    let proxy = Proxy::to(scratch.url());
    proxy.refuse_next(2);
    let place = OneWorkerStorage::on(scratch, |options| options.url = proxy.url());
    place.write(store("ann")).unwrap();
}

#[test]
fn a_server_that_never_accepts_connections_is_given_up_in_time() {
    let scratch = Scratch::create();
    let proxy = Proxy::to(scratch.url());
    proxy.refuse();
    let url = stranger(&proxy.url());
    let time = Duration::from_millis(600);
    let began = Instant::now();
    let error = refusal(PostgresOptions { connect_within: time, ..options(&url) });
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(began.elapsed() >= time / 2, "it tried again: {:?}", began.elapsed());
    assert!(!said(&error).contains(SECRET), "{error:?}");
}

#[test]
fn who_is_refused_is_not_told_the_password() {
    let scratch = Scratch::create();
    let url = stranger(scratch.url());
    let error = refusal(PostgresOptions { connect_within: Duration::ZERO, ..options(&url) });
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(said(&error).contains("stranger"), "{error}");
    assert!(!said(&error).contains(SECRET), "{error:?}");
}
