//! How the servers on one database notify each other of the log, with `NOTIFY`.
//!
//! A notice contains at most a position, and nothing depends on it: a server that receives one reads the log, and a
//! server that misses one reads the log soon anyway. So a notice can be late, lost, duplicated or forged.

use std::time::{Duration, Instant};

use groupchat_domain::ids::Position;

/// The channel of the notices. Like the sequencer's lock, a channel belongs to one database.
pub(super) const CHANNEL: &str = "groupchat_log";

/// How often to check for notices, since the driver has no way to wait for them. Also the minimum time between two
/// notices that we send, since nobody reads them more often.
pub(super) const NOTICE_INTERVAL: Duration = Duration::from_millis(10);

/// What servers notify each other of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// Events were stored by a server that is not the sequencer. For the sequencer.
    Stored,
    /// The log has grown up to this position. For all other servers.
    Numbered(Position),
}

impl Notice {
    /// The payload: a position, or nothing.
    pub(super) fn payload(self) -> String {
        match self {
            Self::Stored => String::new(),
            Self::Numbered(position) => position.to_string(),
        }
    }

    /// Parses a payload. Returns `None` for any other text.
    pub(super) fn parse(payload: &str) -> Option<Self> {
        if payload.is_empty() {
            return Some(Self::Stored);
        }
        payload.parse().ok().map(|position| Self::Numbered(Position::new(position)))
    }

    /// Whether a server that has read the log up to `position` has something to do now.
    pub(super) fn is_news(self, position: Position, is_sequencer: bool) -> bool {
        match self {
            Self::Stored => is_sequencer,
            Self::Numbered(head) => head > position,
        }
    }
}

/// The notice that is still to be sent. A newer one replaces it, so that at most one is sent per turn of the log's
/// thread and per [`NOTICE_INTERVAL`], however much is stored.
#[derive(Debug, Default)]
pub(super) struct PendingNotice {
    notice: Option<Notice>,
    sent_at: Option<Instant>,
}

impl PendingNotice {
    /// Sets the notice to send, now or soon.
    pub(super) const fn put(&mut self, notice: Notice) {
        self.notice = Some(notice);
    }

    /// Takes the notice, if it may be sent now.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Notice> {
        let is_early = self.sent_at.is_some_and(|sent_at| now < sent_at + NOTICE_INTERVAL);
        if is_early { None } else { self.take(now) }
    }

    /// Takes the notice.
    pub(super) fn take(&mut self, now: Instant) -> Option<Notice> {
        let notice = self.notice.take();
        if notice.is_some() {
            self.sent_at = Some(now);
        }
        notice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Position = Position::new(10);

    #[test]
    fn a_notice_survives_a_round_trip() {
        for notice in [Notice::Stored, Notice::Numbered(TEN), Notice::Numbered(Position::new(i64::MAX))] {
            assert_eq!(Notice::parse(&notice.payload()), Some(notice));
        }
        assert_eq!(Notice::Numbered(TEN).payload(), "10");
        for strange in ["x", " 10", "10;", "9223372036854775808"] {
            assert_eq!(Notice::parse(strange), None, "{strange}");
        }
    }

    #[test]
    fn known_positions_are_no_news() {
        let head = Notice::Numbered(TEN);
        for is_sequencer in [true, false] {
            assert!(head.is_news(Position::new(9), is_sequencer));
            assert!(!head.is_news(TEN, is_sequencer));
            assert!(!head.is_news(Position::new(11), is_sequencer));
            assert_eq!(Notice::Stored.is_news(TEN, is_sequencer), is_sequencer);
        }
    }

    #[test]
    fn the_first_notice_is_sent_at_once_and_the_latest_after_the_interval() {
        let (mut pending_notice, begin) = (PendingNotice::default(), Instant::now());
        assert_eq!(pending_notice.take_due(begin), None);
        pending_notice.put(Notice::Stored);
        assert_eq!(pending_notice.take_due(begin), Some(Notice::Stored));
        pending_notice.put(Notice::Stored);
        pending_notice.put(Notice::Numbered(TEN));
        assert_eq!(pending_notice.take_due(begin + NOTICE_INTERVAL / 2), None);
        assert_eq!(pending_notice.take_due(begin + NOTICE_INTERVAL), Some(Notice::Numbered(TEN)));
        assert_eq!(pending_notice.take_due(begin + NOTICE_INTERVAL * 9), None);
    }

    #[test]
    fn the_last_notice_ignores_the_interval() {
        let (mut pending_notice, now) = (PendingNotice::default(), Instant::now());
        pending_notice.put(Notice::Stored);
        assert_eq!(pending_notice.take(now), Some(Notice::Stored));
        pending_notice.put(Notice::Numbered(TEN));
        assert_eq!(pending_notice.take(now), Some(Notice::Numbered(TEN)));
        assert_eq!(pending_notice.take(now), None);
    }
}
