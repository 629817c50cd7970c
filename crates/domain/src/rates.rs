//! How often a caller may make requests, by what they ask for.
//!
//! This limits the number of requests. How much a caller stores, holds in memory and guesses is limited elsewhere.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::storage::Caller;

/// A rate: some at once, and then one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// How many come back in a second.
    pub per_second: NonZeroU32,
    /// How many may come at once.
    pub burst: NonZeroU32,
}

impl RequestRate {
    /// A rate of so many a second.
    ///
    /// # Panics
    /// One of the numbers is 0.
    pub const fn new(per_second: u32, burst: u32) -> Self {
        let (Some(per_second), Some(burst)) = (NonZeroU32::new(per_second), NonZeroU32::new(burst)) else {
            panic!("a rate lets something through");
        };
        Self { per_second, burst }
    }

    /// How long it takes until somebody who has used up everything may make so many requests.
    pub fn time_for(self, requests: u32) -> Duration {
        Duration::from_secs(u64::from(requests)) / self.per_second.get()
    }

    /// How long it takes until everything is there again.
    pub fn window(self) -> Duration {
        self.time_for(self.burst.get())
    }
}

/// As in the configuration: `20/s burst 200`.
impl fmt::Display for RequestRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s burst {}", self.per_second, self.burst)
    }
}

macro_rules! request_classes {
    ($($(#[doc = $meaning:literal])+ $name:literal => $class:ident, $rate:expr;)+) => {
        /// What a request is for, as far as its rate is concerned.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RequestClass {
            $($(#[doc = $meaning])+ $class,)+
        }

        impl RequestClass {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$class),+];

            /// Its name in headers and in the configuration.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$class => $name,)+
                }
            }

            /// The usual rate of each caller.
            pub const fn usual_rate(self) -> RequestRate {
                match self {
                    $(Self::$class => $rate,)+
                }
            }
        }
    };
}

request_classes! {
    /// Signing in. Wrong passwords have much lower limits of their own.
    "login" => Login, RequestRate::new(10, 1_000);
    /// Signing in with a second factor. Wrong codes have much lower limits of their own.
    "mfa" => Mfa, RequestRate::new(10, 1_000);
    /// Exchanging a refresh token.
    "refresh" => Refresh, RequestRate::new(10, 1_000);
    /// Opening a socket or a stream for events.
    "connect" => Connect, RequestRate::new(10, 200);
    /// Looking up a code that lets people in, or resets a password.
    "code" => Code, RequestRate::new(5, 100);
    /// Asking for a mail.
    "mail" => Mail, RequestRate::new(1, 20);
    /// Exporting all that is stored about oneself.
    "export" => Export, RequestRate::new(1, 20);
    /// Sending and forwarding messages.
    "send" => Send, RequestRate::new(1_000, 20_000);
    /// Any other change.
    "write" => Write, RequestRate::new(1_000, 20_000);
    /// Searching.
    "search" => Search, RequestRate::new(50, 500);
    /// Anything else.
    "read" => Read, RequestRate::new(2_000, 40_000);
}

/// What a caller has left after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The rate.
    pub rate: RequestRate,
    /// How many more requests may come now.
    pub left: u32,
}

/// That a caller has used up a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateExceeded {
    /// The rate that it exceeds.
    pub rate: RequestRate,
    /// How long until there may be another one.
    pub wait: Duration,
}

/// Counts the requests of each caller.
pub trait RequestLimiter: Send + Sync {
    /// Counts a request; `None` if there is no limit for this class or this caller. MUST NOT block, and MUST be bounded in
    /// memory.
    ///
    /// # Errors
    /// The caller has used up its rate. Then nothing is counted.
    fn take(&self, class: RequestClass, caller: Caller) -> Result<Option<Allowance>, RateExceeded>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_tells_when_everything_is_there_again() {
        let rate = RequestRate::new(20, 200);
        assert_eq!((rate.time_for(1), rate.window()), (Duration::from_millis(50), Duration::from_secs(10)));
        assert_eq!(rate.to_string(), "20/s burst 200");
    }

    #[test]
    fn a_busy_bot_is_within_every_usual_rate() {
        let at_least = |class: RequestClass, per_second| {
            let rate = class.usual_rate();
            rate.per_second.get() >= per_second && rate.burst.get() >= 10 * per_second
        };
        assert!(at_least(RequestClass::Send, 400) && at_least(RequestClass::Read, 1_000));
    }
}
