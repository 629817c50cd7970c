//! How the hub follows the log.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::events::{Delivery, LogState, LoggedEvent, SharedEvent, load_after, log_state};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};
use tokio::time::{Instant, sleep, timeout_at};

use super::core::{Continuity, Hub};
use super::inbox::Broadcast;
use super::registry::HubPhase;
use super::wakers::Wakers;
use crate::executor::sync::locked;

/// Events that are broadcast before their listeners are woken and the thread is yielded to other tasks.
const BATCH: usize = 32;

/// Events that are read from the log at a time.
const PAGE: i64 = 200;

/// How long to wait before reading a log again after a failure.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// How the hub reads the log.
const ACCESS: Access = Access { mode: Mode::Read, caller: Caller::System };

impl Hub {
    /// Starts at the head of the log.
    pub(super) async fn begin(&self, storage: &dyn Storage) -> Result<(), Error> {
        if locked(&self.registry).phase != HubPhase::NotStarted {
            return Ok(());
        }
        let state = storage.run(ACCESS, log_state).await?;
        let mut registry = locked(&self.registry);
        if registry.phase == HubPhase::NotStarted {
            self.move_to(&mut registry, state.head);
            registry.epoch = Some(state.epoch);
            registry.phase = HubPhase::Serving;
        }
        Ok(())
    }

    /// Broadcasts changes that only the passage of time causes. Never returns.
    pub(super) async fn run_timers(&self) -> Infallible {
        loop {
            sleep(self.options.poll_interval).await;
            self.tick();
        }
    }

    /// Calls [`begin`](Self::begin) until it succeeds.
    pub(super) async fn begin_with_retries(&self, storage: &dyn Storage) {
        while let Err(error) = self.begin(storage).await {
            wait_after(&error).await;
        }
    }

    /// Broadcasts published events until the hub is stopped.
    pub(super) async fn serve(&self) {
        while locked(&self.registry).phase != HubPhase::Stopped {
            match self.drain_inbox().await {
                Continuity::Complete => self.inbox.changed().await,
                Continuity::Gap => {
                    self.missing.notify_one();
                    self.inbox.woken().await;
                }
            }
        }
    }

    /// Reads events that the inbox lacks from the log and broadcasts them: when an event is missing, and at every poll
    /// interval. Never returns. Runs beside [`serve`](Self::serve), which continues with the events that follow without
    /// a gap, however long reading the log takes.
    pub(super) async fn poll_log(&self, storage: &dyn Storage) -> Infallible {
        let mut poll_at = Instant::now() + self.options.poll_interval;
        loop {
            // Both outcomes, notified or timed out, mean that it is time to read.
            let _ = timeout_at(poll_at, self.missing.notified()).await;
            poll_at = match self.catch_up(storage).await {
                Ok(()) => Instant::now() + self.options.poll_interval,
                Err(error) => {
                    wait_after(&error).await;
                    Instant::now()
                }
            };
            // Queued events may now follow without a gap.
            self.inbox.wake();
        }
    }

    /// Broadcasts queued events as long as they follow without a gap. Returns whether nothing is missing.
    pub(super) async fn drain_inbox(&self) -> Continuity {
        loop {
            // Without listeners, gaps don't matter.
            let known = if self.has_listeners() { self.delivered() } else { Position::new(i64::MAX - 1) };
            let items = self.inbox.pop_ready(BATCH, known);
            if items.is_empty() {
                let is_all = self.inbox.last() <= self.delivered() || !self.has_listeners();
                return if is_all { Continuity::Complete } else { Continuity::Gap };
            }
            self.broadcast_all(&items);
            yield_now().await;
        }
    }

    fn broadcast_all(&self, items: &[Broadcast]) {
        let mut wakers = Wakers::default();
        for item in items {
            self.broadcast(item, &mut wakers);
        }
        wakers.wake();
    }

    /// Broadcasts all events of the log that have not been broadcast yet.
    pub(super) async fn catch_up(&self, storage: &dyn Storage) -> Result<(), Error> {
        loop {
            let has_listeners = self.has_listeners();
            let (state, events) = read(storage, has_listeners.then(|| self.delivered())).await?;
            if self.is_another(&state) {
                tracing::warn!(head = %state.head, "the event log was replaced; listeners get a gap");
                let mut wakers = Wakers::default();
                self.begin_anew(state, &mut wakers);
                wakers.wake();
                return Ok(());
            }
            if self.skip_to(state.head) {
                return Ok(());
            }
            if !has_listeners {
                // A listener has subscribed since `has_listeners` was read.
                continue;
            }
            let is_last = i64::try_from(events.len()).unwrap_or(PAGE) < PAGE;
            if let Some(first) = events.first() {
                self.require_next(first.position);
            }
            let items: Vec<_> = events
                .into_iter()
                .map(|event| Broadcast::Logged(Arc::new(SharedEvent::new(event))))
                .collect();
            for batch in items.chunks(BATCH) {
                self.broadcast_all(batch);
                yield_now().await;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Advances to the position if there are no listeners. Returns whether there are none.
    fn skip_to(&self, position: Position) -> bool {
        let mut registry = locked(&self.registry);
        let is_idle = registry.listeners() == 0;
        if is_idle {
            self.skip(&mut registry, position);
        }
        is_idle
    }

    /// Whether the log was replaced: after a failover, another database server continues from the state that its copy
    /// had reached, with a new epoch.
    fn is_another(&self, state: &LogState) -> bool {
        let registry = locked(&self.registry);
        registry.epoch.as_ref() != Some(&state.epoch)
    }

    /// Disconnects all listeners if the log starts only after a gap because its oldest events were removed.
    pub(super) fn require_next(&self, first: Position) {
        let mut wakers = Wakers::default();
        let mut registry = locked(&self.registry);
        if first > registry.position.next() {
            tracing::warn!(position = %registry.position, %first, "events were removed from the log before they were read");
            self.end_all(&mut registry, &Delivery::Stopping, &mut wakers);
            self.move_to(&mut registry, Position::new(first.get() - 1));
        }
        drop(registry);
        wakers.wake();
    }
}

/// Reads the state of the log and, if `after` is given, a page of events after it, with the current state of the things
/// they name.
async fn read(storage: &dyn Storage, after: Option<Position>) -> Result<(LogState, Vec<LoggedEvent>), Error> {
    let read = move |tx: &mut dyn Tx| {
        let state = log_state(tx)?;
        let events = match after {
            Some(position) => load_after(tx, position, PAGE)?,
            None => Vec::new(),
        };
        Ok((state, events))
    };
    storage.run(ACCESS, read).await
}

async fn wait_after(error: &Error) {
    tracing::warn!(%error, "can't read the event log; live events are delayed");
    sleep(RETRY_AFTER).await;
}

/// Lets the other tasks on this thread run.
async fn yield_now() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
