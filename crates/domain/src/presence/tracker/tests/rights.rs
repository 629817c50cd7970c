//! Who learns about whom: members of the same groups, about those who don't hide.

use super::*;
use crate::accounts::PresenceSetting;
use crate::events::{Audience, RemovedGroup, RemovedMember, UserUpdate};

const THIRD_GROUP: GroupId = GroupId::new(9);

#[test]
fn a_snapshot_contains_users_of_shared_groups_once() {
    let mut attendance = PresenceTracker::default();
    attendance.connect(&viewer(ME, &[GROUP, ELSEWHERE]), NOW);
    attendance.connect(&viewer(OTHER, &[GROUP, ELSEWHERE]), NOW);
    let Connected { device, .. } = attendance.connect(&viewer(THIRD, &[ELSEWHERE]), NOW);
    attendance.leave(THIRD, device, after(2));
    let both = [is(OTHER, Presence::Online), is(THIRD, Presence::Away)];
    assert_eq!(attendance.snapshot(&[GROUP, ELSEWHERE], ME), both);
    assert_eq!(attendance.snapshot(&[GROUP], ME), [is(OTHER, Presence::Online)]);
    assert_eq!(attendance.snapshot(&[GROUP], THIRD), [is(ME, Presence::Online), is(OTHER, Presence::Online)]);
    assert_eq!(attendance.snapshot(&[], ME), []);
}

#[test]
fn hidden_users_are_not_announced() {
    let hidden = viewer(ME, &[GROUP]).with_presence(PresenceSetting::Hidden);
    let (mut attendance, [device]) = connected(&hidden);
    assert_eq!(visible(&attendance, GROUP), []);
    assert_eq!(attendance.connect(&hidden, NOW).change, None);
    assert_eq!(attendance.act(ME, device, after(1)), None);
    assert_eq!(attendance.leave(ME, device, after(2)), None);
    assert_eq!(attendance.disconnect(ME, device, after(3)), None);
    assert_eq!(apply(&mut attendance, added(ELSEWHERE, ME), after(4)), None);
    assert_eq!(attendance.tick(after(1_000)), []);
}

#[test]
fn nothing_is_kept_of_hidden_users_once_they_are_gone() {
    let hidden = viewer(ME, &[GROUP]).with_presence(PresenceSetting::Hidden);
    let (mut attendance, [device]) = connected(&hidden);
    attendance.disconnect(ME, device, NOW);
    assert_eq!(attendance.tick(after(30)), []);
    assert_empty(&attendance);
}

#[test]
fn starting_to_hide_looks_like_leaving_once() {
    let (mut attendance, [device]) = me_in_group();
    let hides = apply(&mut attendance, set(ME, PresenceSetting::Hidden), after(5));
    assert_eq!(hides, Some(left(ME, NOW, &[GROUP])));
    assert_eq!(apply(&mut attendance, set(ME, PresenceSetting::Hidden), after(6)), None);
    assert_eq!(visible(&attendance, GROUP), []);
    assert_eq!(attendance.disconnect(ME, device, after(7)), None);
    assert_eq!(attendance.tick(after(100)), []);
}

