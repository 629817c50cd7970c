//! Whether a history is the same on two backends.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Access, Caller, Mode, Storage};
use groupchat_simulation::commands::Command;
use groupchat_simulation::history::{Dump, SetClock, Step, World, dump, settle};

use crate::Open;
use crate::support::Database;

/// How long a database may take to give an event its position.
const DEADLINE: Duration = Duration::from_secs(20);

/// The greatest id that a dump looks at.
pub(crate) const GREATEST: i64 = 25;

/// Runs a history on the model and on another backend, and compares what each step answers, and what is stored in the
/// end.
///
/// # Errors
/// The first difference.
pub(crate) fn difference(open: Open, steps: &[Step]) -> Result<(), String> {
    difference_after(open, steps, |_| {})
}

/// The same, and before what is stored is compared, something is done to the database.
///
/// # Errors
/// The first difference.
pub(crate) fn difference_after(
    open: Open,
    steps: &[Step],
    tamper: impl FnOnce(&Database),
) -> Result<(), String> {
    let clock = Arc::new(SetClock::default());
    let database = open(Arc::clone(&clock));
    let (mut model, mut world) =
        (World::model(), World::backend(database.storage() as Arc<dyn Storage>, clock));
    for (nth, step) in steps.iter().enumerate() {
        if reads_log(&step.command) {
            wait_for_log(&database, model.head());
        }
        let expected = settle(model.take(*step));
        let found = database.wait_for(world.take(*step));
        if expected != found {
            return Err(format!("step {nth}, {step:?}\n  model: {expected:?}\n  found: {found:?}"));
        }
    }
    wait_for_log(&database, model.head());
    tamper(&database);
    compare_dumps(&dump_of_model(&model), &dump_of(&database, &world))
}

/// Whether a command looks at the log, to which a database may add an event a little after it was committed.
const fn reads_log(command: &Command) -> bool {
    matches!(
        command,
        Command::Replay { .. }
            | Command::ReadSince { .. }
            | Command::Sync { .. }
            | Command::SyncSince { .. }
            | Command::LoadAfter { .. }
            | Command::LogState { .. }
            | Command::Prune { .. }
            | Command::DoubtClock { .. }
            | Command::MarkRead { .. }
            | Command::MarkReadQuietly { .. }
            | Command::MarkThreadRead { .. }
            | Command::MarkThreadReadQuietly { .. }
            | Command::ReadAll { .. }
    )
}

/// Waits until the log has got as far as the model's.
fn wait_for_log(database: &Database, head: Option<Position>) {
    let deadline = Instant::now() + DEADLINE;
    while database.read(|tx| Ok(tx.events().head()?)).ok() < head {
        assert!(Instant::now() < deadline, "an event has no position yet");
        thread::sleep(Duration::from_millis(1));
    }
}

fn dump_of_model(model: &World) -> Dump {
    let ids = model.ids().clone();
    settle(model.storage().run(READ, move |tx| Ok(dump(tx, &ids, GREATEST)?))).expect("the model can be read")
}

fn dump_of(database: &Database, world: &World) -> Dump {
    let ids = world.ids().clone();
    // A command that writes, since those that read are limited in time.
    database.write(move |tx| Ok(dump(tx, &ids, GREATEST)?)).expect("the database can be read")
}

/// How the model is read.
pub(crate) const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// Compares what two backends hold.
///
/// # Errors
/// The first difference.
pub(crate) fn compare_dumps(expected: &Dump, found: &Dump) -> Result<(), String> {
    assert_eq!(expected.len(), found.len());
    for (expected, found) in expected.iter().zip(found) {
        if expected != found {
            return Err(format!("in the end\n  model: {expected:?}\n  found: {found:?}"));
        }
    }
    Ok(())
}
