//! Listeners that are gone leave nothing behind.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use groupchat_domain::events::{
    Audience, Delivery, Event, EventType, LiveEvents, RemovedGroup, SubjectIds, Viewer,
};
use groupchat_domain::groups::JoinedGroup;
use groupchat_domain::ids::{EventId, SessionId};

use super::fixture::*;
use crate::executor::sync::locked;

fn assert_empty(test_hub: &TestHub) {
    let registry = locked(&test_hub.hub.0.registry);
    assert_eq!((registry.everybody.len(), registry.unauthorized.len()), (0, 0));
    assert!(registry.of_user.is_empty() && registry.in_group.is_empty());
    assert!(registry.awaiting_end.is_empty());
    drop(registry);
    assert!(!test_hub.hub.0.has_listeners());
}

#[test]
fn a_dropped_subscription_leaves_nothing_behind() {
    let test_hub = TestHub::new();
    let unauthorized = test_hub.subscribe();
    let listeners =
        [test_hub.listen(ANN, &[CHESS, POKER]), test_hub.listen(ANN, &[CHESS]), test_hub.listen(BOB, &[])];
    test_hub.add_member(POKER, BOB);
    test_hub.remove_member(CHESS, ANN);
    test_hub.add_member(CHESS, ANN);
    drop(unauthorized);
    assert_eq!(locked(&test_hub.hub.0.registry).listeners(), 3);
    drop(listeners);
    assert_empty(&test_hub);
}

#[test]
fn who_awaits_the_end_of_a_group_leaves_nothing_behind() {
    let test_hub = TestHub::new();
    let came_in = |group, user| {
        let ids = SubjectIds { group: Some(group), user: Some(user), ..SubjectIds::default() };
        test_hub.publish(Audience::Group(group), Event::Gone(EventType::MemberAdded, ids));
    };
    let awaiting = |group| locked(&test_hub.hub.0.registry).awaiting_end.get(group).len();
    let ended = JoinedGroup { has_ended: true, ..JoinedGroup::whole(POKER, EventId::new(0)) };
    let mut late = test_hub.subscribe();
    late.feed.authorize(Viewer::new(ANN, SessionId::new(1), [ended]));
    let bob = test_hub.listen(BOB, &[]);
    came_in(CHESS, BOB);
    came_in(POKER, BOB);
    assert_eq!((awaiting(CHESS), awaiting(POKER)), (1, 2));
    test_hub.remove_member(POKER, BOB);
    assert_eq!(awaiting(POKER), 1);
    let audience = Audience::Group(CHESS);
    test_hub.publish(audience, Event::GroupDeleted(RemovedGroup::logged(CHESS, audience)));
    assert_eq!(awaiting(CHESS), 0);
    drop((late, bob));
    assert_empty(&test_hub);
}

#[test]
fn a_listener_that_leaves_a_group_leaves_its_index() {
    let test_hub = TestHub::new();
    let _ann = test_hub.listen(ANN, &[CHESS, POKER]);
    let _bob = test_hub.listen(BOB, &[]);
    let members = |group| locked(&test_hub.hub.0.registry).in_group.get(group).len();
    test_hub.add_member(CHESS, BOB);
    assert_eq!(members(CHESS), 2);
    test_hub.remove_member(CHESS, BOB);
    assert_eq!(members(CHESS), 1);
    test_hub.publish(Audience::All, Event::GroupDeleted(RemovedGroup::logged(CHESS, Audience::All)));
    assert_eq!((members(CHESS), members(POKER)), (0, 1));
    test_hub.remove_member(POKER, ANN);
    assert!(locked(&test_hub.hub.0.registry).in_group.is_empty());
}

#[test]
fn a_slow_listener_leaves_nothing_behind() {
    let test_hub = TestHub::new();
    let listeners = [test_hub.listen(ANN, &[CHESS]), test_hub.subscribe()];
    for _ in 0..=options().queue {
        test_hub.publish_to_all();
    }
    assert_empty(&test_hub);
    drop(listeners);
    assert_empty(&test_hub);
}

#[test]
fn a_listener_too_slow_for_its_removal_leaves_nothing_behind() {
    let test_hub = TestHub::new();
    let ann = test_hub.listen(ANN, &[CHESS, POKER]);
    for _ in 0..options().queue {
        test_hub.publish_to_all();
    }
    test_hub.remove_member(CHESS, ANN);
    assert_empty(&test_hub);
    drop(ann);
}

#[test]
fn a_stop_leaves_nothing_behind() {
    let test_hub = TestHub::new();
    let mut listeners = [test_hub.listen(ANN, &[CHESS]), test_hub.subscribe()];
    test_hub.hub.stop();
    assert_empty(&test_hub);
    listeners[1].authorize(BOB, &[CHESS]);
    assert_empty(&test_hub);
    drop(listeners);
    assert_empty(&test_hub);
}

#[test]
fn an_event_is_freed_once_no_listener_waits_for_it() {
    let test_hub = TestHub::new();
    let mut listeners =
        [test_hub.listen(ANN, &[CHESS]), test_hub.listen(BOB, &[CHESS]), test_hub.subscribe()];
    test_hub.publish_to_group(CHESS);
    let polled = listeners[0].feed.poll_next(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Some(Delivery::Logged(event))) = polled else { panic!("no event") };
    assert_eq!(Arc::strong_count(&event), 3);
    listeners[1].take();
    listeners[2].authorize(EVE, &[]);
    assert_eq!(Arc::strong_count(&event), 1);
}
