//! Who waits for a password hash, and who is next.
//!
//! There are two classes. The known are those who are signed in, the server itself, and whoever signs in from a network
//! from which somebody signed in lately; strangers are all others. The known come first, so that a flood of guesses from
//! elsewhere keeps none of them waiting. Within a class lines take turns: one for each user, and for the known one for
//! each network; strangers share one with their neighbours, or a provider's range of addresses would have as many turns.

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
    /// A user who is signed in, and an account that somebody from a known network signs in to.
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
    pub(super) const USUAL: Self =
        Self { known: 256, known_network: 64, account: 4, strangers: 128, neighbourhood: 16, network: 4 };
}

/// After so many of the known in a row, a stranger who waits is served: no class starves.
const KNOWN_IN_A_ROW: u32 = 4;

/// A line of the known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum KnownLine {
    System,
    User(UserId),
    Network(Network),
}

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
    /// With the account that somebody wants to sign in to.
    known: Lines<KnownLine, (Option<UsernameKey>, T)>,
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
            HashCaller::System => self.push_known(KnownLine::System, None, item),
            HashCaller::User(user) => self.push_known(KnownLine::User(user), None, item),
            HashCaller::SignIn { network, account, from_known_network: true } => {
                self.push_known(KnownLine::Network(network), Some(account), item)
            }
            HashCaller::SignIn { network, from_known_network: false, .. } => {
                self.push_stranger(network, item)
            }
        }
    }

    fn push_known(&mut self, line: KnownLine, account: Option<UsernameKey>, item: T) -> Pushed<T> {
        let limits = self.limits;
        let is_full = self.known.len() >= limits.known || self.known.len_of(&line) >= limits.known_network;
        let of_account = || self.known.line(&line).filter(|(other, _)| *other == account).count();
        // The server's own are few, and nobody else can add to them.
        if line != KnownLine::System && (is_full || of_account() >= limits.account) {
            return Pushed::Refused(item);
        }
        let ticket = self.known.push(line.clone(), (account, item));
        Pushed::Waits(Place { line: Line::Known(line), ticket }, None)
    }

    fn push_stranger(&mut self, network: Network, item: T) -> Pushed<T> {
        let line = network.neighbourhood();
        let length = self.strangers.len_of(&line);
        let own = self.strangers.line(&line).filter(|(other, _)| *other == network).count();
        if length >= self.limits.neighbourhood || own >= self.limits.network {
            return Pushed::Refused(item);
        }
        let mut displaced = None;
        if self.strangers.len() >= self.limits.strangers {
            // Room is made by the longest line, unless that would only swap who has the longer one.
            displaced = self.strangers.shorten_longest(length + 1);
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

#[cfg(test)]
mod tests;
