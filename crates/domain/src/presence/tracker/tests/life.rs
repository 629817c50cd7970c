//! Users connect, are active or inactive, and leave.

use super::*;

#[test]
fn connecting_is_announced_to_shared_groups() {
    let mut attendance = PresenceTracker::default();
    let arrival = attendance.connect(&viewer(ME, &[ELSEWHERE, GROUP]), NOW);
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[GROUP, ELSEWHERE])));
    assert_eq!(visible(&attendance, GROUP), [ME]);
    assert_eq!(visible(&attendance, ELSEWHERE), [ME]);
}

#[test]
fn a_user_without_groups_is_announced_to_their_own_devices() {
    let arrival = PresenceTracker::default().connect(&viewer(ME, &[]), NOW);
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[])));
}

#[test]
fn a_second_device_changes_nothing() {
    let (mut attendance, [first]) = me_in_group();
    let arrival = attendance.connect(&viewer(ME, &[GROUP]), after(1));
    assert_eq!(arrival.change, None);
    assert_ne!(arrival.device, first);
    assert_eq!(attendance.disconnect(ME, first, after(2)), None);
    assert_eq!(attendance.tick(after(60)), [], "the other is still there");
}

#[test]
fn a_user_who_does_not_reconnect_in_time_goes_offline() {
    let (mut attendance, [first, second]) = me_in_group();
    assert_eq!(attendance.disconnect(ME, first, after(1)), None);
    assert_eq!(attendance.disconnect(ME, second, after(10)), None);
    assert_eq!(attendance.tick(after(39)), []);
    assert_eq!(visible(&attendance, GROUP), [ME]);
    assert_eq!(attendance.tick(after(40)), [left(ME, NOW, &[GROUP])]);
    assert_empty(&attendance);
    assert_eq!(attendance.tick(after(41)), []);
}

#[test]
fn a_reconnect_in_time_is_not_announced() {
    let (mut attendance, [device]) = me_in_group();
    assert_eq!(attendance.disconnect(ME, device, after(1)), None);
    let again = attendance.connect(&viewer(ME, &[GROUP]), after(30));
    assert_eq!(again.change, None);
    assert_eq!(attendance.tick(after(31)), []);
    // The interval starts again.
    assert_eq!(attendance.disconnect(ME, again.device, after(100)), None);
    assert_eq!(attendance.tick(after(129)), []);
    assert_eq!(attendance.tick(after(130)), [left(ME, after(30), &[GROUP])]);
}

#[test]
fn a_late_reconnect_is_announced_again() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(1));
    attendance.tick(after(31));
    let again = attendance.connect(&viewer(ME, &[GROUP]), after(32));
    assert_eq!(again.change, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn a_late_reconnect_before_the_next_tick_is_not_announced() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(1));
    assert_eq!(attendance.connect(&viewer(ME, &[GROUP]), after(90)).change, None);
}

#[test]
fn an_inactive_user_is_away_until_the_next_activity() {
    let (mut attendance, [device]) = me_in_group();
    assert_eq!(attendance.tick(after(299)), []);
    assert_eq!(attendance.tick(after(300)), [change(ME, Presence::Away, &[GROUP])]);
    assert_eq!(attendance.tick(after(400)), []);
    let back = attendance.act(ME, device, after(500));
    assert_eq!(back, Some(change(ME, Presence::Online, &[GROUP])));
    assert_eq!(attendance.act(ME, device, after(501)), None);
    assert_eq!(attendance.tick(after(800)), []);
    assert_eq!(attendance.tick(after(801)), [change(ME, Presence::Away, &[GROUP])]);
}

#[test]
fn one_device_in_use_keeps_a_user_online() {
    let (mut attendance, [first, second]) = me_in_group();
    assert_eq!(attendance.leave(ME, first, after(1)), None);
    assert_eq!(attendance.leave(ME, second, after(2)), Some(change(ME, Presence::Away, &[GROUP])));
    assert_eq!(attendance.act(ME, first, after(5)), Some(change(ME, Presence::Online, &[GROUP])));
    assert_eq!(attendance.leave(ME, second, after(6)), None);
    // The device in use disconnects. The other one is marked as away.
    let away = attendance.disconnect(ME, first, after(7));
    assert_eq!(away, Some(change(ME, Presence::Away, &[GROUP])));
}

#[test]
fn frequent_changes_are_announced_every_two_seconds_at_most() {
    let (mut attendance, [device]) = me_in_group();
    assert_eq!(attendance.leave(ME, device, after(1)), None);
    assert_eq!(attendance.act(ME, device, after(1)), None);
    assert_eq!(attendance.leave(ME, device, after(1)), None);
    assert_eq!(attendance.tick(after(1)), []);
    // The final state is announced once the interval has passed.
    assert_eq!(attendance.tick(after(2)), [change(ME, Presence::Away, &[GROUP])]);
    assert_eq!(attendance.act(ME, device, after(3)), None);
    assert_eq!(attendance.tick(after(4)), [change(ME, Presence::Online, &[GROUP])]);
    // Hiding is announced at once.
    let hidden = apply(&mut attendance, set(ME, PresenceSetting::Hidden), after(4));
    assert_eq!(hidden, Some(left(ME, after(3), &[GROUP])));
}

