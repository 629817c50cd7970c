//! Queues of items, one for each key, that are served round robin. Limits are up to the user of this module.
//!
//! A key is served once in a round. A key that arrives during a round is served in it, unless it was served already. So
//! a caller with a single item doesn't wait behind the second item of a caller with many.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

/// After so many items a round ends, although keys are left that were not served in it. Otherwise keys that keep
/// arriving could make it last forever.
const MAX_ROUND: usize = 256;

/// Identifies an item in its queue, for [`RoundRobin::withdraw`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryId(u64);

/// Items by key. Each queue is first in, first out; the queues are served round robin, one item each.
#[derive(Debug)]
pub(crate) struct RoundRobin<K, T> {
    /// One queue for each key with items. None is empty.
    queues: HashMap<K, VecDeque<(EntryId, T)>>,
    /// Each key with items, once, in one of these two. The first is served next.
    this_round: VecDeque<K>,
    next_round: VecDeque<K>,
    /// The keys that were served in this round, with and without further items.
    served: HashSet<K>,
    waiting: usize,
    next_entry_id: u64,
}

impl<K: Clone + Eq + Hash, T> RoundRobin<K, T> {
    pub(crate) fn new() -> Self {
        Self {
            queues: HashMap::new(),
            this_round: VecDeque::new(),
            next_round: VecDeque::new(),
            served: HashSet::new(),
            waiting: 0,
            next_entry_id: 0,
        }
    }

    /// The number of items.
    pub(crate) const fn len(&self) -> usize {
        self.waiting
    }

    /// The items of a key, oldest first.
    pub(crate) fn queue(&self, key: &K) -> impl Iterator<Item = &T> {
        self.queues.get(key).into_iter().flatten().map(|(_, item)| item)
    }

    /// The number of items of a key.
    pub(crate) fn len_of(&self, key: &K) -> usize {
        self.queues.get(key).map_or(0, VecDeque::len)
    }

    /// Adds an item at the end of its key's queue.
    pub(crate) fn push(&mut self, key: K, item: T) -> EntryId {
        let entry_id = EntryId(self.next_entry_id);
        self.next_entry_id += 1;
        let queue = self.queues.entry(key).or_insert_with_key(|key| {
            let round = if self.served.contains(key) { &mut self.next_round } else { &mut self.this_round };
            round.push_back(key.clone());
            VecDeque::new()
        });
        queue.push_back((entry_id, item));
        self.waiting += 1;
        entry_id
    }

    /// Takes the next item.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.pop_of(|_| true).map(|(.., item)| item)
    }

    /// Takes the next item among the keys for which `may` returns true. A key that is skipped keeps its turn.
    pub(crate) fn pop_of(&mut self, may: impl Fn(&K) -> bool) -> Option<(K, EntryId, T)> {
        if self.this_round.is_empty() || self.served.len() >= MAX_ROUND {
            self.this_round.append(&mut self.next_round);
            self.served.clear();
        }
        let key =
            take_first(&mut self.this_round, &may).or_else(|| take_first(&mut self.next_round, &may))?;
        let queue = self.queues.get_mut(&key)?;
        let (entry_id, item) = queue.pop_front()?;
        if queue.is_empty() {
            self.queues.remove(&key);
        } else {
            self.next_round.push_back(key.clone());
        }
        self.served.insert(key.clone());
        self.waiting -= 1;
        Some((key, entry_id, item))
    }

    /// Removes an item that is no longer wanted. Returns `None` if it has left the queue already.
    pub(crate) fn withdraw(&mut self, key: &K, entry_id: EntryId) -> Option<T> {
        let queue = self.queues.get(key)?;
        let index = queue.binary_search_by_key(&entry_id, |(entry_id, _)| *entry_id).ok()?;
        self.remove(key, index)
    }

    /// Removes the newest item of the longest queue among the keys for which `may` returns true, if it is longer than
    /// `length`.
    pub(crate) fn shorten_longest(&mut self, length: usize, may: impl Fn(&K) -> bool) -> Option<T> {
        let keys = self.this_round.iter().chain(&self.next_round).filter(|key| may(key));
        let longest = keys.max_by_key(|key| self.len_of(key))?.clone();
        let last = self.len_of(&longest).checked_sub(1)?;
        if last < length { None } else { self.remove(&longest, last) }
    }

    /// Removes, from one key's queue, the newest item of the owner with the most items, if these are more than
    /// `length`. `owner` returns the owner of an item.
    pub(crate) fn shorten_largest<O: Eq + Hash>(
        &mut self,
        key: &K,
        length: usize,
        owner: impl Fn(&T) -> O,
    ) -> Option<T> {
        let queue = self.queues.get(key)?;
        let mut sizes: HashMap<O, usize> = HashMap::new();
        for (_, item) in queue {
            *sizes.entry(owner(item)).or_default() += 1;
        }
        let most = sizes.values().max().filter(|most| **most > length)?;
        let newest = queue.iter().rposition(|(_, item)| sizes.get(&owner(item)) == Some(most))?;
        self.remove(key, newest)
    }

    fn remove(&mut self, key: &K, index: usize) -> Option<T> {
        let queue = self.queues.get_mut(key)?;
        let (_, item) = queue.remove(index)?;
        if queue.is_empty() {
            self.queues.remove(key);
            self.this_round.retain(|other| other != key);
            self.next_round.retain(|other| other != key);
        }
        self.waiting -= 1;
        Some(item)
    }
}

