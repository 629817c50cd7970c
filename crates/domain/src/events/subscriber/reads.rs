//! What a subscriber reads of the database.
//!
//! A read that has begun is finished, however often whoever waits for it turns to something else meanwhile: else a
//! client that keeps talking would have the same page read again and again, and never get on.

use std::sync::Arc;

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::live::EphemeralEvent;
use crate::events::read_cursors::read_since;
use crate::events::replay::{ReplayPage, replay};
use crate::ids::Position;
use crate::storage::{BoxFuture, Principal, Storage, Tx};

type PendingRead<T> = BoxFuture<'static, Result<T, Error>>;

/// A page of the log, and what is delivered after the last one.
pub(super) struct LogPage {
    /// The page.
    pub(super) replayed: ReplayPage,
    /// How far the user has read meanwhile, on whichever device. On the last page only.
    pub(super) read: Vec<EphemeralEvent>,
}

/// Reads in the name of a subscriber.
pub(super) struct Reads {
    storage: Arc<dyn Storage>,
    who: Principal,
    page: Option<PendingRead<LogPage>>,
    session: Option<PendingRead<Actor>>,
}

impl Reads {
    /// Reads that nobody has begun.
    pub(super) const fn new(storage: Arc<dyn Storage>, who: Principal) -> Self {
        Self { storage, who, page: None, session: None }
    }

    /// The page after a position; with what the user has read since they left, if they come back. May be dropped and
    /// called again, with the same.
    ///
    /// # Errors
    /// Not signed in any more, or a fault.
    pub(super) async fn page(
        &mut self,
        after: Position,
        resumed_after: Option<Position>,
    ) -> Result<LogPage, Error> {
        let (storage, who) = (&self.storage, self.who);
        let reading = self.page.get_or_insert_with(|| {
            let storage = Arc::clone(storage);
            Box::pin(async move { read_page(storage.as_ref(), who, after, resumed_after).await })
        });
        let page = reading.await;
        self.page = None;
        page
    }

    /// Who subscribes, proven anew. May be dropped and called again.
    ///
    /// # Errors
    /// Not signed in any more, or a fault.
    pub(super) async fn session(&mut self) -> Result<Actor, Error> {
        let (storage, who) = (&self.storage, self.who);
        let reading = self.session.get_or_insert_with(|| {
            let storage = Arc::clone(storage);
            Box::pin(async move { storage.read_as(who, |_, actor| Ok(actor.clone())).await })
        });
        let actor = reading.await;
        self.session = None;
        actor
    }
}

async fn read_page(
    storage: &dyn Storage,
    who: Principal,
    after: Position,
    resumed_after: Option<Position>,
) -> Result<LogPage, Error> {
    let read = move |tx: &mut dyn Tx, actor: &Actor| {
        let replayed = replay(tx, actor, after)?;
        let read = match resumed_after {
            Some(position) if !replayed.more => read_since(tx, actor, position)?,
            _ => Vec::new(),
        };
        Ok(LogPage { replayed, read })
    };
    storage.read_as(who, read).await
}
