use super::*;
use crate::events::{Audience, RemovedGroup, RemovedMember};
use crate::ids::{EventId, Position, SessionId};
use crate::testing::{EARLIER, GROUP, ME, NOW, OTHER, message, user};

const ELSEWHERE: GroupId = GroupId::new(8);

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn member(id: UserId) -> Viewer {
    let groups = [(GROUP, EventId::new(1)), (ELSEWHERE, EventId::new(1))];
    Viewer::new(id, SessionId::new(1), groups)
}

fn name(id: UserId) -> UserRef {
    user(id).as_ref()
}

/// What others are told until this time; `None` that somebody has stopped.
fn typing(group: GroupId, id: UserId, until: Option<Timestamp>) -> Option<EphemeralEvent> {
    Some(EphemeralEvent::Typing { group, user: name(id), until })
}

fn start(typists: &mut TypingTracker, id: UserId, group: GroupId, now: Timestamp) -> Option<EphemeralEvent> {
    typists.start(&member(id), name(id), group, now).unwrap()
}

fn stop(typists: &mut TypingTracker, id: UserId, group: GroupId, now: Timestamp) -> Option<EphemeralEvent> {
    typists.stop(&member(id), name(id), group, now).unwrap()
}

/// Somebody types in both groups, somebody else in one.
fn busy() -> TypingTracker {
    let mut typists = TypingTracker::default();
    for (id, group) in [(ME, GROUP), (ME, ELSEWHERE), (OTHER, GROUP)] {
        assert!(start(&mut typists, id, group, NOW).is_some());
    }
    typists
}

/// Who types where, as far as others were told.
fn known(mut typists: TypingTracker) -> Vec<(UserId, GroupId)> {
    let all = [(ME, GROUP), (ME, ELSEWHERE), (OTHER, GROUP)];
    all.into_iter().filter(|(id, group)| stop(&mut typists, *id, *group, after(1)).is_some()).collect()
}

fn logged(event: Event) -> LoggedEvent {
    let (position, id) = (Position::new(1), EventId::new(1));
    LoggedEvent { position, id, at: EARLIER, audience: Audience::All, actor: None, event }
}

#[test]
fn others_are_told_for_six_seconds() {
    let announced = start(&mut TypingTracker::default(), ME, GROUP, NOW);
    assert_eq!(announced, typing(GROUP, ME, Some(after(6))));
}

#[test]
fn who_goes_on_typing_is_told_of_again_every_two_seconds() {
    let mut typists = TypingTracker::default();
    let announced: Vec<_> =
        (0..8).filter(|second| start(&mut typists, ME, GROUP, after(*second)).is_some()).collect();
    assert_eq!(announced, [0, 2, 4, 6]);
}

#[test]
fn each_is_told_of_in_each_group_by_themselves() {
    let mut typists = busy();
    assert_eq!(start(&mut typists, ME, GROUP, after(1)), None);
    assert_eq!(stop(&mut typists, ME, GROUP, after(1)), typing(GROUP, ME, None));
    assert_eq!(start(&mut typists, ME, ELSEWHERE, after(1)), None);
    assert_eq!(start(&mut typists, OTHER, GROUP, after(1)), None);
}

#[test]
fn who_stops_is_told_of_at_once_and_once() {
    let mut typists = busy();
    assert_eq!(stop(&mut typists, ME, GROUP, after(1)), typing(GROUP, ME, None));
    assert_eq!(stop(&mut typists, ME, GROUP, after(1)), None);
}

#[test]
fn who_starts_and_stops_and_starts_is_told_of_no_more_often_than_who_goes_on() {
    let mut typists = busy();
    let announced: Vec<_> = (1..=8)
        .filter(|second| {
            stop(&mut typists, ME, GROUP, after(*second));
            start(&mut typists, ME, GROUP, after(*second)).is_some()
        })
        .collect();
    assert_eq!(announced, [2, 4, 6, 8]);
}

#[test]
fn nobody_is_told_that_what_is_over_has_stopped() {
    assert_eq!(stop(&mut TypingTracker::default(), ME, GROUP, NOW), None);
    for (second, announced) in [(5, true), (6, false), (7, false)] {
        assert_eq!(stop(&mut busy(), ME, GROUP, after(second)).is_some(), announced, "{second}");
    }
}

#[test]
fn only_members_type() {
    let outsider = Viewer::new(ME, SessionId::new(1), [(ELSEWHERE, EventId::new(1))]);
    let mut typists = TypingTracker::default();
    let refused = Err(GroupRefusal::NotFound.into());
    assert_eq!(typists.start(&outsider, name(ME), GROUP, NOW), refused);
    assert_eq!(typists.stop(&outsider, name(ME), GROUP, NOW), refused);
    assert!(typists.announced.is_empty());
}

#[test]
fn who_sends_a_message_types_there_no_longer() {
    let mut typists = busy();
    typists.apply(&logged(Event::MessageCreated(message(ME))));
    assert_eq!(known(typists), [(ME, ELSEWHERE), (OTHER, GROUP)]);
}

#[test]
fn who_leaves_or_is_deleted_types_no_longer() {
    for (event, left) in [
        (
            Event::MemberRemoved(RemovedMember { group: GROUP, user: ME }),
            vec![(ME, ELSEWHERE), (OTHER, GROUP)],
        ),
        (Event::GroupDeleted(RemovedGroup::logged(GROUP, Audience::All)), vec![(ME, ELSEWHERE)]),
        (Event::UserDeleted(ME), vec![(OTHER, GROUP)]),
        (Event::MessageUpdated(message(ME)), vec![(ME, GROUP), (ME, ELSEWHERE), (OTHER, GROUP)]),
    ] {
        let mut typists = busy();
        typists.apply(&logged(event.clone()));
        assert_eq!(known(typists), left, "{event:?}");
    }
}

#[test]
fn what_is_over_is_forgotten() {
    let mut typists = busy();
    start(&mut typists, OTHER, GROUP, after(3));
    typists.tick(after(5));
    assert_eq!(typists.announced.len(), 3);
    typists.tick(after(6));
    assert_eq!(typists.announced.len(), 1);
    typists.tick(after(9));
    assert_eq!(typists.announced.len(), 0);
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_silent() {
    let mut typists = TypingTracker::default();
    start(&mut typists, ME, GROUP, after(3_600));
    assert_eq!(start(&mut typists, ME, GROUP, NOW), typing(GROUP, ME, Some(after(6))));
}
