//! What servers on one database tell each other of the log. None looks by itself, so that only notices can carry it.

use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::events::Event;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{CommitDecision, Tx};
use groupchat_infra::DatabaseStorage;
use groupchat_testing::Proxy;

use crate::console::Console;
use crate::database::{DEADLINE, OneWorkerStorage};

/// Far longer than any test.
const NEVER: Duration = Duration::from_secs(3_600);

/// How often a server tells the others at most, in milliseconds.
const NOTICE_INTERVAL: u128 = 10;

/// Two servers on one database, after a first event. The first one numbers.
struct Pair {
    // In this order: the first one hears how the second one ends.
    second: OneWorkerStorage,
    first: OneWorkerStorage,
    /// Between the second one and the database.
    line: Proxy,
}

impl Pair {
    fn new() -> Self {
        let first = OneWorkerStorage::with(|options| options.poll_interval = NEVER);
        first.write(emit).unwrap();
        first.published.wait_for(1);
        let line = Proxy::to(first.scratch.url());
        let second = first.beside(|options| (options.url, options.poll_interval) = (line.url(), NEVER));
        Self { second, first, line }
    }

    const fn servers(&self) -> [&OneWorkerStorage; 2] {
        [&self.first, &self.second]
    }

    /// Waits until both have published all up to here, and fails unless each has done so in order.
    #[track_caller]
    fn wait_for(&self, last: i64) {
        for (server, begin) in self.servers().into_iter().zip([1, 2]) {
            server.published.wait_for(last);
            assert_eq!(server.published.positions(), (begin..=last).collect::<Vec<_>>());
        }
    }
}

/// Emits an event.
fn emit(tx: &mut dyn Tx) -> CommitDecision {
    tx.emit(None, Event::UserDeleted(UserId::new(1)));
    CommitDecision::Commit
}

#[test]
fn what_one_stores_the_other_hears_of_whichever_of_them_numbers() {
    let pair = Pair::new();
    let turns = pair.servers().into_iter().cycle().zip(2..=21);
    for (server, position) in turns {
        server.write(emit).unwrap();
        pair.wait_for(position);
    }
}

#[test]
fn what_both_store_at_once_both_hear_of_in_order() {
    const EACH: i64 = 150;
    let pair = Pair::new();
    thread::scope(|scope| {
        for server in pair.servers() {
            scope.spawn(|| (0..EACH).for_each(|_| server.write(emit).unwrap()));
        }
    });
    pair.wait_for(1 + 2 * EACH);
}

#[test]
fn a_burst_is_told_in_few_notices() {
    const MANY: i64 = 300;
    let pair = Pair::new();
    let mut console = pair.first.console();
    console.execute("LISTEN groupchat_log");
    for (server, last) in pair.servers().into_iter().zip([1 + MANY, 1 + 2 * MANY]) {
        let begun = Instant::now();
        (0..MANY).for_each(|_| server.write(emit).unwrap());
        pair.wait_for(last);
        let told = console.notices();
        let at_most = 2 * usize::try_from(begun.elapsed().as_millis() / NOTICE_INTERVAL + 2).unwrap();
        assert!((1..=at_most).contains(&told.len()), "{} notices, at most {at_most}", told.len());
        let is_position = |told: &String| told.bytes().all(|byte| byte.is_ascii_digit());
        assert!(told.iter().all(is_position), "a position at most: {told:?}");
    }
}

#[test]
fn what_is_known_is_not_told_again() {
    let pair = Pair::new();
    let mut console = pair.first.console();
    console.execute("LISTEN groupchat_log");
    // Nobody has anything to do because of these.
    console.execute("NOTIFY groupchat_log, '1'; NOTIFY groupchat_log");
    pair.second.write(emit).unwrap();
    pair.wait_for(2);
    pair.servers().into_iter().for_each(|server| server.storage.shutdown(DEADLINE));
    let mut told = console.notices();
    told.sort();
    // Two by the console, one by who stored, and one by who numbered. That of the event before may come late.
    let late = told.len().saturating_sub(4);
    assert!(late <= 1, "{told:?}");
    assert_eq!(told[late..], ["", "", "1", "2"]);
    assert!(told[..late].iter().all(String::is_empty), "{told:?}");
}

#[test]
fn notices_of_strangers_do_no_harm() {
    let pair = Pair::new();
    let mut console = pair.first.console();
    for told in ["", "x", "-1", "9223372036854775807", "9223372036854775808"] {
        console.execute(&format!("NOTIFY groupchat_log, '{told}'"));
    }
    pair.second.write(emit).unwrap();
    pair.wait_for(2);
}

/// Ends the sessions of the log that number, or those that do not, and waits until they are gone.
#[track_caller]
fn terminate(console: &mut Console, who: &str) {
    let ended = console.number(&format!(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 10000)) AS number FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'groupchat log' \
         AND pid {who} (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid IS NOT NULL)"
    ));
    assert_eq!(ended, 1);
}

#[test]
fn a_session_that_is_ended_is_replaced_and_listens_again() {
    let pair = Pair::new();
    let mut console = pair.first.console();
    pair.second.write(emit).unwrap();
    let who_ends = ["IN", "NOT IN"].into_iter().cycle();
    for (who, last) in who_ends.zip([2, 4, 6, 8]) {
        pair.wait_for(last);
        terminate(&mut console, who);
        pair.second.write(emit).unwrap();
        pair.wait_for(last + 1);
        pair.first.write(emit).unwrap();
        pair.wait_for(last + 2);
    }
}

#[test]
fn a_server_that_could_not_be_told_reads_the_log_when_it_is_back() {
    let pair = Pair::new();
    pair.first.write(emit).unwrap();
    pair.wait_for(2);
    pair.line.refuse();
    (3..=20).for_each(|_| pair.first.write(emit).unwrap());
    pair.first.published.wait_for(20);
    assert_eq!(pair.second.published.positions(), [2]);
    pair.line.forward();
    pair.wait_for(20);
}

#[test]
fn a_server_that_stops_tells_of_what_it_stored_last() {
    for stops in [0, 1] {
        let pair = Pair::new();
        let (stopping, other) = (pair.servers()[stops], pair.servers()[1 - stops]);
        pair.second.write(emit).unwrap();
        pair.wait_for(2);
        (3..=9).for_each(|_| stopping.write(emit).unwrap());
        stopping.storage.shutdown(DEADLINE);
        other.published.wait_for(9);
    }
}
