//! Opening a subscription.

use std::sync::Arc;

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::cursor::Cursor;
use crate::events::live::{Feed, LiveEvents};
use crate::events::replay::log_state;
use crate::events::subscriber::backlog::Backlog;
use crate::events::subscriber::reads::Reads;
use crate::events::subscriber::{Backpressure, Phase, Subscriber, SubscriberKind};
use crate::ids::Position;
use crate::storage::{Asking, Principal, Storage, StorageFault};

/// A subscription that is open but not started.
pub struct Subscription {
    /// The user who subscribes.
    pub actor: Actor,
    who: Principal,
    feed: Box<dyn Feed>,
    cursor: Cursor,
    backlog: Backlog,
    /// The position that the client resumes from, if it does.
    resumed_after: Option<Position>,
}

impl Subscription {
    /// Opens a subscription that starts after the cursor, or now without one.
    ///
    /// # Errors
    /// The caller is not signed in, or a fault.
    pub async fn open(
        storage: &dyn Storage,
        live: &dyn LiveEvents,
        who: Principal,
        cursor: Option<Cursor>,
    ) -> Result<Self, Error> {
        if let Principal::Key(credential) = who
            && !storage.knows_key(&credential.key)
        {
            // Made-up keys are rejected before they cost the hub anything.
            storage.read_as(Asking::from(who).in_groups(), |_, _| Ok(())).await?;
        }
        // Subscribed before the log is read, so that later events are queued.
        let mut feed = live.subscribe();
        let (actor, log) = storage
            .read_as(Asking::from(who).in_groups(), |tx, actor| Ok((actor.clone(), log_state(tx)?)))
            .await?;
        feed.identify(actor.id());
        if feed.since().is_some_and(|since| since.epoch != log.epoch) {
            // A failover that the hub has not noticed yet.
            let reason = "the event log has just been replaced".to_owned();
            return Err(StorageFault::Unavailable { reason }.into());
        }
        let resumed_after = cursor.as_ref().filter(|cursor| log.serves(cursor)).map(|cursor| cursor.position);
        let is_cut_off = cursor.is_some() && resumed_after.is_none();
        Ok(Self {
            who: who.opened(&actor),
            actor,
            feed,
            cursor: Cursor { epoch: log.epoch, position: resumed_after.unwrap_or(log.head) },
            backlog: if is_cut_off { Backlog::gap() } else { Backlog::default() },
            resumed_after,
        })
    }

    /// Starts the subscription. The log is read from this storage, as far as the backpressure allows.
    pub fn start<B: Backpressure>(
        self,
        kind: SubscriberKind,
        storage: Arc<dyn Storage>,
        backpressure: B,
    ) -> Subscriber<B> {
        Subscriber {
            actor: self.actor,
            kind,
            reads: Reads::new(storage, self.who),
            backpressure,
            feed: self.feed,
            cursor: self.cursor,
            backlog: self.backlog,
            phase: Phase::Replay { resumed_after: self.resumed_after, pending_activity: None },
            next: None,
            heartbeats: 0,
        }
    }
}
