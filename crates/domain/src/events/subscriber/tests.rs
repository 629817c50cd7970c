mod scene;

use std::pin::pin;
use std::sync::Arc;

use self::scene::{Got, Scene, ephemeral, logged, page, viewer};
use super::*;
use crate::accounts::{AccountRefusal, Scope, UserRef};
use crate::events::live::{EphemeralEvent, MockLiveEvents, ReadUpdate, SharedEvent};
use crate::events::replay::PAGE;
use crate::ids::{GroupId, Seq, Version};
use crate::messages::ReadState;
use crate::storage::{Storage, StorageFault};
use crate::testing::{
    GROUP, ME, MY_KEY, MockTx, OTHER, ScriptedStorage, Step, block_on, fault, me, my_group_token, user,
};

#[test]
fn the_backlog_comes_first_then_live_events_without_gap_or_repetition() {
    let scene = Scene::new([page(18, &[19, 20])]);
    scene.feeds([logged(20), Delivery::Advanced(Position::new(22)), logged(23)]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene.feed().identified, Some(ME));
    assert_eq!(scene.feed().authorized, None, "not before the log was read");
    assert_eq!(scene::all(&mut subscriber), [Got::Replayed(19), Got::Replayed(20), Got::Live(23)]);
    assert_eq!(scene.feed().authorized, Some(viewer()));
    assert_eq!(subscriber.cursor().position, Position::new(23));
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_session_for_some_groups_is_told_how_far_those_are_read() {
    const ELSEWHERE: GroupId = GroupId::new(8);
    let state = ReadState { read_seq: Seq::new(1), unread: 0, version: Version::FIRST, unread_mentions: 0 };
    let update = |group| ReadUpdate { group, thread: None, state };
    let shared = |event| Arc::new(SharedEvent::new(event));
    let told = |actor: &Actor, event| within(actor, shared(event)).map(|told| told.event.clone());
    let one = |group| EphemeralEvent::ReadUpdated(update(group));
    let all = |groups: &[GroupId]| EphemeralEvent::AllRead(groups.iter().copied().map(update).collect());
    let token = my_group_token(Scope::Read);
    assert_eq!(told(&me(), one(ELSEWHERE)), Some(one(ELSEWHERE)));
    assert_eq!(told(&token, one(GROUP)), Some(one(GROUP)));
    assert_eq!(told(&token, one(ELSEWHERE)), None);
    assert_eq!(told(&token, all(&[GROUP, ELSEWHERE])), Some(all(&[GROUP])));
    assert_eq!(told(&token, all(&[ELSEWHERE])), None);
}

#[test]
fn without_a_cursor_a_subscription_begins_now() {
    let scene = Scene::new([page(20, &[])]);
    scene.feeds([logged(21)]);
    let mut subscriber = scene.starts(None, SubscriberKind::Poll);
    assert_eq!(subscriber.cursor().to_string(), "log-20");
    assert_eq!(scene::all(&mut subscriber), [Got::Live(21)]);
    drop(subscriber);
    scene.finish();
}

#[test]
fn the_cursor_advances_past_events_for_others() {
    let scene = Scene::new([page(18, &[])]);
    scene.feeds([Delivery::Advanced(Position::new(24))]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene::all(&mut subscriber), []);
    assert_eq!(subscriber.cursor().position, Position::new(24));
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_cursor_that_cannot_be_served_gets_a_gap_first() {
    let scene = Scene::new([page(20, &[])]);
    scene.feeds([logged(21)]);
    let mut subscriber = scene.starts(Some(9), SubscriberKind::Connection);
    assert_eq!(subscriber.resume_at(), None, "whoever came back there would never hear of the gap");
    assert_eq!(scene::next(&mut subscriber), Some(Got::Gap(20)));
    assert_eq!(subscriber.resume_at(), Some(subscriber.cursor()));
    assert_eq!(scene::all(&mut subscriber), [Got::Live(21)]);
    drop(subscriber);
    scene.finish();
}

#[test]
fn events_removed_before_they_were_read_are_a_gap() {
    let scene = Scene::new([page(18, &[20])]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene::all(&mut subscriber), [Got::Gap(20)]);
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_page_is_read_when_there_is_room_and_the_last_one_was_delivered() {
    let scene = Scene::new([page(18, &[19, 20])]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    subscriber.backpressure.is_full = true;
    assert_eq!(block_on(subscriber.read_page_if_due()), Ok(true));
    assert_eq!(subscriber.backpressure.pages, []);
    subscriber.backpressure.is_full = false;
    assert_eq!(block_on(subscriber.read_page_if_due()), Ok(false));
    assert_eq!(subscriber.backpressure.pages, [2]);
    assert_eq!(subscriber.cursor().position, Position::new(18), "nothing was delivered yet");
    assert_eq!(scene::next(&mut subscriber), Some(Got::Replayed(19)));
    assert_eq!(subscriber.cursor().position, Position::new(19));
    assert_eq!(subscriber.backpressure.delivered, 0);
    assert_eq!(scene::next(&mut subscriber), Some(Got::Replayed(20)));
    assert_eq!((subscriber.backpressure.delivered, subscriber.backpressure.held.get()), (1, 2));
    drop(subscriber);
    scene.finish();
}

#[test]
fn the_next_page_is_read_once_the_last_one_was_delivered_and_read_cursors_with_the_last() {
    let positions: Vec<i64> = (19..).take(usize::try_from(PAGE).unwrap()).collect();
    let last = *positions.last().unwrap();
    let scene = Scene::new([page(18, &positions), scene::page_of_one_who_comes_back(last, &[])]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Connection);
    for _ in 0..2 {
        assert_eq!(block_on(subscriber.read_page_if_due()), Ok(false));
        assert_eq!(subscriber.backpressure.pages, [positions.len()]);
    }
    let expected: Vec<Got> =
        positions.into_iter().map(Got::Replayed).chain([Got::Present(ephemeral(1))]).collect();
    assert_eq!(scene::all(&mut subscriber), expected);
    drop(subscriber);
    scene.finish();
}

#[test]
fn what_the_feed_delivers_while_somebody_waits_is_delivered_in_order() {
    let scene = Scene::new([page(18, &[])]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    let first = {
        let mut next = pin!(subscriber.next());
        assert!(scene::poll_once(next.as_mut()).is_pending());
        scene.feeds([logged(21), logged(22)]);
        block_on(next).unwrap().item
    };
    assert_eq!(scene::got(first, &subscriber), Got::Live(21));
    assert_eq!(scene::all(&mut subscriber), [Got::Live(22)]);
    drop(subscriber);
    scene.finish();
}

#[test]
fn without_waiting_nothing_is_delivered_while_the_session_has_to_be_checked() {
    let scene = Scene::new([page(18, &[]), scene::holds()]);
    scene.feeds([logged(21), Delivery::CheckSession, logged(22)]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    block_on(subscriber.get_ready()).unwrap();
    assert_eq!(scene::try_next(&mut subscriber), Some(Got::Live(21)));
    for _ in 0..2 {
        assert_eq!(scene::try_next(&mut subscriber), None);
    }
    block_on(subscriber.get_ready()).unwrap();
    assert_eq!(scene::try_next(&mut subscriber), Some(Got::Live(22)));
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_client_that_reads_nothing_is_too_slow() {
    let scene = Scene::new([]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    subscriber.backpressure.is_stuck = true;
    assert_eq!(scene::end(&mut subscriber), EndReason::TooSlow);
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_stop_does_not_wait_for_the_log() {
    let scene = Scene::new([]);
    scene.feeds([Delivery::Stopping]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Connection);
    assert_eq!(scene::end(&mut subscriber), EndReason::Stopping);
    drop(subscriber);
    scene.finish();
}

#[test]
fn the_end_of_a_slow_subscriber_comes_after_the_backlog() {
    let scene = Scene::new([page(18, &[19])]);
    scene.feeds([Delivery::TooSlow]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene::next(&mut subscriber), Some(Got::Replayed(19)));
    assert_eq!(scene::end(&mut subscriber), EndReason::TooSlow);
    drop(subscriber);
    scene.finish();
}

#[test]
fn nothing_more_is_delivered_once_the_session_has_ended() {
    let scene = Scene::new([page(18, &[]), Step::from(MockTx::new().rejects_session())]);
    scene.feeds([Delivery::CheckSession, logged(21)]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene::end(&mut subscriber), EndReason::SignedOut);
    assert_eq!(subscriber.cursor().position, Position::new(18), "a good one to come back with");
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_subscriber_with_a_valid_session_continues() {
    let scene = Scene::new([page(18, &[]), scene::holds(), scene::holds()]);
    scene.feeds([Delivery::CheckSession, logged(21), Delivery::CheckSession, logged(22)]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene::all(&mut subscriber), [Got::Live(21), Got::Live(22)]);
    drop(subscriber);
    scene.finish();
}

#[test]
fn every_second_heartbeat_checks_the_session() {
    let ended = Step::from(MockTx::new().rejects_session());
    let scene = Scene::new([scene::holds(), Step::refused(fault()), ended]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Connection);
    for expected in [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Err(EndReason::SignedOut)] {
        assert_eq!(block_on(subscriber.on_heartbeat()), expected);
    }
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_check_from_before_a_session_ended_does_not_count() {
    let ended = MockTx::new().rejects_session();
    let scene = Scene::new([page(18, &[]), scene::holds(), ended.into()]);
    scene.feeds([logged(21)]);
    let mut subscriber = scene.starts_late();
    assert_eq!(scene::next(&mut subscriber), None, "the log is being read");
    assert_eq!(scene::next(&mut subscriber), Some(Got::Live(21)));
    for _ in 1..HEARTBEATS_PER_CHECK {
        assert_eq!(block_on(subscriber.on_heartbeat()), Ok(()));
    }
    assert!(scene::poll_once(subscriber.on_heartbeat()).is_pending(), "and dropped");
    scene.feeds([Delivery::CheckSession, logged(22)]);
    assert_eq!(scene::next(&mut subscriber), None, "the session is being checked");
    assert_eq!(scene::end(&mut subscriber), EndReason::SignedOut);
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_connection_is_a_device_and_gets_ephemeral_events() {
    let scene = Scene::new([scene::page_of_one_who_comes_back(18, &[19])]);
    scene.feeds([Delivery::Ephemeral(Arc::new(SharedEvent::new(ephemeral(2)))), logged(20)]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Connection);
    subscriber.act(Activity::Away).unwrap();
    subscriber.act(Activity::StartTyping(GROUP, someone())).unwrap();
    assert_eq!(scene.feed().acts, [], "others would learn of it late");
    let expected =
        [Got::Replayed(19), Got::Present(ephemeral(1)), Got::Ephemeral(ephemeral(2)), Got::Live(20)];
    assert_eq!(scene::all(&mut subscriber), expected);
    assert_eq!(scene.feed().acts, [Activity::Away]);
    subscriber.act(Activity::StartTyping(GROUP, someone())).unwrap();
    assert_eq!(scene.feed().acts, [Activity::Away, Activity::StartTyping(GROUP, someone())]);
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_polling_client_is_no_device_and_gets_only_the_log() {
    let scene = Scene::new([page(18, &[])]);
    scene.feeds([Delivery::Ephemeral(Arc::new(SharedEvent::new(ephemeral(2)))), logged(20)]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene::all(&mut subscriber), [Got::Live(20)]);
    assert!(!scene.feed().is_attended);
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_fault_ends_the_subscription_but_not_the_cursor() {
    let scene = Scene::new([Step::refused(fault())]);
    let mut subscriber = scene.starts(Some(18), SubscriberKind::Poll);
    assert_eq!(scene::end(&mut subscriber), EndReason::Unavailable);
    assert_eq!(subscriber.cursor().position, Position::new(18));
    drop(subscriber);
    scene.finish();
}

#[test]
fn a_dropped_read_continues() {
    let scene = Scene::new([]);
    let pending = Arc::new(scene::Pending::default());
    let mut subscriber = scene.starts_on(pending.clone());
    for _ in 0..3 {
        assert!(scene::poll_once(subscriber.next()).is_pending());
        assert!(scene::poll_once(subscriber.check_session()).is_pending());
    }
    assert_eq!(pending.submitted(), 2);
}

#[test]
fn an_unknown_key_costs_the_hub_nothing() {
    let storage = ScriptedStorage::new([MockTx::new().rejects_key()]).without_known_keys();
    // Subscribing is not expected.
    let live = MockLiveEvents::new();
    let opened = block_on(Subscription::open(&storage, &live, MY_KEY.into(), None));
    assert_eq!(opened.err(), Some(AccountRefusal::Unauthenticated.into()));
    storage.finish();
}

#[test]
fn subscribing_fails_while_the_hub_follows_another_log() {
    let scene = Scene::new([]);
    scene.feed().epoch = "another";
    let opened = scene.opens(None);
    assert!(matches!(opened.err(), Some(Error::Fault(StorageFault::Unavailable { .. }))));
    scene.finish();
}

fn someone() -> UserRef {
    user(OTHER).as_ref()
}
