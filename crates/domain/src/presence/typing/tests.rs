use super::*;
use crate::events::{Audience, RemovedGroup, RemovedMember};
use crate::groups::{JoinedGroup, Writing};
use crate::ids::{EventId, Position, SessionId};
use crate::permissions::RoleName;
use crate::testing::{EARLIER, GROUP, ME, NOW, OTHER, message, user};

const ELSEWHERE: GroupId = GroupId::new(8);

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn member(id: UserId) -> Viewer {
    let groups = [GROUP, ELSEWHERE].map(|group| JoinedGroup::whole(group, EventId::new(1)));
    Viewer::new(id, SessionId::new(1), groups)
}

fn name(id: UserId) -> UserRef {
    user(id).as_ref()
}

/// The event that a user is tracker until this time, or has stopped if it is `None`.
fn typing(group: GroupId, id: UserId, until: Option<Timestamp>) -> Option<EphemeralEvent> {
    Some(EphemeralEvent::Typing { group, user: name(id), until })
}

fn start(tracker: &mut TypingTracker, id: UserId, group: GroupId, now: Timestamp) -> Option<EphemeralEvent> {
    tracker.start(&member(id), name(id), group, now, NOW).unwrap()
}

fn stop(tracker: &mut TypingTracker, id: UserId, group: GroupId, now: Timestamp) -> Option<EphemeralEvent> {
    tracker.stop(&member(id), name(id), group, now).unwrap()
}

/// I type in both groups, another user in one.
fn busy() -> TypingTracker {
    let mut tracker = TypingTracker::default();
    for (id, group) in [(ME, GROUP), (ME, ELSEWHERE), (OTHER, GROUP)] {
        assert!(start(&mut tracker, id, group, NOW).is_some());
    }
    tracker
}

/// Who types in which group, as far as it was announced.
fn known(mut tracker: TypingTracker) -> Vec<(UserId, GroupId)> {
    let all = [(ME, GROUP), (ME, ELSEWHERE), (OTHER, GROUP)];
    all.into_iter().filter(|(id, group)| stop(&mut tracker, *id, *group, after(1)).is_some()).collect()
}

fn logged(event: Event) -> LoggedEvent {
    let (position, id) = (Position::new(1), EventId::new(1));
    LoggedEvent { position, id, at: EARLIER, audience: Audience::All, actor: None, event }
}

#[test]
fn an_indicator_lasts_six_seconds() {
    let announced = start(&mut TypingTracker::default(), ME, GROUP, NOW);
    assert_eq!(announced, typing(GROUP, ME, Some(after(6))));
}

#[test]
fn continued_typing_is_announced_every_two_seconds() {
    let mut tracker = TypingTracker::default();
    let announced: Vec<_> =
        (0..8).filter(|second| start(&mut tracker, ME, GROUP, after(*second)).is_some()).collect();
    assert_eq!(announced, [0, 2, 4, 6]);
}

#[test]
fn each_user_is_announced_in_each_group_separately() {
    let mut tracker = busy();
    assert_eq!(start(&mut tracker, ME, GROUP, after(1)), None);
    assert_eq!(stop(&mut tracker, ME, GROUP, after(1)), typing(GROUP, ME, None));
    assert_eq!(start(&mut tracker, ME, ELSEWHERE, after(1)), None);
    assert_eq!(start(&mut tracker, OTHER, GROUP, after(1)), None);
}

#[test]
fn a_stop_is_announced_at_once_and_only_once() {
    let mut tracker = busy();
    assert_eq!(stop(&mut tracker, ME, GROUP, after(1)), typing(GROUP, ME, None));
    assert_eq!(stop(&mut tracker, ME, GROUP, after(1)), None);
}

#[test]
fn restarting_is_announced_no_more_often_than_continued_typing() {
    let mut tracker = busy();
    let announced: Vec<_> = (1..=8)
        .filter(|second| {
            stop(&mut tracker, ME, GROUP, after(*second));
            start(&mut tracker, ME, GROUP, after(*second)).is_some()
        })
        .collect();
    assert_eq!(announced, [2, 4, 6, 8]);
}

