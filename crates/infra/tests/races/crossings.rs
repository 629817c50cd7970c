//! Commands whose locks cross: the database breaks a deadlock by failing one of them, and the storage runs that one
//! again, so that nobody sees it.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Access, Caller, Mode};

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::join;

/// Commands that take two locks in opposite orders all succeed, each with its effect once.
fn commands_that_lock_in_opposite_orders_succeed(arena: &Arena) {
    rounds(|_| {
        // Where commands run one after the other, the first waits in vain.
        cross(arena, Duration::from_millis(5));
    });
}

/// Such commands do block each other on a database that runs them side by side; else the case above would show
/// nothing.
#[cfg(feature = "postgres")]
#[test]
fn a_deadlock_is_run_again() {
    let arena = Arena::postgres();
    rounds(|_| {
        let runs = cross(&arena, Duration::from_secs(10));
        assert!(runs > 2, "no command was run again");
    });
}

/// Lets two commands lock two groups in opposite orders and add a member to both. How often the commands were run.
fn cross(arena: &Arena, patience: Duration) -> usize {
    let [one, other] = [(); 2].map(|()| arena.group(&[]));
    let first_locks = Arc::new(Meeting::default());
    let parts = [(one, other), (other, one)].map(|groups| {
        let (user, first_locks) = (arena.person().id, Arc::clone(&first_locks));
        part(move || {
            let access = Access { mode: Mode::Write, caller: Caller::System };
            let joined = arena.server().run(access, move |tx| {
                for group in <[GroupId; 2]>::from(groups) {
                    tx.groups().lock(group)?;
                    join(tx, group, user, BuiltInRole::Member);
                    first_locks.attend(patience);
                }
                Ok(())
            });
            arena.wait_for(joined).expect("nothing is refused");
        })
    });
    at_once(parts.into());
    for group in [one, other] {
        let (found, members) = arena.members(group).expect("the group");
        assert_eq!((found.member_count, members.len()), (2, 2), "a command counts twice or not at all");
    }
    // A run that fails takes one lock, the two that succeed take two each.
    *first_locks.attended.lock().unwrap() - 2
}

/// Where two commands wait for each other, the first time they come by.
#[derive(Default)]
struct Meeting {
    attended: Mutex<usize>,
    changed: Condvar,
}

impl Meeting {
    /// Waits until another has come, or patience is at an end.
    fn attend(&self, patience: Duration) {
        let mut attended = self.attended.lock().unwrap();
        *attended += 1;
        self.changed.notify_all();
        drop(self.changed.wait_timeout_while(attended, patience, |attended| *attended < 2));
    }
}

cases! { once:
    commands_that_lock_in_opposite_orders_succeed
}
