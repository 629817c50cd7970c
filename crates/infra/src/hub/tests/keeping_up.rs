//! Listeners that are slower than the hub, and a hub that is not notified of everything.

use std::sync::Arc;

use groupchat_domain::events::{Audience, Event, Shared};
use groupchat_domain::ids::Position;
use groupchat_domain::text::TextBytes;

use super::super::HubOptions;
use super::super::core::Sequence;
use super::super::inbox::Item;
use super::super::wakes::Wakes;
use super::fixture::*;
use crate::executor::sync::locked;

#[test]
fn who_does_not_keep_up_is_let_go_and_the_others_do_not_notice() {
    let desk = Desk::new();
    let mut slow = desk.listen(ANN, &[CHESS]);
    let mut quick = desk.listen(BOB, &[CHESS]);
    let mut told = Vec::new();
    for _ in 0..=options().queue {
        told.push(desk.tell_group(CHESS));
        assert_eq!(quick.positions(), told[told.len() - 1..]);
    }
    assert_eq!(locked(&desk.hub.0.registry).listeners(), 1);
    let after = desk.tell_group(CHESS);
    assert_eq!(quick.positions(), [after]);
    let mut taken = slow.take();
    assert_eq!(taken.split_off(options().queue), [Got::TooSlow, Got::End]);
    let kept: Vec<_> = told[..options().queue].iter().map(|position| Got::Logged(*position)).collect();
    assert_eq!(taken, kept, "what was kept comes first");
}

#[test]
fn a_full_queue_is_too_slow_for_a_check_too() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    for _ in 0..options().queue {
        desk.tell_all();
    }
    desk.tell(Audience::User(ANN), Event::SessionsEnded(ANN));
    assert_eq!(ann.take().split_off(options().queue), [Got::TooSlow, Got::End]);
}

#[test]
fn long_texts_fill_a_queue_too_and_those_that_were_taken_do_not_count() {
    let event = something();
    let queue_bytes = 3 * event.text_bytes();
    let desk = Desk::with(HubOptions { queue_bytes, ..options() });
    let mut slow = desk.listen(ANN, &[CHESS]);
    let mut quick = desk.listen(BOB, &[CHESS]);
    for _ in 0..4 {
        let position = desk.tell(Audience::Group(CHESS), event.clone());
        assert_eq!(quick.positions(), [position]);
    }
    assert_eq!(slow.take().split_off(3), [Got::TooSlow, Got::End]);
}

/// So is a group when somebody pastes a long text, and others answer: no reason to end every connection that is a
/// moment late.
#[test]
fn a_burst_of_long_messages_waits_for_who_reads_a_moment_later() {
    const MESSAGES: usize = 40;
    let desk = Desk::with(HubOptions::default());
    let mut late = desk.listen(ANN, &[CHESS]);
    let event = long_message();
    assert!(event.text_bytes() > 40_000);
    let told: Vec<_> = (0..MESSAGES).map(|_| desk.tell(Audience::Group(CHESS), event.clone())).collect();
    assert_eq!(late.positions(), told);
    let live = desk.tell_group(CHESS);
    assert_eq!(late.positions(), [live], "it goes on");
}

#[test]
fn long_texts_count_before_the_admission_and_what_waits_then_is_not_slowness() {
    let event = something();
    let bytes = event.text_bytes();
    let options = HubOptions { queue_bytes: 1, before_admission_bytes: 3 * bytes, ..options() };
    let desk = Desk::with(options);
    let (mut late, mut in_time) = (desk.subscribe(), desk.subscribe());
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(desk.tell(Audience::Group(CHESS), event.clone()));
    }
    in_time.admit(BOB, &[CHESS]);
    told.push(desk.tell(Audience::Group(CHESS), event.clone()));
    late.admit(ANN, &[CHESS]);
    assert_eq!(late.take(), [Got::TooSlow, Got::End]);
    assert_eq!(in_time.positions(), told);
}

#[test]
fn before_the_admission_only_so_much_is_kept() {
    let desk = Desk::new();
    let mut ann = desk.subscribe();
    let mut in_time = desk.subscribe();
    for _ in 0..options().before_admission {
        desk.tell_group(POKER);
    }
    in_time.admit(BOB, &[]);
    desk.tell_group(POKER);
    ann.admit(ANN, &[CHESS]);
    assert_eq!(ann.take(), [Got::TooSlow, Got::End]);
    assert_eq!(in_time.positions(), []);
}

#[test]
fn what_waited_for_the_admission_is_no_slowness() {
    let desk = Desk::new();
    let mut ann = desk.subscribe();
    let count = options().before_admission;
    for _ in 0..count {
        desk.tell_all();
    }
    ann.admit(ANN, &[]);
    for _ in 0..options().queue {
        desk.tell_all();
    }
    assert_eq!(ann.positions().len(), count + options().queue);
    let live = desk.tell_all();
    assert_eq!(ann.positions(), [live]);
}

#[test]
fn nothing_is_handed_out_over_a_gap() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    let first = desk.tell_all();
    let missing = desk.write(Audience::All, something());
    let later = desk.write(Audience::All, something());
    desk.commit(std::slice::from_ref(&later));
    assert_eq!(desk.hand_out(), Sequence::Broken);
    assert_eq!(ann.positions(), [first]);
    // As it comes from the log.
    let read = Item::Logged(Arc::new(Shared::new(missing.clone())));
    desk.hub.0.hand_out(&read, &mut Wakes::default());
    assert_eq!(desk.hand_out(), Sequence::Kept, "what waited follows, without being read");
    assert_eq!(ann.positions(), [missing.position, later.position]);
}

#[test]
fn nothing_is_handed_out_twice() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    let event = desk.write(Audience::All, something());
    for _ in 0..2 {
        desk.commit(std::slice::from_ref(&event));
        assert_eq!(desk.hand_out(), Sequence::Kept);
    }
    assert_eq!(ann.positions(), [event.position]);
}

#[test]
fn an_inbox_that_is_full_is_noticed() {
    let desk = Desk::with(HubOptions { inbox: 4, ..options() });
    let mut ann = desk.listen(ANN, &[]);
    let events = [(); 6].map(|()| desk.write(Audience::All, something()));
    desk.commit(&events);
    assert_eq!(desk.hand_out(), Sequence::Broken);
    assert_eq!(ann.positions().len(), 4);
    desk.commit(&events[4..]);
    assert_eq!(desk.hand_out(), Sequence::Kept);
    assert_eq!(ann.positions(), [events[4].position, events[5].position]);
}

#[test]
fn a_log_that_goes_on_after_a_gap_lets_all_go() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    desk.hub.0.require_next(Position::new(1));
    assert_eq!(ann.take(), []);
    desk.hub.0.require_next(Position::new(5));
    assert_eq!(ann.take(), [Got::Stopping, Got::End]);
    assert_eq!(desk.subscribe().since(), Position::new(4));
}
