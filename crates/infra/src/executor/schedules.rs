//! The queue of commands under all kinds of schedules of its threads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Caller, CommitDecision, StorageFault};
use groupchat_domain::time::{Clock, Timestamp};
use groupchat_testing::Dice;
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler};
use shuttle::{Config, Runner, future, thread};

use super::command::{Command, CommandOutcome, CommandQueue, DbWork};
use super::queue::QueueLimits;
use super::sync::losing_wakeups;
use crate::accounts::key_activity::KeyActivity;
use crate::connection::Connection;
use crate::tx::{DbTx, Events};

/// A clock that stands still, since schedules are not to depend on time.
pub(crate) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }
}

/// Enough for SQLite.
const STACK: usize = 1 << 20;

/// Runs a test with this many random schedules, and as many that switch threads rarely. The setting
/// `GROUPCHAT_TEST_SCHEDULES` is another number, and `GROUPCHAT_TEST_SCHEDULE` the one schedule to try, as a failed
/// test prints it.
pub(crate) fn explore(schedules: usize, test: impl Fn() + Clone + Send + Sync + 'static) {
    let mut config = Config::new();
    (config.stack_size, config.silence_warnings) = (STACK, true);
    if let Ok(schedule) = env::var("GROUPCHAT_TEST_SCHEDULE") {
        Runner::new(ReplayScheduler::new_from_encoded(&schedule), config).run(test);
        return;
    }
    let given = env::var("GROUPCHAT_TEST_SCHEDULES").ok();
    let schedules =
        given.map_or(schedules, |count| count.parse().expect("a number in GROUPCHAT_TEST_SCHEDULES"));
    let mut dice = Dice::seeded();
    let random = RandomScheduler::new_from_seed(dice.below(usize::MAX) as u64, schedules);
    Runner::new(random, config.clone()).run(test.clone());
    let rare = PctScheduler::new_from_seed(dice.below(usize::MAX) as u64, 3, schedules);
    Runner::new(rare, config).run(test);
}

/// Checks that a test fails if nobody is woken.
pub(crate) fn assert_needs_wakeups(test: impl Fn() + Clone + Send + Sync + 'static) {
    let found = losing_wakeups(|| catch_unwind(AssertUnwindSafe(|| explore(20, test))));
    assert!(found.is_err(), "nobody needs to be woken");
}

const OPEN: QueueLimits =
    QueueLimits { total: 100, per_caller: 100, system: 100, running_per_caller: usize::MAX };

/// Commands, and how often each has run.
#[derive(Clone, Default)]
struct Commands(Arc<[AtomicUsize; 6]>);

impl Commands {
    fn work(&self, number: usize) -> DbWork {
        let runs = Arc::clone(&self.0);
        Box::new(move |_| {
            runs[number].fetch_add(1, Ordering::Relaxed);
            CommitDecision::Commit
        })
    }

    fn runs(&self, number: usize) -> usize {
        self.0[number].load(Ordering::Relaxed)
    }

    /// Queues two commands of this caller, then waits for both outcomes.
    fn submit_two(&self, queue: &Arc<CommandQueue>, caller: usize) -> [CommandOutcome; 2] {
        let submitted =
            [2 * caller, 2 * caller + 1].map(|number| queue.submit(user(caller), self.work(number)));
        submitted.map(|pending| future::block_on(pending?))
    }
}

fn user(number: usize) -> Caller {
    Caller::User(UserId::new(number as i64))
}

/// Runs commands as a worker does.
fn work_off(mut take: impl FnMut() -> Option<Command>) {
    let mut connection = <SqliteConnection as diesel::Connection>::establish(":memory:").unwrap();
    let activity = KeyActivity::new();
    while let Some(command) = take() {
        if !command.is_abandoned() {
            let connection = Connection::Sqlite(&mut connection);
            command.run(&mut DbTx::new(connection, Timestamp::from_micros(0), &activity, Events::Refused));
            command.reply(Ok(()));
        }
    }
}

