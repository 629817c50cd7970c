//! The queue for password hashes.
//!
//! There are two classes of callers. Known callers are signed-in users, the server itself, and callers from a network
//! from which someone signed in recently. All others are strangers. Known callers come first, so that a flood of
//! guesses from elsewhere doesn't delay them. Within a class, queues take turns: one for each user, and one for each
//! supernet that someone signs in from; otherwise a provider's range of addresses would get as many turns as it
//! has addresses. If a class or a supernet is full, the caller with the most entries makes room for those with
//! fewer.

use groupchat_domain::accounts::{HashCaller, UsernameKey};
use groupchat_domain::ids::UserId;
use groupchat_domain::network::{Network, Supernet};

use crate::executor::round_robin::{EntryId, RoundRobin};

/// How many entries may wait in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HashQueueLimits {
    /// Of all known callers together, except the server itself.
    pub(super) known: usize,
    /// Of one known network. Large enough for an office where everybody signs in at nine.
    pub(super) known_network: usize,
    /// Of one signed-in user.
    pub(super) user: usize,
    /// For one account that is signed in to from one known network.
    pub(super) account: usize,
    /// Of all strangers together.
    pub(super) strangers: usize,
    /// Of one supernet of strangers.
    pub(super) supernet: usize,
    /// Of one network of strangers.
    pub(super) network: usize,
}

impl HashQueueLimits {
    /// With these, at 0.25 s per hash and one thread, nobody waits much longer than half a minute.
    pub(super) const USUAL: Self = Self {
        known: 256,
        known_network: 64,
        user: 32,
        account: 4,
        strangers: 128,
        supernet: 16,
        network: 4,
    };
}

/// After this many known callers in a row, a waiting stranger is served, so that no class starves.
const MAX_KNOWN_IN_A_ROW: u32 = 4;

/// A queue of known callers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum KnownQueue {
    System,
    User(UserId),
    Supernet(Supernet),
}

/// The network that signs in, and the account.
type SignIn = (Network, UsernameKey);

/// An item's entry in the queue.
#[derive(Debug, Clone)]
pub(super) struct HashEntry {
    queue: EntryQueue,
    entry_id: EntryId,
}

#[derive(Debug, Clone)]
enum EntryQueue {
    Known(KnownQueue),
    Strangers(Supernet),
}

/// The class of the caller of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Known,
    Stranger,
}

/// The result of a push.
#[derive(Debug)]
pub(super) enum PushResult<T> {
    /// The item is queued. It may have displaced another one.
    Queued(HashEntry, Option<T>),
    /// The caller is over a limit.
    Rejected(T),
}

/// The queue itself, without locks and threads.
#[derive(Debug)]
pub(super) struct HashQueue<T> {
    limits: HashQueueLimits,
    known: RoundRobin<KnownQueue, (Option<SignIn>, T)>,
    strangers: RoundRobin<Supernet, (Network, T)>,
    known_in_a_row: u32,
}

impl<T> HashQueue<T> {
    pub(super) fn new(limits: HashQueueLimits) -> Self {
        Self { limits, known: RoundRobin::new(), strangers: RoundRobin::new(), known_in_a_row: 0 }
    }

    /// Adds an item at the end of its queue, unless its caller is over a limit.
    pub(super) fn push(&mut self, caller: HashCaller, item: T) -> PushResult<T> {
        match caller {
            HashCaller::System => {
                let entry_id = self.known.push(KnownQueue::System, (None, item));
                PushResult::Queued(HashEntry { queue: EntryQueue::Known(KnownQueue::System), entry_id }, None)
            }
            HashCaller::User(user) => {
                let queue = KnownQueue::User(user);
                // The limit is much higher than that per account, because an admin may create users in bulk.
                if self.known.len_of(&queue) >= self.limits.user {
                    return PushResult::Rejected(item);
                }
                self.push_known(queue, None, item)
            }
            HashCaller::SignIn { network, account, is_known: true } => {
                self.push_sign_in(network, account, item)
            }
            HashCaller::SignIn { network, is_known: false, .. } => self.push_unknown(network, item),
        }
    }

