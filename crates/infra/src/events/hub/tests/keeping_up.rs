//! Listeners that are slower than the hub, and a hub that is not notified of everything.

use std::sync::Arc;

use groupchat_domain::events::{Audience, Event, SharedEvent};
use groupchat_domain::ids::Position;
use groupchat_domain::text::TextBytes;

use super::super::HubOptions;
use super::super::core::Continuity;
use super::super::inbox::Broadcast;
use super::super::wakers::Wakers;
use super::fixture::*;
use crate::executor::sync::locked;

#[test]
fn a_slow_listener_is_disconnected_and_others_are_not_affected() {
    let test_hub = TestHub::new();
    let mut slow = test_hub.listen(ANN, &[CHESS]);
    let mut quick = test_hub.listen(BOB, &[CHESS]);
    let mut published = Vec::new();
    for _ in 0..=options().queue {
        published.push(test_hub.publish_to_group(CHESS));
        assert_eq!(quick.positions(), published[published.len() - 1..]);
    }
    assert_eq!(locked(&test_hub.hub.0.registry).listeners(), 1);
    let after = test_hub.publish_to_group(CHESS);
    assert_eq!(quick.positions(), [after]);
    let mut taken = slow.take();
    assert_eq!(taken.split_off(options().queue), [Got::TooSlow, Got::End]);
    let queued: Vec<_> = published[..options().queue].iter().map(|position| Got::Logged(*position)).collect();
    assert_eq!(taken, queued, "queued events come first");
}

#[test]
fn a_session_check_disconnects_a_listener_whose_queue_is_full() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    for _ in 0..options().queue {
        test_hub.publish_to_all();
    }
    test_hub.publish(Audience::User(ANN), Event::SessionsEnded(ANN));
    assert_eq!(ann.take().split_off(options().queue), [Got::TooSlow, Got::End]);
}

#[test]
fn queued_text_counts_and_read_text_does_not() {
    let event = something();
    let queue_bytes = 3 * event.text_bytes();
    let test_hub = TestHub::with(HubOptions { queue_bytes, ..options() });
    let mut slow = test_hub.listen(ANN, &[CHESS]);
    let mut quick = test_hub.listen(BOB, &[CHESS]);
    for _ in 0..4 {
        let position = test_hub.publish(Audience::Group(CHESS), event.clone());
        assert_eq!(quick.positions(), [position]);
    }
    assert_eq!(slow.take().split_off(3), [Got::TooSlow, Got::End]);
}

/// A group looks like this when somebody pastes a long text and others answer. It must not end the connections of
/// listeners that read a moment later.
#[test]
fn a_burst_of_long_messages_does_not_disconnect_a_late_reader() {
    const MESSAGES: usize = 40;
    let test_hub = TestHub::with(HubOptions::default());
    let mut late = test_hub.listen(ANN, &[CHESS]);
    let event = long_message();
    assert!(event.text_bytes() > 40_000);
    let published: Vec<_> =
        (0..MESSAGES).map(|_| test_hub.publish(Audience::Group(CHESS), event.clone())).collect();
    assert_eq!(late.positions(), published);
    let live = test_hub.publish_to_group(CHESS);
    assert_eq!(late.positions(), [live], "still connected");
}

#[test]
fn text_counts_before_the_authorization_and_not_as_slowness_after_it() {
    let event = something();
    let bytes = event.text_bytes();
    let options = HubOptions { queue_bytes: 1, unauthorized_queue_bytes: 3 * bytes, ..options() };
    let test_hub = TestHub::with(options);
    let (mut late, mut in_time) = (test_hub.subscribe(), test_hub.subscribe());
    let mut published = Vec::new();
    for _ in 0..3 {
        published.push(test_hub.publish(Audience::Group(CHESS), event.clone()));
    }
    in_time.authorize(BOB, &[CHESS]);
    published.push(test_hub.publish(Audience::Group(CHESS), event.clone()));
    late.authorize(ANN, &[CHESS]);
    assert_eq!(late.take(), [Got::TooSlow, Got::End]);
    assert_eq!(in_time.positions(), published);
}

#[test]
fn the_queue_before_the_authorization_is_limited() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    let mut in_time = test_hub.subscribe();
    for _ in 0..options().unauthorized_queue {
        test_hub.publish_to_group(POKER);
    }
    in_time.authorize(BOB, &[]);
    test_hub.publish_to_group(POKER);
    ann.authorize(ANN, &[CHESS]);
    assert_eq!(ann.take(), [Got::TooSlow, Got::End]);
    assert_eq!(in_time.positions(), []);
}

#[test]
fn events_queued_before_the_authorization_do_not_count_as_slowness() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    let count = options().unauthorized_queue;
    for _ in 0..count {
        test_hub.publish_to_all();
    }
    ann.authorize(ANN, &[]);
    for _ in 0..options().queue {
        test_hub.publish_to_all();
    }
    assert_eq!(ann.positions().len(), count + options().queue);
    let live = test_hub.publish_to_all();
    assert_eq!(ann.positions(), [live]);
}

#[test]
fn nothing_is_broadcast_past_a_gap() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let first = test_hub.publish_to_all();
    let missing = test_hub.write(Audience::All, something());
    let later = test_hub.write(Audience::All, something());
    test_hub.commit(std::slice::from_ref(&later));
    assert_eq!(test_hub.broadcast(), Continuity::Gap);
    assert_eq!(ann.positions(), [first]);
    // An event as it comes from the log.
    let read = Broadcast::Logged(Arc::new(SharedEvent::new(missing.clone())));
    test_hub.hub.0.broadcast(&read, &mut Wakers::default());
    assert_eq!(
        test_hub.broadcast(),
        Continuity::Complete,
        "queued events follow without being read from the log"
    );
    assert_eq!(ann.positions(), [missing.position, later.position]);
}

#[test]
fn nothing_is_broadcast_twice() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let event = test_hub.write(Audience::All, something());
    for _ in 0..2 {
        test_hub.commit(std::slice::from_ref(&event));
        assert_eq!(test_hub.broadcast(), Continuity::Complete);
    }
    assert_eq!(ann.positions(), [event.position]);
}

#[test]
fn an_overflow_of_the_inbox_is_noticed() {
    let test_hub = TestHub::with(HubOptions { inbox: 4, ..options() });
    let mut ann = test_hub.listen(ANN, &[]);
    let events = [(); 6].map(|()| test_hub.write(Audience::All, something()));
    test_hub.commit(&events);
    assert_eq!(test_hub.broadcast(), Continuity::Gap);
    assert_eq!(ann.positions().len(), 4);
    test_hub.commit(&events[4..]);
    assert_eq!(test_hub.broadcast(), Continuity::Complete);
    assert_eq!(ann.positions(), [events[4].position, events[5].position]);
}

#[test]
fn a_log_that_continues_after_a_gap_disconnects_everyone() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    test_hub.hub.0.require_next(Position::new(1));
    assert_eq!(ann.take(), []);
    test_hub.hub.0.require_next(Position::new(5));
    assert_eq!(ann.take(), [Got::Stopping, Got::End]);
    assert_eq!(test_hub.subscribe().since(), Position::new(4));
}
