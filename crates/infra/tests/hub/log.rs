//! What the log has for whom, worked out without the hub.

use std::collections::HashSet;

use groupchat_domain::events::{Audience, EventRecord, EventType};
use groupchat_domain::ids::{GroupId, Position, UserId};

use crate::world::World;

/// The whole log.
pub(crate) fn read(world: &World) -> Vec<EventRecord> {
    let mut log: Vec<EventRecord> = Vec::new();
    loop {
        let after = log.last().map_or(Position::ZERO, |record| record.position);
        let page = world.database.read(move |tx| Ok(tx.events().after(after, 500)?)).unwrap();
        if page.is_empty() {
            return log;
        }
        log.extend(page);
    }
}

/// The events that a user may see who is in these groups before the first of them, and sees each as it happens.
pub(crate) fn seen_by(log: &[EventRecord], user: UserId, groups: &[GroupId]) -> Vec<EventRecord> {
    let mut groups: HashSet<GroupId> = groups.iter().copied().collect();
    let mut seen = Vec::new();
    for record in log {
        let moves = record.subject.user == Some(user);
        if let Some(group) =
            record.subject.group.filter(|_| moves && record.event_type == EventType::MemberAdded)
        {
            groups.insert(group);
        }
        if let Some(group) =
            record.subject.group.filter(|_| moves && record.event_type == EventType::MemberRemoved)
        {
            groups.remove(&group);
        }
        let is_for_user = match record.audience {
            Audience::All => true,
            Audience::Group(group) => groups.contains(&group),
            Audience::GroupAndUser(group, other) => other == user || groups.contains(&group),
            Audience::User(other) => other == user,
            Audience::Session(_) => false,
        };
        if is_for_user && !record.event_type.is_hidden() {
            seen.push(*record);
        }
    }
    seen
}

/// Their places.
pub(crate) fn positions(records: &[EventRecord]) -> Vec<Position> {
    records.iter().map(|record| record.position).collect()
}

/// The place after which the user came into no group and left none.
pub(crate) fn last_move(log: &[EventRecord], user: UserId) -> Position {
    let is_move = |record: &&EventRecord| {
        record.subject.user == Some(user)
            && matches!(record.event_type, EventType::MemberAdded | EventType::MemberRemoved)
    };
    log.iter().rev().find(is_move).map_or(Position::ZERO, |record| record.position)
}
