//! Presence and typing.

use groupchat_domain::accounts::{DisplayName, PresenceSetting, ReceiptSetting, User, Username};
use groupchat_domain::events::{Audience, DirectPartner, EphemeralEvent, Event, LoggedEvent, UserUpdate};
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::ids::{GroupId, Position, UserId, Version};
use groupchat_domain::presence::{
    AWAY_AFTER, Activity, CHANGE_INTERVAL, DISCONNECT_GRACE, Presence, TYPING_TIMEOUT,
};
use groupchat_domain::time::Timestamp;

use super::super::HubOptions;
use super::super::inbox::Broadcast;
use super::fixture::*;

/// A listener that shows its presence, with the snapshot that it gets, before anything is broadcast.
fn join_unannounced(
    test_hub: &TestHub,
    user: UserId,
    groups: &[GroupId],
) -> (TestListener, Vec<EphemeralEvent>) {
    let mut listener = test_hub.subscribe();
    listener.feed.authorize(viewer(user, groups).with_presence(PresenceSetting::Shown));
    let snapshot = listener.feed.join();
    (listener, snapshot)
}

/// A listener that shows its presence, with the snapshot that it gets.
fn join(test_hub: &TestHub, user: UserId, groups: &[GroupId]) -> (TestListener, Vec<EphemeralEvent>) {
    let joined = join_unannounced(test_hub, user, groups);
    test_hub.broadcast();
    joined
}

fn presence_of(user: UserId, presence: Presence) -> EphemeralEvent {
    EphemeralEvent::PresenceChanged { user, presence, last_seen_at: None }
}

fn got_presence(user: UserId, presence: Presence) -> Got {
    Got::Ephemeral(presence_of(user, presence))
}

fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap()
}

/// Lets time pass.
fn wait_until(test_hub: &TestHub, second: i64) {
    test_hub.clock.set(second);
    test_hub.hub.0.tick();
    test_hub.broadcast();
}

#[test]
fn connecting_is_announced_to_those_who_share_a_group() {
    let test_hub = TestHub::new();
    let (mut ann, snapshot) = join(&test_hub, ANN, &[CHESS]);
    assert_eq!((snapshot, ann.take()), (vec![], vec![got_presence(ANN, Presence::Online)]));
    let (mut eve, snapshot) = join(&test_hub, EVE, &[POKER]);
    assert_eq!((snapshot, eve.take()), (vec![], vec![got_presence(EVE, Presence::Online)]));
    let (_bob, snapshot) = join(&test_hub, BOB, &[CHESS]);
    assert_eq!(snapshot, [presence_of(ANN, Presence::Online)]);
    assert_eq!(ann.take(), [got_presence(BOB, Presence::Online)]);
    assert_eq!(eve.take(), []);
}

#[test]
fn a_listener_that_does_not_join_is_not_present() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let (_bob, snapshot) = join(&test_hub, BOB, &[CHESS]);
    assert_eq!((snapshot, ann.take()), (vec![], vec![got_presence(BOB, Presence::Online)]));
    let mut unauthorized = test_hub.subscribe();
    assert_eq!(unauthorized.feed.join(), []);
}

#[test]
fn a_user_goes_offline_a_while_after_the_last_device() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let (phone, _) = join(&test_hub, BOB, &[CHESS]);
    let (desktop, _) = join(&test_hub, BOB, &[CHESS]);
    assert_eq!(ann.take(), [got_presence(BOB, Presence::Online)]);
    drop(phone);
    wait_until(&test_hub, seconds(DISCONNECT_GRACE));
    assert_eq!(ann.take(), [], "another device is still connected");
    drop(desktop);
    wait_until(&test_hub, 2 * seconds(DISCONNECT_GRACE) - 1);
    assert_eq!(ann.take(), [], "the user may reconnect in a moment");
    wait_until(&test_hub, 2 * seconds(DISCONNECT_GRACE));
    let gone = EphemeralEvent::PresenceChanged {
        user: BOB,
        presence: Presence::Offline,
        last_seen_at: Some(Timestamp::from_micros(0)),
    };
    assert_eq!(ann.take(), [Got::Ephemeral(gone.clone())]);
    let (_eve, snapshot) = join(&test_hub, EVE, &[CHESS]);
    assert_eq!(snapshot, [gone], "a later listener learns when that was");
}

