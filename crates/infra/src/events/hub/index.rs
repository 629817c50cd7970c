//! Sets of listeners.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::listener::Listener;

/// Listeners, each once. A listener is known by its address, which is its own for as long as it is here.
#[derive(Debug, Default)]
pub(super) struct Listeners(HashMap<usize, Arc<Listener>>);

impl Listeners {
    pub(super) fn add(&mut self, listener: &Arc<Listener>) {
        self.0.insert(address(listener), Arc::clone(listener));
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, listener: &Arc<Listener>) -> bool {
        self.0.remove(&address(listener)).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Listener>> {
        self.0.values()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Listeners by a key, each once, in the order of their addresses. A key without listeners takes no room.
#[derive(Debug)]
pub(super) struct Index<K>(HashMap<K, Vec<Arc<Listener>>>);

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Index<K> {
    /// The listeners under a key.
    pub(super) fn get(&self, key: K) -> &[Arc<Listener>] {
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Adds a listener that may be there already.
    pub(super) fn add(&mut self, key: K, listener: &Arc<Listener>) {
        let there = self.0.entry(key).or_default();
        if let Err(place) = find(there, listener) {
            there.insert(place, Arc::clone(listener));
        }
    }

    /// Removes a listener that may not be there.
    pub(super) fn remove(&mut self, key: K, listener: &Arc<Listener>) {
        let Some(there) = self.0.get_mut(&key) else { return };
        if let Ok(place) = find(there, listener) {
            there.remove(place);
        }
        if there.is_empty() {
            self.0.remove(&key);
        }
    }

    /// Removes all listeners under a key.
    pub(super) fn remove_all(&mut self, key: K) {
        self.0.remove(&key);
    }

    /// Whether there is nobody under any key.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Where a listener is, or would have to be.
fn find(there: &[Arc<Listener>], listener: &Arc<Listener>) -> Result<usize, usize> {
    there.binary_search_by_key(&address(listener), address)
}

fn address(listener: &Arc<Listener>) -> usize {
    Arc::as_ptr(listener).addr()
}
