//! From the subscription to its end.

use groupchat_domain::events::{Audience, LiveEvents};
use groupchat_domain::ids::Position;

use super::super::core::Continuity;
use super::fixture::*;

#[test]
fn events_since_the_subscription_come_after_the_authorization() {
    let test_hub = TestHub::new();
    test_hub.publish_to_group(CHESS);
    let mut ann = test_hub.subscribe();
    let published = [test_hub.publish_to_group(CHESS), test_hub.publish_to_all()];
    test_hub.publish_to_group(POKER);
    assert_eq!(ann.next(), None, "not before the authorization");
    ann.authorize(ANN, &[CHESS]);
    let live = test_hub.publish_to_group(CHESS);
    assert_eq!(ann.positions(), [published[0], published[1], live]);
}

#[test]
fn a_subscription_begins_where_the_hub_is() {
    let test_hub = TestHub::new();
    let first = test_hub.subscribe();
    assert_eq!(first.since(), Position::ZERO);
    let last = test_hub.publish_to_all();
    assert_eq!(test_hub.subscribe().since(), last);
}

#[test]
fn events_not_broadcast_yet_come_after_the_subscription() {
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
fn without_listeners_nothing_is_kept_and_the_position_advances() {
    let test_hub = TestHub::new();
    drop(test_hub.listen(BOB, &[]));
    let unheard = test_hub.write(Audience::All, something());
    test_hub.commit(std::slice::from_ref(&unheard));
    assert!(test_hub.hub.0.inbox.pop_ready(1, Position::ZERO).is_empty());
    let mut ann = test_hub.listen(ANN, &[]);
    assert_eq!(ann.since(), unheard.position);
    let received = test_hub.publish_to_all();
    assert_eq!(ann.positions(), [received]);
}

#[test]
fn a_new_listener_does_not_get_what_was_queued_for_earlier_ones() {
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
fn a_listener_learns_up_to_where_it_has_everything() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let seen = test_hub.publish_to_group(CHESS);
    let unseen = test_hub.publish_to_group(POKER);
    assert_eq!(ann.take(), [Got::Logged(seen), Got::Passed(unseen)]);
    assert_eq!(ann.take(), [], "once");
    let seen = test_hub.publish_to_group(CHESS);
    assert_eq!(ann.take(), [Got::Logged(seen)], "the event itself shows it");
}

#[test]
fn events_that_a_listener_may_not_see_do_not_wake_it() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    assert_eq!(ann.next(), None);
    test_hub.publish_to_group(POKER);
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
fn the_authorization_wakes_a_waiting_listener() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    test_hub.publish_to_all();
    assert_eq!(ann.next(), None);
    ann.authorize(ANN, &[]);
    assert_eq!(ann.wakers(), 1);
}

#[test]
fn a_second_authorization_changes_nothing() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    ann.authorize(BOB, &[POKER]);
    let chess = test_hub.publish_to_group(CHESS);
    test_hub.publish_to_group(POKER);
    assert_eq!(ann.positions(), [chess]);
}

#[test]
fn a_stop_ends_all_present_and_later_subscriptions() {
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
fn before_the_hub_has_begun_subscriptions_end_at_once() {
    let mut early = TestHub::not_begun(options()).listen(ANN, &[]);
    assert_eq!(early.take(), [Got::TooSlow, Got::End]);
}
