//! A listener on any transport: first the backlog since its cursor, then live events, without a gap or a repetition in
//! between.

mod pages;
mod past;

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::events::{Cursor, Delivery, Feed, Passing, Stretch, log_state};
use groupchat_domain::ids::Position;
use groupchat_domain::presence::Activity;
use groupchat_domain::storage::{Claim, StorageFault};
use groupchat_domain::text::TextBytes;

use self::pages::Pages;
use self::past::{Entry, Past};
use super::dto::EventDto;
use super::places::Place;
use super::reads::{Page, Reads};
use super::room::Outbox;
use super::told::{End, Told};
use crate::problem::ApiError;
use crate::state::State;

/// At each so-many-th sign of life it is looked whether the session still holds: a key expires without an event.
const BEATS_TO_CHECK: u32 = 2;

/// One who listens.
pub(super) struct Listener {
    /// Who it is.
    pub actor: Actor,
    place: Rc<Place>,
    reads: Reads,
    feed: Box<dyn Feed>,
    /// Everything up to here has been told, or was not for the listener; once a gap that waits is told.
    cursor: Cursor,
    /// What was read of the past and is still to be told.
    past: Past,
    /// Room for what is read of the past.
    pages: Pages,
    /// How long a client is waited for that takes nothing.
    patience: Duration,
    /// Whether the log still has to be read.
    is_behind: bool,
    /// Whether the session may have ended.
    must_check: bool,
    /// What was taken from the feed and is still to be told.
    told: Option<Told>,
    /// Whether it stays, and so is a device that its user is at.
    stays: bool,
    /// What the user said of their presence while there was still something to read.
    said: Option<Activity>,
    /// The position that a client came with who left before.
    resumed_after: Option<Position>,
    beats: u32,
}

impl Listener {
    /// Begins to listen: after the cursor, or from now on.
    ///
    /// # Errors
    /// Not signed in, too many connections of the user, or a fault.
    pub(super) async fn open(state: &State, who: Claim, cursor: Option<Cursor>) -> Result<Self, ApiError> {
        let storage = Arc::clone(&state.storage);
        if let Claim::Key(credential) = who
            && !storage.knows_key(&credential.key)
        {
            // Keys that somebody made up must not cost the hub anything.
            storage.read_as(who, |_, _| Ok(())).await?;
        }
        // Before the log is read: what happens from now on is kept until it is asked for.
        let feed = state.live.subscribe();
        let (actor, log) = storage.read_as(who, |tx, actor| Ok((actor.clone(), log_state(tx)?))).await?;
        if feed.since().is_some_and(|since| since.epoch != log.epoch) {
            // A failover, of which the live events have not heard yet.
            let reason = "the event log is another one since a moment ago".to_owned();
            return Err(Error::from(StorageFault::Unavailable { reason }).into());
        }
        let place = state.places.take(actor.id())?;
        let resumed_after = cursor.as_ref().filter(|cursor| log.serves(cursor)).map(|cursor| cursor.position);
        let is_cut_off = cursor.is_some() && resumed_after.is_none();
        Ok(Self {
            actor,
            pages: Pages::new(place.room()),
            patience: state.options.patience,
            place: Rc::new(place),
            reads: Reads::new(storage, who),
            feed,
            cursor: Cursor { epoch: log.epoch, position: resumed_after.unwrap_or(log.head) },
            past: if is_cut_off { Past::gap() } else { Past::default() },
            is_behind: true,
            must_check: false,
            told: None,
            stays: false,
            said: None,
            resumed_after,
            beats: 0,
        })
    }

    /// The same listener, who stays: a device that its user is at, and that is also told ephemeral events.
    #[must_use]
    pub(super) fn staying(self) -> Self {
        Self { stays: true, ..self }
    }

    /// The place of the connection, for whatever else takes room on the server as long as the client doesn't let go.
    pub(super) fn place(&self) -> Rc<Place> {
        Rc::clone(&self.place)
    }

    /// An outbox for the connection.
    pub(super) fn outbox(&self) -> Arc<Outbox> {
        Outbox::new(self.place.room())
    }

    /// The place up to which everything has been told.
    pub(super) const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The place to come back to; `None` as long as a gap has to be told, of which whoever came back to a later place
    /// would never hear.
    pub(super) fn resume_at(&self) -> Option<&Cursor> {
        (!self.past.is_gap_next()).then_some(&self.cursor)
    }

    /// What the listener is told next. May be dropped and called again: nothing is lost.
    pub(super) async fn next(&mut self) -> Told {
        loop {
            if let Err(end) = self.get_ready().await {
                return Told::End(end);
            }
            if let Some(told) = poll_fn(|context| Poll::Ready(self.try_next(context))).await {
                return told;
            }
            // Not while the session is to be checked: the cursor must not move past what can't be told before that.
            if !self.must_check {
                poll_fn(|context| self.poll_feed(context)).await;
            }
        }
    }

    /// Reads what has to be read before more can be told. May be dropped and called again.
    ///
    /// # Errors
    /// The end, if it can't be read, or the server stops.
    pub(super) async fn get_ready(&mut self) -> Result<(), End> {
        while self.get_on().await? {}
        if self.must_check {
            self.check_session().await?;
        }
        Ok(())
    }

