//! A session that has a refresh token: how long it lasts, and what a token of it is worth.

use std::time::Duration;

use crate::accounts::refresh_token::Salt;
use crate::accounts::session::KeyHash;
use crate::ids::{SessionId, UserId};
use crate::time::{Span, Timestamp};

/// How long the previous key goes on working, so that requests that are under way with it don't fail.
pub(super) const PREVIOUS_KEY: Duration = Duration::from_secs(60);

/// How far the clocks of two servers on one database may differ.
pub(super) const SKEW: Duration = Duration::from_secs(60);

/// The longest time for which the key of a session with a refresh token can be valid.
pub const LONGEST_KEY: Duration = Duration::from_secs(24 * 3600);

/// When a key of a session with a refresh token must expire to be good now. One that expires later than any can was
/// issued by a clock that was ahead, and nobody knows how long ago. Its client refreshes the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpans {
    /// The session's key.
    pub key: Span,
    /// The key of before.
    pub previous: Span,
}

impl KeySpans {
    /// At this time.
    pub fn at(now: Timestamp) -> Self {
        let within = |longest| Span { after: now, until: now.plus(longest + SKEW) };
        Self { key: within(LONGEST_KEY), previous: within(PREVIOUS_KEY) }
    }
}

/// How long sessions with a refresh token last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshTerms {
    /// How long a key is valid.
    pub key: Duration,
    /// How long a session lasts that is not refreshed.
    pub idle: Duration,
    /// How long a session lasts at most.
    pub longest: Duration,
    /// How long after a refresh the token of before gets the same answer again.
    pub grace: Duration,
}

/// An hour, 30 days, 90 days and 15 seconds.
impl Default for RefreshTerms {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self {
            key: Duration::from_secs(3600),
            idle: 30 * day,
            longest: 90 * day,
            grace: Duration::from_secs(15),
        }
    }
}

/// How long a key and its session are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    /// When the key expires, not after the session.
    pub(super) key_expires_at: Timestamp,
    /// When the session expires.
    pub(super) expires_at: Timestamp,
}

impl RefreshTerms {
    /// When a session that begins now ends, however often it is refreshed.
    pub(super) fn last_end(&self, now: Timestamp) -> Timestamp {
        now.plus(self.longest)
    }

    /// How long a key that is issued now is valid, in a session that ends then.
    pub(super) fn valid_from(&self, now: Timestamp, ends_at: Timestamp) -> Validity {
        let expires_at = now.plus(self.idle).min(ends_at);
        Validity { key_expires_at: now.plus(self.key.min(LONGEST_KEY)).min(expires_at), expires_at }
    }
}

/// A session with a refresh token, as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When its key expires.
    pub key_expires_at: Timestamp,
    /// When it expires unless it is refreshed.
    pub expires_at: Timestamp,
    /// When it ends, however often it is refreshed.
    pub ends_at: Timestamp,
    /// The verifier of its token.
    pub verifier: KeyHash,
    /// Its last refresh.
    pub last: Option<LastRefresh>,
}

/// The last refresh of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRefresh {
    /// The verifier of the token that was used up.
    pub verifier: KeyHash,
    /// From what the answer can be computed again, by whoever has that token; removed after a while.
    pub salt: Option<Salt>,
    /// When it was.
    pub at: Timestamp,
}

/// What a token with the selector of a session is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is the session's token.
    Current,
    /// It was used a moment ago: the answer was lost, or the client asked twice.
    JustUsed(Option<Salt>),
    /// It was used by a clock that was ahead. Nobody knows how long ago that is.
    Undated,
    /// It was used long ago: somebody else has it, too.
    Reused,
}

