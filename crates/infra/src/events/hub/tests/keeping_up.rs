//! Listeners that are slower than the hub, and a hub that is not notified of everything.

use std::sync::Arc;

use groupchat_domain::events::{Audience, Event, SharedEvent};
use groupchat_domain::ids::Position;
use groupchat_domain::text::TextBytes;

use super::super::HubOptions;
use super::super::core::Continuity;
use super::super::inbox::Item;
use super::super::wakers::Wakers;
use super::fixture::*;
use crate::executor::sync::locked;

#[test]
fn who_does_not_keep_up_is_let_go_and_the_others_do_not_notice() {
    let test_hub = TestHub::new();
    let mut slow = test_hub.listen(ANN, &[CHESS]);
    let mut quick = test_hub.listen(BOB, &[CHESS]);
    let mut told = Vec::new();
    for _ in 0..=options().queue {
        told.push(test_hub.tell_group(CHESS));
        assert_eq!(quick.positions(), told[told.len() - 1..]);
    }
    assert_eq!(locked(&test_hub.hub.0.registry).listeners(), 1);
    let after = test_hub.tell_group(CHESS);
    assert_eq!(quick.positions(), [after]);
    let mut taken = slow.take();
    assert_eq!(taken.split_off(options().queue), [Got::TooSlow, Got::End]);
    let kept: Vec<_> = told[..options().queue].iter().map(|position| Got::Logged(*position)).collect();
    assert_eq!(taken, kept, "what was kept comes first");
}

#[test]
fn a_full_queue_is_too_slow_for_a_check_too() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    for _ in 0..options().queue {
        test_hub.tell_all();
    }
    test_hub.tell(Audience::User(ANN), Event::SessionsEnded(ANN));
    assert_eq!(ann.take().split_off(options().queue), [Got::TooSlow, Got::End]);
}

#[test]
fn long_texts_fill_a_queue_too_and_those_that_were_taken_do_not_count() {
    let event = something();
    let queue_bytes = 3 * event.text_bytes();
    let test_hub = TestHub::with(HubOptions { queue_bytes, ..options() });
    let mut slow = test_hub.listen(ANN, &[CHESS]);
    let mut quick = test_hub.listen(BOB, &[CHESS]);
    for _ in 0..4 {
        let position = test_hub.tell(Audience::Group(CHESS), event.clone());
        assert_eq!(quick.positions(), [position]);
    }
    assert_eq!(slow.take().split_off(3), [Got::TooSlow, Got::End]);
}

/// So is a group when somebody pastes a long text, and others answer: no reason to end every connection that is a
/// moment late.
#[test]
fn a_burst_of_long_messages_waits_for_who_reads_a_moment_later() {
    const MESSAGES: usize = 40;
    let test_hub = TestHub::with(HubOptions::default());
    let mut late = test_hub.listen(ANN, &[CHESS]);
    let event = long_message();
    assert!(event.text_bytes() > 40_000);
    let told: Vec<_> = (0..MESSAGES).map(|_| test_hub.tell(Audience::Group(CHESS), event.clone())).collect();
    assert_eq!(late.positions(), told);
    let live = test_hub.tell_group(CHESS);
    assert_eq!(late.positions(), [live], "it goes on");
}

#[test]
fn long_texts_count_before_the_admission_and_what_waits_then_is_not_slowness() {
    let event = something();
    let bytes = event.text_bytes();
    let options = HubOptions { queue_bytes: 1, unauthorized_queue_bytes: 3 * bytes, ..options() };
    let test_hub = TestHub::with(options);
    let (mut late, mut in_time) = (test_hub.subscribe(), test_hub.subscribe());
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(test_hub.tell(Audience::Group(CHESS), event.clone()));
    }
    in_time.authorize(BOB, &[CHESS]);
    told.push(test_hub.tell(Audience::Group(CHESS), event.clone()));
    late.authorize(ANN, &[CHESS]);
    assert_eq!(late.take(), [Got::TooSlow, Got::End]);
    assert_eq!(in_time.positions(), told);
}

#[test]
fn before_the_admission_only_so_much_is_kept() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    let mut in_time = test_hub.subscribe();
    for _ in 0..options().unauthorized_queue {
        test_hub.tell_group(POKER);
    }
    in_time.authorize(BOB, &[]);
    test_hub.tell_group(POKER);
    ann.authorize(ANN, &[CHESS]);
    assert_eq!(ann.take(), [Got::TooSlow, Got::End]);
    assert_eq!(in_time.positions(), []);
}

#[test]
fn what_waited_for_the_admission_is_no_slowness() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    let count = options().unauthorized_queue;
    for _ in 0..count {
        test_hub.tell_all();
    }
    ann.authorize(ANN, &[]);
    for _ in 0..options().queue {
        test_hub.tell_all();
    }
    assert_eq!(ann.positions().len(), count + options().queue);
    let live = test_hub.tell_all();
    assert_eq!(ann.positions(), [live]);
}

#[test]
fn nothing_is_handed_out_over_a_gap() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let first = test_hub.tell_all();
    let missing = test_hub.write(Audience::All, something());
    let later = test_hub.write(Audience::All, something());
    test_hub.commit(std::slice::from_ref(&later));
    assert_eq!(test_hub.broadcast(), Continuity::Gap);
    assert_eq!(ann.positions(), [first]);
    // As it comes from the log.
    let read = Item::Logged(Arc::new(SharedEvent::new(missing.clone())));
    test_hub.hub.0.broadcast(&read, &mut Wakers::default());
    assert_eq!(test_hub.broadcast(), Continuity::Complete, "what waited follows, without being read");
    assert_eq!(ann.positions(), [missing.position, later.position]);
}

#[test]
fn nothing_is_handed_out_twice() {
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
fn an_inbox_that_is_full_is_noticed() {
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
fn a_log_that_goes_on_after_a_gap_lets_all_go() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    test_hub.hub.0.require_next(Position::new(1));
    assert_eq!(ann.take(), []);
    test_hub.hub.0.require_next(Position::new(5));
    assert_eq!(ann.take(), [Got::Stopping, Got::End]);
    assert_eq!(test_hub.subscribe().since(), Position::new(4));
}