#[test]
fn ceasing_to_hide_looks_like_connecting() {
    let hidden = viewer(ME, &[GROUP]).with_presence(PresenceSetting::Hidden);
    let (mut attendance, [_]) = connected(&hidden);
    let shows = apply(&mut attendance, set(ME, PresenceSetting::Shown), after(1));
    assert_eq!(shows, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn ceasing_to_hide_in_the_grace_period_is_not_announced() {
    let hidden = viewer(ME, &[GROUP]).with_presence(PresenceSetting::Hidden);
    let (mut attendance, [device]) = connected(&hidden);
    attendance.disconnect(ME, device, after(1));
    assert_eq!(apply(&mut attendance, set(ME, PresenceSetting::Shown), after(2)), None);
    assert_eq!(attendance.tick(after(31)), []);
    assert_empty(&attendance);
}

#[test]
fn a_setting_changed_while_offline_applies_from_the_next_connection() {
    let (mut attendance, [_]) = me_in_group();
    // The event was missed because there were no listeners.
    let hidden = viewer(ME, &[GROUP]).with_presence(PresenceSetting::Hidden);
    assert_eq!(attendance.connect(&hidden, after(1)).change, Some(left(ME, after(1), &[GROUP])));
}

#[test]
fn other_changes_of_a_user_change_nothing() {
    let (mut attendance, [_]) = me_in_group();
    assert_eq!(
        apply(&mut attendance, Event::UserUpdated(UserUpdate::logged(user(ME), Audience::All)), NOW),
        None
    );
    assert_eq!(
        apply(&mut attendance, Event::UserUpdated(UserUpdate::logged(user(OTHER), Audience::All)), NOW),
        None
    );
    assert_eq!(apply(&mut attendance, Event::UserCreated(user(OTHER)), NOW), None);
}

#[test]
fn joining_a_group_is_announced_only_there() {
    let (mut attendance, [_]) = me_in_group();
    let joined = apply(&mut attendance, added(ELSEWHERE, ME), after(1));
    assert_eq!(joined, Some(change(ME, Presence::Online, &[ELSEWHERE])));
    assert_eq!(apply(&mut attendance, added(ELSEWHERE, OTHER), after(1)), None, "is not there");
    assert_eq!(attendance.tick(after(300)), [change(ME, Presence::Away, &[GROUP, ELSEWHERE])]);
}

#[test]
fn a_user_who_left_a_group_is_not_announced_there() {
    let (mut attendance, [device]) = connected(&viewer(ME, &[GROUP, ELSEWHERE]));
    assert_eq!(
        apply(&mut attendance, Event::MemberRemoved(RemovedMember { group: GROUP, user: ME }), after(1)),
        None
    );
    assert_eq!(
        apply(&mut attendance, Event::MemberRemoved(RemovedMember { group: GROUP, user: OTHER }), after(1)),
        None
    );
    assert_eq!((visible(&attendance, GROUP), visible(&attendance, ELSEWHERE)), (vec![], vec![ME]));
    attendance.disconnect(ME, device, after(2));
    assert_eq!(attendance.tick(after(32)), [left(ME, NOW, &[ELSEWHERE])]);
}

#[test]
fn memberships_follow_the_log_during_the_grace_period() {
    let (mut attendance, [device]) = connected(&viewer(ME, &[GROUP]));
    attendance.disconnect(ME, device, after(1));
    apply(&mut attendance, Event::MemberRemoved(RemovedMember { group: GROUP, user: ME }), after(2));
    apply(&mut attendance, added(ELSEWHERE, ME), after(3));
    assert_eq!(attendance.tick(after(31)), [left(ME, NOW, &[ELSEWHERE])]);
}

#[test]
fn missed_memberships_are_applied_at_the_next_connection() {
    let (mut attendance, [_]) = me_in_group();
    let arrival = attendance.connect(&viewer(ME, &[ELSEWHERE]), after(1));
    assert_eq!(arrival.change, Some(change(ME, Presence::Online, &[ELSEWHERE])));
    assert_eq!((visible(&attendance, GROUP), visible(&attendance, ELSEWHERE)), (vec![], vec![ME]));
}

#[test]
fn a_deleted_group_shows_nobody() {
    let (mut attendance, [_]) = connected(&viewer(ME, &[GROUP, ELSEWHERE]));
    assert_eq!(
        apply(&mut attendance, Event::GroupDeleted(RemovedGroup::logged(GROUP, Audience::All)), NOW),
        None
    );
    assert_eq!(visible(&attendance, GROUP), []);
    assert_eq!(attendance.tick(after(300)), [change(ME, Presence::Away, &[ELSEWHERE])]);
}

#[test]
fn a_deleted_user_is_forgotten_without_an_announcement() {
    let (mut attendance, [device]) = connected(&viewer(ME, &[GROUP, ELSEWHERE]));
    assert_eq!(apply(&mut attendance, Event::UserDeleted(OTHER), NOW), None);
    assert_eq!(apply(&mut attendance, Event::UserDeleted(ME), NOW), None);
    assert_empty(&attendance);
    assert_eq!(attendance.disconnect(ME, device, after(1)), None);
    assert_eq!(attendance.tick(after(100)), []);
}

/// A group with as many users as are shown.
fn crowd() -> PresenceTracker {
    let mut attendance = PresenceTracker::default();
    for number in 1..=MAX_SHOWN_PER_GROUP {
        let id = UserId::new(1_000 + i64::try_from(number).unwrap());
        let change = attendance.connect(&viewer(id, &[GROUP]), NOW).change.unwrap();
        assert_eq!(change.groups, [GROUP]);
    }
    attendance
}

#[test]
fn a_full_group_does_not_learn_of_further_users() {
    let mut attendance = crowd();
    let Connected { device, change: told } = attendance.connect(&viewer(ME, &[GROUP, ELSEWHERE]), NOW);
    assert_eq!(told, Some(change(ME, Presence::Online, &[ELSEWHERE])));
    assert_eq!(visible(&attendance, GROUP).len(), MAX_SHOWN_PER_GROUP);
    attendance.disconnect(ME, device, NOW);
    // My arrival was not announced to them, so neither is my leaving.
    assert_eq!(attendance.tick(after(30)), [left(ME, NOW, &[ELSEWHERE])]);
}

#[test]
fn a_user_who_leaves_a_full_group_makes_room_for_another() {
    let mut attendance = crowd();
    let Connected { device, .. } = attendance.connect(&viewer(ME, &[GROUP]), NOW);
    apply(&mut attendance, Event::UserDeleted(UserId::new(1_001)), NOW);
    let away = attendance.leave(ME, device, after(2));
    assert_eq!(away, Some(change(ME, Presence::Away, &[GROUP])), "told of with the next change");
    assert!(visible(&attendance, GROUP).contains(&ME));
}

#[test]
fn a_snapshot_contains_when_others_were_last_seen() {
    let (mut attendance, [device]) = me_in_group();
    attendance.act(ME, device, after(5));
    attendance.disconnect(ME, device, after(9));
    attendance.tick(after(60));
    assert_eq!(attendance.snapshot(&[GROUP], OTHER), [was(ME, after(5))]);
    assert_eq!(attendance.snapshot(&[GROUP], ME), []);
    assert_eq!(attendance.snapshot(&[ELSEWHERE], OTHER), []);
    apply(&mut attendance, added(ELSEWHERE, ME), after(61));
    assert_eq!(attendance.snapshot(&[GROUP, ELSEWHERE], OTHER), [was(ME, after(5))]);
    attendance.connect(&viewer(ME, &[GROUP, ELSEWHERE]), after(70));
    assert_eq!(attendance.snapshot(&[GROUP], OTHER), [is(ME, Presence::Online)]);
}

#[test]
fn last_seen_is_visible_only_to_those_who_share_a_group_now() {
    for (event, seen) in [
        (Event::MemberRemoved(RemovedMember { group: GROUP, user: ME }), false),
        (Event::GroupDeleted(RemovedGroup::logged(GROUP, Audience::All)), false),
        (Event::UserDeleted(ME), false),
        (set(ME, PresenceSetting::Hidden), false),
        (set(ME, PresenceSetting::Shown), true),
    ] {
        let (mut attendance, [device]) = me_in_group();
        attendance.disconnect(ME, device, NOW);
        attendance.tick(after(30));
        apply(&mut attendance, event.clone(), after(31));
        let expected = if seen { vec![was(ME, NOW)] } else { vec![] };
        assert_eq!(attendance.snapshot(&[GROUP], OTHER), expected, "{event:?}");
    }
}

#[test]
fn last_seen_of_hidden_users_is_not_visible() {
    let (mut attendance, [device]) = connected(&viewer(ME, &[GROUP]).with_presence(PresenceSetting::Hidden));
    attendance.disconnect(ME, device, NOW);
    attendance.tick(after(30));
    assert_eq!(attendance.snapshot(&[GROUP], OTHER), []);
}

#[test]
fn an_older_setting_changes_nothing() {
    let hidden = viewer(ME, &[GROUP]).with_presence(PresenceSetting::Hidden).at_version(Version::new(3));
    let (mut attendance, [_]) = connected(&hidden);
    let showing = |version| {
        let user = User { presence: PresenceSetting::Shown, version: Version::new(version), ..user(ME) };
        Event::UserUpdated(UserUpdate::logged(user, Audience::All))
    };
    assert_eq!(apply(&mut attendance, showing(2), after(1)), None);
    let told = apply(&mut attendance, showing(4), after(2));
    assert_eq!(told, Some(change(ME, Presence::Online, &[GROUP])));
}

#[test]
fn a_long_snapshot_prefers_users_who_are_present() {
    let mut attendance = PresenceTracker::default();
    let group = |number: i64| GroupId::new(number / 100);
    for number in 0..1_500 {
        let Connected { device, .. } =
            attendance.connect(&viewer(UserId::new(number), &[group(number)]), NOW);
        attendance.disconnect(UserId::new(number), device, NOW);
    }
    attendance.tick(after(60));
    attendance.connect(&viewer(UserId::new(2_000), &[group(0)]), after(61));
    let groups: Vec<_> = (0..15).map(GroupId::new).collect();
    let told = attendance.snapshot(&groups, ME);
    assert_eq!(told.len(), MAX_SNAPSHOT);
    assert!(told.contains(&is(UserId::new(2_000), Presence::Online)));
}

#[test]
fn in_a_closed_conversation_the_two_are_not_shown_to_each_other() {
    let mut attendance = PresenceTracker::default();
    let groups = [(ME, [GROUP, ELSEWHERE]), (OTHER, [GROUP, THIRD_GROUP])];
    for (user, groups) in groups {
        attendance.connect(&viewer(user, &groups), NOW);
    }
    let parting = |user, to| Parting { to, user, last_seen_at: NOW };
    let partings = attendance.part(GROUP, [ME, OTHER]);
    assert_eq!(partings, [parting(ME, OTHER), parting(OTHER, ME)]);
    let told: Vec<EphemeralEvent> = partings.into_iter().map(Into::into).collect();
    assert_eq!(told, [was(ME, NOW), was(OTHER, NOW)], "as of anybody who goes offline");
    assert!(visible(&attendance, GROUP).is_empty());
    assert_eq!(attendance.part(GROUP, [ME, OTHER]), []);

    let online = |user| change(user, Presence::Online, &[GROUP]);
    assert_eq!(attendance.reunite(GROUP, [ME, OTHER]), [online(ME), online(OTHER)]);
    assert_eq!(visible(&attendance, GROUP), [ME, OTHER]);
}

#[test]
fn those_who_part_still_see_each_other_in_another_group() {
    let mut attendance = PresenceTracker::default();
    for user in [ME, OTHER] {
        attendance.connect(&viewer(user, &[GROUP, ELSEWHERE]), NOW);
    }
    assert_eq!(attendance.part(GROUP, [ME, OTHER]), []);
    assert_eq!(visible(&attendance, ELSEWHERE), [ME, OTHER]);
    assert!(visible(&attendance, GROUP).is_empty());
}

#[test]
fn nobody_is_told_of_who_was_not_there_or_has_left() {
    let mut attendance = PresenceTracker::default();
    let device = attendance.connect(&viewer(ME, &[GROUP]), NOW).device;
    let parting = Parting { to: OTHER, user: ME, last_seen_at: NOW };
    assert_eq!(attendance.part(GROUP, [ME, OTHER]), [parting]);
    attendance.reunite(GROUP, [ME, OTHER]);
    attendance.disconnect(ME, device, after(1));
    attendance.tick(after(3_600));
    assert_eq!(attendance.snapshot(&[GROUP], OTHER).len(), 1, "when I was last seen");
    attendance.part(GROUP, [ME, OTHER]);
    assert_eq!(attendance.snapshot(&[GROUP], OTHER), []);
}

#[test]
fn who_connects_is_not_shown_in_a_closed_conversation() {
    let mut attendance = PresenceTracker::default();
    let mut joined = JoinedGroup::whole(GROUP, EventId::new(1));
    joined.writing.is_closed = true;
    let viewer = Viewer::new(ME, SessionId::new(1), [joined]).with_presence(PresenceSetting::Shown);
    let announced = attendance.connect(&viewer, NOW).change;
    assert_eq!(announced, Some(change(ME, Presence::Online, &[])));
    assert!(visible(&attendance, GROUP).is_empty());
}
