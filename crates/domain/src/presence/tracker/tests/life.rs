//! Users come, do something or nothing, and go.

use super::*;

#[test]
fn who_connects_is_there_for_those_who_share_a_group() {
    let mut attendance = PresenceTracker::default();
    let arrival = attendance.connect(&viewer(ME, &[ELSEWHERE, GROUP]), NOW);
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[GROUP, ELSEWHERE])));
    assert_eq!(visible(&attendance, GROUP), [ME]);
    assert_eq!(visible(&attendance, ELSEWHERE), [ME]);
}

#[test]
fn who_is_in_no_group_is_there_for_their_own_devices() {
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
fn who_does_not_come_back_in_time_is_gone() {
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
fn who_comes_back_in_time_does_not_flicker() {
    let (mut attendance, [device]) = me_in_group();
    assert_eq!(attendance.disconnect(ME, device, after(1)), None);
    let again = attendance.connect(&viewer(ME, &[GROUP]), after(30));
    assert_eq!(again.change, None);
    assert_eq!(attendance.tick(after(31)), []);
    // The time begins again.
    assert_eq!(attendance.disconnect(ME, again.device, after(100)), None);
    assert_eq!(attendance.tick(after(129)), []);
    assert_eq!(attendance.tick(after(130)), [left(ME, after(30), &[GROUP])]);
}

#[test]
fn who_comes_back_too_late_is_told_of_anew() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(1));
    attendance.tick(after(31));
    let again = attendance.connect(&viewer(ME, &[GROUP]), after(32));
    assert_eq!(again.change, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn who_comes_back_before_the_tick_that_would_miss_them_was_never_gone() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(1));
    assert_eq!(attendance.connect(&viewer(ME, &[GROUP]), after(90)).change, None);
}

#[test]
fn who_does_nothing_for_long_is_away_and_back_when_they_act() {
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
fn one_device_in_use_is_enough() {
    let (mut attendance, [first, second]) = me_in_group();
    assert_eq!(attendance.leave(ME, first, after(1)), None);
    assert_eq!(attendance.leave(ME, second, after(2)), Some(change(ME, Presence::Away, &[GROUP])));
    assert_eq!(attendance.act(ME, first, after(5)), Some(change(ME, Presence::Online, &[GROUP])));
    assert_eq!(attendance.leave(ME, second, after(6)), None);
    // The one in use goes; what is left is one that nobody is at.
    let away = attendance.disconnect(ME, first, after(7));
    assert_eq!(away, Some(change(ME, Presence::Away, &[GROUP])));
}

#[test]
fn who_turns_to_and_fro_is_told_of_every_two_seconds_at_most() {
    let (mut attendance, [device]) = me_in_group();
    assert_eq!(attendance.leave(ME, device, after(1)), None);
    assert_eq!(attendance.act(ME, device, after(1)), None);
    assert_eq!(attendance.leave(ME, device, after(1)), None);
    assert_eq!(attendance.tick(after(1)), []);
    // What it comes to is told once it is time.
    assert_eq!(attendance.tick(after(2)), [change(ME, Presence::Away, &[GROUP])]);
    assert_eq!(attendance.act(ME, device, after(3)), None);
    assert_eq!(attendance.tick(after(4)), [change(ME, Presence::Online, &[GROUP])]);
    // That somebody hides is told at once.
    let hidden = apply(&mut attendance, set(ME, PresenceSetting::Hidden), after(4));
    assert_eq!(hidden, Some(left(ME, after(3), &[GROUP])));
}

#[test]
fn who_writes_is_there_by_whatever_way_they_do() {
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
fn what_a_bot_writes_does_not_bring_back_who_has_said_that_they_are_away() {
    let (mut attendance, [device]) = me_in_group();
    attendance.leave(ME, device, after(10));
    let writes = LoggedEvent { actor: Some(ME), ..logged(Event::MessageCreated(message(ME))) };
    assert_eq!(attendance.apply(&writes, after(20)), None);
}

#[test]
fn nobody_was_there_once_all_is_forgotten() {
    let (mut attendance, [before]) = me_in_group();
    attendance.forget_all();
    assert_empty(&attendance);
    assert_eq!(attendance.disconnect(ME, before, after(1)), None);
    let arrival = attendance.connect(&viewer(ME, &[GROUP]), after(2));
    assert_ne!(arrival.device, before);
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn the_later_of_two_changes_is_told_where_either_was_to_be() {
    let earlier = change(ME, Presence::Online, &[ELSEWHERE, GROUP]);
    let told = left(ME, after(1), &[GROUP]).instead_of(earlier);
    assert_eq!(told, left(ME, after(1), &[GROUP, ELSEWHERE]));
}

#[test]
fn a_new_device_brings_back_who_was_away() {
    let (mut attendance, [device]) = me_in_group();
    attendance.leave(ME, device, after(2));
    let arrival = attendance.connect(&viewer(ME, &[GROUP]), after(4));
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn who_goes_while_away_is_away_until_they_are_gone() {
    let (mut attendance, [device]) = me_in_group();
    attendance.act(ME, device, after(7));
    attendance.leave(ME, device, after(8));
    assert_eq!(attendance.disconnect(ME, device, after(9)), None);
    assert_eq!(attendance.snapshot(&[GROUP], OTHER), [is(ME, Presence::Away)]);
    // Seen last when something was done, not when the connection ended.
    assert_eq!(attendance.tick(after(39)), [left(ME, after(7), &[GROUP])]);
}

#[test]
fn a_device_that_has_gone_does_nothing_more() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(1));
    for _ in 0..2 {
        assert_eq!(attendance.act(ME, device, after(2)), None);
        assert_eq!(attendance.leave(ME, device, after(2)), None);
        // Nor does it go twice, which would begin the time again.
        assert_eq!(attendance.disconnect(ME, device, after(20)), None);
    }
    assert_eq!(attendance.tick(after(31)), [left(ME, NOW, &[GROUP])]);
    assert_eq!(attendance.act(ME, device, after(32)), None);
    assert_eq!(attendance.disconnect(ME, device, after(32)), None);
}

#[test]
fn several_who_go_are_told_of_one_after_the_other() {
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
fn a_clock_that_is_set_back_only_takes_longer() {
    let (mut attendance, [device]) = me_in_group();
    attendance.disconnect(ME, device, after(100));
    assert_eq!(attendance.tick(NOW), []);
    assert_eq!(attendance.tick(after(130)), [left(ME, NOW, &[GROUP])]);
}

#[test]
fn a_change_is_passed_on_without_its_groups() {
    let ephemeral = EphemeralEvent::from(left(ME, after(1), &[GROUP]));
    let presence = Presence::Offline;
    assert_eq!(
        ephemeral,
        EphemeralEvent::PresenceChanged { user: ME, presence, last_seen_at: Some(after(1)) }
    );
}
