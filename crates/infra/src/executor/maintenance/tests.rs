use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use groupchat_domain::accounts::{Actor, FactorStanding, KeyHash, Origin, SessionKind, UserRef};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::time::Timestamp;

use super::*;
use crate::executor::queue::QueueLimits;

/// A clock that panics on each call, and stops the maintenance after a few calls.
struct BrokenClock {
    asked: AtomicUsize,
    stop: Arc<StopSignal>,
}

impl Clock for BrokenClock {
    fn now(&self) -> Timestamp {
        if self.asked.fetch_add(1, Ordering::AcqRel) == 2 {
            self.stop.stop();
        }
        panic!("the clock is broken, as the test wants it")
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

/// A maintenance task whose commands only the test serves.
fn maintenance(queue: &Arc<CommandQueue>) -> (StorageMaintenance, Arc<BrokenClock>) {
    let stop = Arc::<StopSignal>::default();
    let clock = Arc::new(BrokenClock { asked: AtomicUsize::new(0), stop: Arc::clone(&stop) });
    let (queue, activity) = (Arc::clone(queue), Arc::new(KeyActivity::new()));
    (
        StorageMaintenance {
            every: Duration::ZERO,
            queue,
            clock: clock.clone(),
            activity,
            stop,
            give_back: None,
        },
        clock,
    )
}

#[test]
fn a_panic_does_not_end_the_maintenance() {
    let queue = CommandQueue::new(QueueLimits::default());
    queue.close();
    let (maintenance, clock) = maintenance(&queue);
    maintenance.serve();
    assert_eq!(clock.asked.load(Ordering::Acquire), 3);
}

#[test]
fn uses_that_cannot_be_stored_are_postponed() {
    let queue = CommandQueue::new(QueueLimits::default());
    let (maintenance, _) = maintenance(&queue);
    let user = UserRef { id: UserId::new(1), username: None, display_name: None };
    let actor = Actor {
        user,
        session: SessionId::new(1),
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    };
    maintenance.activity.note(KeyHash::new([1; 32]), &actor, Timestamp::from_micros(0));
    let worker = thread::spawn(move || {
        maintenance.do_all();
        maintenance.queue.drain();
        maintenance
    });
    let command = queue.wait().expect("one to store the uses");
    command.reply(Err(StorageFault::OutcomeUnknown));
    let maintenance = worker.join().unwrap();
    assert!(queue.wait().is_none(), "and no more than that");
    assert_eq!(maintenance.activity.unstored().len(), 1, "the next round has it");
}