    fn push_sign_in(&mut self, network: Network, account: UsernameKey, item: T) -> PushResult<T> {
        let queue = KnownQueue::Supernet(network.supernet());
        let sign_in = Some((network, account));
        let of_network =
            self.known.queue(&queue).filter(|(other, _)| network_of(other.as_ref()) == Some(network)).count();
        let of_account = self.known.queue(&queue).filter(|(other, _)| *other == sign_in).count();
        if of_network >= self.limits.known_network || of_account >= self.limits.account {
            return PushResult::Rejected(item);
        }
        self.push_known(queue, sign_in, item)
    }

    fn push_known(&mut self, queue: KnownQueue, sign_in: Option<SignIn>, item: T) -> PushResult<T> {
        let mut displaced = None;
        if self.known.len() >= self.limits.known {
            let network = network_of(sign_in.as_ref());
            let own =
                self.known.queue(&queue).filter(|(other, _)| network_of(other.as_ref()) == network).count();
            // The server's own entries are few, and no caller can add to them, so they are never displaced.
            let longest = self
                .known
                .shorten_longest(self.known.len_of(&queue) + 1, |queue| *queue != KnownQueue::System);
            let made = longest.or_else(|| {
                self.known.shorten_largest(&queue, own + 1, |(other, _)| network_of(other.as_ref()))
            });
            match made {
                Some((_, item)) => displaced = Some(item),
                None => return PushResult::Rejected(item),
            }
        }
        let entry_id = self.known.push(queue.clone(), (sign_in, item));
        PushResult::Queued(HashEntry { queue: EntryQueue::Known(queue), entry_id }, displaced)
    }

    fn push_unknown(&mut self, network: Network, item: T) -> PushResult<T> {
        let queue = network.supernet();
        let length = self.strangers.len_of(&queue);
        let own = self.strangers.queue(&queue).filter(|(other, _)| *other == network).count();
        if own >= self.limits.network {
            return PushResult::Rejected(item);
        }
        let is_full = self.strangers.len() >= self.limits.strangers;
        let mut displaced = None;
        if is_full || length >= self.limits.supernet {
            // The longest queue makes room, unless that would only swap which one is longer. If this queue itself is
            // full, the network with the most entries in it makes room, on the same condition.
            if length < self.limits.supernet {
                displaced = self.strangers.shorten_longest(length + 1, |_| true);
            }
            displaced =
                displaced.or_else(|| self.strangers.shorten_largest(&queue, own + 1, |(other, _)| *other));
            if displaced.is_none() {
                return PushResult::Rejected(item);
            }
        }
        let entry_id = self.strangers.push(queue, (network, item));
        let entry = HashEntry { queue: EntryQueue::Strangers(queue), entry_id };
        PushResult::Queued(entry, displaced.map(|(_, item)| item))
    }

    /// Takes the next item. Takes a stranger's only if `strangers_may`.
    pub(super) fn pop(&mut self, strangers_may: bool) -> Option<(Class, T)> {
        let strangers_turn = self.known_in_a_row >= MAX_KNOWN_IN_A_ROW || self.known.len() == 0;
        if strangers_may
            && strangers_turn
            && let Some((_, item)) = self.strangers.pop()
        {
            self.known_in_a_row = 0;
            return Some((Class::Stranger, item));
        }
        let (_, item) = self.known.pop()?;
        self.known_in_a_row = if self.strangers.len() > 0 { self.known_in_a_row + 1 } else { 0 };
        Some((Class::Known, item))
    }

    /// Removes an item that is no longer wanted. Returns `None` if it has left the queue already.
    pub(super) fn withdraw(&mut self, entry: &HashEntry) -> Option<T> {
        match &entry.queue {
            EntryQueue::Known(queue) => self.known.withdraw(queue, entry.entry_id).map(|(_, item)| item),
            EntryQueue::Strangers(queue) => {
                self.strangers.withdraw(queue, entry.entry_id).map(|(_, item)| item)
            }
        }
    }
}

fn network_of(sign_in: Option<&SignIn>) -> Option<Network> {
    sign_in.map(|(network, _)| *network)
}

#[cfg(test)]
mod tests;