#[test]
fn a_stop_after_the_expiry_is_not_announced() {
    assert_eq!(stop(&mut TypingTracker::default(), ME, GROUP, NOW), None);
    for (second, announced) in [(5, true), (6, false), (7, false)] {
        assert_eq!(stop(&mut busy(), ME, GROUP, after(second)).is_some(), announced, "{second}");
    }
}

#[test]
fn only_members_can_type() {
    let outsider = Viewer::new(ME, SessionId::new(1), [JoinedGroup::whole(ELSEWHERE, EventId::new(1))]);
    let mut tracker = TypingTracker::default();
    let refused = Err(GroupRefusal::NotFound.into());
    assert_eq!(tracker.start(&outsider, name(ME), GROUP, NOW, NOW), refused);
    assert_eq!(tracker.stop(&outsider, name(ME), GROUP, NOW), refused);
    assert!(tracker.announced.is_empty());
}

#[test]
fn only_who_may_write_is_shown_to_type_and_whoever_does_stops() {
    let writing = |writing| {
        let joined = JoinedGroup { writing, ..JoinedGroup::whole(GROUP, EventId::new(1)) };
        Viewer::new(ME, SessionId::new(1), [joined])
    };
    let usual = Writing::usual(&RoleName::MEMBER);
    let muted = writing(Writing { muted_until: Some(after(9)), ..usual });
    for (viewer, refusal) in [
        (writing(Writing { is_closed: true, ..usual }), GroupRefusal::DirectClosed),
        (writing(Writing { is_archived: true, ..usual }), GroupRefusal::Archived),
        (muted.clone(), GroupRefusal::Muted { until: after(9) }),
    ] {
        let mut tracker = TypingTracker::default();
        assert_eq!(tracker.start(&viewer, name(ME), GROUP, EARLIER, NOW), Err(refusal.into()));
        assert!(tracker.announced.is_empty());
        let mut tracker = busy();
        let stopped = tracker.stop(&viewer, name(ME), GROUP, after(1));
        assert_eq!(stopped, Ok(typing(GROUP, ME, None)), "was shown before");
    }
    // A mute ends by the wall clock.
    let started = TypingTracker::default().start(&muted, name(ME), GROUP, EARLIER, after(9));
    assert!(started.unwrap().is_some());
}

#[test]
fn the_end_of_a_conversation_ends_typing_in_it() {
    let mut tracker = busy();
    tracker.apply(&logged(Event::DirectClosed(DirectPartner { group: GROUP, user: OTHER })));
    assert_eq!(known(tracker), [(ME, ELSEWHERE)]);
}

#[test]
fn sending_a_message_ends_typing() {
    let mut tracker = busy();
    tracker.apply(&logged(Event::MessageCreated(message(ME))));
    assert_eq!(known(tracker), [(ME, ELSEWHERE), (OTHER, GROUP)]);
}

#[test]
fn leaving_or_deletion_ends_typing() {
    for (event, left) in [
        (
            Event::MemberRemoved(RemovedMember { group: GROUP, user: ME }),
            vec![(ME, ELSEWHERE), (OTHER, GROUP)],
        ),
        (Event::GroupDeleted(RemovedGroup::logged(GROUP, Audience::All)), vec![(ME, ELSEWHERE)]),
        (Event::UserDeleted(ME), vec![(OTHER, GROUP)]),
        (Event::MessageUpdated(message(ME)), vec![(ME, GROUP), (ME, ELSEWHERE), (OTHER, GROUP)]),
    ] {
        let mut tracker = busy();
        tracker.apply(&logged(event.clone()));
        assert_eq!(known(tracker), left, "{event:?}");
    }
}

#[test]
fn expired_indicators_are_removed() {
    let mut tracker = busy();
    start(&mut tracker, OTHER, GROUP, after(3));
    tracker.tick(after(5));
    assert_eq!(tracker.announced.len(), 3);
    tracker.tick(after(6));
    assert_eq!(tracker.announced.len(), 1);
    tracker.tick(after(9));
    assert_eq!(tracker.announced.len(), 0);
}

#[test]
fn a_clock_set_back_suppresses_no_announcement() {
    let mut tracker = TypingTracker::default();
    start(&mut tracker, ME, GROUP, after(3_600));
    assert_eq!(start(&mut tracker, ME, GROUP, NOW), typing(GROUP, ME, Some(after(6))));
}
