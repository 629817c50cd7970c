//! Who gets which event.

use groupchat_domain::events::{
    Audience, EphemeralAudience, EphemeralEvent, Event, EventType, LiveEvents, RemovedGroup, SubjectIds,
    Viewer,
};
use groupchat_domain::groups::JoinedGroup;
use groupchat_domain::ids::{EventId, GroupId, Position, SessionId};
use groupchat_domain::presence::Presence;

use super::fixture::*;

#[test]
fn events_reach_only_their_audience() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let mut bob = test_hub.listen(BOB, &[POKER]);
    let all = test_hub.publish_to_all();
    let chess = test_hub.publish_to_group(CHESS);
    let poker = test_hub.publish_to_group(POKER);
    let for_ann = test_hub.publish(Audience::User(ANN), something());
    let for_bobs_session = test_hub.publish(Audience::Session(SessionId::new(BOB.get())), something());
    let for_both = test_hub.publish(Audience::GroupAndUser(CHESS, BOB), something());
    assert_eq!(ann.positions(), [all, chess, for_ann, for_both]);
    assert_eq!(bob.positions(), [all, poker, for_bobs_session, for_both]);
}

#[test]
fn all_devices_of_a_user_get_an_event() {
    let test_hub = TestHub::new();
    let mut devices = [(); 3].map(|()| test_hub.listen(ANN, &[CHESS]));
    let (chess, own) = (test_hub.publish_to_group(CHESS), test_hub.publish(Audience::User(ANN), something()));
    for device in &mut devices {
        assert_eq!(device.positions(), [chess, own]);
    }
}

#[test]
fn a_member_sees_a_group_from_joining_to_leaving() {
    let test_hub = TestHub::new();
    let mut bob = test_hub.listen(BOB, &[]);
    test_hub.publish_to_group(CHESS);
    let added = test_hub.add_member(CHESS, BOB);
    let inside = test_hub.publish_to_group(CHESS);
    let removed = test_hub.remove_member(CHESS, BOB);
    test_hub.publish_to_group(CHESS);
    let again = test_hub.add_member(CHESS, BOB);
    let inside_again = test_hub.publish_to_group(CHESS);
    assert_eq!(bob.positions(), [added, inside, removed, again, inside_again]);
}

#[test]
fn members_see_others_come_and_go() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let moves = [test_hub.add_member(CHESS, BOB), test_hub.remove_member(CHESS, BOB)];
    assert_eq!(ann.positions(), moves);
}

#[test]
fn a_removal_from_an_earlier_membership_does_not_end_a_later_one() {
    let test_hub = TestHub::new();
    let mut bob = test_hub.subscribe();
    let removed = test_hub.remove_member(CHESS, BOB);
    let added = test_hub.add_member(CHESS, BOB);
    // The memberships were read after both events.
    let membership = JoinedGroup::whole(CHESS, EventId::new(added.get()));
    bob.feed.authorize(Viewer::new(BOB, SessionId::new(2), [membership]));
    let inside = test_hub.publish_to_group(CHESS);
    assert_eq!(bob.positions(), [removed, added, inside]);
}

#[test]
fn the_members_see_that_a_group_was_deleted() {
    for audience in [Audience::All, Audience::Group(CHESS)] {
        let test_hub = TestHub::new();
        let mut inside = test_hub.listen(ANN, &[CHESS]);
        let mut outside = test_hub.listen(BOB, &[]);
        let mut late = test_hub.subscribe();
        let deleted =
            test_hub.publish(audience, Event::GroupDeleted(RemovedGroup::logged(CHESS, Audience::All)));
        test_hub.publish_to_group(CHESS);
        late.authorize(ANN, &[CHESS]);
        assert_eq!(inside.positions(), [deleted]);
        assert_eq!(late.positions(), [deleted]);
        let expected = if audience == Audience::All { vec![deleted] } else { vec![] };
        assert_eq!(outside.positions(), expected);
    }
}

/// The deletion of a private group.
fn delete_private(test_hub: &TestHub, group: GroupId) -> Position {
    let to_members = Audience::Group(group);
    test_hub.publish(to_members, Event::GroupDeleted(RemovedGroup::logged(group, to_members)))
}

#[test]
fn who_comes_while_a_private_group_is_being_deleted_is_told_of_its_end_and_of_nothing_else() {
    let test_hub = TestHub::new();
    let [mut ann, mut bob] = [(); 2].map(|()| test_hub.subscribe());
    let ended = JoinedGroup { has_ended: true, ..JoinedGroup::whole(CHESS, EventId::new(0)) };
    ann.feed.authorize(Viewer::new(ANN, SessionId::new(ANN.get()), [ended]));
    bob.authorize(BOB, &[CHESS]);
    let inside = test_hub.publish_to_group(CHESS);
    let presence =
        EphemeralEvent::PresenceChanged { user: BOB, presence: Presence::Online, last_seen_at: None };
    test_hub.hub.publish_ephemeral(EphemeralAudience::Members(CHESS, BOB), presence);
    test_hub.broadcast();
    let deleted = delete_private(&test_hub, CHESS);
    assert_eq!(ann.take(), [Got::Logged(deleted)]);
    assert_eq!(bob.positions(), [inside, deleted]);
}

#[test]
fn who_came_in_before_the_log_was_read_back_is_told_of_the_end_of_a_private_group() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let mut bob = test_hub.listen(BOB, &[]);
    let ids = SubjectIds { group: Some(CHESS), user: Some(ANN), ..SubjectIds::default() };
    test_hub.publish(Audience::Group(CHESS), Event::Gone(EventType::MemberAdded, ids));
    test_hub.publish_to_group(CHESS);
    let deleted = delete_private(&test_hub, CHESS);
    assert_eq!((ann.positions(), bob.positions()), (vec![deleted], vec![]));
}

#[test]
fn nobody_sees_what_is_gone_or_hidden() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    test_hub.publish(Audience::All, Event::Gone(something().event_type(), SubjectIds::default()));
    let hidden = test_hub.publish(Audience::All, Event::SessionsEnded(BOB));
    assert_eq!(ann.take(), [Got::Passed(hidden)]);
}

#[test]
fn when_sessions_end_the_users_listeners_check_theirs_once_each() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let mut bob = test_hub.listen(BOB, &[]);
    let mut late = test_hub.subscribe();
    test_hub.publish(Audience::User(ANN), Event::SessionsEnded(ANN));
    let ended = test_hub.publish(Audience::User(ANN), Event::SessionsEnded(ANN));
    late.authorize(ANN, &[]);
    assert_eq!(ann.take(), [Got::CheckSession, Got::Passed(ended)]);
    assert_eq!(late.take(), [Got::CheckSession, Got::Passed(ended)]);
    assert_eq!(bob.take(), [Got::Passed(ended)]);
}

#[test]
fn a_deleted_user_gets_the_event_and_checks_the_session() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let mut bob = test_hub.listen(BOB, &[]);
    let deleted = test_hub.publish(Audience::All, Event::UserDeleted(ANN));
    assert_eq!(ann.take(), [Got::Logged(deleted), Got::CheckSession]);
    assert_eq!(bob.take(), [Got::Logged(deleted)]);
}