impl Family {
    /// What a token with this verifier is worth now.
    pub(super) fn standing(&self, verifier: &KeyHash, now: Timestamp, grace: Duration) -> Standing {
        if self.verifier == *verifier {
            return Standing::Current;
        }
        match self.last.filter(|last| last.verifier == *verifier) {
            Some(last) if last.at > now.plus(SKEW) => Standing::Undated,
            Some(last) if last.at.plus(grace) >= now => Standing::JustUsed(last.salt),
            // It is the one before, or older still: all of them have the selector, and nobody else knows it.
            _ => Standing::Reused,
        }
    }
}

/// A refresh that is about to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The session.
    pub session: SessionId,
    /// The hash of its next key.
    pub key: KeyHash,
    /// When that key expires.
    pub key_expires_at: Timestamp,
    /// Until when the key of before goes on working.
    pub previous_key_until: Timestamp,
    /// The verifier of its next token.
    pub verifier: KeyHash,
    /// From what both follow.
    pub salt: Salt,
    /// When it happens.
    pub at: Timestamp,
    /// When the session expires.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ME, MY_SESSION, NOW};

    const GRACE: Duration = Duration::from_secs(15);

    fn verifier(number: u8) -> KeyHash {
        KeyHash::new([number; 32])
    }

    /// A session whose second token was used at this time.
    fn refreshed(at: Timestamp) -> Family {
        let salt = Some(Salt::new([7; 32]));
        Family {
            session: MY_SESSION,
            user: ME,
            key_expires_at: NOW,
            expires_at: NOW,
            ends_at: NOW,
            verifier: verifier(3),
            last: Some(LastRefresh { verifier: verifier(2), salt, at }),
        }
    }

    #[test]
    fn the_token_of_a_session_is_good_whatever_the_clock_says() {
        for at in [NOW.minus(Duration::MAX), NOW, NOW.plus(Duration::MAX)] {
            assert_eq!(refreshed(at).standing(&verifier(3), NOW, GRACE), Standing::Current);
        }
    }

    #[test]
    fn the_token_before_is_good_for_a_moment() {
        let micro = Duration::from_micros(1);
        let salt = Some(Salt::new([7; 32]));
        for (at, standing) in [
            (NOW, Standing::JustUsed(salt)),
            (NOW.minus(GRACE), Standing::JustUsed(salt)),
            (NOW.minus(GRACE + micro), Standing::Reused),
            (NOW.plus(SKEW), Standing::JustUsed(salt)),
            (NOW.plus(SKEW + micro), Standing::Undated),
        ] {
            assert_eq!(refreshed(at).standing(&verifier(2), NOW, GRACE), standing, "{at:?}");
        }
    }

    #[test]
    fn an_older_token_is_known_by_its_selector_alone() {
        for at in [NOW, NOW.plus(Duration::MAX)] {
            assert_eq!(refreshed(at).standing(&verifier(1), NOW, GRACE), Standing::Reused);
        }
        let unused = Family { last: None, ..refreshed(NOW) };
        assert_eq!(unused.standing(&verifier(2), NOW, GRACE), Standing::Reused);
    }

    #[test]
    fn a_key_ends_with_its_session_and_a_session_at_its_last_end() {
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(24 * 3600));
        let terms = RefreshTerms::default();
        assert_eq!(terms.last_end(NOW), NOW.plus(90 * day));
        let ends = |ends_at| terms.valid_from(NOW, ends_at);
        let usual = Validity { key_expires_at: NOW.plus(hour), expires_at: NOW.plus(30 * day) };
        assert_eq!(ends(NOW.plus(90 * day)), usual);
        let last_day = Validity { key_expires_at: NOW.plus(hour), expires_at: NOW.plus(day) };
        assert_eq!(ends(NOW.plus(day)), last_day);
        let last_minutes = Validity { key_expires_at: NOW.plus(hour / 2), expires_at: NOW.plus(hour / 2) };
        assert_eq!(ends(NOW.plus(hour / 2)), last_minutes);
        let long = RefreshTerms { key: 2 * day, ..terms };
        assert_eq!(long.valid_from(NOW, NOW.plus(90 * day)).key_expires_at, NOW.plus(LONGEST_KEY));
    }
}
