//! A storage that fails or waits when a test wants it to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use groupchat_domain::storage::{Access, Done, Storage, StorageFault, Work};
use tokio::sync::Semaphore;

use super::deadlines::until;
use crate::harness::{Client, Server};

/// What becomes of a command.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// It runs.
    Run,
    /// It fails.
    Fail(StorageFault),
    /// It runs once [`Scripted::go_on`] is called.
    Hold,
}

/// A real storage behind a script.
pub(crate) struct Scripted {
    inner: Arc<dyn Storage>,
    script: Mutex<VecDeque<Step>>,
    commands: AtomicUsize,
    held: Arc<Semaphore>,
}

impl Scripted {
    /// The same server with such a storage, and somebody whose key it knows. All commands run at first.
    pub(crate) async fn serve(server: &Server, client: &Client) -> (Arc<Self>, Server, Client) {
        let storage = Arc::new(Self {
            inner: server.state().storage.clone(),
            script: Mutex::default(),
            commands: AtomicUsize::new(0),
            held: Arc::new(Semaphore::new(0)),
        });
        let server = server.with_storage(storage.clone()).await;
        let client = server.with_key(client.key().to_owned());
        client.get("/api/users/me").await.ok();
        (storage, server, client)
    }

    /// Says what becomes of the next commands. Those after them run.
    pub(crate) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.script.lock().expect("nothing panics under it").extend(steps);
    }

    /// How many commands there were.
    pub(crate) fn commands(&self) -> usize {
        self.commands.load(Ordering::SeqCst)
    }

    /// Waits until there were so many.
    pub(crate) async fn reached(&self, commands: usize) {
        until(async || self.commands() >= commands).await;
    }

    /// Lets one command run that is held.
    pub(crate) fn go_on(&self) {
        self.held.add_permits(1);
    }
}

impl Storage for Scripted {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.inner)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.commands.fetch_add(1, Ordering::SeqCst);
        match self.script.lock().expect("nothing panics under it").pop_front() {
            None | Some(Step::Run) => self.inner.submit(access, work),
            Some(Step::Fail(fault)) => Box::pin(async { Err(fault) }),
            Some(Step::Hold) => {
                let (inner, held) = (self.inner.clone(), self.held.clone());
                Box::pin(async move {
                    held.acquire().await.expect("it is never closed").forget();
                    inner.submit(access, work).await
                })
            }
        }
    }
}
