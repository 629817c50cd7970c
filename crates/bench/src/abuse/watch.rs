//! The memory of a server, read until it ends.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::footprint::Memory;

/// Between two looks. What a process had at most is gone with it, so it is read often.
const EVERY: Duration = Duration::from_millis(50);

/// How long memory may take to come back after an attack: the allocator gives it back over ten seconds.
const BACK_WITHIN: Duration = Duration::from_secs(15);
/// How much of it may stay, in bytes: caches, and what the allocator keeps for the next burst.
pub(super) const MAY_STAY: u64 = 25_000_000;

/// The resident memory of a server, in bytes. Zero where it could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Taken {
    /// Before the attack.
    pub before: u64,
    /// The most that it ever had.
    pub peak: u64,
    /// When everything was over and memory was back, or had time to be; zero if the server had ended.
    pub after: u64,
}

impl Taken {
    /// What the attack left behind.
    pub(super) const fn left(self) -> u64 {
        self.after.saturating_sub(self.before)
    }
}

/// Reads the memory of a process.
#[derive(Debug)]
pub(super) struct MemoryWatch {
    stop: oneshot::Sender<()>,
    reading: JoinHandle<Taken>,
}

impl MemoryWatch {
    /// Begins to read.
    pub(super) fn start(pid: u32) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, reading: tokio::spawn(read(pid, stopped)) }
    }

    /// What it took. Waits until memory is back, for as long as that may take.
    pub(super) async fn finish(self) -> Taken {
        // Nobody listens any more once the process has ended.
        let _ = self.stop.send(());
        self.reading.await.unwrap_or_default()
    }
}

async fn read(pid: u32, mut stopped: oneshot::Receiver<()>) -> Taken {
    let mut taken = Taken { before: Memory::of(pid).map_or(0, |memory| memory.resident), ..Taken::default() };
    while timeout(EVERY, &mut stopped).await.is_err() {
        look(pid, &mut taken);
    }
    let since = Instant::now();
    look(pid, &mut taken);
    while taken.left() >= MAY_STAY && since.elapsed() < BACK_WITHIN {
        sleep(EVERY).await;
        look(pid, &mut taken);
    }
    taken
}

/// A process that has ended but isn't waited for has no memory.
fn look(pid: u32, taken: &mut Taken) {
    match Memory::of(pid) {
        Ok(memory) => (taken.peak, taken.after) = (memory.peak, memory.resident),
        Err(_) => taken.after = 0,
    }
}
