//! What the hostile clients met.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Serialize, Serializer};

/// Counts by what is counted, shared by all hostile clients.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<BTreeMap<String, u64>>>);

impl Tally {
    /// Connections that were opened.
    pub(super) const OPENED: &str = "opened";
    /// Connections that the server closed.
    pub(super) const CLOSED: &str = "closed by the server";
    /// The most bytes that the server took of a body.
    pub(super) const MOST_BYTES: &str = "most bytes of a body";

    /// Counts one more.
    pub(super) fn count(&self, what: impl ToString) {
        self.add(what, 1);
    }

    /// Adds to a count.
    pub(super) fn add(&self, what: impl ToString, more: u64) {
        *self.lock().entry(what.to_string()).or_default() += more;
    }

    /// Notes the greatest of several values.
    pub(super) fn most(&self, what: impl ToString, value: u64) {
        let mut counts = self.lock();
        let most = counts.entry(what.to_string()).or_default();
        *most = value.max(*most);
    }

    /// One of the counts.
    pub(super) fn of(&self, what: &str) -> u64 {
        self.lock().get(what).copied().unwrap_or_default()
    }

    /// All of them, in a line.
    pub(super) fn line(&self) -> String {
        let counts: Vec<_> = self.lock().iter().map(|(what, count)| format!("{what}: {count}")).collect();
        counts.join(", ")
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.lock().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_count_together() {
        let tally = Tally::default();
        tally.count(200);
        tally.clone().count(200);
        tally.most("bytes", 7);
        tally.most("bytes", 3);
        assert_eq!((tally.of("200"), tally.of("bytes"), tally.of("404")), (2, 7, 0));
        assert_eq!(tally.line(), "200: 2, bytes: 7");
    }
}
