//! Nothing is left of listeners that are gone.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use groupchat_domain::events::{Audience, Delivery, Event, LiveEvents, RemovedGroup};

use super::fixture::*;
use crate::executor::sync::locked;

fn assert_empty(desk: &Desk) {
    let registry = locked(&desk.hub.0.registry);
    assert_eq!((registry.everybody.len(), registry.unadmitted.len()), (0, 0));
    assert!(registry.of_user.is_empty() && registry.in_group.is_empty());
    drop(registry);
    assert!(!desk.hub.0.is_listened_to());
}

#[test]
fn a_subscription_that_is_dropped_leaves_nothing() {
    let desk = Desk::new();
    let unadmitted = desk.subscribe();
    let ears = [desk.listen(ANN, &[CHESS, POKER]), desk.listen(ANN, &[CHESS]), desk.listen(BOB, &[])];
    desk.add_member(POKER, BOB);
    desk.remove_member(CHESS, ANN);
    desk.add_member(CHESS, ANN);
    drop(unadmitted);
    assert_eq!(locked(&desk.hub.0.registry).listeners(), 3);
    drop(ears);
    assert_empty(&desk);
}

#[test]
fn whoever_leaves_a_group_leaves_its_index() {
    let desk = Desk::new();
    let _ann = desk.listen(ANN, &[CHESS, POKER]);
    let _bob = desk.listen(BOB, &[]);
    let members = |group| locked(&desk.hub.0.registry).in_group.get(group).len();
    desk.add_member(CHESS, BOB);
    assert_eq!(members(CHESS), 2);
    desk.remove_member(CHESS, BOB);
    assert_eq!(members(CHESS), 1);
    desk.tell(Audience::All, Event::GroupDeleted(RemovedGroup::logged(CHESS, Audience::All)));
    assert_eq!((members(CHESS), members(POKER)), (0, 1));
    desk.remove_member(POKER, ANN);
    assert!(locked(&desk.hub.0.registry).in_group.is_empty());
}

#[test]
fn whoever_is_too_slow_leaves_nothing() {
    let desk = Desk::new();
    let ears = [desk.listen(ANN, &[CHESS]), desk.subscribe()];
    for _ in 0..=options().queue {
        desk.tell_all();
    }
    assert_empty(&desk);
    drop(ears);
    assert_empty(&desk);
}

#[test]
fn whoever_is_too_slow_for_the_end_of_a_membership_leaves_nothing() {
    let desk = Desk::new();
    let ann = desk.listen(ANN, &[CHESS, POKER]);
    for _ in 0..options().queue {
        desk.tell_all();
    }
    desk.remove_member(CHESS, ANN);
    assert_empty(&desk);
    drop(ann);
}

#[test]
fn a_stop_leaves_nothing() {
    let desk = Desk::new();
    let mut ears = [desk.listen(ANN, &[CHESS]), desk.subscribe()];
    desk.hub.stop();
    assert_empty(&desk);
    ears[1].admit(BOB, &[CHESS]);
    assert_empty(&desk);
    drop(ears);
    assert_empty(&desk);
}

#[test]
fn an_event_lives_no_longer_than_someone_waits_for_it() {
    let desk = Desk::new();
    let mut ears = [desk.listen(ANN, &[CHESS]), desk.listen(BOB, &[CHESS]), desk.subscribe()];
    desk.tell_group(CHESS);
    let polled = ears[0].feed.poll_next(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Some(Delivery::Logged(event))) = polled else { panic!("no event") };
    assert_eq!(Arc::strong_count(&event), 3);
    ears[1].take();
    ears[2].admit(EVE, &[]);
    assert_eq!(Arc::strong_count(&event), 1);
}
