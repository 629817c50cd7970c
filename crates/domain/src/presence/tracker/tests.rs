//! Tests of connecting, acting and leaving are in `life`, those of who may see whom in `rights`.

mod life;
mod rights;

use std::time::Duration;

use super::*;
use crate::accounts::{PresenceSetting, User};
use crate::events::{AddedMember, Audience, GroupUpdate, UserUpdate};
use crate::groups::{History, JoinedGroup};
use crate::ids::{EventId, Position, SessionId, Version};
use crate::permissions::BuiltInRole;
use crate::testing::{EARLIER, GROUP, ME, NOW, OTHER, group, member, message, user};

const ELSEWHERE: GroupId = GroupId::new(8);
const THIRD: UserId = UserId::new(3);

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// A user in these groups who doesn't hide.
fn viewer(user: UserId, groups: &[GroupId]) -> Viewer {
    let groups = groups.iter().map(|group| JoinedGroup::whole(*group, EventId::new(1)));
    Viewer::new(user, SessionId::new(1), groups).with_presence(PresenceSetting::Shown)
}

fn change(user: UserId, presence: Presence, groups: &[GroupId]) -> PresenceChange {
    PresenceChange { user, presence, last_seen_at: None, groups: groups.to_vec() }
}

fn left(user: UserId, seen_at: Timestamp, groups: &[GroupId]) -> PresenceChange {
    PresenceChange { last_seen_at: Some(seen_at), ..change(user, Presence::Offline, groups) }
}

/// One user with several devices. The first device is announced.
fn connected<const N: usize>(viewer: &Viewer) -> (PresenceTracker, [DeviceId; N]) {
    let mut attendance = PresenceTracker::default();
    let devices = std::array::from_fn(|_| attendance.connect(viewer, NOW).device);
    (attendance, devices)
}

fn me_in_group<const N: usize>() -> (PresenceTracker, [DeviceId; N]) {
    connected(&viewer(ME, &[GROUP]))
}

/// The users shown in a group.
fn visible(attendance: &PresenceTracker, group: GroupId) -> Vec<UserId> {
    let online = |ephemeral| match ephemeral {
        EphemeralEvent::PresenceChanged { user, presence: Presence::Online | Presence::Away, .. } => {
            Some(user)
        }
        _ => None,
    };
    attendance.snapshot(&[group], UserId::new(0)).into_iter().filter_map(online).collect()
}

/// The event of a user's presence.
fn is(user: UserId, presence: Presence) -> EphemeralEvent {
    EphemeralEvent::PresenceChanged { user, presence, last_seen_at: None }
}

/// The event that a user is offline.
fn was(user: UserId, at: Timestamp) -> EphemeralEvent {
    EphemeralEvent::PresenceChanged { user, presence: Presence::Offline, last_seen_at: Some(at) }
}

fn logged(event: Event) -> LoggedEvent {
    let (position, id) = (Position::new(1), EventId::new(1));
    LoggedEvent { position, id, at: EARLIER, audience: Audience::All, actor: None, event }
}

fn apply(attendance: &mut PresenceTracker, event: Event, now: Timestamp) -> Option<PresenceChange> {
    attendance.apply(&logged(event), now)
}

fn added(group: GroupId, user: UserId) -> Event {
    let member = member(user, BuiltInRole::Member);
    Event::MemberAdded(AddedMember { group, member, history: History::All })
}

fn set(user: UserId, presence: PresenceSetting) -> Event {
    Event::UserUpdated(UserUpdate::logged(User { presence, ..crate::testing::user(user) }, Audience::All))
}

/// Checks that no user is present and nothing is kept of earlier users.
fn assert_empty(attendance: &PresenceTracker) {
    assert!(attendance.users.is_empty() && attendance.shown_in.is_empty(), "{attendance:?}");
}
