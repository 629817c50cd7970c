//! Presence and typing.

use groupchat_domain::accounts::{DisplayName, PresenceSetting, User, Username};
use groupchat_domain::events::{Audience, Event, Passing, UserUpdate};
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::ids::{GroupId, Position, UserId, Version};
use groupchat_domain::presence::{AWAY_AFTER, Activity, GRACE, Presence, SETTLES_IN, TYPING_LASTS};
use groupchat_domain::time::Timestamp;

use super::super::inbox::Item;
use super::fixture::*;

/// A listener who shows that they are there, and whom they find; before anybody is told.
fn arrive(desk: &Desk, user: UserId, groups: &[GroupId]) -> (Ear, Vec<Passing>) {
    let mut ear = desk.subscribe();
    ear.feed.admit(viewer(user, groups).with_presence(PresenceSetting::Shown));
    let here = ear.feed.attend();
    (ear, here)
}

/// A listener who shows that they are there, and whom they find.
fn attend(desk: &Desk, user: UserId, groups: &[GroupId]) -> (Ear, Vec<Passing>) {
    let arrived = arrive(desk, user, groups);
    desk.hand_out();
    arrived
}

fn there(user: UserId, presence: Presence) -> Passing {
    Passing::PresenceChanged { user, presence, last_seen_at: None }
}

fn is(user: UserId, presence: Presence) -> Got {
    Got::Passing(there(user, presence))
}

fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap()
}

/// Lets time pass.
fn wait_until(desk: &Desk, second: i64) {
    desk.clock.set(second);
    desk.hub.0.tick();
    desk.hand_out();
}

#[test]
fn whoever_comes_is_told_of_to_who_shares_a_group_and_finds_them() {
    let desk = Desk::new();
    let (mut ann, found) = attend(&desk, ANN, &[CHESS]);
    assert_eq!((found, ann.take()), (vec![], vec![is(ANN, Presence::Online)]));
    let (mut eve, found) = attend(&desk, EVE, &[POKER]);
    assert_eq!((found, eve.take()), (vec![], vec![is(EVE, Presence::Online)]));
    let (_bob, found) = attend(&desk, BOB, &[CHESS]);
    assert_eq!(found, [there(ANN, Presence::Online)]);
    assert_eq!(ann.take(), [is(BOB, Presence::Online)]);
    assert_eq!(eve.take(), []);
}

#[test]
fn whoever_only_listens_is_not_there() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let (_bob, found) = attend(&desk, BOB, &[CHESS]);
    assert_eq!((found, ann.take()), (vec![], vec![is(BOB, Presence::Online)]));
    let mut unadmitted = desk.subscribe();
    assert_eq!(unadmitted.feed.attend(), []);
}

#[test]
fn whoever_goes_is_gone_after_a_while_for_all_devices() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let (phone, _) = attend(&desk, BOB, &[CHESS]);
    let (desktop, _) = attend(&desk, BOB, &[CHESS]);
    assert_eq!(ann.take(), [is(BOB, Presence::Online)]);
    drop(phone);
    wait_until(&desk, seconds(GRACE));
    assert_eq!(ann.take(), [], "at the other device");
    drop(desktop);
    wait_until(&desk, 2 * seconds(GRACE) - 1);
    assert_eq!(ann.take(), [], "back in a moment, perhaps");
    wait_until(&desk, 2 * seconds(GRACE));
    let gone = Passing::PresenceChanged {
        user: BOB,
        presence: Presence::Offline,
        last_seen_at: Some(Timestamp::from_micros(0)),
    };
    assert_eq!(ann.take(), [Got::Passing(gone.clone())]);
    let (_eve, found) = attend(&desk, EVE, &[CHESS]);
    assert_eq!(found, [gone], "who comes later learns when that was");
}

#[test]
fn whoever_does_nothing_is_away_until_they_do() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let (mut bob, _) = attend(&desk, BOB, &[CHESS]);
    wait_until(&desk, seconds(AWAY_AFTER));
    for (times, activity) in [(1, Activity::Here), (2, Activity::Gone)] {
        wait_until(&desk, seconds(AWAY_AFTER) + times * seconds(SETTLES_IN));
        bob.feed.act(activity).unwrap();
        desk.hand_out();
    }
    let expected = [Presence::Online, Presence::Away, Presence::Online, Presence::Away];
    assert_eq!(ann.take(), expected.map(|presence| is(BOB, presence)));
}

#[test]
fn of_changes_that_still_wait_the_last_is_told_however_many_they_are() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let group: Vec<_> = (10..110).map(UserId::new).collect();
    let ears: Vec<_> = group.iter().map(|user| arrive(&desk, *user, &[CHESS])).collect();
    drop(ears);
    desk.clock.set(seconds(GRACE));
    desk.hub.0.tick();
    let told: Vec<_> = std::iter::from_fn(|| desk.hub.0.inbox.take(1, Position::ZERO).pop()).collect();
    assert_eq!(told.len(), group.len(), "each once, although more than fit in the inbox otherwise");
    let is_offline = |item: &Item| matches!(item, Item::Presence(change) if change.presence == Presence::Offline && group.contains(&change.user));
    assert!(told.iter().all(is_offline), "{told:?}");
    assert_eq!(ann.take(), []);
}

