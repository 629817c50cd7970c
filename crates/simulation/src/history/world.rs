//! A backend, and what has been learnt of it so far.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use groupchat_domain::Error;
use groupchat_domain::accounts::{AccountRefusal, Actor};
use groupchat_domain::events::{EphemeralAudience, EphemeralEvent, Epoch};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Asking, Storage};

use crate::commands::Renumber;
use crate::commands::{AKey, Answer, Ids, Known, Notebook, Ports};
use crate::history::clock::SetClock;
use crate::history::step::Step;
use crate::model::{ModelDatabase, ModelStorage, NoSink};

/// What came of a step, in the ids of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the command answered.
    pub answer: Result<Answer, Error>,
    /// What was told that is in no log.
    pub told: Vec<(EphemeralAudience, EphemeralEvent)>,
    /// Who signed in, if somebody did.
    pub signed_in: Option<Answer>,
}

/// How far the ids of the model's events are ahead of their positions.
const IDS_AHEAD: u32 = 1_000;

/// A backend that histories run on.
pub struct World {
    storage: Arc<dyn Storage>,
    clock: Arc<SetClock>,
    live: Notebook,
    ids: Ids,
    known: Known,
    model: Option<ModelDatabase>,
}

impl World {
    /// The model itself, empty. The ids of its events are not their positions.
    pub fn model() -> Self {
        let epoch = Epoch::parse("model").unwrap_or_else(|| unreachable!("an epoch"));
        let (database, clock) = (ModelDatabase::new(epoch), Arc::new(SetClock::default()));
        database.skip_event_ids(IDS_AHEAD);
        let storage = ModelStorage::new(database.clone(), clock.clone(), Arc::new(NoSink));
        Self { model: Some(database), ids: Ids::of_model(), ..Self::backend(Arc::new(storage), clock) }
    }

    /// An empty database that takes the time from this clock.
    pub fn backend(storage: Arc<dyn Storage>, clock: Arc<SetClock>) -> Self {
        let (live, ids, known) = (Notebook::default(), Ids::of_backend(), Known::default());
        Self { storage, clock, live, ids, known, model: None }
    }

    /// What clients know by now.
    pub const fn known(&self) -> &Known {
        &self.known
    }

    /// Its ids.
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Its ids, to pair them.
    pub const fn ids_mut(&mut self) -> &mut Ids {
        &mut self.ids
    }

    /// Its database.
    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.storage)
    }

    /// The clock that it takes the time from.
    pub fn clock(&self) -> Arc<SetClock> {
        Arc::clone(&self.clock)
    }

    /// The head of the log, if this is the model.
    pub fn head(&self) -> Option<Position> {
        self.model.as_ref().map(ModelDatabase::head)
    }

    /// Takes a step.
    pub async fn take(&mut self, step: Step) -> Outcome {
        self.clock.advance(step.after);
        let number = step.number;
        let ports = Ports::new(self.storage.as_ref(), &self.live, &self.ids, step.by, number);
        let answer = step.command.run(&ports).await;
        let mut told = self.live.take();
        if let Ok(answer) = &answer {
            answer.teach(&mut self.ids);
        }
        told.renumber(&self.ids);
        let answer = answer.map(|answer| answer.canonical(&self.ids));
        let mut signed_in = None;
        if answer == Err(AccountRefusal::Unauthenticated.into()) {
            self.known.forget_key(step.by.0);
        }
        if let Ok(answer) = &answer {
            self.known.learn(number, answer);
            if self.known.keys().last() == Some(&number) {
                signed_in = self.learn_session(number).await;
            }
        }
        Outcome { answer, told, signed_in }
    }

    /// Learns the session of a key that was just issued: its id is in no answer.
    async fn learn_session(&mut self, number: u32) -> Option<Answer> {
        let ports = Ports::new(self.storage.as_ref(), &self.live, &self.ids, AKey(number), number);
        let read = |_: &mut dyn groupchat_domain::storage::Tx, actor: &Actor| Ok(Answer::from(actor.clone()));
        // Also of somebody who has to change the password first.
        let asking = Asking::from(ports.who).before_password_change();
        let actor = self.storage.read_as(asking, read).await.ok()?;
        actor.teach(&mut self.ids);
        let actor = actor.canonical(&self.ids);
        self.known.learn(number, &actor);
        Some(actor)
    }
}

/// The result of a future that waits for nothing, as all do on the model.
pub fn settle<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("something waits that should not"),
    }
}
