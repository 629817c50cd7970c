//! Presence and typing.

use groupchat_domain::accounts::{DisplayName, PresenceSetting, User, Username};
use groupchat_domain::events::{Audience, EphemeralEvent, Event, UserUpdate};
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::ids::{GroupId, Position, UserId, Version};
use groupchat_domain::presence::{
    AWAY_AFTER, Activity, CHANGE_INTERVAL, DISCONNECT_GRACE, Presence, TYPING_TIMEOUT,
};
use groupchat_domain::time::Timestamp;

use super::super::inbox::Item;
use super::fixture::*;

/// A listener who shows that they are there, and whom they find; before anybody is told.
fn arrive(test_hub: &TestHub, user: UserId, groups: &[GroupId]) -> (TestListener, Vec<EphemeralEvent>) {
    let mut listener = test_hub.subscribe();
    listener.feed.authorize(viewer(user, groups).with_presence(PresenceSetting::Shown));
    let here = listener.feed.join();
    (listener, here)
}

/// A listener who shows that they are there, and whom they find.
fn join(test_hub: &TestHub, user: UserId, groups: &[GroupId]) -> (TestListener, Vec<EphemeralEvent>) {
    let arrived = arrive(test_hub, user, groups);
    test_hub.broadcast();
    arrived
}

fn there(user: UserId, presence: Presence) -> EphemeralEvent {
    EphemeralEvent::PresenceChanged { user, presence, last_seen_at: None }
}

fn is(user: UserId, presence: Presence) -> Got {
    Got::Ephemeral(there(user, presence))
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
fn whoever_comes_is_told_of_to_who_shares_a_group_and_finds_them() {
    let test_hub = TestHub::new();
    let (mut ann, found) = join(&test_hub, ANN, &[CHESS]);
    assert_eq!((found, ann.take()), (vec![], vec![is(ANN, Presence::Online)]));
    let (mut eve, found) = join(&test_hub, EVE, &[POKER]);
    assert_eq!((found, eve.take()), (vec![], vec![is(EVE, Presence::Online)]));
    let (_bob, found) = join(&test_hub, BOB, &[CHESS]);
    assert_eq!(found, [there(ANN, Presence::Online)]);
    assert_eq!(ann.take(), [is(BOB, Presence::Online)]);
    assert_eq!(eve.take(), []);
}

#[test]
fn whoever_only_listens_is_not_there() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let (_bob, found) = join(&test_hub, BOB, &[CHESS]);
    assert_eq!((found, ann.take()), (vec![], vec![is(BOB, Presence::Online)]));
    let mut unauthorized = test_hub.subscribe();
    assert_eq!(unauthorized.feed.join(), []);
}

#[test]
fn whoever_goes_is_gone_after_a_while_for_all_devices() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let (phone, _) = join(&test_hub, BOB, &[CHESS]);
    let (desktop, _) = join(&test_hub, BOB, &[CHESS]);
    assert_eq!(ann.take(), [is(BOB, Presence::Online)]);
    drop(phone);
    wait_until(&test_hub, seconds(DISCONNECT_GRACE));
    assert_eq!(ann.take(), [], "at the other device");
    drop(desktop);
    wait_until(&test_hub, 2 * seconds(DISCONNECT_GRACE) - 1);
    assert_eq!(ann.take(), [], "back in a moment, perhaps");
    wait_until(&test_hub, 2 * seconds(DISCONNECT_GRACE));
    let gone = EphemeralEvent::PresenceChanged {
        user: BOB,
        presence: Presence::Offline,
        last_seen_at: Some(Timestamp::from_micros(0)),
    };
    assert_eq!(ann.take(), [Got::Ephemeral(gone.clone())]);
    let (_eve, found) = join(&test_hub, EVE, &[CHESS]);
    assert_eq!(found, [gone], "who comes later learns when that was");
}

#[test]
fn whoever_does_nothing_is_away_until_they_do() {
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
    assert_eq!(ann.take(), expected.map(|presence| is(BOB, presence)));
}

