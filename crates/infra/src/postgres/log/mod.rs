//! The log's thread. It assigns positions to committed events while no other server does, and publishes events with
//! positions to the sink, whichever server assigned them. Servers notify each other.

mod notices;
mod session;
mod signal;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use groupchat_domain::events::Epoch;
use groupchat_domain::ids::Position;
use groupchat_domain::storage::EventSink;
use groupchat_domain::time::Clock;
use notices::{NOTICE_INTERVAL, Notice, PendingNotice};
use session::{LogSession, PAGE};
pub(super) use signal::LogSignal;
use signal::Wake;

use super::connector::Connector;
use super::sequencer;

/// How long to wait before reconnecting to the database server.
const RECONNECT_AFTER: Duration = Duration::from_millis(250);

/// The thread with its connection.
pub(super) struct LogFollower {
    connector: Arc<Connector>,
    signal: Arc<LogSignal>,
    poll_interval: Duration,
    clock: Arc<dyn Clock>,
    sink: Arc<dyn EventSink>,
    /// The position of the last event that was published to the sink.
    position: Position,
    /// The epoch of the log, once it has been read.
    epoch: Option<Epoch>,
    /// Whether workers have stored events since the last successful turn.
    has_stored: bool,
    pending_notice: PendingNotice,
    /// `None` while the database server can't be reached.
    session: Option<LogSession>,
}

impl LogFollower {
    /// Publishes events after `position` to `sink` whenever `signal` wakes it, another server sends a notice, or
    /// `poll_interval` has passed.
    pub(super) fn new(
        connector: Arc<Connector>,
        signal: Arc<LogSignal>,
        poll_interval: Duration,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
        position: Position,
    ) -> Self {
        let (has_stored, pending_notice) = (false, PendingNotice::default());
        let (epoch, session) = (None, None);
        Self {
            connector,
            signal,
            poll_interval,
            clock,
            sink,
            position,
            epoch,
            has_stored,
            pending_notice,
            session,
        }
    }

    /// Runs until it is stopped, and once more after that.
    pub(super) fn serve(mut self) {
        let mut poll_at = Instant::now();
        loop {
            let wake = self.signal.wait(NOTICE_INTERVAL.min(self.poll_interval));
            // A stop may replace a wake that wasn't handled yet.
            self.has_stored |= wake != Wake::None;
            let has_news = self.has_news();
            if has_news || wake != Wake::None || Instant::now() >= poll_at {
                self.run_turn();
                poll_at = Instant::now() + self.next_poll();
            }
            let now = Instant::now();
            if wake == Wake::Stop {
                let last = self.pending_notice.take(now);
                return self.notify(last);
            }
            let due = self.pending_notice.take_due(now);
            self.notify(due);
        }
    }

    fn next_poll(&self) -> Duration {
        if self.session.is_none() { RECONNECT_AFTER.min(self.poll_interval) } else { self.poll_interval }
    }

    /// Whether there may be something to do: other servers have sent a notice, or the connection is lost.
    fn has_news(&mut self) -> bool {
        let Some(session) = &mut self.session else { return false };
        session.has_news(self.position).unwrap_or_else(|error| {
            tracing::warn!(%error, "lost the connection of the event log");
            self.session = None;
            true
        })
    }

    fn notify(&mut self, notice: Option<Notice>) {
        let (Some(session), Some(notice)) = (&mut self.session, notice) else { return };
        if let Err(error) = session.notify(notice) {
            tracing::warn!(%error, "could not notify other servers of events; they will find them at their next poll");
            self.session = None;
        }
    }

    fn run_turn(&mut self) {
        match catch_unwind(AssertUnwindSafe(|| self.turn())) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => {
                tracing::warn!(reason, "can't read the event log at the moment");
                self.session = None;
            }
            Err(_) => {
                tracing::error!("the reader of the event log, or its sink, panicked");
                self.session = None;
            }
        }
    }

    /// Assigns positions to all committed events and publishes them.
    fn turn(&mut self) -> Result<(), String> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.connect()?,
        };
        loop {
            let numbered = session.assign_positions().map_err(|error| error.to_string())?;
            self.publish_new(&mut session)?;
            if numbered > 0 {
                self.pending_notice.put(Notice::Numbered(self.position));
            }
            if numbered < sequencer::BATCH {
                break;
            }
        }
        if self.has_stored && !session.is_sequencer() {
            self.pending_notice.put(Notice::Stored);
        }
        self.has_stored = false;
        self.session = Some(session);
        Ok(())
    }

    /// Connects. The log may be a different one now, as after a failover to a copy that lacked the latest events: then
    /// everything after its head is new, whatever was published before.
    fn connect(&mut self) -> Result<LogSession, String> {
        let mut session = LogSession::open(&self.connector)?;
        let state = session.state(self.clock.as_ref())?;
        if self.epoch.as_ref().is_some_and(|epoch| *epoch != state.epoch) {
            tracing::warn!(position = %self.position, head = %state.head, "the event log was replaced");
            self.position = state.head;
        }
        self.epoch = Some(state.epoch);
        Ok(session)
    }

    fn publish_new(&mut self, session: &mut LogSession) -> Result<(), String> {
        loop {
            let events = session.read_after(self.position, self.clock.as_ref())?;
            let Some(last) = events.last() else { return Ok(()) };
            // Updated first, so that a sink that panics doesn't get the same events again and again.
            self.position = last.position;
            self.sink.publish(&events);
            if events.len() < PAGE {
                return Ok(());
            }
        }
    }
}