#[test]
fn an_inactive_user_is_away_until_the_next_activity() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    wait_until(&test_hub, seconds(AWAY_AFTER));
    for (times, activity) in [(1, Activity::Active), (2, Activity::Away)] {
        wait_until(&test_hub, seconds(AWAY_AFTER) + times * seconds(CHANGE_INTERVAL));
        bob.feed.act(activity).unwrap();
        test_hub.broadcast();
    }
    let expected = [Presence::Online, Presence::Away, Presence::Online, Presence::Away];
    assert_eq!(ann.take(), expected.map(|presence| got_presence(BOB, presence)));
}

#[test]
fn only_the_last_queued_change_of_a_user_is_broadcast() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let group: Vec<_> = (10..110).map(UserId::new).collect();
    let listeners: Vec<_> = group.iter().map(|user| join_unannounced(&test_hub, *user, &[CHESS])).collect();
    drop(listeners);
    test_hub.clock.set(seconds(DISCONNECT_GRACE));
    test_hub.hub.0.tick();
    let published: Vec<_> =
        std::iter::from_fn(|| test_hub.hub.0.inbox.pop_ready(1, Position::ZERO).pop()).collect();
    assert_eq!(published.len(), group.len(), "each once, although more than fit in the inbox otherwise");
    let is_offline = |item: &Broadcast| matches!(item, Broadcast::Presence(change) if change.presence == Presence::Offline && group.contains(&change.user));
    assert!(published.iter().all(is_offline), "{published:?}");
    assert_eq!(ann.take(), []);
}

#[test]
fn a_user_who_hid_without_listeners_stays_hidden() {
    let test_hub = TestHub::new();
    drop(join(&test_hub, BOB, &[CHESS]));
    // There is no listener, so nothing is broadcast.
    test_hub.commit(&[
        test_hub.write(Audience::All, Event::UserUpdated(UserUpdate::logged(hiding(BOB), Audience::All)))
    ]);
    let (_ann, snapshot) = join(&test_hub, ANN, &[CHESS]);
    assert_eq!(snapshot, []);
}

#[test]
fn a_new_member_is_announced_and_gets_a_snapshot() {
    let test_hub = TestHub::new();
    let (mut ann, _) = join(&test_hub, ANN, &[CHESS]);
    let (mut bob, _) = join(&test_hub, BOB, &[]);
    for listener in [&mut ann, &mut bob] {
        listener.take();
    }
    let added = test_hub.add_member(CHESS, BOB);
    assert_eq!(ann.take(), [Got::Logged(added), got_presence(BOB, Presence::Online)]);
    let mut got = bob.take();
    // The order of these two deliveries does not matter.
    got.sort_by_key(|got| *got == got_presence(ANN, Presence::Online));
    assert_eq!(
        got,
        [Got::Logged(added), got_presence(BOB, Presence::Online), got_presence(ANN, Presence::Online)]
    );
}

#[test]
fn hiding_looks_like_leaving_to_others() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    ann.take();
    let updated =
        test_hub.publish(Audience::All, Event::UserUpdated(UserUpdate::logged(hiding(BOB), Audience::All)));
    let got = ann.take();
    assert_eq!(got[0], Got::Logged(updated));
    let Got::Ephemeral(EphemeralEvent::PresenceChanged { user: BOB, presence: Presence::Offline, .. }) =
        got[1]
    else {
        panic!("{got:?}")
    };
    bob.feed.act(Activity::StartTyping(CHESS, member(BOB).user)).unwrap();
    test_hub.broadcast();
    assert_eq!(ann.take(), []);
}

