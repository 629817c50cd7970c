//! Commands that are in each other's way, and limits on how long anything may take.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{Caller, CommitDecision, Mode, StorageFault, Tx};

use crate::console::WRITERS;
use crate::database::{OneWorkerStorage, Runs, settled, store, touch};
use crate::support::fixture;

/// Makes the first changes of a table fail, as many as `failures` says; a sequence remembers, which no roll-back sets
/// back. The message is in a language that the program doesn't know.
fn fail(place: &OneWorkerStorage, failures: u32, code: &str) {
    place.console().execute(&format!(
        "CREATE SEQUENCE changes; \
         CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('changes') <= {failures} THEN \
                 RAISE EXCEPTION 'Verklemmung entdeckt' USING ERRCODE = '{code}'; \
             END IF; RETURN NEW; \
         END $$; \
         CREATE TRIGGER fail BEFORE UPDATE ON storage_probe FOR EACH ROW EXECUTE FUNCTION fail()"
    ));
}

const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";

#[test]
fn a_command_is_run_again_five_times_and_its_caller_never_knows() {
    for code in [SERIALIZATION_FAILURE, DEADLOCK] {
        let (place, runs) = (OneWorkerStorage::new(), Runs::default());
        fail(&place, 5, code);
        let outcome = place.write(runs.of(|tx, _| {
            fixture::user(tx, "ann");
            touch(tx)
        }));
        assert_eq!((outcome, runs.get()), (Ok(()), 6), "{code}");
        assert_eq!(place.console().users(), 1, "{code}");
    }
}

#[test]
fn a_command_that_always_conflicts_ends() {
    for code in [SERIALIZATION_FAILURE, DEADLOCK] {
        let (place, runs) = (OneWorkerStorage::new(), Runs::default());
        fail(&place, 6, code);
        let outcome = place.write(runs.of(|tx, _| touch(tx)));
        assert!(matches!(outcome, Err(StorageFault::Unavailable { .. })), "{code}: {outcome:?}");
        assert_eq!(runs.get(), 6, "{code}");
        place.write(touch).unwrap();
    }
}

#[test]
fn what_another_run_can_not_mend_is_run_once() {
    let (place, runs) = (OneWorkerStorage::new(), Runs::default());
    fail(&place, 1, "23505");
    let outcome = place.write(runs.of(|tx, _| touch(tx)));
    assert!(matches!(outcome, Err(StorageFault::Internal { .. })), "{outcome:?}");
    assert_eq!(runs.get(), 1);
}

/// Two commands that lock the same groups, each the one first that the other locks last.
#[test]
fn of_two_commands_that_wait_for_each_other_one_is_run_again() {
    let place = OneWorkerStorage::with(|options| options.writers = 2);
    place.console().execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 20', current_database()); END $$",
    );
    place
        .write(|tx| {
            fixture::group(tx, "chess");
            fixture::group(tx, "go");
            CommitDecision::Commit
        })
        .unwrap();
    // The workers connect again, so that the server knows how soon to look.
    place.console().terminate(WRITERS);
    let (runs, both_hold_one) = (Runs::default(), Arc::new(Barrier::new(2)));
    let pending = [[1, 2], [2, 1]].map(|order| {
        let (meeting, [first, last]) = (Arc::clone(&both_hold_one), order.map(GroupId::new));
        let own = Runs::default();
        let work = own.of(move |tx: &mut dyn Tx, before| {
            let _ = tx.groups().lock(first);
            if before == 0 {
                meeting.wait();
            }
            let _ = tx.groups().lock(last);
            touch(tx)
        });
        place.queue(Mode::Write, Caller::System, runs.of(move |tx, _| work(tx)))
    });
    for outcome in pending {
        settled(outcome).unwrap();
    }
    // They can meet again.
    assert!(runs.get() > 2, "none was run again");
}

#[test]
fn a_statement_that_takes_too_long_is_ended_once_and_the_connection_goes_on() {
    let limit = Duration::from_millis(400);
    let place = OneWorkerStorage::with(|options| options.statement_timeout = limit);
    place.write(store("ann")).unwrap();
    let mut console = place.console();
    let process = console.process_at_rest(WRITERS);
    let mut holder = place.console();
    holder.execute("BEGIN; UPDATE storage_probe SET at = 1");

    let (runs, began) = (Runs::default(), Instant::now());
    let outcome = place.write(runs.of(|tx, _| {
        fixture::user(tx, "ben");
        touch(tx)
    }));
    assert!(matches!(outcome, Err(StorageFault::Unavailable { .. })), "{outcome:?}");
    assert_eq!(runs.get(), 1);
    assert!(began.elapsed() >= limit, "{:?}", began.elapsed());

    holder.execute("COMMIT");
    place.write(touch).unwrap();
    assert_eq!(console.users(), 1);
    assert_eq!(console.process_at_rest(WRITERS), process);
}

#[test]
fn a_command_that_has_taken_as_long_as_a_statement_may_is_not_run_again() {
    let limit = Duration::from_millis(200);
    let (place, runs) =
        (OneWorkerStorage::with(|options| options.statement_timeout = limit), Runs::default());
    fail(&place, 1, DEADLOCK);
    let outcome = place.write(runs.of(move |tx, _| {
        thread::sleep(limit);
        touch(tx)
    }));
    assert!(matches!(outcome, Err(StorageFault::Unavailable { .. })), "{outcome:?}");
    assert_eq!(runs.get(), 1);
}
