//! Buffers log lines in memory and writes them on a separate thread, so that a request neither pays a system call for
//! its line nor waits for a slow reader of the log.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others. Warnings and errors don't wait.
const GATHER_FOR: Duration = Duration::from_millis(200);
/// How many bytes are enough to be written at once.
const ENOUGH: usize = 64 * 1024;
/// How many bytes may wait; lines beyond are lost and counted.
const CAPACITY: usize = 4 * 1024 * 1024;
/// How long the end of the program waits for somebody to read the last lines.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Writes log lines until it is dropped, then those that are left.
pub(crate) struct LogBuffer(Arc<BufferState>);

impl LogBuffer {
    /// Starts the thread that writes to `out`.
    ///
    /// # Errors
    /// It can't be started.
    pub(crate) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<BufferState>::default();
        let writing = Arc::clone(&shared);
        thread::Builder::new().name("log".into()).spawn(move || writing.write_out(out))?;
        Ok(Self(shared))
    }

    /// Where lines are put.
    pub(crate) fn writer(&self) -> LogWriter {
        LogWriter(Arc::clone(&self.0))
    }
}

impl Drop for LogBuffer {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closing = true;
        self.0.changed.notify_all();
        let (_waiting, _) = self
            .0
            .changed
            .wait_timeout_while(waiting, LAST_WORDS, |waiting| !waiting.ended)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

#[derive(Default)]
struct BufferState {
    waiting: Mutex<BufferedLines>,
    changed: Condvar,
}

#[derive(Default)]
struct BufferedLines {
    lines: Vec<u8>,
    /// Whether a line is among them that shall not wait.
    urgent: bool,
    /// How many lines found no room since this was last told.
    lost: u64,
    closing: bool,
    ended: bool,
}

impl BufferedLines {
    fn is_due(&self) -> bool {
        self.urgent || self.closing || self.lines.len() >= ENOUGH
    }
}

impl BufferState {
    fn lock(&self) -> MutexGuard<'_, BufferedLines> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, line: &[u8], urgent: bool) {
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > CAPACITY {
            waiting.lost += 1;
            return;
        }
        let was = (waiting.lines.is_empty(), waiting.is_due());
        waiting.lines.extend_from_slice(line);
        waiting.urgent |= urgent;
        if was != (false, waiting.is_due()) {
            self.changed.notify_all();
        }
    }

    /// Writes what comes until the end. Nobody can be told of a log that can't be written.
    fn write_out(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        while let Some(lost) = self.next_batch(&mut lines) {
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            lines.clear();
            if lost > 0 {
                tracing::warn!(
                    lost,
                    "log lines were lost, because they were produced faster than they could be written"
                );
            }
        }
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Waits for lines, swaps them into `lines`, and says how many were lost; `None` at the end.
    fn next_batch(&self, lines: &mut Vec<u8>) -> Option<u64> {
        let idle = |waiting: &mut BufferedLines| waiting.lines.is_empty() && !waiting.closing;
        let waiting = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let (mut waiting, _) = self
            .changed
            .wait_timeout_while(waiting, GATHER_FOR, |waiting| !waiting.is_due())
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.lines.is_empty() {
            return None;
        }
        mem::swap(&mut waiting.lines, lines);
        waiting.urgent = false;
        Some(mem::take(&mut waiting.lost))
    }
}

/// Where lines are put.
#[derive(Clone)]
pub(crate) struct LogWriter(Arc<BufferState>);

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter { shared: &self.0, urgent: false }
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> LineWriter<'a> {
        LineWriter { shared: &self.0, urgent: *line.level() <= Level::WARN }
    }
}

/// Takes one line, whole.
pub(crate) struct LineWriter<'a> {
    shared: &'a BufferState,
    urgent: bool,
}

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.shared.enqueue(line, self.urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// What is written goes to a channel, a message for each write.
    struct Out(Sender<String>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn buffer() -> (LogBuffer, Receiver<String>) {
        let (out, written) = channel();
        (LogBuffer::start(Out(out)).unwrap(), written)
    }

    #[test]
    fn lines_are_gathered_in_order_and_the_last_ones_are_written_at_the_end() {
        let (buffer, written) = buffer();
        for number in 0..1_000 {
            buffer.0.enqueue(format!("{number}\n").as_bytes(), false);
        }
        drop(buffer);
        let batches: Vec<_> = written.iter().collect();
        let expected: String = (0..1_000).map(|number| format!("{number}\n")).collect();
        assert_eq!(batches.concat(), expected);
        assert!(batches.len() < 100, "{} system calls", batches.len());
    }

    #[test]
    fn lines_come_out_without_an_end() {
        let (buffer, written) = buffer();
        buffer.0.enqueue(b"calm\n", false);
        assert_eq!(written.recv().unwrap(), "calm\n");
        buffer.0.enqueue(b"urgent\n", true);
        assert_eq!(written.recv().unwrap(), "urgent\n");
    }

    #[test]
    fn memory_is_bounded_and_what_is_lost_is_counted() {
        let shared = BufferState::default();
        let line = vec![b'x'; CAPACITY / 4];
        (0..6).for_each(|_| shared.enqueue(&line, false));
        let mut lines = Vec::new();
        assert_eq!(shared.next_batch(&mut lines), Some(2));
        assert_eq!(lines.len(), CAPACITY);
        shared.enqueue(b"room again", true);
        assert_eq!(shared.next_batch(&mut lines), Some(0));
    }
}
