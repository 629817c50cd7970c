//! Commands that fail leave nothing behind, and the worker goes on.

use groupchat_domain::storage::{CommitDecision, StorageFault};

use crate::console::WRITERS;
use crate::database::{OneWorkerStorage, Runs, store, touch};
use crate::support::fixture;

#[test]
fn a_panic_undoes_its_command_and_leaves_the_connection_clean() {
    let place = OneWorkerStorage::new();
    place.write(touch).unwrap();
    let mut console = place.console();
    let process = console.process_at_rest(WRITERS);
    let outcome = place.write(|tx| {
        fixture::user(tx, "ann");
        panic!("a panic that the test wants");
    });
    assert_eq!(outcome, Err(StorageFault::Panicked));
    assert_eq!(console.process_at_rest(WRITERS), process);
    place.write(store("ben")).unwrap();
    assert_eq!(console.users(), 1);
}

#[test]
fn a_command_that_goes_on_after_a_fault_stores_nothing() {
    let (place, runs) = (OneWorkerStorage::new(), Runs::default());
    let outcome = place.write(runs.of(|tx, _| {
        let ann = fixture::user(tx, "ann").id;
        fixture::session(tx, ann, 1, fixture::at(9));
        let same_key = tx.sessions().insert(&fixture::new_session(ann, 1, fixture::at(9)));
        assert!(same_key.is_err());
        assert!(tx.accounts().insert(&fixture::new_user("ben")).is_err());
        CommitDecision::Commit
    }));
    assert!(matches!(outcome, Err(StorageFault::Internal { .. })), "{outcome:?}");
    assert_eq!(runs.get(), 1);
    assert_eq!(place.console().users(), 0);
    place.write(store("cid")).unwrap();
}

#[test]
fn a_commit_that_the_server_refuses_stores_nothing_and_says_so() {
    let (place, runs) = (OneWorkerStorage::new(), Runs::default());
    place.console().execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE unique_violation; \
         END $$; \
         CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON storage_probe DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let outcome = place.write(runs.of(|tx, _| {
        fixture::user(tx, "ann");
        touch(tx)
    }));
    assert!(matches!(outcome, Err(StorageFault::Internal { .. })), "{outcome:?}");
    assert_eq!(runs.get(), 1);
    place.write(store("ben")).unwrap();
    assert_eq!(place.console().users(), 1);
}