#[test]
fn who_hid_while_nobody_listened_is_not_shown_to_who_comes_then() {
    let desk = Desk::new();
    drop(attend(&desk, BOB, &[CHESS]));
    // Nobody is told, nor asked to hand it out.
    desk.commit(&[
        desk.write(Audience::All, Event::UserUpdated(UserUpdate::logged(hiding(BOB), Audience::All)))
    ]);
    let (_ann, found) = attend(&desk, ANN, &[CHESS]);
    assert_eq!(found, []);
}

#[test]
fn a_newcomer_is_told_of_and_learns_who_is_there() {
    let desk = Desk::new();
    let (mut ann, _) = attend(&desk, ANN, &[CHESS]);
    let (mut bob, _) = attend(&desk, BOB, &[]);
    for ear in [&mut ann, &mut bob] {
        ear.take();
    }
    let added = desk.add_member(CHESS, BOB);
    assert_eq!(ann.take(), [Got::Logged(added), is(BOB, Presence::Online)]);
    let mut got = bob.take();
    // The order of the two does not matter.
    got.sort_by_key(|got| *got == is(ANN, Presence::Online));
    assert_eq!(got, [Got::Logged(added), is(BOB, Presence::Online), is(ANN, Presence::Online)]);
}

#[test]
fn whoever_hides_leaves_for_others() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let (mut bob, _) = attend(&desk, BOB, &[CHESS]);
    ann.take();
    let updated =
        desk.tell(Audience::All, Event::UserUpdated(UserUpdate::logged(hiding(BOB), Audience::All)));
    let got = ann.take();
    assert_eq!(got[0], Got::Logged(updated));
    let Got::Passing(Passing::PresenceChanged { user: BOB, presence: Presence::Offline, .. }) = got[1] else {
        panic!("{got:?}")
    };
    bob.feed.act(Activity::Types(CHESS, member(BOB).user)).unwrap();
    desk.hand_out();
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
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[CHESS]);
    let mut eve = desk.listen(EVE, &[POKER]);
    let (mut bob, _) = attend(&desk, BOB, &[CHESS]);
    for ear in [&mut ann, &mut bob] {
        ear.take();
    }
    let who = member(BOB).user;
    bob.feed.act(Activity::Types(CHESS, who.clone())).unwrap();
    bob.feed.act(Activity::Types(CHESS, who.clone())).unwrap();
    bob.feed.act(Activity::StopsTyping(CHESS, who.clone())).unwrap();
    desk.hand_out();
    let until = Timestamp::from_micros(seconds(TYPING_LASTS) * 1_000_000);
    let typing = |until| Got::Passing(Passing::Typing { group: CHESS, user: who.clone(), until });
    assert_eq!(ann.take(), [typing(Some(until)), typing(None)]);
    assert_eq!((eve.take(), bob.take()), (vec![], vec![]));
}

#[test]
fn nobody_types_where_they_are_not() {
    let desk = Desk::new();
    let (mut bob, _) = attend(&desk, BOB, &[CHESS]);
    let refused = Err(GroupRefusal::NotFound.into());
    assert_eq!(bob.feed.act(Activity::Types(POKER, member(BOB).user)), refused);
    let mut unadmitted = desk.subscribe();
    assert_eq!(unadmitted.feed.act(Activity::Types(CHESS, member(BOB).user)), refused);
}

#[test]
fn a_clock_that_is_set_moves_nobody() {
    for ahead in [-31_536_000, 31_536_000] {
        let desk = Desk::new();
        let mut ann = desk.listen(ANN, &[CHESS]);
        let (phone, _) = attend(&desk, BOB, &[CHESS]);
        assert_eq!(ann.take(), [is(BOB, Presence::Online)]);
        desk.clock.set_ahead(ahead);
        wait_until(&desk, seconds(AWAY_AFTER) - 1);
        assert_eq!(ann.take(), [], "not a moment too soon");
        wait_until(&desk, seconds(AWAY_AFTER));
        assert_eq!(ann.take(), [is(BOB, Presence::Away)]);
        drop(phone);
        wait_until(&desk, seconds(AWAY_AFTER + GRACE));
        // He was there when he came, which the clock as it is set now calls that long ago.
        let last_seen_at = Some(Timestamp::from_micros(ahead * 1_000_000));
        let gone = Passing::PresenceChanged { user: BOB, presence: Presence::Offline, last_seen_at };
        assert_eq!(ann.take(), [Got::Passing(gone)]);
    }
}
