//! What a subscriber reads from the database.
//!
//! A read that was started is always completed, even if the future that waits for it is dropped. Otherwise a client
//! that sends many requests would cause the same page to be read again and again.

use std::sync::Arc;

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::live::EphemeralEvent;
use crate::events::read_cursors::read_since;
use crate::events::replay::{ReplayPage, replay};
use crate::ids::Position;
use crate::storage::{Asking, BoxFuture, Principal, Storage, Tx};

type PendingRead<T> = BoxFuture<'static, Result<T, Error>>;

/// A page of the log, and what is delivered after the last one.
pub(super) struct LogPage {
    /// The page.
    pub(super) replayed: ReplayPage,
    /// The read cursors that the user has moved on other devices meanwhile. Only on the last page.
    pub(super) read: Vec<EphemeralEvent>,
}

/// Reads on behalf of a subscriber.
pub(super) struct Reads {
    storage: Arc<dyn Storage>,
    who: Principal,
    page: Option<PendingRead<LogPage>>,
    session: Option<PendingRead<Actor>>,
}

impl Reads {
    /// No read has been started.
    pub(super) const fn new(storage: Arc<dyn Storage>, who: Principal) -> Self {
        Self { storage, who, page: None, session: None }
    }

    /// The page after a position, with the read cursors moved since `resumed_after`, if given. Cancel-safe, if called
    /// again with the same arguments.
    ///
    /// # Errors
    /// The user is no longer signed in, or a fault.
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

    /// Authenticates the subscriber again. Cancel-safe.
    ///
    /// # Errors
    /// The user is no longer signed in, or a fault.
    pub(super) async fn session(&mut self) -> Result<Actor, Error> {
        let (storage, who) = (&self.storage, self.who);
        let reading = self.session.get_or_insert_with(|| {
            let storage = Arc::clone(storage);
            Box::pin(async move {
                storage.read_as(Asking::from(who).in_groups(), |_, actor| Ok(actor.clone())).await
            })
        });
        let actor = reading.await;
        self.session = None;
        actor
    }

    /// Forgets who it was that was read so far: the next one who asks has it read anew.
    pub(super) fn forget_session(&mut self) {
        self.session = None;
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
    storage.read_as(Asking::from(who).in_groups(), read).await
}
