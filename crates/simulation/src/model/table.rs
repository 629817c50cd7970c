//! A table that can be undone.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// Rows by their key, and what to put back if the command is undone.
#[derive(Debug, Clone)]
pub(crate) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    undo: Vec<(K, Option<V>)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), undo: Vec::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter()
    }

    pub(crate) fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range)
    }

    pub(crate) fn first(&self) -> Option<(&K, &V)> {
        self.rows.first_key_value()
    }

    /// Stores a row, new or in the place of another.
    pub(crate) fn put(&mut self, key: K, row: V) {
        let before = self.rows.insert(key.clone(), row);
        self.undo.push((key, before));
    }

    /// Changes a row that is there; whether it is.
    pub(crate) fn change(&mut self, key: &K, change: impl FnOnce(&mut V)) -> bool {
        let Some(row) = self.rows.get_mut(key) else { return false };
        self.undo.push((key.clone(), Some(row.clone())));
        change(row);
        true
    }

    /// Removes a row; what it was.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let row = self.rows.remove(key)?;
        self.undo.push((key.clone(), Some(row.clone())));
        Some(row)
    }

    /// Removes these rows; how many there were.
    pub(crate) fn remove_all(&mut self, keys: impl IntoIterator<Item = K>) -> usize {
        keys.into_iter().filter_map(|key| self.remove(&key)).count()
    }
}

/// What is kept or undone as a whole.
pub(crate) trait Undo {
    /// Keeps what was done since the last time.
    fn keep(&mut self);

    /// Takes back what was done since the last time.
    fn undo(&mut self);
}

impl<K: Ord, V> Undo for Table<K, V> {
    fn keep(&mut self) {
        self.undo.clear();
    }

    fn undo(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }
}

/// A number that goes up, and back if the command is undone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counter {
    now: i64,
    kept: i64,
}

impl Counter {
    /// The last number that was given out.
    pub(crate) const fn last(self) -> i64 {
        self.now
    }

    /// Never gives out the next so many numbers.
    pub(crate) const fn skip(&mut self, count: i64) {
        self.now += count;
    }

    /// The next number.
    pub(crate) const fn take(&mut self) -> i64 {
        self.now += 1;
        self.now
    }
}

impl Undo for Counter {
    fn keep(&mut self) {
        self.kept = self.now;
    }

    fn undo(&mut self) {
        self.now = self.kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undone_is_as_it_was() {
        let mut table = Table::default();
        table.put(1, "one");
        table.put(2, "two");
        table.keep();
        table.put(1, "uno");
        table.change(&1, |row| *row = "un");
        table.remove(&2);
        table.put(2, "dos");
        table.put(3, "tres");
        table.undo();
        assert!(table.iter().eq([(&1, &"one"), (&2, &"two")]));
        table.undo();
        assert!(table.contains(&2), "what was kept stays");
    }

    #[test]
    fn a_number_that_was_undone_is_given_out_again() {
        let mut counter = Counter::default();
        assert_eq!([counter.take(), counter.take()], [1, 2]);
        counter.keep();
        counter.take();
        counter.undo();
        assert_eq!(counter.take(), 3);
    }
}
