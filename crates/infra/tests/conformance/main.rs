//! What every backend must do: each method of the repositories and each of their promises, checked through the
//! ports alone. A case is a function over a transaction or a database; [`suite`] lists them all, and the last
//! line of this file runs them on one backend. Another backend takes another such line and a function that
//! opens an empty database.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod accounts;
mod enqueued;
mod events;
mod faults;
mod groups;
mod jobs;
mod known_networks;
#[cfg(feature = "postgres")]
mod lineage;
mod log;
mod members;
mod messages;
mod name_order;
mod plans;
mod purge;
mod reading;
mod refold;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
mod tickets;

use groupchat_domain::storage::Tx;
use support::Database;

/// A test for each case, in a module with the feature's name.
macro_rules! cases {
    ($open:path, $feature:ident in $harness:ident: $($case:ident)+) => {
        mod $feature {
            $(#[test]
            fn $case() {
                crate::$harness($open, crate::$feature::$case);
            })+
        }
    };
}

macro_rules! suite {
    ($backend:ident: $open:path) => {
        mod $backend {
            cases! { $open, accounts in transaction:
                a_user_is_found_by_id_and_by_name_in_any_case
                users_are_found_by_their_ids_without_deleted_ones
                a_name_that_exists_in_another_case_is_taken
                an_update_stores_every_field
                an_update_can_not_take_the_name_of_another
                users_are_listed_by_name_in_pages
                a_search_finds_names_and_never_addresses
                wildcards_in_a_search_stand_for_themselves
                a_deleted_user_is_found_by_nothing_and_frees_the_name
                admins_are_counted_until_they_are_deleted
                a_password_is_replaced_and_erased_with_the_user
                the_highest_cost_is_that_of_the_costliest_hash
                there_has_been_a_user_for_ever_after
            }
            cases! { $open, sessions in transaction:
                a_key_stands_for_its_user_until_it_expires
                a_session_has_its_holder_until_it_expires_or_ends
                a_key_of_a_deleted_user_is_unknown
                a_session_keeps_where_it_came_from
                sessions_are_listed_newest_first_in_pages_without_expired_ones
                only_its_owner_ends_a_session
                all_sessions_end_but_the_one_excepted
                the_idlest_sessions_end_so_that_few_enough_are_left
                provisioned_sessions_end_and_logins_stay
                expired_sessions_are_removed_in_bounded_steps
            }
            cases! { $open, tickets in transaction:
                a_ticket_is_redeemed_once
                an_expired_ticket_is_not_good
                a_ticket_that_seems_to_be_good_for_longer_than_any_is_not
                the_oldest_tickets_of_a_session_go
                expired_tickets_are_removed_in_bounded_steps
            }
            cases! { $open, known_networks in transaction:
                a_network_is_known_to_who_signed_in_there_and_to_all_for_a_while
                a_network_of_64_bits_is_known_by_any_of_its_addresses
                of_the_networks_of_a_user_the_latest_are_kept
                the_networks_of_a_user_are_forgotten
                old_networks_are_removed_in_bounded_steps
            }
            cases! { $open, groups in transaction:
                a_new_group_has_no_members_and_no_messages
                groups_are_found_by_their_ids_without_deleted_ones
                a_public_name_is_taken_in_any_case_until_the_group_is_deleted
                an_update_stores_every_field
                an_update_can_not_take_the_name_of_another
                a_group_shows_the_standing_of_who_looks
                only_members_see_the_newest_message
                the_newest_message_may_be_a_tombstone
                groups_are_listed_by_name_in_pages
                groups_that_nobody_is_in_are_listed_as_ownerless
                a_list_can_be_searched_and_narrowed_to_mine
                a_deleted_group_is_found_by_nothing
            }
            cases! { $open, members in transaction:
                members_are_counted_as_they_come_and_go
                members_are_found_by_pairs_of_group_and_user
                as_many_members_are_found_at_once_as_a_page_of_the_log_names
                a_second_membership_is_taken_and_not_counted
                a_role_changes_for_one_member_alone
                members_are_listed_by_name_in_pages
                a_search_finds_names_and_never_addresses
                deleted_users_are_left_out
                owners_are_counted_without_deleted_ones
                the_longest_serving_admin_succeeds_else_the_longest_serving_member
                the_groups_of_a_user_come_by_id_whether_or_not_either_is_deleted
                the_groups_of_a_user_are_counted_up_to_a_limit
                memberships_say_since_when_those_of_deleted_groups_nothing
            }
            cases! { $open, messages in transaction:
                a_message_reads_back_as_it_was_stored
                a_message_moves_the_groups_last_number_and_its_authors_cursor_alone
                a_repeated_client_id_is_taken_and_stores_nothing
                a_client_id_counts_for_one_author_and_one_group
                a_message_is_found_in_its_group_alone
                messages_are_found_by_their_ids_in_any_group_that_exists
                messages_are_listed_upwards_and_downwards
                an_edit_is_stored
                a_deleted_message_leaves_a_tombstone_that_nobody_likes
                a_deleted_author_has_no_name
                a_like_is_stored_once_and_belongs_to_one_viewer
                likes_of_deleted_users_stay_counted
                a_pin_is_stored_until_it_is_removed_or_its_message_is_deleted
                pins_are_listed_and_counted_in_their_group_the_newest_first
                a_read_cursor_never_moves_back
            }
            cases! { $open, purge in transaction:
                likes_of_a_message_go_in_bounded_steps
                a_group_goes_in_bounded_steps_with_all_it_holds
                messages_without_likes_are_not_walked_again
                a_purge_spares_live_groups_and_other_groups
            }
            cases! { $open, jobs in transaction:
                jobs_run_when_they_are_due_the_longest_waiting_first
                a_job_of_a_clock_that_was_ahead_is_due_after_all_others
                a_postponed_job_lets_others_go_first
                a_job_is_locked_until_it_is_done
                every_task_is_read_back_as_it_was_stored
            }
            cases! { $open, events in database:
                an_empty_log_ends_before_the_first_place
                each_type_reads_back_with_what_it_names
                each_audience_reads_back_and_an_event_may_have_no_actor
                a_page_goes_on_after_the_last_place_of_the_one_before
                a_command_that_is_undone_takes_no_place
                an_id_that_was_asked_for_is_that_of_the_next_event
                a_command_does_not_read_its_own_events
                a_replay_shows_the_present_state
                a_replay_keeps_the_places_of_what_is_gone
            }
            cases! { $open, log in database:
                an_empty_log_has_an_epoch_and_serves_its_beginning
                the_epoch_is_the_same_for_all_who_ask
                the_head_moves_and_what_is_removed_is_served_no_more
                the_oldest_events_go_by_age_in_bounded_steps
                the_oldest_events_go_by_number
                events_of_a_clock_set_back_leave_no_hole
                an_event_of_the_future_is_as_old_as_the_next_one
                many_events_of_the_future_go_once_the_newest_is_old
                the_newest_event_stays_whatever_its_age
                a_log_that_was_pruned_goes_on_where_it_was
                a_replay_whose_beginning_was_removed_has_a_gap
            }
            cases! { $open, reading in database:
                a_cursor_is_found_by_the_head_at_which_it_moved
                cursors_that_only_messages_moved_are_not_found
                cursors_of_others_and_of_deleted_groups_are_not_found
            }
            cases! { $open, name_order in database:
                a_rename_between_pages_neither_hides_nor_repeats_an_entry
                an_entry_that_is_there_all_the_time_comes_once
                a_change_of_case_is_no_rename
                of_the_deleted_no_name_is_kept
                the_renames_that_are_kept_are_bounded
            }
            cases! { $open, refold in database:
                names_that_are_one_now_stay_two_groups
                keys_follow_the_new_rule_and_none_is_lost
                display_names_are_found_by_the_new_rule
                a_list_that_was_begun_before_goes_on
            }
            cases! { $open, faults in database:
                a_number_that_is_taken_is_a_fault
                a_member_of_no_group_is_a_fault
                a_message_without_an_author_is_a_fault
                what_the_domain_would_refuse_is_a_fault
                after_a_fault_a_transaction_does_nothing_more
            }
        }
    };
}

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

suite!(sqlite: crate::support::Database::sqlite);
#[cfg(feature = "postgres")]
suite!(postgres: crate::support::Database::postgres);
