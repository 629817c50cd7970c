//! The database reads of a listener.
//!
//! A read that has started is finished, even if its future is dropped meanwhile and polled again later. Otherwise a
//! client that keeps sending requests would cause the same page to be read again and again without progress.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::events::{Passing, Stretch, read_since, replay};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Claim, Storage, StorageFault, Tx};
use tokio::time::sleep;

type Reading<T> = LocalBoxFuture<'static, Result<T, Error>>;

/// A page of the log, and what is told after the last one.
pub(super) struct Page {
    /// The page.
    pub stretch: Stretch,
    /// How far the user has read meanwhile, on whichever device. On the last page only.
    pub read: Vec<Passing>,
}

/// Reads in the name of one who listens.
pub(super) struct Reads {
    storage: Arc<dyn Storage>,
    who: Claim,
    page: Option<Reading<Page>>,
    session: Option<Reading<Actor>>,
}

impl Reads {
    /// Reads that nobody has begun.
    pub(super) const fn new(storage: Arc<dyn Storage>, who: Claim) -> Self {
        Self { storage, who, page: None, session: None }
    }

    /// The page after a position; with what the user has read since they left, if they come back. May be dropped and
    /// called again, with the same.
    ///
    /// # Errors
    /// Not signed in any more, or a fault.
    pub(super) async fn page(&mut self, after: Position, resumed: Option<Position>) -> Result<Page, Error> {
        let (storage, who) = (&self.storage, self.who);
        let reading = self.page.get_or_insert_with(|| {
            let storage = Arc::clone(storage);
            Box::pin(patiently(async move || read_page(storage.as_ref(), who, after, resumed).await))
        });
        let page = reading.await;
        self.page = None;
        page
    }

    /// Who listens, proven again. May be dropped and called again.
    ///
    /// # Errors
    /// Not signed in any more, or a fault.
    pub(super) async fn session(&mut self) -> Result<Actor, Error> {
        let (storage, who) = (&self.storage, self.who);
        let reading = self.session.get_or_insert_with(|| {
            let storage = Arc::clone(storage);
            let read = async move || storage.read_as(who, |_, actor| Ok(actor.clone())).await;
            Box::pin(patiently(read))
        });
        let actor = reading.await;
        self.session = None;
        actor
    }
}

async fn read_page(
    storage: &dyn Storage,
    who: Claim,
    after: Position,
    resumed: Option<Position>,
) -> Result<Page, Error> {
    let read = move |tx: &mut dyn Tx, actor: &Actor| {
        let stretch = replay(tx, actor, after)?;
        let read = match resumed {
            Some(position) if !stretch.more => read_since(tx, actor, position)?,
            _ => Vec::new(),
        };
        Ok(Page { stretch, read })
    };
    storage.read_as(who, read).await
}

/// Reads, and once more if too many were waiting: a connection is not worth less than the moment that this takes.
async fn patiently<T>(read: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    match read().await {
        Err(Error::Busy { retry_after } | Error::Fault(StorageFault::Overloaded { retry_after })) => {
            sleep(retry_after).await;
            read().await
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::FutureExt;
    use groupchat_domain::accounts::KeyHash;
    use groupchat_domain::ids::{SessionId, UserId};
    use groupchat_domain::storage::{Access, Done, OpenSession, Work};

    use super::*;

    const WHO: OpenSession = OpenSession { user: UserId::new(1), session: SessionId::new(1) };

    /// A storage that fails in a way, or never answers; it counts.
    struct Failing(Option<StorageFault>, AtomicUsize);

    impl Storage for Failing {
        fn submit(&self, _: Access, _: Work) -> Done {
            self.1.fetch_add(1, Ordering::Relaxed);
            match self.0.clone() {
                Some(fault) => Box::pin(async { Err(fault) }),
                None => Box::pin(std::future::pending()),
            }
        }

        fn knows_key(&self, _: &KeyHash) -> bool {
            true
        }
    }

    fn reads(fault: Option<StorageFault>) -> (Arc<Failing>, Reads) {
        let storage = Arc::new(Failing(fault, AtomicUsize::new(0)));
        (storage.clone(), Reads::new(storage, WHO.into()))
    }

    #[actix_web::test]
    async fn a_read_that_is_left_goes_on() {
        let (storage, mut reads) = reads(None);
        for _ in 0..3 {
            assert!(reads.page(Position::ZERO, None).now_or_never().is_none());
            assert!(reads.session().now_or_never().is_none());
        }
        assert_eq!(storage.1.load(Ordering::Relaxed), 2);
    }

    #[actix_web::test]
    async fn a_full_queue_is_tried_once_more_and_nothing_else_is() {
        let full = StorageFault::Overloaded { retry_after: Duration::from_millis(1) };
        for (fault, tries) in [(full, 2), (StorageFault::Panicked, 1)] {
            let (storage, mut reads) = reads(Some(fault.clone()));
            assert_eq!(reads.session().await, Err(Error::Fault(fault)));
            assert_eq!(storage.1.load(Ordering::Relaxed), tries);
        }
    }
}