#[test]
fn sending_by_any_means_counts_as_activity() {
    let (mut attendance, [_]) = me_in_group();
    let writes = |user| LoggedEvent { actor: Some(user), ..logged(Event::MessageCreated(message(user))) };
    attendance.tick(after(300));
    let back = attendance.apply(&writes(ME), after(400));
    assert_eq!(back, Some(change(ME, Presence::Online, &[GROUP])));
    assert_eq!(attendance.apply(&writes(OTHER), after(401)), None, "who has no connection is not there");
    assert_eq!(attendance.tick(after(699)), []);
    assert_eq!(attendance.tick(after(700)), [change(ME, Presence::Away, &[GROUP])]);
}

#[test]
fn changing_a_group_is_no_activity() {
    let (mut attendance, [_]) = me_in_group();
    attendance.tick(after(300));
    let edits = LoggedEvent { actor: Some(ME), ..logged(Event::GroupUpdated(GroupUpdate::of(group()))) };
    assert_eq!(attendance.apply(&edits, after(400)), None);
}

#[test]
fn messages_of_a_bot_do_not_end_a_reported_absence() {
    let (mut attendance, [device]) = me_in_group();
    attendance.leave(ME, device, after(10));
    let writes = LoggedEvent { actor: Some(ME), ..logged(Event::MessageCreated(message(ME))) };
    assert_eq!(attendance.apply(&writes, after(20)), None);
}

#[test]
fn forget_all_leaves_nothing() {
    let (mut attendance, [before]) = me_in_group();
    attendance.forget_all();
    assert_empty(&attendance);
    assert_eq!(attendance.disconnect(ME, before, after(1)), None);
    let arrival = attendance.connect(&viewer(ME, &[GROUP]), after(2));
    assert_ne!(arrival.device, before);
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn a_merged_change_is_announced_in_the_groups_of_both() {
    let earlier = change(ME, Presence::Online, &[ELSEWHERE, GROUP]);
    let told = left(ME, after(1), &[GROUP]).instead_of(earlier);
    assert_eq!(told, left(ME, after(1), &[GROUP, ELSEWHERE]));
}

#[test]
fn a_new_device_ends_being_away() {
    let (mut attendance, [device]) = me_in_group();
    attendance.leave(ME, device, after(2));
    let arrival = attendance.connect(&viewer(ME, &[GROUP]), after(4));
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn a_user_who_disconnects_while_away_stays_away_until_offline() {
    let (mut attendance, [device]) = me_in_group();
    attendance.act(ME, device, after(7));
    attendance.leave(ME, device, after(8));
    assert_eq!(attendance.disconnect(ME, device, after(9)), None);
    assert_eq!(attendance.snapshot(&[GROUP], OTHER), [is(ME, Presence::Away)]);
    // Last seen at the last activity, not at the end of the connection.
    assert_eq!(attendance.tick(after(39)), [left(ME, after(7), &[GROUP])]);
}

#[test]
fn a_disconnected_device_has_no_effect() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(1));
    for _ in 0..2 {
        assert_eq!(attendance.act(ME, device, after(2)), None);
        assert_eq!(attendance.leave(ME, device, after(2)), None);
        // Disconnecting twice would restart the grace period.
        assert_eq!(attendance.disconnect(ME, device, after(20)), None);
    }
    assert_eq!(attendance.tick(after(31)), [left(ME, NOW, &[GROUP])]);
    assert_eq!(attendance.act(ME, device, after(32)), None);
    assert_eq!(attendance.disconnect(ME, device, after(32)), None);
}

#[test]
fn several_users_who_leave_are_announced_one_by_one() {
    let mut attendance = PresenceTracker::default();
    for id in [THIRD, ME, OTHER] {
        let Connected { device, .. } = attendance.connect(&viewer(id, &[GROUP]), NOW);
        attendance.disconnect(id, device, NOW);
    }
    let gone: Vec<_> = attendance.tick(after(30)).into_iter().map(|change| change.user).collect();
    assert_eq!(gone, [ME, OTHER, THIRD]);
    assert_empty(&attendance);
}

#[test]
fn a_clock_set_back_only_delays_going_offline() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(100));
    assert_eq!(attendance.tick(NOW), []);
    assert_eq!(attendance.tick(after(130)), [left(ME, NOW, &[GROUP])]);
}

#[test]
fn the_event_of_a_change_does_not_contain_its_groups() {
    let ephemeral = EphemeralEvent::from(left(ME, after(1), &[GROUP]));
    let presence = Presence::Offline;
    assert_eq!(
        ephemeral,
        EphemeralEvent::PresenceChanged { user: ME, presence, last_seen_at: Some(after(1)) }
    );
}
