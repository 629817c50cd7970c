//! What every backend must do: each method of the repositories and each of their promises, checked through the
//! ports alone. A case is a function over a transaction or a database, and the [`cases`] at the end of its file run
//! it on each backend. Another backend takes a line in that macro and a function that opens an empty database.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

/// Makes a test of each case of a file on each backend, run by a function of this file: `messages::sqlite::…`. Cases
/// in a
/// `transaction`, and those on a database that need its `ports` alone, run on the model too. The cases are private, so
/// that one that isn't listed is dead code, which CI rejects.
macro_rules! cases {
    (transaction: $($case:ident)+) => {
        cases! { model, transaction: $($case)+ }
        cases! { databases, transaction: $($case)+ }
    };
    (ports: $($case:ident)+) => {
        cases! { model, database: $($case)+ }
        cases! { databases, database: $($case)+ }
    };
    (database: $($case:ident)+) => {
        cases! { databases, database: $($case)+ }
    };
    (databases, $harness:ident: $($case:ident)+) => {
        cases! { sqlite, $harness: $($case)+ }
        #[cfg(feature = "postgres")]
        cases! { postgres, $harness: $($case)+ }
    };
    ($backend:ident, $harness:ident: $($case:ident)+) => {
        mod $backend {
            $(#[test]
            fn $case() {
                crate::$harness(crate::support::Database::$backend, super::$case);
            })+
        }
    };
}

mod accounts;
mod admissions;
mod audit;
mod audit_chain;
mod bans;
mod blocks;
mod bots;
mod by_time;
mod checksums;
mod direct;
mod edits;
mod enqueued;
mod events;
mod exports;
mod factors;
mod families;
mod faults;
mod groups;
mod jobs;
mod known_devices;
mod known_networks;
#[cfg(feature = "postgres")]
mod lineage;
mod log;
mod members;
mod mentions;
mod messages;
mod mutes;
mod name_order;
mod overviews;
mod password_resets;
mod pending_accounts;
mod permissions;
mod plans;
mod polls;
mod purge;
mod quotes;
mod read_cursors;
mod reading;
mod refold;
mod retention;
mod room;
mod saved;
mod scheduled;
mod secret_ballots;
mod server_roles;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
mod threads;
mod tickets;
mod tokens;

use groupchat_domain::storage::Tx;
use support::Database;

/// Runs a case in one transaction of an empty database.
fn transaction(open: fn() -> Database, case: fn(&mut dyn Tx)) {
    let database = open();
    let outcome = database.write(move |tx| {
        case(tx);
        Ok(())
    });
    outcome.expect("the case holds and what it stored can be committed");
    plans::check(&database);
}

/// Runs a case on an empty database.
fn database(open: fn() -> Database, case: fn(&Database)) {
    let database = open();
    case(&database);
    plans::check(&database);
}
