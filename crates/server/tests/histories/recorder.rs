//! Writes the history while it happens.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::history::{Disturbance, History, Operation, Setup, View, Visit};

/// The history so far, and the clock of its times.
pub(crate) struct Recorder {
    began: Instant,
    history: Mutex<History>,
}

impl Recorder {
    /// One of a run that begins now.
    pub(crate) fn new(setup: Setup) -> Self {
        Self { began: Instant::now(), history: Mutex::new(History::new(setup)) }
    }

    /// Microseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap()
    }

    pub(crate) fn operation(&self, operation: Operation) {
        self.lock().operations.push(operation);
    }

    pub(crate) fn visit(&self, visit: Visit) {
        self.lock().visits.push(visit);
    }

    pub(crate) fn view(&self, view: View) {
        self.lock().views.push(view);
    }

    /// Records a disturbance that began then and has ended now.
    pub(crate) fn disturbance(&self, begun: u64, what: String) {
        let ended = self.now();
        self.lock().disturbances.push(Disturbance { begun, ended, what });
    }

    /// The history so far.
    pub(crate) fn history(&self) -> History {
        self.lock().clone()
    }

    /// Each line is added whole, so a thread that panicked has left nothing half done.
    fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
