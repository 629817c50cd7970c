//! Commands whose locks cross: the database breaks a deadlock by failing one of them, and the storage runs that one
//! again, so that nobody sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use groupchat_domain::groups::Role;
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{Access, Caller, Mode};

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::join;

/// How long a command waits between its two locks, so that the other takes its first meanwhile.
const BETWEEN_LOCKS: Duration = Duration::from_millis(5);

/// Commands that take two locks in opposite orders all succeed, each with its effect once.
pub fn commands_that_lock_in_opposite_orders_succeed(arena: &Arena) {
    rounds(|_| {
        cross(arena);
    });
}

/// Such commands do block each other on a database that runs them side by side; else the case above would show
/// nothing.
#[cfg(feature = "postgres")]
pub fn a_deadlock_is_run_again(arena: &Arena) {
    let mut runs = 0;
    rounds(|_| runs += cross(arena).saturating_sub(2));
    assert!(runs > 0, "no command was run again");
}

/// Lets two commands lock two groups in opposite orders and add a member to both. How often the commands were run.
fn cross(arena: &Arena) -> usize {
    let [one, other] = [(); 2].map(|()| arena.group(&[]));
    let runs = Arc::new(AtomicUsize::new(0));
    let parts = [(one, other), (other, one)].map(|(first, second)| {
        let runs = &runs;
        part(move || lock_both(arena, first, second, runs))
    });
    at_once(parts.into());
    for group in [one, other] {
        let (found, members) = arena.members(group).expect("the group");
        assert_eq!((found.member_count, members.len()), (2, 2), "a command counts twice or not at all");
    }
    runs.load(Ordering::Relaxed)
}

fn lock_both(arena: &Arena, first: GroupId, second: GroupId, runs: &Arc<AtomicUsize>) {
    let (user, runs) = (arena.person().id, Arc::clone(runs));
    let access = Access { mode: Mode::Write, caller: Caller::System };
    let locked = arena.server().run(access, move |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        for group in [first, second] {
            tx.groups().lock(group)?;
            join(tx, group, user, Role::Member);
            thread::sleep(BETWEEN_LOCKS);
        }
        Ok(())
    });
    arena.wait_for(locked).expect("nothing is refused");
}
