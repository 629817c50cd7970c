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

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Ends the session that holds the right to number, if there is one. It is the only one that holds an advisory lock for
/// longer than a transaction.
const KILL: &str = "\
    SELECT count(pg_terminate_backend(pid)) AS count FROM pg_stat_activity \
    WHERE datname = current_database() AND application_name = 'groupchat log' \
    AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)";

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
        let mut connection = PgConnection::establish(database.url().unwrap()).unwrap();
        let end = Instant::now() + DURATION;
        while Instant::now() < end {
            killed += diesel::sql_query(KILL).get_result::<Count>(&mut connection).unwrap().count;
            thread::sleep(Duration::from_millis(15));
        }
    });
    assert!(killed >= 5, "only {killed} were killed");
    recorders[0].check_all(&log);
    recorders[1].check_rest(&log);
}

#[test]
fn when_the_server_that_numbers_shuts_down_another_goes_on() {
    let recorders = [(); 2].map(|()| Arc::new(Recorder::default()));
    let database = Database::postgres_with(Arc::clone(&recorders[0]) as _);
    let second = database.beside(Arc::clone(&recorders[1]) as _);
    let first = database.storage();
    let log = Room::new(&database, vec![Arc::clone(&first), second]).run(|| {
        thread::sleep(DURATION / 3);
        first.shutdown(Duration::from_secs(5));
    });
    recorders[0].check_beginning(&log);
    recorders[1].check_rest(&log);
}
