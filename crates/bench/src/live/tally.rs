//! What sockets have heard.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Semaphore;

/// What came in one go on a socket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// New messages.
    pub messages: u64,
    /// Signs of life.
    pub heartbeats: u64,
    /// Other events.
    pub others: u64,
}

impl Heard {
    /// Adds an event, known by how its JSON begins.
    pub(super) fn add(&mut self, event: &[u8]) {
        match event_type(event) {
            Some(rest) if rest.starts_with(b"message.created\"") => self.messages += 1,
            Some(rest) if rest.starts_with(b"heartbeat\"") => self.heartbeats += 1,
            _ => self.others += 1,
        }
    }
}

/// Whether the JSON of an event says that it is a new message.
pub(super) fn is_message(event: &[u8]) -> bool {
    event_type(event).is_some_and(|rest| rest.starts_with(b"message.created\""))
}

/// The rest from the type on. Events that are in the log begin with a cursor, in which there is no quotation mark.
fn event_type(event: &[u8]) -> Option<&[u8]> {
    let rest = event.strip_prefix(br#"{"cursor":""#)?;
    let end = rest.iter().position(|&byte| byte == b'"')?;
    rest[end..].strip_prefix(br#"","type":""#)
}

/// What all sockets of a crowd have heard together.
#[derive(Debug)]
pub(super) struct Tally {
    sockets: u64,
    messages: AtomicU64,
    heartbeats: AtomicU64,
    others: AtomicU64,
    /// Gets a permit as often as so many messages have come as there are sockets: in a group in which all of them are,
    /// one more message has then reached everybody, or as good as.
    pub reached_all: Semaphore,
}

impl Tally {
    /// So many sockets have heard nothing.
    pub(super) const fn new(sockets: usize) -> Self {
        Self {
            sockets: sockets as u64,
            messages: AtomicU64::new(0),
            heartbeats: AtomicU64::new(0),
            others: AtomicU64::new(0),
            reached_all: Semaphore::const_new(0),
        }
    }

    /// Counts what one of them has heard.
    pub(super) fn add(&self, heard: Heard) {
        if heard.messages > 0 {
            let before = self.messages.fetch_add(heard.messages, Ordering::Relaxed);
            let rounds = (before + heard.messages) / self.sockets - before / self.sockets;
            if rounds > 0 {
                self.reached_all.add_permits(usize::try_from(rounds).unwrap_or(0));
            }
        }
        if heard.heartbeats > 0 {
            self.heartbeats.fetch_add(heard.heartbeats, Ordering::Relaxed);
        }
        if heard.others > 0 {
            self.others.fetch_add(heard.others, Ordering::Relaxed);
        }
    }

    /// What they have heard so far.
    pub(super) fn heard(&self) -> Heard {
        Heard {
            messages: self.messages.load(Ordering::Relaxed),
            heartbeats: self.heartbeats.load(Ordering::Relaxed),
            others: self.others.load(Ordering::Relaxed),
        }
    }
}

/// The new messages that one socket has heard.
#[derive(Debug, Default)]
pub(super) struct Ear {
    messages: AtomicU64,
    /// When each of them came, if that is wanted.
    times: Option<Mutex<Vec<Instant>>>,
}

impl Ear {
    /// Has heard nothing; with a memory of when each message comes, or without.
    pub(super) fn new(remembers: bool) -> Self {
        Self { messages: AtomicU64::new(0), times: remembers.then(Mutex::default) }
    }

    /// Counts messages that have just come.
    pub(super) fn add(&self, messages: u64) {
        self.messages.fetch_add(messages, Ordering::Relaxed);
        if let Some(times) = &self.times {
            let now = Instant::now();
            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
            times.extend((0..messages).map(|_| now));
        }
    }

    /// How many messages have come.
    pub(super) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// When each message came, in their order; nothing without a memory.
    pub(super) fn times(&self) -> Vec<Instant> {
        let times = self.times.as_ref();
        times.map(|times| times.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_apart_by_how_they_begin() {
        let mut heard = Heard::default();
        for event in [
            r#"{"cursor":"0badc0de-42","type":"message.created","group_id":7}"#,
            r#"{"cursor":"0badc0de-42","type":"heartbeat","group_id":null}"#,
            r#"{"cursor":"0badc0de-42","type":"message.created.not","group_id":7}"#,
            r#"{"cursor":null,"type":"presence","group_id":null}"#,
            r#"{"type":"hello"}"#,
            "",
        ] {
            heard.add(event.as_bytes());
        }
        assert_eq!(heard, Heard { messages: 1, heartbeats: 1, others: 4 });
    }

    #[test]
    fn a_permit_is_given_for_each_message_that_has_reached_all() {
        let tally = Tally::new(3);
        let mut permits = Vec::new();
        for messages in [2, 1, 5, 1, 0, 9] {
            tally.add(Heard { messages, ..Heard::default() });
            permits.push(tally.reached_all.available_permits());
        }
        assert_eq!(permits, [0, 1, 2, 3, 3, 6]);
        assert_eq!(tally.heard().messages, 18);
    }

    #[test]
    fn an_ear_with_a_memory_knows_when_each_message_came() {
        let (ear, forgetful) = (Ear::new(true), Ear::new(false));
        for messages in [1, 2] {
            ear.add(messages);
            forgetful.add(messages);
        }
        assert_eq!((ear.messages(), ear.times().len()), (3, 3));
        assert!(ear.times().is_sorted());
        assert_eq!((forgetful.messages(), forgetful.times().len()), (3, 0));
    }
}
