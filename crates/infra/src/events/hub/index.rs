//! Sets of listeners.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::listener::Listener;

/// A set of listeners. A listener is identified by its address, which stays unique as long as the set holds it.
#[derive(Debug, Default)]
pub(super) struct Listeners(HashMap<usize, Arc<Listener>>);

impl Listeners {
    pub(super) fn add(&mut self, listener: &Arc<Listener>) {
        self.0.insert(address(listener), Arc::clone(listener));
    }

    /// Returns whether the listener was in the set.
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

/// Sets of listeners by key, each sorted by address. A key without listeners uses no memory.
#[derive(Debug)]
pub(super) struct Index<K>(HashMap<K, Vec<Arc<Listener>>>);

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Index<K> {
    /// The listeners of a key.
    pub(super) fn get(&self, key: K) -> &[Arc<Listener>] {
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Adds a listener. Does nothing if it is there already.
    pub(super) fn add(&mut self, key: K, listener: &Arc<Listener>) {
        let listeners = self.0.entry(key).or_default();
        if let Err(index) = find(listeners, listener) {
            listeners.insert(index, Arc::clone(listener));
        }
    }

    /// Removes a listener. Does nothing if it is not there.
    pub(super) fn remove(&mut self, key: K, listener: &Arc<Listener>) {
        let Some(listeners) = self.0.get_mut(&key) else { return };
        if let Ok(index) = find(listeners, listener) {
            listeners.remove(index);
        }
        if listeners.is_empty() {
            self.0.remove(&key);
        }
    }

    /// Removes all listeners of a key.
    pub(super) fn remove_all(&mut self, key: K) {
        self.0.remove(&key);
    }

    /// Whether no key has listeners.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The index of a listener, or the index at which to insert it.
fn find(listeners: &[Arc<Listener>], listener: &Arc<Listener>) -> Result<usize, usize> {
    listeners.binary_search_by_key(&address(listener), address)
}

fn address(listener: &Arc<Listener>) -> usize {
    Arc::as_ptr(listener).addr()
}
