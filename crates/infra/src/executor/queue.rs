//! A bounded queue that is fair among callers: each caller has its own queue, and these are served round robin.

use groupchat_domain::storage::Caller;

use super::round_robin::{EntryId, RoundRobin};

/// The limits of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Queued commands of all callers together, except the server's own.
    pub total: usize,
    /// Queued commands of one caller.
    pub per_caller: usize,
    /// Queued commands of the server itself. They have their own limit, so that callers can't crowd them out.
    pub system: usize,
    /// Commands of one caller that may run at a time, in queues whose workers run one each. The server's own are not
    /// limited.
    pub running_per_caller: usize,
}

impl QueueLimits {
    /// Limits one caller to all workers but one, so that a worker is left for other callers.
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

/// The item that was rejected because the queue is full.
#[derive(Debug)]
pub(crate) struct Full<T>(pub(crate) T);

/// The queue itself, without locks and threads.
pub(crate) struct FairQueue<T> {
    limits: QueueLimits,
    queues: RoundRobin<Caller, T>,
}

impl<T> FairQueue<T> {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self { limits, queues: RoundRobin::new() }
    }

    /// Adds an item at the end of its caller's queue.
    ///
    /// # Errors
    /// Returns the item if the caller's queue, or all queues together, are full.
    pub(crate) fn push(&mut self, caller: Caller, item: T) -> Result<EntryId, Full<T>> {
        let is_full = match caller {
            Caller::System => self.queues.len_of(&caller) >= self.limits.system,
            _ => self.counted() >= self.limits.total || self.queues.len_of(&caller) >= self.limits.per_caller,
        };
        if is_full { Err(Full(item)) } else { Ok(self.queues.push(caller, item)) }
    }

    /// How many items are queued.
    pub(crate) fn len(&self) -> usize {
        self.queues.len()
    }

    /// How many items count towards the total.
    fn counted(&self) -> usize {
        self.queues.len() - self.queues.len_of(&Caller::System)
    }

    /// Takes the next item.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.queues.pop()
    }

    /// Takes the next item among the callers for which `may` returns true.
    pub(crate) fn pop_of(&mut self, may: impl Fn(Caller) -> bool) -> Option<(Caller, EntryId, T)> {
        self.queues.pop_of(|caller| may(*caller))
    }

    /// Removes an item that is no longer wanted. Returns `None` if it has left the queue already.
    pub(crate) fn withdraw(&mut self, caller: Caller, entry_id: EntryId) -> Option<T> {
        self.queues.withdraw(&caller, entry_id)
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
    fn a_caller_that_comes_back_waits_behind_the_others() {
        let mut queue = FairQueue::new(LIMITS);
        queue.push(caller(1), "a1").unwrap();
        queue.push(caller(2), "b1").unwrap();
        assert_eq!(queue.pop(), Some("a1"));
        queue.push(caller(1), "a2").unwrap();
        assert_eq!(drain(&mut queue), ["b1", "a2"]);
    }

    #[test]
    fn a_caller_cannot_exceed_its_limit() {
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
    fn the_total_is_limited_and_the_server_has_its_own_limit() {
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
    fn a_caller_that_may_not_run_is_skipped_and_keeps_its_turn() {
        let mut queue = FairQueue::new(LIMITS);
        for (number, item) in [(1, "a1"), (1, "a2"), (2, "b1"), (3, "c1")] {
            queue.push(caller(number), item).unwrap();
        }
        let mut without_first = || queue.pop_of(|other| other != caller(1)).map(|(.., item)| item);
        assert_eq!([without_first(), without_first(), without_first()], [Some("b1"), Some("c1"), None]);
        assert_eq!(drain(&mut queue), ["a1", "a2"]);
    }

    #[test]
    fn a_withdrawn_item_makes_room_and_is_not_served() {
        let mut queue = FairQueue::new(LIMITS);
        let entry_ids = ["a1", "a2", "a3"].map(|item| queue.push(caller(1), item).unwrap());
        let alone = queue.push(caller(2), "b1").unwrap();
        assert_eq!(queue.withdraw(caller(1), entry_ids[1]), Some("a2"));
        assert_eq!(queue.withdraw(caller(1), entry_ids[1]), None);
        assert_eq!(queue.withdraw(caller(2), alone), Some("b1"));
        queue.push(caller(1), "a4").unwrap();
        assert_eq!(drain(&mut queue), ["a1", "a3", "a4"]);
        assert_eq!(queue.counted(), 0);
    }
}
