//! From the subscription to its end.

use groupchat_domain::events::{Audience, LiveEvents};
use groupchat_domain::ids::Position;

use super::super::core::Continuity;
use super::fixture::*;

#[test]
fn events_since_the_subscription_come_once_it_is_said_who_listens() {
    let test_hub = TestHub::new();
    test_hub.tell_group(CHESS);
    let mut ann = test_hub.subscribe();
    let told = [test_hub.tell_group(CHESS), test_hub.tell_all()];
    test_hub.tell_group(POKER);
    assert_eq!(ann.next(), None, "not before the admission");
    ann.authorize(ANN, &[CHESS]);
    let live = test_hub.tell_group(CHESS);
    assert_eq!(ann.positions(), [told[0], told[1], live]);
}

#[test]
fn a_subscription_begins_where_the_hub_is() {
    let test_hub = TestHub::new();
    let first = test_hub.subscribe();
    assert_eq!(first.since(), Position::ZERO);
    let last = test_hub.tell_all();
    assert_eq!(test_hub.subscribe().since(), last);
}

#[test]
fn what_is_not_handed_out_yet_comes_after_the_subscription() {
    let test_hub = TestHub::new();
    let _other = test_hub.listen(BOB, &[]);
    let waiting = test_hub.write(Audience::All, something());
    test_hub.commit(std::slice::from_ref(&waiting));
    let mut ann = test_hub.listen(ANN, &[]);
    assert_eq!(ann.since(), Position::ZERO);
    assert_eq!(test_hub.broadcast(), Continuity::Complete);
    assert_eq!(ann.positions(), [waiting.position]);
}

#[test]
fn while_nobody_listens_nothing_is_kept_and_the_position_moves_on() {
    let test_hub = TestHub::new();
    drop(test_hub.listen(BOB, &[]));
    let unheard = test_hub.write(Audience::All, something());
    test_hub.commit(std::slice::from_ref(&unheard));
    assert!(test_hub.hub.0.inbox.pop_ready(1, Position::ZERO).is_empty());
    let mut ann = test_hub.listen(ANN, &[]);
    assert_eq!(ann.since(), unheard.position);
    let heard = test_hub.tell_all();
    assert_eq!(ann.positions(), [heard]);
}

#[test]
fn what_still_waits_for_those_who_have_gone_does_not_come_to_who_came_after() {
    let test_hub = TestHub::new();
    let gone = test_hub.listen(BOB, &[]);
    let waiting = test_hub.write(Audience::All, something());
    test_hub.commit(std::slice::from_ref(&waiting));
    drop(gone);
    let mut ann = test_hub.listen(ANN, &[]);
    assert_eq!(ann.since(), waiting.position);
    assert_eq!((test_hub.broadcast(), ann.take()), (Continuity::Complete, vec![]));
}

#[test]
fn a_listener_learns_how_far_it_has_all() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let seen = test_hub.tell_group(CHESS);
    let unseen = test_hub.tell_group(POKER);
    assert_eq!(ann.take(), [Got::Logged(seen), Got::Passed(unseen)]);
    assert_eq!(ann.take(), [], "once");
    let seen = test_hub.tell_group(CHESS);
    assert_eq!(ann.take(), [Got::Logged(seen)], "an event says it as well");
}

#[test]
fn what_a_listener_may_not_see_does_not_wake_it() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    assert_eq!(ann.next(), None);
    test_hub.tell_group(POKER);
    assert_eq!(ann.wakers(), 0);
}

#[test]
fn many_events_at_once_wake_a_listener_once() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    assert_eq!(ann.next(), None);
    let events = [(); 10].map(|()| test_hub.write(Audience::Group(CHESS), something()));
    test_hub.commit(&events);
    assert_eq!(test_hub.broadcast(), Continuity::Complete);
    assert_eq!((ann.wakers(), ann.positions().len()), (1, 10));
}

#[test]
fn whoever_waits_is_woken_by_the_admission() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    test_hub.tell_all();
    assert_eq!(ann.next(), None);
    ann.authorize(ANN, &[]);
    assert_eq!(ann.wakers(), 1);
}

#[test]
fn a_second_admission_changes_nothing() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    ann.authorize(BOB, &[POKER]);
    let chess = test_hub.tell_group(CHESS);
    test_hub.tell_group(POKER);
    assert_eq!(ann.positions(), [chess]);
}

#[test]
fn a_hub_that_stops_tells_all_and_all_who_come_later() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let mut unauthorized = test_hub.subscribe();
    assert_eq!((ann.next(), unauthorized.next()), (None, None));
    test_hub.hub.stop();
    let mut late = test_hub.listen(BOB, &[]);
    for listener in [&mut ann, &mut unauthorized, &mut late] {
        assert_eq!(listener.take(), [Got::Stopping, Got::End]);
    }
    assert_eq!((ann.wakers(), unauthorized.wakers()), (1, 1));
}

#[test]
fn before_the_log_is_known_there_is_nothing_to_listen_to() {
    let mut early = TestHub::not_begun(options()).listen(ANN, &[]);
    assert_eq!(early.take(), [Got::TooSlow, Got::End]);
}
