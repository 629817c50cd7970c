//! A bounded queue that is fair among callers: each waits in a line of its own, and the lines take turns.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use groupchat_domain::storage::Caller;

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Commands of all callers together, but for the server's own.
    pub total: usize,
    /// Commands of one caller.
    pub per_caller: usize,
    /// The server's own commands. A share of its own, so that callers can't crowd them out.
    pub system: usize,
    /// Commands of one caller that may run at a time, where each worker runs one; the server's own are not counted.
    pub running_per_caller: usize,
}

impl QueueLimits {
    /// Leaves one of the workers that share the queue to others than the caller that has all the rest.
    #[must_use]
    pub(crate) fn shared_by(self, workers: usize) -> Self {
        let most = workers.saturating_sub(1).max(1);
        Self { running_per_caller: self.running_per_caller.min(most), ..self }
    }
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { total: 4096, per_caller: 512, system: 256, running_per_caller: usize::MAX }
    }
}

/// Where an item stands in its caller's line, for [`FairQueue::withdraw`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// The item that found no place.
#[derive(Debug)]
pub(crate) struct Full<T>(pub(crate) T);

/// The queue itself, without locks and threads.
pub(crate) struct FairQueue<T> {
    limits: QueueLimits,
    /// One line for each caller who waits; none is empty.
    lines: HashMap<Caller, VecDeque<(Ticket, T)>>,
    /// Each caller who waits, once; the first is served next.
    turns: VecDeque<Caller>,
    /// Items that count towards the total.
    counted: usize,
    next_ticket: u64,
}

impl<T> FairQueue<T> {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self { limits, lines: HashMap::new(), turns: VecDeque::new(), counted: 0, next_ticket: 0 }
    }

    /// Puts an item at the end of its caller's line.
    ///
    /// # Errors
    /// Hands the item back when the line, or the whole queue, is full.
    pub(crate) fn push(&mut self, caller: Caller, item: T) -> Result<Ticket, Full<T>> {
        let is_system = caller == Caller::System;
        if !is_system && self.counted >= self.limits.total {
            return Err(Full(item));
        }
        let longest = if is_system { self.limits.system } else { self.limits.per_caller };
        let line = match self.lines.entry(caller) {
            Entry::Occupied(line) if line.get().len() >= longest => return Err(Full(item)),
            Entry::Occupied(line) => line.into_mut(),
            Entry::Vacant(_) if longest == 0 => return Err(Full(item)),
            Entry::Vacant(place) => {
                self.turns.push_back(caller);
                place.insert(VecDeque::new())
            }
        };
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        line.push_back((ticket, item));
        self.counted += usize::from(!is_system);
        Ok(ticket)
    }

    /// Takes the item whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.pop_of(|_| true).map(|(_, _, item)| item)
    }

    /// Takes the item whose turn it is among the callers that may have one taken.
    pub(crate) fn pop_of(&mut self, may: impl Fn(Caller) -> bool) -> Option<(Caller, Ticket, T)> {
        let turn = self.turns.iter().position(|caller| may(*caller))?;
        let caller = self.turns.remove(turn)?;
        let line = self.lines.get_mut(&caller)?;
        let (ticket, item) = line.pop_front()?;
        if line.is_empty() {
            self.lines.remove(&caller);
        } else {
            self.turns.push_back(caller);
        }
        self.counted -= usize::from(caller != Caller::System);
        Some((caller, ticket, item))
    }

    /// Takes out an item that is no longer wanted; `None` when it has left already.
    pub(crate) fn withdraw(&mut self, caller: Caller, ticket: Ticket) -> Option<T> {
        let line = self.lines.get_mut(&caller)?;
        let place = line.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        let (_, item) = line.remove(place)?;
        if line.is_empty() {
            self.lines.remove(&caller);
            self.turns.retain(|turn| *turn != caller);
        }
        self.counted -= usize::from(caller != Caller::System);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::ids::UserId;

    use super::*;

    const LIMITS: QueueLimits = QueueLimits { total: 5, per_caller: 3, system: 2, running_per_caller: 1 };

    fn caller(number: u8) -> Caller {
        Caller::User(UserId::new(number.into()))
    }

    fn drain(queue: &mut FairQueue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn callers_take_turns_and_each_keeps_its_order() {
        let mut queue = FairQueue::new(LIMITS);
        for item in ["a1", "a2", "a3"] {
            queue.push(caller(1), item).unwrap();
        }
        queue.push(caller(2), "b1").unwrap();
        queue.push(caller(3), "c1").unwrap();
        assert_eq!(drain(&mut queue), ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn a_caller_who_comes_back_waits_behind_the_others() {
        let mut queue = FairQueue::new(LIMITS);
        queue.push(caller(1), "a1").unwrap();
        queue.push(caller(2), "b1").unwrap();
        assert_eq!(queue.pop(), Some("a1"));
        queue.push(caller(1), "a2").unwrap();
        assert_eq!(drain(&mut queue), ["b1", "a2"]);
    }

    #[test]
    fn one_caller_may_not_exceed_its_share() {
        let mut queue = FairQueue::new(LIMITS);
        for item in ["a1", "a2", "a3"] {
            queue.push(caller(1), item).unwrap();
        }
        assert_eq!(queue.push(caller(1), "a4").unwrap_err().0, "a4");
        queue.push(caller(2), "b1").unwrap();
        assert_eq!(queue.pop(), Some("a1"));
        queue.push(caller(1), "a4").unwrap();
    }

    #[test]
    fn the_total_is_bounded_and_the_server_has_a_share_of_its_own() {
        let mut queue = FairQueue::new(LIMITS);
        for number in 0..5 {
            queue.push(caller(number), "x").unwrap();
        }
        assert!(queue.push(caller(9), "x").is_err());
        queue.push(Caller::System, "s1").unwrap();
        queue.push(Caller::System, "s2").unwrap();
        assert!(queue.push(Caller::System, "s3").is_err());
        assert_eq!(drain(&mut queue).len(), 7);
        queue.push(caller(9), "x").unwrap();
    }

    #[test]
    fn who_may_not_is_passed_over_and_keeps_its_turn() {
        let mut queue = FairQueue::new(LIMITS);
        for (number, item) in [(1, "a1"), (1, "a2"), (2, "b1"), (3, "c1")] {
            queue.push(caller(number), item).unwrap();
        }
        let mut without_first = || queue.pop_of(|other| other != caller(1)).map(|(.., item)| item);
        assert_eq!([without_first(), without_first(), without_first()], [Some("b1"), Some("c1"), None]);
        assert_eq!(drain(&mut queue), ["a1", "a2"]);
    }

    #[test]
    fn what_is_withdrawn_frees_its_place_and_is_not_served() {
        let mut queue = FairQueue::new(LIMITS);
        let tickets = ["a1", "a2", "a3"].map(|item| queue.push(caller(1), item).unwrap());
        let alone = queue.push(caller(2), "b1").unwrap();
        assert_eq!(queue.withdraw(caller(1), tickets[1]), Some("a2"));
        assert_eq!(queue.withdraw(caller(1), tickets[1]), None);
        assert_eq!(queue.withdraw(caller(2), alone), Some("b1"));
        queue.push(caller(1), "a4").unwrap();
        assert_eq!(drain(&mut queue), ["a1", "a3", "a4"]);
        assert_eq!(queue.counted, 0);
    }
}
