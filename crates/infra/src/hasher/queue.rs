//! The queue for password hashes.
//!
//! There are two classes of callers. Known callers are signed-in users, the server itself, and callers from a network
//! from which someone signed in recently. All others are strangers. Known callers come first, so that a flood of
//! guesses from elsewhere doesn't delay them. Within a class, queues take turns: one for each user, and one for each
//! neighbourhood that someone signs in from; otherwise a provider's range of addresses would get as many turns as it
//! has addresses. If a class or a neighbourhood is full, the caller with the most entries makes room for those with
//! fewer.

use groupchat_domain::accounts::{HashCaller, UsernameKey};
use groupchat_domain::ids::UserId;
use groupchat_domain::network::{Neighbourhood, Network};

use crate::executor::lines::{Lines, Ticket};

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// The known together, but for the server itself.
    pub(super) known: usize,
    /// A known network: an office where everybody signs in at nine.
    pub(super) known_network: usize,
    /// A user who is signed in.
    pub(super) user: usize,
    /// An account that somebody from a known network signs in to.
    pub(super) account: usize,
    /// The strangers together.
    pub(super) strangers: usize,
    /// A neighbourhood of strangers.
    pub(super) neighbourhood: usize,
    /// A network of strangers.
    pub(super) network: usize,
}

impl Limits {
    /// At 0.25 s a hash and one thread, nobody waits for much longer than half a minute.
    pub(super) const USUAL: Self = Self {
        known: 256,
        known_network: 64,
        user: 32,
        account: 4,
        strangers: 128,
        neighbourhood: 16,
        network: 4,
    };
}

/// After so many of the known in a row, a stranger who waits is served: no class starves.
const KNOWN_IN_A_ROW: u32 = 4;

/// A line of the known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum KnownLine {
    System,
    User(UserId),
    Neighbourhood(Neighbourhood),
}

/// Who wants to sign in where.
type SignIn = (Network, UsernameKey);

/// Where something waits.
#[derive(Debug, Clone)]
pub(super) struct Place {
    line: Line,
    ticket: Ticket,
}

#[derive(Debug, Clone)]
enum Line {
    Known(KnownLine),
    Strangers(Neighbourhood),
}

/// Which class an item was served from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Known,
    Stranger,
}

/// What became of an item that was pushed.
#[derive(Debug)]
pub(super) enum Pushed<T> {
    /// It waits; in its stead this one, if any, does no longer.
    Waits(Place, Option<T>),
    /// There is no room for it.
    Refused(T),
}

/// The queue itself, without locks and threads.
#[derive(Debug)]
pub(super) struct HashQueue<T> {
    limits: Limits,
    known: Lines<KnownLine, (Option<SignIn>, T)>,
    strangers: Lines<Neighbourhood, (Network, T)>,
    known_in_a_row: u32,
}

impl<T> HashQueue<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, known: Lines::new(), strangers: Lines::new(), known_in_a_row: 0 }
    }

    /// Puts an item at the end of its line, if its caller may have one more.
    pub(super) fn push(&mut self, caller: HashCaller, item: T) -> Pushed<T> {
        match caller {
            HashCaller::System => {
                let ticket = self.known.push(KnownLine::System, (None, item));
                Pushed::Waits(Place { line: Line::Known(KnownLine::System), ticket }, None)
            }
            HashCaller::User(user) => {
                let line = KnownLine::User(user);
                // Far more than for an account that somebody signs in to: an admin may create users in bulk.
                if self.known.len_of(&line) >= self.limits.user {
                    return Pushed::Refused(item);
                }
                self.push_known(line, None, item)
            }
            HashCaller::SignIn { network, account, from_known_network: true } => {
                self.push_sign_in(network, account, item)
            }
            HashCaller::SignIn { network, from_known_network: false, .. } => {
                self.push_stranger(network, item)
            }
        }
    }

    fn push_sign_in(&mut self, network: Network, account: UsernameKey, item: T) -> Pushed<T> {
        let line = KnownLine::Neighbourhood(network.neighbourhood());
        let sign_in = Some((network, account));
        let of_network =
            self.known.line(&line).filter(|(other, _)| network_of(other.as_ref()) == Some(network)).count();
        let of_account = self.known.line(&line).filter(|(other, _)| *other == sign_in).count();
        if of_network >= self.limits.known_network || of_account >= self.limits.account {
            return Pushed::Refused(item);
        }
        self.push_known(line, sign_in, item)
    }

    fn push_known(&mut self, line: KnownLine, sign_in: Option<SignIn>, item: T) -> Pushed<T> {
        let mut displaced = None;
        if self.known.len() >= self.limits.known {
            let network = network_of(sign_in.as_ref());
            let own =
                self.known.line(&line).filter(|(other, _)| network_of(other.as_ref()) == network).count();
            // The server's own are few, and nobody else can add to them.
            let longest =
                self.known.shorten_longest(self.known.len_of(&line) + 1, |line| *line != KnownLine::System);
            let made = longest.or_else(|| {
                self.known.shorten_largest(&line, own + 1, |(other, _)| network_of(other.as_ref()))
            });
            match made {
                Some((_, item)) => displaced = Some(item),
                None => return Pushed::Refused(item),
            }
        }
        let ticket = self.known.push(line.clone(), (sign_in, item));
        Pushed::Waits(Place { line: Line::Known(line), ticket }, displaced)
    }

    fn push_stranger(&mut self, network: Network, item: T) -> Pushed<T> {
        let line = network.neighbourhood();
        let length = self.strangers.len_of(&line);
        let own = self.strangers.line(&line).filter(|(other, _)| *other == network).count();
        if own >= self.limits.network {
            return Pushed::Refused(item);
        }
        let is_full = self.strangers.len() >= self.limits.strangers;
        let mut displaced = None;
        if is_full || length >= self.limits.neighbourhood {
            // Room is made by the longest line, unless that would only swap who has the longer one; in a line that is
            // full itself, by the neighbour who has most, likewise.
            if length < self.limits.neighbourhood {
                displaced = self.strangers.shorten_longest(length + 1, |_| true);
            }
            displaced =
                displaced.or_else(|| self.strangers.shorten_largest(&line, own + 1, |(other, _)| *other));
            if displaced.is_none() {
                return Pushed::Refused(item);
            }
        }
        let ticket = self.strangers.push(line, (network, item));
        let place = Place { line: Line::Strangers(line), ticket };
        Pushed::Waits(place, displaced.map(|(_, item)| item))
    }

    /// Takes the item that is next: one of a stranger only if `strangers_may`.
    pub(super) fn pop(&mut self, strangers_may: bool) -> Option<(Class, T)> {
        let strangers_turn = self.known_in_a_row >= KNOWN_IN_A_ROW || self.known.len() == 0;
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

    /// Takes out an item that is no longer wanted; `None` when it has left already.
    pub(super) fn withdraw(&mut self, place: &Place) -> Option<T> {
        match &place.line {
            Line::Known(line) => self.known.withdraw(line, place.ticket).map(|(_, item)| item),
            Line::Strangers(line) => self.strangers.withdraw(line, place.ticket).map(|(_, item)| item),
        }
    }
}

fn network_of(sign_in: Option<&SignIn>) -> Option<Network> {
    sign_in.map(|(network, _)| *network)
}

#[cfg(test)]
mod tests;
