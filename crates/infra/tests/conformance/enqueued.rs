//! Who runs jobs is told of each that was committed, and of nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use groupchat_domain::Error;
use groupchat_domain::accounts::AccountRefusal;
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::ids::GroupId;
use groupchat_domain::jobs::Task;
use groupchat_domain::storage::{EventSink, Tx};

use crate::support::Database;
use crate::support::fixture::group;

/// How long it may take from a commit until the sink is told.
const DEADLINE: Duration = Duration::from_secs(20);

/// Counts how often it is told of jobs.
#[derive(Default)]
struct Runner(AtomicUsize);

impl EventSink for Runner {
    fn publish(&self, _: &[LoggedEvent]) {}

    fn jobs_enqueued(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn enqueue(tx: &mut dyn Tx) -> Result<(), Error> {
    let now = tx.now();
    Ok(tx.jobs().enqueue(Task::PurgeGroup(GroupId::new(7)), now)?)
}

fn the_runner_is_told_of_jobs_that_were_committed(open: fn(Arc<dyn EventSink>) -> Database) {
    let runner = Arc::<Runner>::default();
    let database = open(runner.clone());
    for committed in 1..=2 {
        database.write(move |tx| Ok(group(tx, &format!("group {committed}")))).unwrap();
        let refused = database.write(|tx| -> Result<(), _> {
            enqueue(tx)?;
            Err(AccountRefusal::Unauthenticated.into())
        });
        refused.unwrap_err();
        // Polls have no jobs, and wake whoever runs them all the same.
        if committed == 1 {
            database.write(enqueue).unwrap();
        } else {
            database.write(|tx| Ok(tx.polls().wake()?)).unwrap();
        }
        let start = Instant::now();
        while runner.0.load(Ordering::SeqCst) < committed {
            assert!(start.elapsed() < DEADLINE, "nobody was told");
            sleep(Duration::from_millis(1));
        }
        assert_eq!(runner.0.load(Ordering::SeqCst), committed);
    }
}

#[test]
fn sqlite() {
    the_runner_is_told_of_jobs_that_were_committed(Database::sqlite_with);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    the_runner_is_told_of_jobs_that_were_committed(Database::postgres_with);
}
