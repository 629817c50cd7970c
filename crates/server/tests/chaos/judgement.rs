//! Whether clients have got what they had to.

use std::collections::HashSet;
use std::fmt;

use crate::diary::{Diary, Logged};
use crate::log::{Audience, Entry, Log};
use crate::world::Message;

/// What a client was told wrongly, or not at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never learned where it began.
    NoStart,
    /// Twice, or too late.
    OutOfOrder(Logged),
    /// The log has another event there, or none.
    Untrue(Logged),
    /// It is not for this user.
    Forbidden(Logged),
    /// It had to come.
    Missing(Logged),
}

/// Whether a user gets an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    /// Always.
    Certain,
    /// If they were there at the right time: what it is about is gone since, or the user has.
    EphemeralEvent,
    /// Never.
    None,
}

/// Looks at what a user has got between where they began and the creation of the user `last`. One who is settled has
/// been in their groups throughout. Returns how many events they could not have done without.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check_diary(
    log: &Log,
    user: i64,
    is_settled: bool,
    diary: &Diary,
    last: i64,
) -> Result<usize, Fault> {
    let start = diary.start.ok_or(Fault::NoStart)?;
    let mut before = start;
    for event in &diary.events {
        if event.position <= before {
            return Err(Fault::OutOfOrder(event.clone()));
        }
        before = event.position;
        let logged = log.at(event.position).filter(|entry| entry.event == *event);
        let entry = logged.ok_or_else(|| Fault::Untrue(event.clone()))?;
        if right(log, user, is_settled, entry) == Right::None {
            return Err(Fault::Forbidden(event.clone()));
        }
    }
    let got: HashSet<_> = diary.events.iter().map(|event| event.position).collect();
    let end = position_of_last(log, last);
    let told = log.entries.iter().filter(|entry| (start + 1..=end).contains(&entry.event.position));
    let due = told.filter(|entry| right(log, user, is_settled, entry) == Right::Certain);
    due.map(|entry| &entry.event).try_fold(0, |count, event| {
        if got.contains(&event.position) { Ok(count + 1) } else { Err(Fault::Missing(event.clone())) }
    })
}

fn position_of_last(log: &Log, user: i64) -> i64 {
    let is_it = |entry: &&Entry| entry.event.event_type == "user.created" && entry.event.subject == user;
    log.entries.iter().find(is_it).unwrap().event.position
}

fn right(log: &Log, user: i64, is_settled: bool, Entry { event, audience }: &Entry) -> Right {
    // The servers tell each other only.
    if event.event_type == "sessions.ended" {
        return Right::None;
    }
    let right = match *audience {
        Audience::All => Right::Certain,
        Audience::User(one) if one != user => Right::None,
        Audience::User(_) if event.group.is_none() => Right::Certain,
        Audience::User(_) if event.event_type.starts_with("settings.") => Right::Certain,
        Audience::GroupAndUser(_, one) if one == user => Right::Certain,
        // Mentions and threads of a user are told as long as they are in the group.
        Audience::User(_) | Audience::Group(_) | Audience::GroupAndUser(..) => {
            let group = event.group.expect("an event of a group");
            match log.stay(group, user, event.position) {
                Some(true) => Right::Certain,
                Some(false) => {
                    assert!(!is_settled, "user {user} has left group {group}");
                    Right::EphemeralEvent
                }
                None => Right::None,
            }
        }
    };
    if right == Right::Certain && log.is_overtaken(event) { Right::EphemeralEvent } else { right }
}

/// Fails unless each message that was acknowledged is in the log, and none twice.
pub(crate) fn check_acknowledged(log: &Log, sent: &[Message]) {
    let mut created = HashSet::new();
    for Entry { event, .. } in log.entries.iter().filter(|entry| entry.event.event_type == "message.created")
    {
        let message = Message { group: event.group.unwrap(), id: event.subject };
        assert!(created.insert(message), "twice in the log: {event:?}");
    }
    for message in sent {
        assert!(created.contains(message), "{message:?} was acknowledged, and is not in the log");
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStart => write!(f, "has never been told anything"),
            Self::OutOfOrder(event) => write!(f, "got twice, or too late: {event:?}"),
            Self::Untrue(event) => write!(f, "got what is not so in the log: {event:?}"),
            Self::Forbidden(event) => write!(f, "got what is for others: {event:?}"),
            Self::Missing(event) => write!(f, "did not get {event:?}"),
        }
    }
}

#[cfg(test)]
mod tests;
