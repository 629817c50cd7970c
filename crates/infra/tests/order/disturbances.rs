//! The same on PostgreSQL, while something goes wrong or on elsewhere.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, iter};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::reader::Recorder;
use crate::room::{DURATION, Room};
use crate::support::Database;

/// Takes the right to number away from the server; whoever waits for it gets it when its holder is gone.
fn seize(database: &Database, watcher: &mut PgConnection) -> PgConnection {
    let mut seizer = connect(database);
    let waiting = thread::spawn(move || {
        while count(&mut seizer, SEIZE) == 0 {}
        seizer
    });
    while !waiting.is_finished() {
        if count(watcher, WAITING) > 0 {
            count(watcher, KILL);
        }
    }
    waiting.join().unwrap()
}

fn connect(database: &Database) -> PgConnection {
    PgConnection::establish(database.url().unwrap()).unwrap()
}

fn count(connection: &mut PgConnection, query: &str) -> i64 {
    diesel::sql_query(query).get_result::<Count>(connection).unwrap().count
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Ends the session that holds the right to number, if there is one. No other of that name holds an advisory lock.
const KILL: &str = "\
    SELECT count(pg_terminate_backend(pid)) AS count FROM pg_locks JOIN pg_stat_activity USING (pid) \
    WHERE datname = current_database() AND application_name = 'groupchat log' \
    AND locktype = 'advisory' AND granted";

/// Waits for that right, if somebody has it, and keeps it.
const SEIZE: &str = "\
    SELECT count(pg_advisory_lock(classid::bigint << 32 | objid::bigint)) AS count \
    FROM pg_locks JOIN pg_stat_activity USING (pid) \
    WHERE datname = current_database() AND application_name = 'groupchat log' \
    AND locktype = 'advisory' AND granted";

/// Sessions that wait for it.
const WAITING: &str = "\
    SELECT count(*) AS count FROM pg_locks JOIN pg_stat_activity USING (pid) \
    WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted";

/// Events that have no place yet.
const UNNUMBERED: &str = "SELECT count(*) AS count FROM events WHERE position IS NULL";

/// More than are numbered at once.
const MANY: i64 = 1_200;

/// A transaction that takes an id, and with it holds back what every snapshot sees as finished; and one that keeps a
/// snapshot.
const LONG_TRANSACTIONS: [&str; 2] = [
    "BEGIN; SELECT pg_current_xact_id()",
    "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class; SELECT pg_current_xact_id()",
];

#[test]
fn transactions_that_stay_open_elsewhere_hold_nothing_up() {
    let recorder = Arc::new(Recorder::default());
    let database = Database::postgres_with(Arc::clone(&recorder) as _);
    let cluster = env::var("GROUPCHAT_TEST_POSTGRES").unwrap();
    let places = [cluster.as_str(), database.url().unwrap()];
    let begin = |(url, sql): (&str, &str)| {
        let mut connection = PgConnection::establish(url).unwrap();
        connection.batch_execute(sql).unwrap();
        connection
    };
    let combinations = places.iter().flat_map(|url| iter::repeat(*url).zip(LONG_TRANSACTIONS));
    let mut open: Vec<_> = combinations.map(begin).collect();
    let log = Room::new(&database, vec![database.storage()]).run(|| {});
    recorder.check_all(&log);
    for connection in &mut open {
        connection.batch_execute("COMMIT").expect("it was open all along");
    }
}

#[test]
fn a_sequencer_that_is_killed_again_and_again_leaves_no_gap() {
    let recorders = [(); 2].map(|()| Arc::new(Recorder::default()));
    let database = Database::postgres_with(Arc::clone(&recorders[0]) as _);
    let second = database.beside(Arc::clone(&recorders[1]) as _);
    let mut killed = 0;
    let log = Room::new(&database, vec![second, database.storage()]).run(|| {
        let (mut connection, end) = (connect(&database), Instant::now() + DURATION);
        while Instant::now() < end {
            killed += count(&mut connection, KILL);
            thread::sleep(Duration::from_millis(15));
        }
    });
    assert!(killed >= 5, "only {killed} were killed");
    recorders[0].check_all(&log);
    recorders[1].check_rest(&log);
}

#[test]
fn what_piles_up_while_nobody_numbers_is_numbered_in_order() {
    let recorder = Arc::new(Recorder::default());
    let database = Database::postgres_with(Arc::clone(&recorder) as _);
    let mut most = 0;
    let log = Room::new(&database, vec![database.storage()]).run(|| {
        let mut watcher = connect(&database);
        let seizer = seize(&database, &mut watcher);
        let end = Instant::now() + 10 * DURATION;
        while most < MANY && Instant::now() < end {
            most = count(&mut watcher, UNNUMBERED);
        }
        drop(seizer);
    });
    assert!(most >= MANY, "only {most} piled up");
    recorder.check_all(&log);
}

#[test]
fn when_the_server_that_numbers_shuts_down_another_goes_on() {
    let recorders = [(); 2].map(|()| Arc::new(Recorder::default()));
    let database = Database::postgres_with(Arc::clone(&recorders[0]) as _);
    let second = database.beside(Arc::clone(&recorders[1]) as _);
    let first = database.storage();
    let room = Room::new(&database, vec![Arc::clone(&first), second]).whose_first_server_ends();
    let log = room.run(|| {
        room.wait_for_all_writers();
        first.shutdown(Duration::from_secs(5));
    });
    recorders[0].check_beginning(&log);
    recorders[1].check_rest(&log);
}
