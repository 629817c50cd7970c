//! Gives a checkpoint exclusive access to the database between two batches.
//!
//! SQLite itself would poll for the lock, and the checkpoint would starve under load: the writer holds the lock nearly
//! all the time, and takes it again before the checkpoint wakes up.

use std::sync::PoisonError;

use crate::executor::sync::{Condvar, Mutex, locked};

#[derive(Debug, Default)]
struct GateState {
    batch_runs: bool,
    closed: bool,
}

/// The gate that the writer passes before each batch.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

impl Gate {
    /// Waits while the gate is closed, then lets a batch run until the pass is dropped.
    pub(super) fn pass(&self) -> BatchPass<'_> {
        let state = locked(&self.state);
        let open = self.changed.wait_while(state, |state| state.closed);
        open.unwrap_or_else(PoisonError::into_inner).batch_runs = true;
        BatchPass { gate: self }
    }

    /// Closes the gate and waits for the current batch. No other batch begins until the result is dropped.
    pub(super) fn close(&self) -> ClosedGate<'_> {
        let mut state = locked(&self.state);
        state.closed = true;
        let quiet = self.changed.wait_while(state, |state| state.batch_runs);
        drop(quiet);
        ClosedGate { gate: self }
    }
}

/// Held while a batch runs.
#[derive(Debug)]
pub(super) struct BatchPass<'g> {
    gate: &'g Gate,
}

impl Drop for BatchPass<'_> {
    fn drop(&mut self) {
        let mut state = locked(&self.gate.state);
        state.batch_runs = false;
        if state.closed {
            drop(state);
            self.gate.changed.notify_all();
        }
    }
}

/// Held while no batch may run.
#[derive(Debug)]
pub(super) struct ClosedGate<'g> {
    gate: &'g Gate,
}

impl Drop for ClosedGate<'_> {
    fn drop(&mut self) {
        locked(&self.gate.state).closed = false;
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_closed_gate_holds_the_next_batch_until_it_opens() {
        let gate = Gate::default();
        thread::scope(|scope| {
            let closure = gate.close();
            let (passed, batch) = mpsc::channel();
            let gate = &gate;
            scope.spawn(move || {
                let _pass = gate.pass();
                passed.send(()).unwrap();
            });
            assert!(batch.try_recv().is_err());
            drop(closure);
            batch.recv().unwrap();
        });
    }

    #[test]
    fn closing_waits_for_the_current_batch() {
        let gate = Gate::default();
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            let pass = gate.pass();
            let (closing, seen) = mpsc::channel();
            let (gate, order) = (&gate, &order);
            scope.spawn(move || {
                closing.send(()).unwrap();
                let _closure = gate.close();
                locked(order).push("closed");
            });
            seen.recv().unwrap();
            locked(order).push("batch ends");
            drop(pass);
        });
        assert_eq!(*locked(&order), ["batch ends", "closed"]);
    }
}
