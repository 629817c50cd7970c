//! From the subscription to its end.

use groupchat_domain::events::{Audience, LiveEvents};
use groupchat_domain::ids::Position;

use super::super::core::Sequence;
use super::fixture::*;

#[test]
fn events_since_the_subscription_come_once_it_is_said_who_listens() {
    let desk = Desk::new();
    desk.tell_group(CHESS);
    let mut ann = desk.subscribe();
    let told = [desk.tell_group(CHESS), desk.tell_all()];
    desk.tell_group(POKER);
    assert_eq!(ann.next(), None, "not before the admission");
    ann.admit(ANN, &[CHESS]);
    let live = desk.tell_group(CHESS);
    assert_eq!(ann.positions(), [told[0], told[1], live]);
}

#[test]
fn a_subscription_begins_where_the_hub_is() {
    let desk = Desk::new();
    let first = desk.subscribe();
    assert_eq!(first.since(), Position::ZERO);
    let last = desk.tell_all();
    assert_eq!(desk.subscribe().since(), last);
}

#[test]
fn what_is_not_handed_out_yet_comes_after_the_subscription() {
    let desk = Desk::new();
    let _other = desk.listen(BOB, &[]);
    let waiting = desk.write(Audience::All, something());
    desk.commit(std::slice::from_ref(&waiting));
    let mut ann = desk.listen(ANN, &[]);
    assert_eq!(ann.since(), Position::ZERO);
    assert_eq!(desk.hand_out(), Sequence::Kept);
    assert_eq!(ann.positions(), [waiting.position]);
}

#[test]
fn while_nobody_listens_nothing_is_kept_and_the_position_moves_on() {
    let desk = Desk::new();
    drop(desk.listen(BOB, &[]));
    let unheard = desk.write(Audience::All, something());
    desk.commit(std::slice::from_ref(&unheard));
    assert!(desk.hub.0.inbox.take(1, Position::ZERO).is_empty());
    let mut ann = desk.listen(ANN, &[]);
    assert_eq!(ann.since(), unheard.position);
    let heard = desk.tell_all();
    assert_eq!(ann.positions(), [heard]);
}

#[test]
fn what_still_waits_for_those_who_have_gone_does_not_come_to_who_came_after() {
    let desk = Desk::new();
    let gone = desk.listen(BOB, &[]);
    let waiting = desk.write(Audience::All, something());
    desk.commit(std::slice::from_ref(&waiting));
    drop(gone);
    let mut ann = desk.listen(ANN, &[]);
    assert_eq!(ann.since(), waiting.position);
    assert_eq!((desk.hand_out(), ann.take()), (Sequence::Kept, vec![]));
}

#[test]
fn a_listener_learns_how_far_it_has_all() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let seen = desk.tell_group(CHESS);
    let unseen = desk.tell_group(POKER);
    assert_eq!(ann.take(), [Got::Logged(seen), Got::Passed(unseen)]);
    assert_eq!(ann.take(), [], "once");
    let seen = desk.tell_group(CHESS);
    assert_eq!(ann.take(), [Got::Logged(seen)], "an event says it as well");
}

#[test]
fn what_a_listener_may_not_see_does_not_wake_it() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    assert_eq!(ann.next(), None);
    desk.tell_group(POKER);
    assert_eq!(ann.wakes(), 0);
}

#[test]
fn many_events_at_once_wake_a_listener_once() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    assert_eq!(ann.next(), None);
    let events = [(); 10].map(|()| desk.write(Audience::Group(CHESS), something()));
    desk.commit(&events);
    assert_eq!(desk.hand_out(), Sequence::Kept);
    assert_eq!((ann.wakes(), ann.positions().len()), (1, 10));
}

#[test]
fn whoever_waits_is_woken_by_the_admission() {
    let desk = Desk::new();
    let mut ann = desk.subscribe();
    desk.tell_all();
    assert_eq!(ann.next(), None);
    ann.admit(ANN, &[]);
    assert_eq!(ann.wakes(), 1);
}

#[test]
fn a_second_admission_changes_nothing() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    ann.admit(BOB, &[POKER]);
    let chess = desk.tell_group(CHESS);
    desk.tell_group(POKER);
    assert_eq!(ann.positions(), [chess]);
}

#[test]
fn a_hub_that_stops_tells_all_and_all_who_come_later() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    let mut unadmitted = desk.subscribe();
    assert_eq!((ann.next(), unadmitted.next()), (None, None));
    desk.hub.stop();
    let mut late = desk.listen(BOB, &[]);
    for ear in [&mut ann, &mut unadmitted, &mut late] {
        assert_eq!(ear.take(), [Got::Stopping, Got::End]);
    }
    assert_eq!((ann.wakes(), unadmitted.wakes()), (1, 1));
}

#[test]
fn before_the_log_is_known_there_is_nothing_to_listen_to() {
    let mut early = Desk::not_begun(options()).listen(ANN, &[]);
    assert_eq!(early.take(), [Got::TooSlow, Got::End]);
}
