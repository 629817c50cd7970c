//! Queues of waiting items, one for each key, that take turns. The caller decides whether an item may wait at all.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Where an item stands in its line, for [`Lines::withdraw`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// Items by line. Each line is first in, first out; the lines are served in turn, one item each.
#[derive(Debug)]
pub(crate) struct Lines<K, T> {
    /// One line for each key for which anything waits; none is empty.
    lines: HashMap<K, VecDeque<(Ticket, T)>>,
    /// Each key for which anything waits, once; the first is served next.
    turns: VecDeque<K>,
    waiting: usize,
    next_ticket: u64,
}

impl<K: Clone + Eq + Hash, T> Lines<K, T> {
    pub(crate) fn new() -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new(), waiting: 0, next_ticket: 0 }
    }

    /// How many items wait.
    pub(crate) const fn len(&self) -> usize {
        self.waiting
    }

    /// What waits in a line, the longest waiting first.
    pub(crate) fn line(&self, key: &K) -> impl Iterator<Item = &T> {
        self.lines.get(key).into_iter().flatten().map(|(_, item)| item)
    }

    /// How many items wait in a line.
    pub(crate) fn len_of(&self, key: &K) -> usize {
        self.lines.get(key).map_or(0, VecDeque::len)
    }

    /// Puts an item at the end of its line.
    pub(crate) fn push(&mut self, key: K, item: T) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let line = self.lines.entry(key).or_insert_with_key(|key| {
            self.turns.push_back(key.clone());
            VecDeque::new()
        });
        line.push_back((ticket, item));
        self.waiting += 1;
        ticket
    }

    /// Takes the item whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.pop_of(|_| true).map(|(.., item)| item)
    }

    /// Takes the item whose turn it is among the lines that `may` have one taken. A line that is passed over keeps its
    /// turn.
    pub(crate) fn pop_of(&mut self, may: impl Fn(&K) -> bool) -> Option<(K, Ticket, T)> {
        let turn = self.turns.iter().position(may)?;
        let key = self.turns.remove(turn)?;
        let line = self.lines.get_mut(&key)?;
        let (ticket, item) = line.pop_front()?;
        if line.is_empty() {
            self.lines.remove(&key);
        } else {
            self.turns.push_back(key.clone());
        }
        self.waiting -= 1;
        Some((key, ticket, item))
    }

    /// Takes out an item that is no longer wanted; `None` when it has left already.
    pub(crate) fn withdraw(&mut self, key: &K, ticket: Ticket) -> Option<T> {
        let line = self.lines.get(key)?;
        let place = line.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        self.remove(key, place)
    }

    /// Takes out the newest item of the longest line that `may` be shortened, if it is longer than `length`.
    pub(crate) fn shorten_longest(&mut self, length: usize, may: impl Fn(&K) -> bool) -> Option<T> {
        let longest = self.turns.iter().filter(|key| may(key)).max_by_key(|key| self.len_of(key))?.clone();
        let last = self.len_of(&longest).checked_sub(1)?;
        if last < length { None } else { self.remove(&longest, last) }
    }

    /// Takes out the newest item of whoever has most in one line, if that is more than `length`; `owner` says whose an
    /// item is.
    pub(crate) fn shorten_largest<O: Eq + Hash>(
        &mut self,
        key: &K,
        length: usize,
        owner: impl Fn(&T) -> O,
    ) -> Option<T> {
        let line = self.lines.get(key)?;
        let mut sizes: HashMap<O, usize> = HashMap::new();
        for (_, item) in line {
            *sizes.entry(owner(item)).or_default() += 1;
        }
        let most = sizes.values().max().filter(|most| **most > length)?;
        let newest = line.iter().rposition(|(_, item)| sizes.get(&owner(item)) == Some(most))?;
        self.remove(key, newest)
    }

    fn remove(&mut self, key: &K, place: usize) -> Option<T> {
        let line = self.lines.get_mut(key)?;
        let (_, item) = line.remove(place)?;
        if line.is_empty() {
            self.lines.remove(key);
            self.turns.retain(|turn| turn != key);
        }
        self.waiting -= 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(items: &[(u8, &'static str)]) -> Lines<u8, &'static str> {
        let mut lines = Lines::new();
        for (key, item) in items {
            lines.push(*key, *item);
        }
        lines
    }

    fn drain(lines: &mut Lines<u8, &'static str>) -> Vec<&'static str> {
        let items = std::iter::from_fn(|| lines.pop()).collect();
        assert_eq!((lines.len(), lines.lines.len(), lines.turns.len()), (0, 0, 0));
        items
    }

    #[test]
    fn lines_take_turns_and_each_keeps_its_order() {
        let mut lines = lines(&[(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1")]);
        assert_eq!((lines.len(), lines.len_of(&1), lines.len_of(&9)), (5, 3, 0));
        assert_eq!(lines.line(&1).copied().collect::<Vec<_>>(), ["a1", "a2", "a3"]);
        assert_eq!(drain(&mut lines), ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn whoever_comes_back_waits_behind_the_others() {
        let mut lines = lines(&[(1, "a1"), (2, "b1")]);
        assert_eq!(lines.pop(), Some("a1"));
        lines.push(1, "a2");
        assert_eq!(drain(&mut lines), ["b1", "a2"]);
    }

    #[test]
    fn what_is_withdrawn_is_not_served() {
        let mut lines = lines(&[(1, "a1")]);
        let second = lines.push(1, "a2");
        let alone = lines.push(2, "b1");
        assert_eq!(lines.withdraw(&1, second), Some("a2"));
        assert_eq!(lines.withdraw(&1, second), None);
        assert_eq!(lines.withdraw(&2, alone), Some("b1"));
        assert_eq!(drain(&mut lines), ["a1"]);
    }

    #[test]
    fn the_longest_line_is_shortened_at_its_end_unless_it_is_short_enough() {
        let mut lines = lines(&[(1, "a1"), (2, "b1"), (2, "b2"), (3, "c1")]);
        assert_eq!(lines.shorten_longest(2, |_| true), None);
        assert_eq!(lines.shorten_longest(1, |key| *key != 2), None);
        assert_eq!(lines.shorten_longest(1, |_| true), Some("b2"));
        assert_eq!(lines.shorten_longest(1, |_| true), None);
        assert_eq!(drain(&mut lines), ["a1", "b1", "c1"]);
        assert_eq!(lines.shorten_longest(0, |_| true), None);
    }

    #[test]
    fn who_has_most_in_a_line_loses_the_newest_unless_it_is_little_enough() {
        let mut lines = lines(&[(1, "a1"), (1, "b1"), (1, "a2"), (1, "c1"), (2, "a3")]);
        let owner = |item: &&'static str| item.as_bytes()[0];
        assert_eq!(lines.shorten_largest(&1, 2, owner), None);
        assert_eq!(lines.shorten_largest(&1, 1, owner), Some("a2"));
        assert_eq!(lines.shorten_largest(&1, 1, owner), None);
        assert_eq!(lines.shorten_largest(&9, 0, owner), None);
        assert_eq!(drain(&mut lines), ["a1", "a3", "b1", "c1"]);
    }
}
