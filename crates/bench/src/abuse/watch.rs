//! The memory of a server, read until it ends.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::footprint::Memory;

/// Between two looks. What a process had at most is gone with it, so it is read often.
const EVERY: Duration = Duration::from_millis(50);

/// The resident memory of a server, in bytes. Zero where it could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Before the attack.
    pub before: u64,
    /// The most that it ever had.
    pub peak: u64,
    /// When everything was over; zero if the server had ended.
    pub after: u64,
}

/// Reads the memory of a process.
#[derive(Debug)]
pub struct Watch {
    stop: oneshot::Sender<()>,
    reading: JoinHandle<Taken>,
}

impl Watch {
    /// Begins to read.
    pub fn start(pid: u32) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, reading: tokio::spawn(read(pid, stopped)) }
    }

    /// What it took.
    pub async fn finish(self) -> Taken {
        // Nobody listens any more once the process has ended.
        let _ = self.stop.send(());
        self.reading.await.unwrap_or_default()
    }
}

async fn read(pid: u32, mut stopped: oneshot::Receiver<()>) -> Taken {
    let mut taken = Taken { before: Memory::of(pid).map_or(0, |memory| memory.resident), ..Taken::default() };
    loop {
        let is_over = timeout(EVERY, &mut stopped).await.is_ok();
        // A process that has ended but isn't waited for has no memory.
        match Memory::of(pid) {
            Ok(memory) => (taken.peak, taken.after) = (memory.peak, memory.resident),
            Err(_) => taken.after = 0,
        }
        if is_over {
            return taken;
        }
    }
}
