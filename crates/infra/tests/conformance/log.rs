//! The log as a whole: what tells it from others, how far it reaches, and how it is kept short.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use groupchat_domain::accounts::{Actor, FactorStanding, Origin, SessionKind};
use groupchat_domain::events::{Cursor, Epoch, Event, EventRecord, LogState, Retained, replay};
use groupchat_domain::ids::{Position, SessionId, UserId};
use groupchat_domain::time::Timestamp;

use crate::events::{after, emit, logged, places};
use crate::support::Database;
use crate::support::fixture::*;

/// More than any log of a test holds.
const ALL: i64 = 1_000;

fn state(database: &Database) -> LogState {
    database.read(|tx| Ok(tx.events().state()?)).unwrap()
}

/// Emits so many events and waits for their places.
fn log(database: &Database, count: i64) -> Vec<EventRecord> {
    emit(database, count);
    logged(database, usize::try_from(count).unwrap())
}

/// Removes old events, by a clock that takes all times for possible; says how many.
fn remove_old(database: &Database, since: Timestamp, rows: i64, limit: i64) -> usize {
    remove(database, Retained { since, latest: Timestamp::from_micros(i64::MAX), rows }, limit)
}

fn remove(database: &Database, kept: Retained, limit: i64) -> usize {
    database.write(move |tx| Ok(tx.events().remove_old(kept, limit)?)).unwrap().count
}

/// When everything that was logged so far is past.
fn later(database: &Database) -> Timestamp {
    database.read(|tx| Ok(tx.now().plus(Duration::from_secs(3600)))).unwrap()
}

/// A time before everything that was logged.
const LONG_AGO: Timestamp = Timestamp::from_micros(0);

fn an_empty_log_has_an_epoch_and_serves_its_beginning(database: &Database) {
    let state = state(database);
    assert_eq!((state.head, state.removed), (Position::ZERO, Position::ZERO));
    assert_eq!(Cursor::parse(&state.now().to_string()), Some(state.now()), "a cursor has room for the epoch");
    assert!(state.serves(&state.now()));
}

fn the_epoch_is_the_same_for_all_who_ask(database: &Database) {
    let read = state(database).epoch;
    log(database, 2);
    let wrote = database.write(|tx| Ok(tx.events().state()?.epoch)).unwrap();
    assert_eq!((&state(database).epoch, &wrote), (&read, &read));
    let another: Epoch = Epoch::parse("another").unwrap();
    assert_ne!(read, another);
}

fn the_head_moves_and_what_is_removed_is_served_no_more(database: &Database) {
    log(database, 5);
    assert_eq!((state(database).head, state(database).removed), (Position::new(5), Position::ZERO));
    remove_old(database, LONG_AGO, 2, ALL);
    let state = state(database);
    assert_eq!((state.head, state.removed), (Position::new(5), Position::new(3)));
    let served = |position| state.serves(&Cursor { epoch: state.epoch.clone(), position });
    let expected: Vec<_> = places(3, 5);
    assert_eq!(places(0, 6).into_iter().filter(|position| served(*position)).collect::<Vec<_>>(), expected);
}

fn the_oldest_events_go_by_age_in_bounded_steps(database: &Database) {
    let events = log(database, 6);
    assert_eq!(remove_old(database, events[0].at, ALL, ALL), 0, "none happened before the first");
    let later = later(database);
    assert_eq!(remove_old(database, later, ALL, 2), 2);
    assert_eq!(after(database, Position::ZERO, ALL), places(3, 6));
    assert_eq!(remove_old(database, later, ALL, 2), 2);
    assert_eq!(remove_old(database, later, ALL, 2), 1);
    assert_eq!(remove_old(database, later, ALL, 2), 0);
    assert_eq!(after(database, Position::ZERO, ALL), places(6, 6));
}

fn the_oldest_events_go_by_number(database: &Database) {
    log(database, 6);
    assert_eq!(remove_old(database, LONG_AGO, 6, ALL), 0);
    assert_eq!(remove_old(database, LONG_AGO, 4, 1), 1);
    assert_eq!(remove_old(database, LONG_AGO, 4, ALL), 1);
    assert_eq!(remove_old(database, LONG_AGO, 4, ALL), 0);
    assert_eq!(after(database, Position::ZERO, ALL), places(3, 6));
}

fn events_of_a_clock_set_back_leave_no_hole(database: &Database) {
    let events = log(database, 4);
    // The second event happened later than those after it.
    execute(database, "UPDATE events SET at = at + 10000000000 WHERE id = (SELECT min(id) + 1 FROM events)");
    let later = later(database);
    assert!(events[3].at < later);
    assert_eq!(remove_old(database, later, ALL, ALL), 1);
    assert_eq!(after(database, Position::ZERO, ALL), places(2, 4));
}

