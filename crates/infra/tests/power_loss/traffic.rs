//! Commands of several users, in batches whose order follows from the seed.

use std::path::Path;
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use diesel::{Connection, RunQueryDsl, SqliteConnection};
use groupchat_domain::Error;
use groupchat_domain::storage::{Access, Caller, CommitDecision, Mode, Storage};
use groupchat_testing::Dice;

use crate::commands::{News, Reply, Running, begin};
use crate::ledger::Ledger;
use crate::scene::Scene;
use crate::server::{Server, database, wait};

/// How many commands a batch has at most.
const BATCH: usize = 6;

impl Scene {
    /// Takes note of what a command has changed.
    pub(crate) fn learn(&mut self, reply: &Reply) {
        match reply.news {
            Some(News::Message(group, id)) => self.messages.push((group, id)),
            Some(News::Group(group)) => self.doomed.push(group),
            Some(News::GroupGone(group)) => self.doomed.retain(|doomed| *doomed != group),
            None => {}
        }
        reply.answered.iter().for_each(|answered| self.drawn.learn(answered));
    }
}

/// Keeps the writer busy until it is dropped, so that what is queued meanwhile becomes one batch.
struct Hold {
    _release: Sender<()>,
}

impl Hold {
    fn begin(storage: &dyn Storage) -> Self {
        let (release, released) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let released: Mutex<Receiver<()>> = Mutex::new(released);
        let work = move |_: &mut dyn groupchat_domain::storage::Tx| {
            let _ = started.send(());
            let _ = released.lock().unwrap_or_else(PoisonError::into_inner).recv();
            CommitDecision::RollBack
        };
        let access = Access { mode: Mode::Write, caller: Caller::System };
        // Dropped futures cancel only what has not begun.
        let done = storage.submit(access, Box::new(work));
        let _ = running.recv();
        drop(done);
        Self { _release: release }
    }
}

/// A future, or what it has returned.
enum Progress<'s> {
    Running(Running<'s>),
    Done(Reply),
}

/// Queues a command, as far as that goes without waiting.
fn queue(mut command: Running<'_>) -> Progress<'_> {
    match Pin::new(&mut command).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => Progress::Done(reply),
        Poll::Pending => Progress::Running(command),
    }
}

/// Runs commands as one batch. Returns the faults.
pub(crate) fn batch(server: &Server, scene: &mut Scene, ledger: &Ledger, dice: &mut Dice) -> Vec<Error> {
    let storage = server.storage();
    let hold = Hold::begin(storage);
    let queued: Vec<_> = (0..=dice.below(BATCH)).map(|_| queue(begin(scene, dice, storage))).collect();
    drop(hold);
    let mut faults = Vec::new();
    for command in queued {
        let reply = match command {
            Progress::Done(reply) => reply,
            Progress::Running(command) => wait(command),
        };
        scene.learn(&reply);
        reply.promises.into_iter().for_each(|promise| ledger.note(promise));
        faults.extend(reply.fault);
    }
    faults
}

/// Moves the write-ahead log into the database file, as another process may at any time. A failure loses nothing.
pub(crate) fn checkpoint(folder: &Path, dice: &mut Dice) {
    let mode = ["PASSIVE", "PASSIVE", "RESTART", "TRUNCATE"][dice.below(4)];
    let path = database(folder);
    let Ok(mut connection) = SqliteConnection::establish(path.to_str().expect("a path in Unicode")) else {
        return;
    };
    for statement in ["PRAGMA synchronous = FULL".to_owned(), format!("PRAGMA wal_checkpoint({mode})")] {
        let _ = diesel::sql_query(statement).execute(&mut connection);
    }
}