#[test]
fn of_changes_that_still_wait_the_last_is_told_however_many_they_are() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let group: Vec<_> = (10..110).map(UserId::new).collect();
    let listeners: Vec<_> = group.iter().map(|user| arrive(&test_hub, *user, &[CHESS])).collect();
    drop(listeners);
    test_hub.clock.set(seconds(DISCONNECT_GRACE));
    test_hub.hub.0.tick();
    let told: Vec<_> =
        std::iter::from_fn(|| test_hub.hub.0.inbox.pop_ready(1, Position::ZERO).pop()).collect();
    assert_eq!(told.len(), group.len(), "each once, although more than fit in the inbox otherwise");
    let is_offline = |item: &Item| matches!(item, Item::Presence(change) if change.presence == Presence::Offline && group.contains(&change.user));
    assert!(told.iter().all(is_offline), "{told:?}");
    assert_eq!(ann.take(), []);
}

#[test]
fn who_hid_while_nobody_listened_is_not_shown_to_who_comes_then() {
    let test_hub = TestHub::new();
    drop(join(&test_hub, BOB, &[CHESS]));
    // Nobody is told, nor asked to hand it out.
    test_hub.commit(&[
        test_hub.write(Audience::All, Event::UserUpdated(UserUpdate::logged(hiding(BOB), Audience::All)))
    ]);
    let (_ann, found) = join(&test_hub, ANN, &[CHESS]);
    assert_eq!(found, []);
}

#[test]
fn a_newcomer_is_told_of_and_learns_who_is_there() {
    let test_hub = TestHub::new();
    let (mut ann, _) = join(&test_hub, ANN, &[CHESS]);
    let (mut bob, _) = join(&test_hub, BOB, &[]);
    for listener in [&mut ann, &mut bob] {
        listener.take();
    }
    let added = test_hub.add_member(CHESS, BOB);
    assert_eq!(ann.take(), [Got::Logged(added), is(BOB, Presence::Online)]);
    let mut got = bob.take();
    // The order of the two does not matter.
    got.sort_by_key(|got| *got == is(ANN, Presence::Online));
    assert_eq!(got, [Got::Logged(added), is(BOB, Presence::Online), is(ANN, Presence::Online)]);
}

#[test]
fn whoever_hides_leaves_for_others() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[CHESS]);
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    ann.take();
    let updated =
        test_hub.tell(Audience::All, Event::UserUpdated(UserUpdate::logged(hiding(BOB), Audience::All)));
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
        presence: PresenceSetting::Hidden,
        version: Version::FIRST,
        created_at: Timestamp::from_micros(0),
    }
}

#[test]
fn typing_is_told_to_the_other_members() {
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
fn nobody_types_where_they_are_not() {
    let test_hub = TestHub::new();
    let (mut bob, _) = join(&test_hub, BOB, &[CHESS]);
    let refused = Err(GroupRefusal::NotFound.into());
    assert_eq!(bob.feed.act(Activity::StartTyping(POKER, member(BOB).user)), refused);
    let mut unauthorized = test_hub.subscribe();
    assert_eq!(unauthorized.feed.act(Activity::StartTyping(CHESS, member(BOB).user)), refused);
}

#[test]
fn a_clock_that_is_set_moves_nobody() {
    for ahead in [-31_536_000, 31_536_000] {
        let test_hub = TestHub::new();
        let mut ann = test_hub.listen(ANN, &[CHESS]);
        let (phone, _) = join(&test_hub, BOB, &[CHESS]);
        assert_eq!(ann.take(), [is(BOB, Presence::Online)]);
        test_hub.clock.set_ahead(ahead);
        wait_until(&test_hub, seconds(AWAY_AFTER) - 1);
        assert_eq!(ann.take(), [], "not a moment too soon");
        wait_until(&test_hub, seconds(AWAY_AFTER));
        assert_eq!(ann.take(), [is(BOB, Presence::Away)]);
        drop(phone);
        wait_until(&test_hub, seconds(AWAY_AFTER + DISCONNECT_GRACE));
        // He was there when he came, which the clock as it is set now calls that long ago.
        let last_seen_at = Some(Timestamp::from_micros(ahead * 1_000_000));
        let gone = EphemeralEvent::PresenceChanged { user: BOB, presence: Presence::Offline, last_seen_at };
        assert_eq!(ann.take(), [Got::Ephemeral(gone)]);
    }
}
