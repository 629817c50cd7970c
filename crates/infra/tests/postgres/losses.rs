//! Connections that the server, or the network, gives up.

use std::thread;

use groupchat_domain::storage::{Caller, CommitDecision, Mode, StorageFault};
use groupchat_testing::{Proxy, Scratch};

use crate::console::{Console, READERS, WRITERS};
use crate::database::{OneWorkerStorage, Runs, settled, store, touch};
use crate::support::fixture;

fn is_unavailable(outcome: &Result<(), StorageFault>) -> bool {
    matches!(outcome, Err(StorageFault::Unavailable { .. }))
}

#[test]
fn a_connection_lost_between_commands_is_replaced_and_nobody_notices() {
    let place = OneWorkerStorage::new();
    place.write(store("ann")).unwrap();
    place.read(|_| CommitDecision::Commit).unwrap();
    let mut console = place.console();
    console.terminate(WRITERS);
    console.terminate(READERS);
    place.write(store("ben")).unwrap();
    place.read(|_| CommitDecision::Commit).unwrap();
    assert_eq!(console.users(), 2);
}

#[test]
fn a_connection_lost_in_the_middle_of_a_command_undoes_it_and_no_other() {
    let place = OneWorkerStorage::new();
    let (url, runs) = (place.scratch.url().to_owned(), Runs::default());
    let outcome = place.write(runs.of(move |tx, _| {
        fixture::user(tx, "ann");
        Console::open(&url).terminate(WRITERS);
        assert!(tx.accounts().insert(&fixture::new_user("ben")).is_err());
        CommitDecision::Commit
    }));
    assert!(is_unavailable(&outcome), "{outcome:?}");
    assert_eq!(runs.get(), 1);
    place.write(store("cid")).unwrap();
    assert_eq!(place.console().users(), 1);
}

#[test]
fn a_connection_lost_under_a_refused_command_leaves_its_refusal() {
    let place = OneWorkerStorage::new();
    let url = place.scratch.url().to_owned();
    let outcome = place.write(move |_| {
        Console::open(&url).terminate(WRITERS);
        CommitDecision::RollBack
    });
    assert_eq!(outcome, Ok(()));
    place.write(store("ann")).unwrap();
}

/// Ends the session while it commits a change of the table, before it is committed.
const DIE_AT_COMMIT: &str = "\
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(30); RETURN NULL; \
    END $$; \
    CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON storage_probe DEFERRABLE INITIALLY DEFERRED \
        FOR EACH ROW EXECUTE FUNCTION die()";

#[test]
fn of_a_commit_in_which_the_session_ends_the_outcome_is_unknown() {
    let (place, runs) = (OneWorkerStorage::new(), Runs::default());
    place.console().execute(DIE_AT_COMMIT);
    let outcome = place.write(runs.of(|tx, _| {
        fixture::user(tx, "ann");
        touch(tx)
    }));
    assert_eq!(outcome, Err(StorageFault::OutcomeUnknown));
    assert_eq!(runs.get(), 1);
    place.write(store("ben")).unwrap();
    assert_eq!(place.console().users(), 1);
}

#[test]
fn a_commit_whose_answer_is_lost_is_not_run_again() {
    let scratch = Scratch::create();
    let proxy = Proxy::to(scratch.url());
    let place = OneWorkerStorage::on(scratch, |options| {
        options.url = proxy.url();
        // It commits, too.
        options.follows_log = false;
    });
    let runs = Runs::default();
    place.write(store("ann")).unwrap();
    // With its end: a level of isolation has the word in it.
    proxy.lose_the_next_answer_to("COMMIT\0");
    let outcome = place.write(runs.of(|tx, _| store("ben")(tx)));
    assert_eq!(outcome, Err(StorageFault::OutcomeUnknown));
    assert_eq!(runs.get(), 1);
    place.write(store("cid")).unwrap();
    assert_eq!(place.console().users(), 3, "it was stored");
}

#[test]
fn what_was_read_is_right_though_the_end_of_the_transaction_is_lost() {
    let (place, runs) = (OneWorkerStorage::new(), Runs::default());
    let url = place.scratch.url().to_owned();
    let outcome = place.read(runs.of(move |tx, _| {
        tx.events().head().unwrap();
        Console::open(&url).terminate(READERS);
        CommitDecision::Commit
    }));
    assert_eq!((outcome, runs.get()), (Ok(()), 1));
}

#[test]
fn while_the_server_can_not_be_reached_commands_are_turned_away_and_afterwards_served() {
    let scratch = Scratch::create();
    let proxy = Proxy::to(scratch.url());
    let place = OneWorkerStorage::on(scratch, |options| options.url = proxy.url());
    place.write(store("ann")).unwrap();
    proxy.refuse();
    for _ in 0..3 {
        let outcome = place.write(store("ben"));
        assert!(is_unavailable(&outcome), "{outcome:?}");
    }
    proxy.forward();
    // After a failure, the worker takes a moment until it tries again.
    while is_unavailable(&place.write(store("cid"))) {
        thread::yield_now();
    }
    assert_eq!(place.console().users(), 2);
}

#[test]
fn who_gets_no_connection_leaves_the_commands_to_those_who_have_one() {
    let scratch = Scratch::create();
    let proxy = Proxy::to(scratch.url());
    let place = OneWorkerStorage::on(scratch, |options| {
        (options.url, options.writers) = (proxy.url(), 4);
        options.follows_log = false;
    });
    proxy.admit_only(1);
    let hold = place.hold(Mode::Write);
    // Each of the others learns it by a command, which nobody else could take.
    for _ in 0..3 {
        let outcome = place.write(touch);
        assert!(is_unavailable(&outcome), "{outcome:?}");
    }
    let waiting: Vec<_> = (0..20).map(|_| place.queue(Mode::Write, Caller::System, touch)).collect();
    drop(hold);
    for outcome in waiting {
        settled(outcome).unwrap();
    }
    // One who is connected again takes part again.
    proxy.admit_only(usize::MAX);
    let hold = place.hold(Mode::Write);
    place.write(touch).unwrap();
    drop(hold);
}
