//! The log as the database holds it: the truth.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::database::{DataLocation, Row};
use crate::diary::Logged;

/// For whom an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    All,
    Group(i64),
    /// A group, and the user who was in it until then.
    GroupAndUser(i64, i64),
    User(i64),
}

/// An event, and for whom it is.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub event: Logged,
    pub audience: Audience,
}

/// The whole log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub entries: Vec<Entry>,
    /// From the position of each coming in to that of the going out, of a user in a group.
    stays: HashMap<(i64, i64), Vec<RangeInclusive<i64>>>,
}

/// The end of a stay that goes on.
const OPEN: i64 = i64::MAX;

impl Log {
    /// Reads it from the database of servers that are stopped.
    ///
    /// # Panics
    /// The positions are not 1, 2, 3, …
    pub(crate) fn read(place: &DataLocation) -> Self {
        let log = Self::of(place.log().into_iter().map(Row::entry).collect());
        for (entry, position) in log.entries.iter().zip(1..) {
            assert_eq!(entry.event.position, position, "the log has no gap");
        }
        log
    }

    /// A log of these events.
    pub(crate) fn of(entries: Vec<Entry>) -> Self {
        let mut log = Self { entries, ..Self::default() };
        for Entry { event, .. } in &log.entries {
            let Some(group) = event.group else { continue };
            match event.event_type.as_str() {
                "member.added" => {
                    log.stays.entry((group, event.subject)).or_default().push(event.position..=OPEN);
                }
                "member.removed" => close(log.stays.get_mut(&(group, event.subject)), event.position),
                "group.deleted" => {
                    let in_group = log.stays.iter_mut().filter(|((of, _), _)| *of == group);
                    in_group.for_each(|(_, stays)| close(Some(stays), event.position));
                }
                _ => {}
            }
        }
        log
    }

    /// The event at this position.
    pub(crate) fn at(&self, position: i64) -> Option<&Entry> {
        self.entries.get(usize::try_from(position).ok()?.checked_sub(1)?)
    }

    /// Whether the user was in the group at this position, and if so, whether that stay goes on.
    pub(crate) fn stay(&self, group: i64, user: i64, position: i64) -> Option<bool> {
        let stays = self.stays.get(&(group, user))?;
        let stay = stays.iter().find(|stay| stay.contains(&position))?;
        Some(*stay.end() == OPEN)
    }

    /// Whether what the event is about was gone later on, so that who reads the log then is not told of it.
    pub(crate) fn is_overtaken(&self, event: &Logged) -> bool {
        let is_over = |group| {
            self.entries
                .iter()
                .any(|later| later.event.event_type == "group.deleted" && later.event.group == group)
        };
        match event.event_type.as_str() {
            "member.added" | "member.updated" => event
                .group
                .is_some_and(|group| self.stay(group, event.subject, event.position) == Some(false)),
            "group.created" | "group.updated" => is_over(event.group),
            _ => false,
        }
    }
}

fn close(stays: Option<&mut Vec<RangeInclusive<i64>>>, position: i64) {
    if let Some(last) = stays.and_then(|stays| stays.last_mut())
        && *last.end() == OPEN
    {
        *last = *last.start()..=position;
    }
}

impl Row {
    fn entry(self) -> Entry {
        let (group, user) = (self.group_id, self.user_id);
        let audience = match self.audience.as_str() {
            "all" => Audience::All,
            "group" => Audience::Group(group.unwrap()),
            "group_and_user" => Audience::GroupAndUser(group.unwrap(), user.unwrap()),
            "user" => Audience::User(user.unwrap()),
            other => panic!("nothing here is for {other}"),
        };
        let subject = self.message_id.or(user).or(group).unwrap();
        let Self { position, event_type, actor_id, .. } = self;
        Entry { event: Logged { position, event_type, actor: actor_id, group, subject }, audience }
    }
}
