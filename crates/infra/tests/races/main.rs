//! What must hold whatever happens at once: the use cases on a real database, started at one moment on threads of
//! their own, round after round. A case is a function over an [`Arena`], and says in a sentence what must hold; the
//! [`cases`] at the end of its file run it on each backend.
//!
//! Commands dawdle between their statements ([`pausing`]), by dice whose seed a failing test prints.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

/// Makes a test of each case of a file in each arena, run by a function of this file: `messages::two_servers::…`.
/// The cases are private, so that one that isn't listed is dead code, which CI rejects.
macro_rules! cases {
    ($harness:ident: $($case:ident)+) => {
        cases! { sqlite, $harness: $($case)+ }
        #[cfg(feature = "postgres")]
        cases! { postgres, $harness: $($case)+ }
        #[cfg(feature = "postgres")]
        cases! { two_servers, $harness: $($case)+ }
    };
    ($arena:ident, $harness:ident: $($case:ident)+) => {
        mod $arena {
            $(#[test]
            fn $case() {
                crate::$harness(crate::Arena::$arena, super::$case);
            })+
        }
    };
}

mod admins;
mod arena;
mod audit;
mod bans;
mod bots;
mod crossings;
mod default_groups;
mod demotions;
mod departures;
mod direct;
mod factors;
mod forwards;
mod invitations;
mod links;
mod mayhem;
mod mentions;
mod messages;
mod names;
mod owners;
mod passwords;
mod pausing;
mod people;
mod plain;
#[path = "../support/plain_hasher.rs"]
mod plain_hasher;
mod polls;
mod quotas;
mod quotes;
mod reading;
mod refreshes;
mod removals;
mod requests;
mod resets;
mod retention;
mod saved;
mod scheduled;
mod sign_ups;
mod starts;
#[path = "../support/mod.rs"]
mod support;
mod suspensions;
mod threads;
mod tokens;
mod visibility;

use arena::Arena;

/// How many databases a race that needs an empty one is run on.
const EMPTY_DATABASES: usize = 4;

/// Runs a case on a database of its own.
fn once(open: fn() -> Arena, case: fn(&Arena)) {
    case(&open());
}

/// Runs a case on several databases, on each once.
fn anew(open: fn() -> Arena, case: fn(&Arena)) {
    for _ in 0..EMPTY_DATABASES {
        case(&open());
    }
}
