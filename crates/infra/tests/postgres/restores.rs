//! No id is given out twice, wherever the database comes from.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::postgres::{OpenError, PostgresOptions, PostgresStorage, advance_ids};
use groupchat_testing::Scratch;

use crate::console::Console;
use crate::database::{DEADLINE, OneWorkerStorage, Published, options};

const STRIDE: i64 = 1 << 32;

/// What the next job gets.
fn next_job(console: &mut Console) -> i64 {
    console.number(
        "INSERT INTO jobs (kind, subject_id, run_after, created_at) VALUES ('x', 1, 0, 0) RETURNING id AS number",
    )
}

/// A clock that stands still.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

/// Before 2024, so that ids go by what is known to have been given out.
const LONG_AGO: Timestamp = Timestamp::from_micros(0);

fn opened(scratch: &Scratch) {
    opened_at(scratch, LONG_AGO);
}

fn opened_at(scratch: &Scratch, now: Timestamp) {
    let options = PostgresOptions { follows_log: false, ..options(scratch.url()) };
    drop(PostgresStorage::open(options, Arc::new(Stopped(now)), Arc::<Published>::default()).unwrap());
}

/// So many seconds after the beginning of 2024.
fn in_2024_plus(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_704_067_200 + seconds) * 1_000_000)
}

#[test]
fn a_database_that_stays_where_it_is_keeps_its_ids() {
    let scratch = Scratch::create();
    opened(&scratch);
    let mut console = Console::open(scratch.url());
    assert_eq!(next_job(&mut console), 1);
    opened(&scratch);
    assert_eq!(next_job(&mut console), 2);
}

#[test]
fn ids_go_on_further_up_when_the_log_comes_from_elsewhere() {
    let scratch = Scratch::create();
    opened(&scratch);
    let mut console = Console::open(scratch.url());
    assert_eq!(next_job(&mut console), 1);
    for round in 1..=2 {
        // As a dump has it that was made on another server, or a standby that was promoted.
        console.execute("UPDATE log_state SET lineage = '4711/1/1/1'");
        opened(&scratch);
        opened(&scratch);
        assert_eq!(next_job(&mut console), round * STRIDE + 1);
    }
    for table in ["users", "groups", "messages", "sessions", "tickets", "events"] {
        let next = format!("SELECT nextval(pg_get_serial_sequence('{table}', 'id')) AS number");
        assert_eq!(console.number(&next), 2 * STRIDE + 1, "{table}");
    }
}

#[test]
fn ids_of_two_restores_of_one_dump_differ_though_neither_knows_of_the_other() {
    for second in [90_000_000, 90_000_001] {
        // Another database each time, with what the dump held.
        let scratch = Scratch::create();
        opened(&scratch);
        let mut console = Console::open(scratch.url());
        assert_eq!(next_job(&mut console), 1);
        console.execute("UPDATE log_state SET lineage = '4711/1/1/1'");
        opened_at(&scratch, in_2024_plus(second));
        assert_eq!(next_job(&mut console), second * 1_000_000 + 1);
        // A clock that was set back by a year.
        advance_ids(&options(scratch.url()), in_2024_plus(second - 30_000_000)).unwrap();
        assert_eq!(next_job(&mut console), (second * 1_000_000 / STRIDE + 1) * STRIDE + 1);
    }
}

#[test]
fn a_database_of_an_earlier_version_notes_where_it_is_and_keeps_its_ids() {
    let scratch = Scratch::create();
    opened(&scratch);
    let mut console = Console::open(scratch.url());
    console.execute("UPDATE log_state SET lineage = NULL");
    opened(&scratch);
    assert_eq!(next_job(&mut console), 1);
    assert_eq!(console.number("SELECT count(*) AS number FROM log_state WHERE lineage = log_lineage()"), 1);
}

#[test]
fn servers_that_start_at_once_move_ids_once() {
    let scratch = Scratch::create();
    opened(&scratch);
    let mut console = Console::open(scratch.url());
    console.execute("UPDATE log_state SET lineage = '4711/1/1/1'");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| opened(&scratch));
        }
    });
    assert_eq!(next_job(&mut console), STRIDE + 1);
}

#[test]
fn ids_move_on_request_with_the_epoch_unless_a_server_runs() {
    let place = OneWorkerStorage::new();
    let url = place.scratch.url().to_owned();
    let numbering = "SELECT count(*) AS number FROM pg_locks JOIN pg_database ON pg_database.oid = database \
                     WHERE locktype = 'advisory' AND datname = current_database() AND granted";
    let deadline = Instant::now() + DEADLINE;
    while Console::open(&url).number(numbering) == 0 {
        assert!(Instant::now() < deadline, "the server never takes the right to number events");
    }
    let refused = advance_ids(&options(&url), LONG_AGO).unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
    let scratch = Arc::clone(&place.scratch);
    drop(place);
    let mut console = Console::open(&url);
    console.execute("UPDATE log_state SET epoch = 'before'");
    advance_ids(&options(&url), LONG_AGO).unwrap();
    assert_eq!(next_job(&mut console), STRIDE + 1);
    assert_eq!(console.number("SELECT count(*) AS number FROM log_state WHERE epoch = 'before'"), 0);
    drop(scratch);
}

#[test]
fn ids_that_are_used_up_are_an_error() {
    let scratch = Scratch::create();
    opened(&scratch);
    let mut connection = PgConnection::establish(scratch.url()).unwrap();
    let far = "SELECT setval(pg_get_serial_sequence('groups', 'id'), (1::bigint << 53) - 5)";
    connection.batch_execute(far).unwrap();
    let refused = advance_ids(&options(scratch.url()), LONG_AGO).unwrap_err();
    assert!(refused.to_string().contains("used up"), "{refused}");
}

/// Clients have got others since the backup, which would seem to be stolen.
#[test]
fn refresh_tokens_are_forgotten_when_the_log_comes_from_elsewhere() {
    let scratch = Scratch::create();
    opened(&scratch);
    let mut console = Console::open(scratch.url());
    console.execute(
        "INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at) \
            VALUES (1, 'ann', 'ann', false, 'hash', 1, 0); \
        INSERT INTO sessions (id, user_id, kind, key_hash, created_at, expires_at, key_expires_at, refresh_selector, \
                refresh_hash, refresh_ends_at) \
            SELECT 1, 1, 'login', hash, 0, 800, 100, hash, hash, 900 FROM (SELECT sha256('x') AS hash) AS made",
    );
    let kept = "SELECT count(refresh_selector) AS number FROM sessions WHERE expires_at = 800";
    opened(&scratch);
    assert_eq!(console.number(kept), 1, "a restart is no restore");
    console.execute("UPDATE log_state SET lineage = '4711/1/1/1'");
    opened(&scratch);
    let forgotten = "SELECT count(*) AS number FROM sessions \
        WHERE coalesce(refresh_selector, refresh_hash) IS NULL AND key_expires_at IS NULL AND expires_at = 100";
    assert_eq!(console.number(forgotten), 1);
}