/// Takes commands as the writer does: the first one when it arrives, and all that are queued.
fn write(queue: &CommandQueue) {
    let mut is_waiting = true;
    work_off(|| {
        let next = if is_waiting { None } else { queue.next() };
        is_waiting = next.is_none();
        let taken = next.or_else(|| queue.wait());
        is_waiting = false;
        taken
    });
}

/// Starts a writer or readers, and three callers with two commands each. Returns their outcomes.
fn run(
    queue: &Arc<CommandQueue>,
    readers: usize,
    commands: &Commands,
    meanwhile: impl FnOnce(&Arc<CommandQueue>),
) -> Vec<CommandOutcome> {
    let workers: Vec<_> = (0..readers.max(1))
        .map(|_| {
            let queue = Arc::clone(queue);
            thread::spawn(move || {
                if readers == 0 {
                    return write(&queue);
                }
                let slot = queue.worker_slot();
                work_off(|| slot.wait());
            })
        })
        .collect();
    let callers: Vec<_> = (0..3)
        .map(|caller| {
            let (queue, commands) = (Arc::clone(queue), commands.clone());
            thread::spawn(move || commands.submit_two(&queue, caller))
        })
        .collect();
    meanwhile(queue);
    let outcomes = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
    queue.drain();
    for worker in workers {
        worker.join().unwrap();
    }
    outcomes
}

fn all_commands_run_once(readers: usize, limits: QueueLimits) {
    let (queue, commands) = (CommandQueue::new(limits), Commands::default());
    let outcomes = run(&queue, readers, &commands, |_| {});
    for (number, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!((outcome, commands.runs(number)), (Ok(()), 1), "{number}");
    }
}

#[test]
fn each_command_runs_once_and_each_caller_gets_its_outcome() {
    explore(1_000, || all_commands_run_once(0, OPEN));
    explore(1_000, || all_commands_run_once(2, OPEN));
    explore(1_000, || all_commands_run_once(2, QueueLimits { running_per_caller: 1, ..OPEN }));
}

#[test]
fn a_missing_notification_is_found() {
    assert_needs_wakeups(|| all_commands_run_once(0, OPEN));
    assert_needs_wakeups(|| all_commands_run_once(2, OPEN));
}

#[test]
fn a_shutdown_answers_every_caller() {
    for is_drained in [true, false] {
        explore(1_000, move || {
            let (queue, commands) = (CommandQueue::new(OPEN), Commands::default());
            let outcomes =
                run(&queue, 2, &commands, |queue| if is_drained { queue.drain() } else { queue.close() });
            for (number, outcome) in outcomes.into_iter().enumerate() {
                match outcome {
                    Ok(()) => assert_eq!(commands.runs(number), 1),
                    Err(fault) => {
                        assert!(matches!(fault, StorageFault::Unavailable { .. }), "{fault:?}");
                        assert_eq!(commands.runs(number), 0);
                    }
                }
            }
        });
    }
}

#[test]
fn a_full_queue_rejects_and_loses_nothing() {
    explore(1_000, || {
        let limits = QueueLimits { per_caller: 1, total: 2, ..OPEN };
        let (queue, commands) = (CommandQueue::new(limits), Commands::default());
        let outcomes = run(&queue, 1, &commands, |_| {});
        for (number, outcome) in outcomes.into_iter().enumerate() {
            let is_overloaded = matches!(outcome, Err(StorageFault::Overloaded { .. }));
            assert!(is_overloaded || outcome == Ok(()), "{outcome:?}");
            assert_eq!(commands.runs(number), usize::from(!is_overloaded));
        }
    });
}

#[test]
fn a_caller_that_leaves_keeps_nobody_from_an_outcome() {
    explore(1_000, || {
        let (queue, commands) = (CommandQueue::new(OPEN), Commands::default());
        let leaving = commands.clone();
        let outcomes = run(&queue, 1, &commands, move |queue| {
            drop(queue.submit(user(0), leaving.work(0)));
        });
        assert_eq!(outcomes, vec![Ok(()); 6]);
        assert!(matches!(commands.runs(0), 1 | 2));
        assert_eq!((1..6).map(|number| commands.runs(number)).collect::<Vec<_>>(), [1; 5]);
    });
}