/// Takes the first key for which `may` returns true out of a round.
fn take_first<K>(round: &mut VecDeque<K>, may: impl Fn(&K) -> bool) -> Option<K> {
    round.remove(round.iter().position(may)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(items: &[(u8, &'static str)]) -> RoundRobin<u8, &'static str> {
        let mut queues = RoundRobin::new();
        for (key, item) in items {
            queues.push(*key, *item);
        }
        queues
    }

    fn drain(queues: &mut RoundRobin<u8, &'static str>) -> Vec<&'static str> {
        let items = std::iter::from_fn(|| queues.pop()).collect();
        assert_eq!((queues.len(), queues.queues.len()), (0, 0));
        assert_eq!((queues.this_round.len(), queues.next_round.len()), (0, 0));
        items
    }

    #[test]
    fn queues_take_turns_and_keep_their_order() {
        let mut queues = queues(&[(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1")]);
        assert_eq!((queues.len(), queues.len_of(&1), queues.len_of(&9)), (5, 3, 0));
        assert_eq!(queues.queue(&1).copied().collect::<Vec<_>>(), ["a1", "a2", "a3"]);
        assert_eq!(drain(&mut queues), ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn a_key_that_comes_back_waits_behind_the_others() {
        let mut queues = queues(&[(1, "a1"), (2, "b1")]);
        assert_eq!(queues.pop(), Some("a1"));
        queues.push(1, "a2");
        assert_eq!(drain(&mut queues), ["b1", "a2"]);
    }

    #[test]
    fn a_key_that_arrives_waits_behind_no_key_that_was_served() {
        let mut queues = queues(&[(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (2, "b2")]);
        assert_eq!(queues.pop(), Some("a1"));
        queues.push(3, "c1");
        assert_eq!(queues.pop(), Some("b1"));
        queues.push(4, "d1");
        queues.push(3, "c2");
        assert_eq!(drain(&mut queues), ["c1", "d1", "a2", "b2", "c2", "a3"]);
    }

    #[test]
    fn a_key_that_keeps_coming_back_gets_one_turn_in_a_round() {
        let mut queues = queues(&[(1, "a1"), (1, "a2"), (2, "b1")]);
        assert_eq!((queues.pop(), queues.pop()), (Some("a1"), Some("b1")));
        queues.push(2, "b2");
        assert_eq!((queues.pop(), queues.pop()), (Some("a2"), Some("b2")));
    }

    #[test]
    fn keys_that_keep_arriving_do_not_keep_a_served_one_waiting_forever() {
        let mut queues = RoundRobin::new();
        let mut keys = 0_u32..;
        queues.push(keys.next().unwrap(), "again and again");
        queues.push(0, "again and again");
        assert_eq!(queues.pop(), Some("again and again"));
        let arrivals = keys.take(2 * MAX_ROUND).take_while(|key| {
            queues.push(*key, "once");
            queues.pop() == Some("once")
        });
        assert_eq!(arrivals.count(), MAX_ROUND);
    }

    #[test]
    fn a_withdrawn_item_is_not_served() {
        let mut queues = queues(&[(1, "a1")]);
        let second = queues.push(1, "a2");
        let alone = queues.push(2, "b1");
        assert_eq!(queues.withdraw(&1, second), Some("a2"));
        assert_eq!(queues.withdraw(&1, second), None);
        assert_eq!(queues.withdraw(&2, alone), Some("b1"));
        assert_eq!(drain(&mut queues), ["a1"]);
    }

    #[test]
    fn the_longest_queue_loses_its_newest_item_unless_it_is_short() {
        let mut queues = queues(&[(1, "a1"), (2, "b1"), (2, "b2"), (3, "c1")]);
        assert_eq!(queues.shorten_longest(2, |_| true), None);
        assert_eq!(queues.shorten_longest(1, |key| *key != 2), None);
        assert_eq!(queues.shorten_longest(1, |_| true), Some("b2"));
        assert_eq!(queues.shorten_longest(1, |_| true), None);
        assert_eq!(drain(&mut queues), ["a1", "b1", "c1"]);
        assert_eq!(queues.shorten_longest(0, |_| true), None);
    }

    #[test]
    fn the_owner_with_most_items_loses_the_newest_unless_they_are_few() {
        let mut queues = queues(&[(1, "a1"), (1, "b1"), (1, "a2"), (1, "c1"), (2, "a3")]);
        let owner = |item: &&'static str| item.as_bytes()[0];
        assert_eq!(queues.shorten_largest(&1, 2, owner), None);
        assert_eq!(queues.shorten_largest(&1, 1, owner), Some("a2"));
        assert_eq!(queues.shorten_largest(&1, 1, owner), None);
        assert_eq!(queues.shorten_largest(&9, 0, owner), None);
        assert_eq!(drain(&mut queues), ["a1", "a3", "b1", "c1"]);
    }
}