fn hiding(user: UserId) -> User {
    User {
        id: user,
        username: Username::parse("hiding").unwrap(),
        display_name: None::<DisplayName>,
        email: None,
        is_admin: false,
        suspended: false,
        owner: None,
        presence: PresenceSetting::Hidden,
        receipts: ReceiptSetting::Shown,
        version: Version::FIRST,
        created_at: Timestamp::from_micros(0),
    }
}

#[test]
fn typing_is_announced_to_the_other_members() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let mut eve = test_hub.listen(EVE, &[POKER]);
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    for listener in [&mut ann, &mut bob] {
        listener.take();
    }
    let who = member(BOB).user;
    bob.feed.act(Activity::StartTyping(CHESS, who.clone())).unwrap();
    bob.feed.act(Activity::StartTyping(CHESS, who.clone())).unwrap();
    bob.feed.act(Activity::StopTyping(CHESS, who.clone())).unwrap();
    test_hub.broadcast();
    let until = Timestamp::from_micros(seconds(TYPING_TIMEOUT) * 1_000_000);
    let typing = |until| Got::Ephemeral(EphemeralEvent::Typing { group: CHESS, user: who.clone(), until });
    assert_eq!(ann.take(), [typing(Some(until)), typing(None)]);
    assert_eq!((eve.take(), bob.take()), (vec![], vec![]));
}

#[test]
fn typing_in_a_group_requires_membership() {
    let test_hub = TestHub::new();
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    let refused = Err(GroupRefusal::NotFound.into());
    assert_eq!(bob.feed.act(Activity::StartTyping(POKER, member(BOB).user)), refused);
    let mut unauthorized = test_hub.subscribe();
    assert_eq!(unauthorized.feed.act(Activity::StartTyping(CHESS, member(BOB).user)), refused);
}

/// Ann blocks Bob, or ends the block: what happens in their conversation.
fn ann_changes_a_block(test_hub: &TestHub, event: fn(DirectPartner) -> Event) {
    let event = event(DirectPartner { group: CHESS, user: BOB });
    let logged = LoggedEvent { actor: Some(ANN), ..test_hub.write(Audience::Group(CHESS), event) };
    test_hub.commit(&[logged]);
    test_hub.broadcast();
}

fn got_offline(user: UserId) -> Got {
    let last_seen_at = Some(Timestamp::from_micros(0));
    Got::Ephemeral(EphemeralEvent::PresenceChanged { user, presence: Presence::Offline, last_seen_at })
}

/// What a listener got, but for positions.
fn told(listener: &mut TestListener) -> Vec<Got> {
    listener.take().into_iter().filter(|got| !matches!(got, Got::Passed(_))).collect()
}

#[test]
fn in_a_closed_conversation_neither_typing_nor_presence_goes_through() {
    let test_hub = TestHub::new();
    let (mut ann, _) = join(&test_hub, ANN, &[CHESS]);
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    let types = |who: &mut TestListener, user| who.feed.act(Activity::StartTyping(CHESS, member(user).user));
    assert_eq!(types(&mut bob, BOB), Ok(()));
    test_hub.broadcast();
    ann.take();
    bob.take();
    ann_changes_a_block(&test_hub, Event::DirectClosed);
    assert_eq!((told(&mut ann), told(&mut bob)), (vec![got_offline(BOB)], vec![got_offline(ANN)]));
    for (who, user) in [(&mut ann, ANN), (&mut bob, BOB)] {
        assert_eq!(types(who, user), Err(GroupRefusal::DirectClosed.into()));
    }
    assert_eq!(bob.feed.act(Activity::StopTyping(CHESS, member(BOB).user)), Ok(()));
    assert_eq!(bob.feed.act(Activity::Away), Ok(()));
    wait_until(&test_hub, seconds(CHANGE_INTERVAL) + 1);
    assert_eq!((told(&mut ann), told(&mut bob)), (vec![], vec![got_presence(BOB, Presence::Away)]));

    ann_changes_a_block(&test_hub, Event::DirectOpened);
    // The changes of different users come in any order.
    for got in [told(&mut ann), told(&mut bob)] {
        let seen = [got_presence(ANN, Presence::Online), got_presence(BOB, Presence::Away)];
        assert!(got.len() == 2 && seen.iter().all(|change| got.contains(change)), "{got:?}");
    }
    assert_eq!(types(&mut bob, BOB), Ok(()));
    test_hub.broadcast();
    assert!(told(&mut ann).iter().any(|got| matches!(got, Got::Ephemeral(EphemeralEvent::Typing { .. }))));
}

