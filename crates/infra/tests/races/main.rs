//! What must hold whatever happens at once: the use cases on a real database, started at one moment on threads of
//! their own, round after round. A case is a function over an [`Arena`](arena::Arena), and says in a sentence what
//! must hold; [`suite`] lists them all, and the last lines of this file run them on each backend.
//!
//! Commands dawdle between their statements ([`pausing`]), by dice whose seed a failing test prints.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod admins;
mod arena;
mod crossings;
mod departures;
mod mayhem;
mod messages;
mod names;
mod owners;
mod passwords;
mod pausing;
mod people;
mod plain;
mod quotas;
mod removals;
mod starts;
#[path = "../support/mod.rs"]
mod support;

use arena::Arena;

/// A test for each case, in a module with the subject's name.
macro_rules! cases {
    ($open:path, $subject:ident in $harness:ident: $($case:ident)+) => {
        mod $subject {
            $(#[test]
            fn $case() {
                crate::$harness($open, crate::$subject::$case);
            })+
        }
    };
}

macro_rules! suite {
    ($backend:ident: $open:path) => {
        mod $backend {
            cases! { $open, starts in anew:
                one_server_creates_the_first_admin
            }
            cases! { $open, admins in once:
                an_admin_is_left
            }
            cases! { $open, owners in once:
                an_owner_is_left
                a_group_whose_owners_are_deleted_is_passed_on
                of_those_who_join_at_once_a_group_that_nobody_is_in_one_owns_it
            }
            cases! { $open, quotas in once:
                nobody_comes_to_be_in_more_groups_than_they_may
                nobody_comes_to_own_more_groups_than_they_may
                no_group_gets_more_members_than_it_may
            }
            cases! { $open, passwords in once:
                no_login_by_an_old_password_outlives_its_change
                of_changes_at_once_one_password_is_left
            }
            cases! { $open, departures in once:
                a_deleted_user_is_in_no_group
                a_job_may_be_worked_off_twice_at_once
            }
            cases! { $open, names in once:
                a_username_is_given_once
                a_group_name_is_given_once
                groups_that_swap_names_are_refused
            }
            cases! { $open, messages in once:
                a_client_id_stands_for_one_message
                likes_are_counted_right
                no_group_gets_more_pins_than_it_may
            }
            cases! { $open, removals in once:
                nothing_is_sent_after_the_removal
                nothing_is_left_of_a_deleted_group
                a_large_group_may_be_purged_twice_at_once
            }
            cases! { $open, crossings in once:
                commands_that_lock_in_opposite_orders_succeed
            }
            cases! { $open, mayhem in once:
                every_rule_holds_whatever_happens_at_once
            }
        }
    };
}

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

suite!(sqlite: crate::Arena::sqlite);
#[cfg(feature = "postgres")]
suite!(postgres: crate::Arena::postgres);
#[cfg(feature = "postgres")]
suite!(two_servers: crate::Arena::two_servers);

#[cfg(feature = "postgres")]
mod side_by_side {
    cases! { crate::Arena::postgres, crossings in once:
        a_deadlock_is_run_again
    }
}
