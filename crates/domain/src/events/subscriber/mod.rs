//! One who listens, whatever the transport: first what happened since their cursor, then what happens, without a gap
//! and without a repetition in between.
//!
//! A transport opens a [`Subscription`], starts it, and delivers what [`Subscriber::next`] returns. It says by its
//! [`Backpressure`] when there is room for more of the log.

mod backlog;
mod delivery;
mod reads;
mod subscription;

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

pub use delivery::{Backpressure, Delivered, Item, SubscriberKind};
pub use subscription::Subscription;

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::cursor::Cursor;
use crate::events::end::EndReason;
use crate::events::live::{Delivery, Feed};
use crate::events::replay::ReplayPage;
use crate::events::subscriber::backlog::{Backlog, BacklogEntry};
use crate::events::subscriber::reads::{LogPage, Reads};
use crate::ids::Position;
use crate::presence::Activity;
use crate::text::TextBytes;

/// At each so-many-th heartbeat it is looked whether the session still holds: a key expires without an event.
const HEARTBEATS_PER_CHECK: u32 = 2;

/// How far a subscriber is.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// Pages of the log are read, one after the other; the feed keeps what happens meanwhile.
    Replay {
        /// The position that a client came with who left before.
        resumed_after: Option<Position>,
        /// What the user said of their presence meanwhile.
        pending_activity: Option<Activity>,
    },
    /// The log has been read up to where the feed goes on.
    Live,
    /// Sessions of the user have ended: nothing more is delivered before it is proven that this one has not.
    Recheck,
}

/// What was taken from the feed and is still to be delivered.
#[derive(Debug)]
enum Next {
    Item(Item),
    End(EndReason),
}

/// One who listens.
pub struct Subscriber<B> {
    /// Who it is.
    pub actor: Actor,
    kind: SubscriberKind,
    reads: Reads,
    backpressure: B,
    feed: Box<dyn Feed>,
    /// Everything up to here has been delivered, or was not for the subscriber; once a gap that waits is delivered.
    cursor: Cursor,
    backlog: Backlog,
    phase: Phase,
    next: Option<Next>,
    heartbeats: u32,
}

impl<B: Backpressure> Subscriber<B> {
    /// The place up to which everything has been delivered.
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The place to come back to; `None` as long as a gap has to be delivered, of which whoever came back to a later
    /// place would never hear.
    pub fn resume_at(&self) -> Option<&Cursor> {
        (!self.backlog.is_gap_next()).then_some(&self.cursor)
    }

    /// What is delivered next. May be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// The end.
    pub async fn next(&mut self) -> Result<Delivered<B::Hold>, EndReason> {
        loop {
            self.get_ready().await?;
            if let Some(next) = poll_fn(|context| Poll::Ready(self.try_next(context))).await {
                return next;
            }
            // Not while the session is to be checked: the cursor must not move past what can't be delivered before
            // that.
            if self.phase != Phase::Recheck {
                poll_fn(|context| self.poll_feed(context)).await;
            }
        }
    }

    /// Reads what has to be read before more can be delivered. May be dropped and called again.
    ///
    /// # Errors
    /// The end, if it can't be read, or the server stops.
    pub async fn get_ready(&mut self) -> Result<(), EndReason> {
        while self.read_page_if_due().await? {}
        if self.phase == Phase::Recheck {
            self.check_session().await?;
        }
        Ok(())
    }

    /// Reads a page of the log, if that has to be before more can be delivered and there is room for it soon; whether
    /// one more time has to be. May be dropped and called again.
    ///
    /// # Errors
    /// The end, if it can't be read, or the server stops.
    pub async fn read_page_if_due(&mut self) -> Result<bool, EndReason> {
        self.check_stop().await?;
        if let Some(resumed_after) = self.needs_page() {
            if !self.backpressure.make_room().await? {
                return Ok(true);
            }
            let page = self.reads.page(self.cursor.position, resumed_after).await?;
            self.take_page(page);
            self.check_stop().await?;
        }
        Ok(self.needs_page().is_some())
    }

    /// Whether a page of the log is what comes next; and then, since when one is away who wants to know how far they
    /// have read meanwhile.
    fn needs_page(&self) -> Option<Option<Position>> {
        match &self.phase {
            Phase::Replay { resumed_after, .. } if self.backlog.is_empty() => {
                Some(resumed_after.filter(|_| self.kind == SubscriberKind::Connection))
            }
            _ => None,
        }
    }

    const fn is_replaying(&self) -> bool {
        matches!(self.phase, Phase::Replay { .. })
    }

    /// Ends if the server stops, which does not wait for one who still has much to read of the log.
    async fn check_stop(&mut self) -> Result<(), EndReason> {
        if self.is_replaying() && self.next.is_none() {
            // Before the admission the feed has nothing but an end. One for being too slow comes after the backlog.
            let _ = poll_fn(|context| Poll::Ready(self.poll_feed(context))).await;
        }
        match self.next {
            Some(Next::End(EndReason::Stopping)) => Err(EndReason::Stopping),
            _ => Ok(()),
        }
    }