/// The two of a conversation, and that Ann blocks Bob, or ends the block, as often.
fn two_after_changes(options: HubOptions, events: &[fn(DirectPartner) -> Event]) -> [Vec<Got>; 2] {
    let test_hub = TestHub::with(options);
    let (mut ann, _) = join(&test_hub, ANN, &[CHESS]);
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    ann.take();
    for event in events {
        let event = event(DirectPartner { group: CHESS, user: BOB });
        let logged = test_hub.write(Audience::Group(CHESS), event);
        test_hub.commit(&[LoggedEvent { actor: Some(ANN), ..logged }]);
    }
    test_hub.broadcast();
    // Everybody is also told of themselves.
    [(&mut ann, ANN), (&mut bob, BOB)].map(|(who, user)| {
        told(who).into_iter().filter(|got| *got != got_presence(user, Presence::Online)).collect()
    })
}

#[test]
fn a_block_and_its_end_right_after_each_other_are_told_in_their_order() {
    let [closed, opened]: [fn(DirectPartner) -> Event; 2] = [Event::DirectClosed, Event::DirectOpened];
    let online = |user| got_presence(user, Presence::Online);
    let [anns, bobs] = two_after_changes(options(), &[closed, opened]);
    assert_eq!(anns, [got_offline(BOB), online(BOB)]);
    assert_eq!(bobs, [got_offline(ANN), online(ANN)]);
    let [anns, bobs] = two_after_changes(options(), &[closed, opened, closed]);
    assert_eq!((anns, bobs), (vec![got_offline(BOB)], vec![got_offline(ANN)]));
}

#[test]
fn a_block_is_told_however_full_the_inbox_is() {
    let full = HubOptions { inbox: 1, ..options() };
    let [anns, bobs] = two_after_changes(full, &[Event::DirectClosed]);
    assert_eq!((anns, bobs), (vec![got_offline(BOB)], vec![got_offline(ANN)]));
}

#[test]
fn setting_the_wall_clock_changes_no_presence() {
    for ahead in [-31_536_000, 31_536_000] {
        let test_hub = TestHub::new();
        let mut ann = test_hub.listen(ANN, &[CHESS]);
        let (phone, _) = join(&test_hub, BOB, &[CHESS]);
        assert_eq!(ann.take(), [got_presence(BOB, Presence::Online)]);
        test_hub.clock.set_ahead(ahead);
        wait_until(&test_hub, seconds(AWAY_AFTER) - 1);
        assert_eq!(ann.take(), [], "not a moment too soon");
        wait_until(&test_hub, seconds(AWAY_AFTER));
        assert_eq!(ann.take(), [got_presence(BOB, Presence::Away)]);
        drop(phone);
        wait_until(&test_hub, seconds(AWAY_AFTER + DISCONNECT_GRACE));
        // Bob was last seen when he connected. The event reports that moment by the wall clock as it is set now.
        let last_seen_at = Some(Timestamp::from_micros(ahead * 1_000_000));
        let gone = EphemeralEvent::PresenceChanged { user: BOB, presence: Presence::Offline, last_seen_at };
        assert_eq!(ann.take(), [Got::Ephemeral(gone)]);
    }
}
