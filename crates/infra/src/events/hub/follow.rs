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
use super::inbox::Item;
use super::registry::HubPhase;
use super::wakers::Wakers;
use crate::executor::sync::locked;

/// Events that are broadcast before their subscribers are woken, and before others get the thread.
const BATCH: usize = 32;

/// Events that are read from the log at once.
const PAGE: i64 = 200;

/// How long to leave a log alone that could not be read.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// The hub is to read from these.
const ACCESS: Access = Access { mode: Mode::Read, caller: Caller::System };

impl Hub {
    /// Takes the head of the log for the position.
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

    /// Broadcasts what time alone has changed; never returns.
    pub(super) async fn run_timers(&self) -> Infallible {
        loop {
            sleep(self.options.poll_interval).await;
            self.tick();
        }
    }

    /// Looks up the head of the log, and tries again until that works.
    pub(super) async fn begin_with_retries(&self, storage: &dyn Storage) {
        while let Err(error) = self.begin(storage).await {
            wait_after(&error).await;
        }
    }

    /// Broadcasts what is published, until the hub is stopped.
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

    /// Polls the log for events that the inbox lacks and broadcasts them: when one is missing, and at every poll
    /// interval. Never returns. Beside [`serve`](Self::serve), which goes on with what follows without a gap however
    /// long the log takes to read.
    pub(super) async fn poll_log(&self, storage: &dyn Storage) -> Infallible {
        let mut poll_at = Instant::now() + self.options.poll_interval;
        loop {
            // Either way it is time.
            let _ = timeout_at(poll_at, self.missing.notified()).await;
            poll_at = match self.catch_up(storage).await {
                Ok(()) => Instant::now() + self.options.poll_interval,
                Err(error) => {
                    wait_after(&error).await;
                    Instant::now()
                }
            };
            // What waited for it may follow without a gap now.
            self.inbox.wake();
        }
    }

    /// Broadcasts what is queued, as far as it follows without a gap; says whether that is all there is.
    pub(super) async fn drain_inbox(&self) -> Continuity {
        loop {
            // If nobody listens, what is left is for nobody.
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

    fn broadcast_all(&self, items: &[Item]) {
        let mut wakers = Wakers::default();
        for item in items {
            self.broadcast(item, &mut wakers);
        }
        wakers.wake();
    }

    /// Broadcasts all that the log has.
    async fn catch_up(&self, storage: &dyn Storage) -> Result<(), Error> {
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
                // Somebody has come meanwhile.
                continue;
            }
            let is_last = i64::try_from(events.len()).unwrap_or(PAGE) < PAGE;
            if let Some(first) = events.first() {
                self.require_next(first.position);
            }
            let items: Vec<_> =
                events.into_iter().map(|event| Item::Logged(Arc::new(SharedEvent::new(event)))).collect();
            for batch in items.chunks(BATCH) {
                self.broadcast_all(batch);
                yield_now().await;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Moves on without a word, if nobody listens.
    fn skip_to(&self, position: Position) -> bool {
        let mut registry = locked(&self.registry);
        let is_idle = registry.listeners() == 0;
        if is_idle {
            self.skip(&mut registry, position);
        }
        is_idle
    }

    /// Whether this is not the log that was followed so far: one that another server of the database goes on with after
    /// a failover, from where the copy had got to.
    fn is_another(&self, state: &LogState) -> bool {
        let registry = locked(&self.registry);
        registry.epoch.as_ref() != Some(&state.epoch)
    }

    /// Where the log goes on only after a gap, since its oldest events have been removed, nobody has kept up.
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

/// What the log is, and a page of it after the position, if any, with the present state of what it names.
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

/// Goes to the end of the queue of what runs on this thread.
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