    /// What can be delivered without waiting, if anything.
    pub fn try_next(&mut self, context: &mut Context<'_>) -> Option<Result<Delivered<B::Hold>, EndReason>> {
        if let Some(entry) = self.backlog.take() {
            let hold = self.backpressure.hold();
            if self.backlog.is_empty() {
                self.backpressure.page_delivered();
            }
            return Some(Ok(Delivered { item: self.deliver(entry), hold }));
        }
        if self.is_replaying() {
            return None;
        }
        if self.next.is_none() && self.phase == Phase::Live {
            // Pending or not: either there is something to deliver now, or there is not.
            let _ = self.poll_feed(context);
        }
        match self.next.take()? {
            Next::Item(item) => Some(Ok(item.into())),
            Next::End(end) => Some(Err(end)),
        }
    }

    fn deliver(&mut self, entry: BacklogEntry) -> Item {
        match entry {
            BacklogEntry::Logged(event, seen) => {
                self.cursor.position = seen;
                Item::Replayed(event)
            }
            BacklogEntry::Gap => Item::Gap,
            BacklogEntry::Ephemeral(ephemeral) => Item::Snapshot(ephemeral),
        }
    }

    /// Takes the next delivery; afterwards there is something to deliver, or the session to check.
    fn poll_feed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match ready!(self.feed.poll_next(context)) {
                Some(Delivery::Logged(event)) => {
                    let position = event.event.position;
                    // At the seam the feed repeats what was read from the log.
                    if position <= self.cursor.position {
                        continue;
                    }
                    self.cursor.position = position;
                    self.next = Some(Next::Item(Item::Live(event)));
                }
                Some(Delivery::Advanced(position)) => {
                    self.cursor.position = self.cursor.position.max(position);
                    continue;
                }
                // It is over before one who polls would show it.
                Some(Delivery::Ephemeral(_)) if self.kind == SubscriberKind::Poll => continue,
                Some(Delivery::Ephemeral(event)) => self.next = Some(Next::Item(Item::Ephemeral(event))),
                Some(Delivery::CheckSession) => self.phase = Phase::Recheck,
                Some(Delivery::TooSlow) => self.next = Some(Next::End(EndReason::TooSlow)),
                Some(Delivery::Stopping) | None => self.next = Some(Next::End(EndReason::Stopping)),
            }
            return Poll::Ready(());
        }
    }

    /// Takes a page in; after the last one, the feed goes on.
    fn take_page(&mut self, LogPage { replayed, read }: LogPage) {
        let ReplayPage { events, position, more, gap, viewer } = replayed;
        let text = events.iter().map(|event| event.event.text_bytes()).sum();
        self.backpressure.page_read(events.len(), text);
        if gap {
            // Whoever loads afresh after this loads what these events are about, too.
            self.cursor.position = position;
            self.backlog.add_gap();
        } else if !self.backlog.add_events(events, position) {
            self.cursor.position = position;
        }
        if more {
            return;
        }
        self.feed.authorize(viewer);
        self.backlog.add_ephemeral(read);
        if self.kind == SubscriberKind::Connection {
            self.backlog.add_ephemeral(self.feed.join());
        }
        if let Phase::Replay { pending_activity: Some(activity), .. } =
            std::mem::replace(&mut self.phase, Phase::Live)
        {
            // Of a presence nothing is refused.
            let _ = self.feed.act(activity);
        }
    }

    /// Tells others what the user does. One who is still in the replay is not there yet: others learn then how they are
    /// there, and that they type now would be late.
    ///
    /// # Errors
    /// A group that the user is not in.
    pub fn act(&mut self, activity: Activity) -> Result<(), Error> {
        let Phase::Replay { pending_activity, .. } = &mut self.phase else { return self.feed.act(activity) };
        if matches!(activity, Activity::Active | Activity::Away) {
            *pending_activity = Some(activity);
        }
        Ok(())
    }

    /// Looks after the session. To be called with every heartbeat.
    ///
    /// # Errors
    /// The session has ended.
    pub async fn on_heartbeat(&mut self) -> Result<(), EndReason> {
        self.heartbeats += 1;
        if self.heartbeats < HEARTBEATS_PER_CHECK {
            return Ok(());
        }
        self.heartbeats = 0;
        match self.check_session().await {
            Err(error @ Error::Refused(_)) => Err(error.into()),
            // Nothing says that it has ended; the next time will tell.
            Ok(())
            | Err(Error::Fault(_) | Error::Busy { .. } | Error::RateLimited { .. } | Error::StorageFull) => {
                Ok(())
            }
        }
    }

    /// Proves anew who subscribes.
    async fn check_session(&mut self) -> Result<(), Error> {
        self.actor = self.reads.session().await?;
        if self.phase == Phase::Recheck {
            self.phase = Phase::Live;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