fn an_event_of_the_future_is_as_old_as_the_next_one(database: &Database) {
    log(database, 6);
    let later = later(database);
    let kept = |since| Retained { since, latest: later, rows: ALL };
    // A clock that was a day ahead for the first, second and fourth event.
    execute(
        database,
        "UPDATE events SET at = at + 86400000000 WHERE id - (SELECT min(id) FROM events) IN (0, 1, 3)",
    );
    assert_eq!(remove(database, kept(LONG_AGO), ALL), 0, "the third is not old");
    assert_eq!(remove(database, kept(later), 3), 3, "the third is, and so are those before it");
    assert_eq!(remove(database, kept(later), ALL), 2);
    assert_eq!(after(database, Position::ZERO, ALL), places(6, 6));
}

fn many_events_of_the_future_go_once_the_newest_is_old(database: &Database) {
    log(database, 5);
    let later = later(database);
    let kept = |since, rows| Retained { since, latest: later, rows };
    execute(database, "UPDATE events SET at = at + 86400000000 WHERE id < (SELECT max(id) FROM events)");
    assert_eq!(remove(database, kept(LONG_AGO, ALL), 2), 0, "the newest is not old");
    assert_eq!(remove(database, kept(LONG_AGO, 4), 2), 1, "their number counts whatever their times");
    assert_eq!(remove(database, kept(later, ALL), 2), 2);
    assert_eq!(remove(database, kept(later, ALL), 2), 1);
    assert_eq!(after(database, Position::ZERO, ALL), places(5, 5));
}

/// Does to the database what no port can.
fn execute(database: &Database, sql: &str) {
    if let Some(path) = database.path() {
        let path = path.to_str().expect("a path in UTF-8");
        SqliteConnection::establish(path).unwrap().batch_execute(sql).unwrap();
    }
    #[cfg(feature = "postgres")]
    if let Some(url) = database.url() {
        diesel::PgConnection::establish(url).unwrap().batch_execute(sql).unwrap();
    }
}

fn the_newest_event_stays_whatever_its_age(database: &Database) {
    log(database, 3);
    for keep in [0, -1, i64::MIN] {
        remove_old(database, later(database), keep, ALL);
        assert_eq!(after(database, Position::ZERO, ALL), places(3, 3));
    }
    assert_eq!((state(database).head, state(database).removed), (Position::new(3), Position::new(2)));
}

fn a_log_that_was_pruned_goes_on_where_it_was(database: &Database) {
    log(database, 3);
    remove_old(database, LONG_AGO, 0, ALL);
    emit(database, 2);
    logged(database, 3);
    assert_eq!(after(database, Position::ZERO, ALL), places(3, 5));
    assert_eq!(state(database).head, Position::new(5));
}

fn a_replay_whose_beginning_was_removed_has_a_gap(database: &Database) {
    let actor = database
        .write(|tx| {
            tx.emit(None, Event::UserDeleted(UserId::new(66)));
            let user = user(tx, "ann").as_ref();
            Ok(Actor {
                user,
                session: SessionId::new(1),
                session_kind: SessionKind::Login,
                must_change_password: false,
                factor: FactorStanding::default(),
                origin: Origin::UNKNOWN,
            })
        })
        .unwrap();
    emit(database, 3);
    logged(database, 4);
    remove_old(database, LONG_AGO, 2, ALL);
    for (position, gap) in [(1, true), (2, false), (3, false), (4, false)] {
        let (actor, position) = (actor.clone(), Position::new(position));
        let page = database.read(move |tx| replay(tx, &actor, position)).unwrap();
        assert_eq!((page.gap, page.position), (gap, Position::new(4)), "{position}");
    }
}

cases! { database:
    an_empty_log_has_an_epoch_and_serves_its_beginning
    the_epoch_is_the_same_for_all_who_ask
    the_head_moves_and_what_is_removed_is_served_no_more
    the_oldest_events_go_by_age_in_bounded_steps
    the_oldest_events_go_by_number
    events_of_a_clock_set_back_leave_no_hole
    an_event_of_the_future_is_as_old_as_the_next_one
    many_events_of_the_future_go_once_the_newest_is_old
    the_newest_event_stays_whatever_its_age
    a_log_that_was_pruned_goes_on_where_it_was
    a_replay_whose_beginning_was_removed_has_a_gap
}
