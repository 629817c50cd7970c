//! Bounds, turns and withdrawal, seen from outside.

use std::sync::{Arc, Mutex};

use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Caller, CommitDecision, Mode, StorageFault};
use groupchat_infra::QueueLimits;

use crate::database::{OneWorkerStorage, Runs, settled};

fn caller(number: i64) -> Caller {
    Caller::User(UserId::new(number))
}

#[test]
fn a_full_queue_refuses_at_once_and_keeps_a_share_for_the_server() {
    let limits = QueueLimits { total: 3, per_caller: 2, system: 1, ..QueueLimits::default() };
    let place =
        OneWorkerStorage::with(|options| (options.write_queue, options.read_queue) = (limits, limits));
    for mode in [Mode::Write, Mode::Read] {
        let (hold, runs) = (place.hold(mode), Runs::default());
        let queue = |who| place.queue(mode, who, runs.of(|_, _| CommitDecision::Commit));
        let pending = [queue(caller(1)), queue(caller(1)), queue(caller(2)), queue(Caller::System)];
        for refused in [queue(caller(1)), queue(caller(2)), queue(caller(3)), queue(Caller::System)] {
            let outcome = settled(refused);
            assert!(matches!(outcome, Err(StorageFault::Overloaded { .. })), "{mode:?}: {outcome:?}");
        }
        drop(hold);
        for outcome in pending {
            settled(outcome).unwrap();
        }
        assert_eq!(runs.get(), 4, "{mode:?}");
    }
}

#[test]
fn a_caller_with_many_commands_does_not_keep_another_waiting() {
    let place = OneWorkerStorage::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let hold = place.hold(Mode::Write);
    let pending = [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1")].map(|(who, name)| {
        let order = Arc::clone(&order);
        place.queue(Mode::Write, caller(who), move |_| {
            order.lock().unwrap().push(name);
            CommitDecision::Commit
        })
    });
    drop(hold);
    for outcome in pending {
        settled(outcome).unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["a1", "b1", "c1", "a2", "a3"]);
}

#[test]
fn a_command_that_nobody_waits_for_does_not_run_and_gives_back_its_place() {
    let limits = QueueLimits { total: 2, ..QueueLimits::default() };
    let place = OneWorkerStorage::with(|options| options.write_queue = limits);
    let (hold, runs) = (place.hold(Mode::Write), Runs::default());
    let count = |who| place.queue(Mode::Write, caller(who), runs.of(|_, _| CommitDecision::Commit));
    drop(count(1));
    let kept = [count(1), count(2)];
    drop(hold);
    for outcome in kept {
        settled(outcome).unwrap();
    }
    assert_eq!(runs.get(), 2);
}
