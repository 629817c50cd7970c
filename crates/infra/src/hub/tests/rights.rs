//! Who gets which event.

use groupchat_domain::events::{Audience, Event, RemovedGroup, Viewer};
use groupchat_domain::ids::{EventId, SessionId};

use super::fixture::*;

#[test]
fn an_event_goes_to_whom_it_is_for() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let mut bob = desk.listen(BOB, &[POKER]);
    let all = desk.tell_all();
    let chess = desk.tell_group(CHESS);
    let poker = desk.tell_group(POKER);
    let for_ann = desk.tell(Audience::User(ANN), something());
    let for_bobs_session = desk.tell(Audience::Session(SessionId::new(BOB.get())), something());
    let for_both = desk.tell(Audience::GroupAndUser(CHESS, BOB), something());
    assert_eq!(ann.positions(), [all, chess, for_ann, for_both]);
    assert_eq!(bob.positions(), [all, poker, for_bobs_session, for_both]);
}

#[test]
fn all_devices_of_a_user_get_an_event() {
    let desk = Desk::new();
    let mut devices = [(); 3].map(|()| desk.listen(ANN, &[CHESS]));
    let (chess, own) = (desk.tell_group(CHESS), desk.tell(Audience::User(ANN), something()));
    for device in &mut devices {
        assert_eq!(device.positions(), [chess, own]);
    }
}

#[test]
fn a_member_sees_a_group_from_joining_to_leaving() {
    let desk = Desk::new();
    let mut bob = desk.listen(BOB, &[]);
    desk.tell_group(CHESS);
    let added = desk.add_member(CHESS, BOB);
    let inside = desk.tell_group(CHESS);
    let removed = desk.remove_member(CHESS, BOB);
    desk.tell_group(CHESS);
    let again = desk.add_member(CHESS, BOB);
    let inside_again = desk.tell_group(CHESS);
    assert_eq!(bob.positions(), [added, inside, removed, again, inside_again]);
}

#[test]
fn members_see_others_come_and_go() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let moves = [desk.add_member(CHESS, BOB), desk.remove_member(CHESS, BOB)];
    assert_eq!(ann.positions(), moves);
}

#[test]
fn a_removal_from_an_earlier_membership_ends_no_later_one() {
    let desk = Desk::new();
    let mut bob = desk.subscribe();
    let removed = desk.remove_member(CHESS, BOB);
    let added = desk.add_member(CHESS, BOB);
    // The memberships were read after both.
    let membership = (CHESS, EventId::new(added.get()));
    bob.feed.admit(Viewer::new(BOB, SessionId::new(2), [membership]));
    let inside = desk.tell_group(CHESS);
    assert_eq!(bob.positions(), [removed, added, inside]);
}

#[test]
fn the_end_of_a_group_is_seen_by_who_was_in_it() {
    for audience in [Audience::All, Audience::Group(CHESS)] {
        let desk = Desk::new();
        let mut inside = desk.listen(ANN, &[CHESS]);
        let mut outside = desk.listen(BOB, &[]);
        let mut late = desk.subscribe();
        let deleted = desk.tell(audience, Event::GroupDeleted(RemovedGroup::logged(CHESS, Audience::All)));
        desk.tell_group(CHESS);
        late.admit(ANN, &[CHESS]);
        assert_eq!(inside.positions(), [deleted]);
        assert_eq!(late.positions(), [deleted]);
        let expected = if audience == Audience::All { vec![deleted] } else { vec![] };
        assert_eq!(outside.positions(), expected);
    }
}

#[test]
fn what_is_gone_or_hidden_is_seen_by_nobody() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    desk.tell(Audience::All, Event::Gone(something().event_type()));
    let hidden = desk.tell(Audience::All, Event::SessionsEnded(BOB));
    assert_eq!(ann.take(), [Got::Passed(hidden)]);
}

#[test]
fn when_sessions_end_the_users_listeners_check_theirs_once() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    let mut bob = desk.listen(BOB, &[]);
    let mut late = desk.subscribe();
    desk.tell(Audience::User(ANN), Event::SessionsEnded(ANN));
    let ended = desk.tell(Audience::User(ANN), Event::SessionsEnded(ANN));
    late.admit(ANN, &[]);
    assert_eq!(ann.take(), [Got::CheckSession, Got::Passed(ended)]);
    assert_eq!(late.take(), [Got::CheckSession, Got::Passed(ended)]);
    assert_eq!(bob.take(), [Got::Passed(ended)]);
}

#[test]
fn a_deleted_user_is_told_and_checks() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    let mut bob = desk.listen(BOB, &[]);
    let deleted = desk.tell(Audience::All, Event::UserDeleted(ANN));
    assert_eq!(ann.take(), [Got::Logged(deleted), Got::CheckSession]);
    assert_eq!(bob.take(), [Got::Logged(deleted)]);
}