    /// Reads a page of the log, if that has to be before more can be told and there is room for it soon; whether one
    /// more time has to be. May be dropped and called again.
    ///
    /// # Errors
    /// The end, if it can't be read, or the server stops.
    pub(super) async fn get_on(&mut self) -> Result<bool, End> {
        self.heed_stop().await?;
        if self.is_behind && self.past.is_empty() {
            if !self.pages.make_room(self.patience).await? {
                return Ok(true);
            }
            let resumed = self.resumed_after.filter(|_| self.stays);
            let Page { stretch, read } = self.reads.page(self.cursor.position, resumed).await?;
            self.take_in(stretch, read);
            self.heed_stop().await?;
        }
        Ok(self.is_behind && self.past.is_empty())
    }

    /// Ends if the server stops, which does not wait for one who still has much to read of the past.
    async fn heed_stop(&mut self) -> Result<(), End> {
        if self.is_behind && self.told.is_none() {
            // Before the admission the feed has nothing but an end. One for being too slow comes after the past.
            let _ = poll_fn(|context| Poll::Ready(self.poll_feed(context))).await;
        }
        match self.told {
            Some(Told::End(End::Stopping)) => Err(End::Stopping),
            _ => Ok(()),
        }
    }

    /// What can be told without waiting, if anything.
    pub(super) fn try_next(&mut self, context: &mut Context<'_>) -> Option<Told> {
        if let Some(entry) = self.past.take() {
            let room = self.pages.part();
            if self.past.is_empty() {
                self.pages.finish();
            }
            return Some(Told::Event(self.tell_past(entry).into(), room));
        }
        if self.is_behind {
            return None;
        }
        if self.told.is_none() && !self.must_check {
            // Pending or not: either there is something to tell now, or there is not.
            let _ = self.poll_feed(context);
        }
        self.told.take()
    }

    fn tell_past(&mut self, entry: Entry) -> String {
        match entry {
            Entry::Logged(event, seen) => {
                self.cursor.position = event.position;
                let text = EventDto::logged(*event, &self.cursor).to_json();
                self.cursor.position = seen;
                text
            }
            Entry::Gap => EventDto::gap(&self.cursor).to_json(),
            Entry::Passing(passing) => EventDto::passing(passing).to_json(),
        }
    }

    /// Takes the next delivery; afterwards there is something to tell, or the session to check.
    fn poll_feed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match ready!(self.feed.poll_next(context)) {
                Some(Delivery::Logged(shared)) => {
                    let position = shared.event.position;
                    // At the seam the feed repeats what was read from the log.
                    if position <= self.cursor.position {
                        continue;
                    }
                    self.cursor.position = position;
                    let text =
                        shared.written(|event| EventDto::logged(event.clone(), &self.cursor).to_json());
                    self.told = Some(Told::Event(Arc::clone(text), None));
                }
                Some(Delivery::Passed(position)) => {
                    self.cursor.position = self.cursor.position.max(position);
                    continue;
                }
                // It is over before one who only looks in would show it.
                Some(Delivery::Passing(_)) if !self.stays => continue,
                Some(Delivery::Passing(shared)) => {
                    let text = shared.written(|passing| EventDto::passing(passing.clone()).to_json());
                    self.told = Some(Told::Event(Arc::clone(text), None));
                }
                Some(Delivery::CheckSession) => self.must_check = true,
                Some(Delivery::TooSlow) => self.told = Some(Told::End(End::TooSlow)),
                Some(Delivery::Stopping) | None => self.told = Some(Told::End(End::Stopping)),
            }
            return Poll::Ready(());
        }
    }

    /// Takes a page in; after the last one, the feed goes on.
    fn take_in(&mut self, stretch: Stretch, read: Vec<Passing>) {
        let text = stretch.events.iter().map(|event| event.event.text_bytes()).sum();
        self.pages.read(stretch.events.len(), text);
        if stretch.gap {
            // Whoever loads again after this loads what these events are about, too.
            self.cursor.position = stretch.position;
            self.past.add_gap();
        } else if !self.past.add_events(stretch.events, stretch.position) {
            self.cursor.position = stretch.position;
        }
        if stretch.more {
            return;
        }
        self.is_behind = false;
        self.feed.admit(stretch.viewer);
        self.past.add_passing(read);
        if self.stays {
            self.past.add_passing(self.feed.attend());
        }
        if let Some(activity) = self.said.take() {
            // Nothing about presence is rejected.
            let _ = self.feed.act(activity);
        }
    }

    /// Tells others what the user does. One who still has to be told of the past is not there yet: others learn then
    /// how they are there, and that they type now would be late.
    ///
    /// # Errors
    /// A group that the user is not in.
    pub(super) fn act(&mut self, activity: Activity) -> Result<(), Error> {
        if !self.is_behind {
            return self.feed.act(activity);
        }
        if matches!(activity, Activity::Here | Activity::Gone) {
            self.said = Some(activity);
        }
        Ok(())
    }

    /// Looks after the session. To be called with every sign of life.
    ///
    /// # Errors
    /// The session has ended.
    pub(super) async fn beat(&mut self) -> Result<(), End> {
        self.beats += 1;
        if self.beats < BEATS_TO_CHECK {
            return Ok(());
        }
        self.beats = 0;
        match self.check_session().await {
            Err(error @ Error::Refused(_)) => Err(error.into()),
            // Nothing says that it has ended; the next time will tell.
            Ok(())
            | Err(Error::Fault(_) | Error::Busy { .. } | Error::TooFast { .. } | Error::StorageFull) => {
                Ok(())
            }
        }
    }

    /// Proves again who listens.
    async fn check_session(&mut self) -> Result<(), Error> {
        self.actor = self.reads.session().await?;
        self.must_check = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
