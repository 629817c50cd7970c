//! What responses say of how often their caller may ask.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use groupchat_domain::rates::{Allowance, RateExceeded, RequestClass, RequestRate};

/// The header with a rate (draft-ietf-httpapi-ratelimit-headers-10, section 3).
pub(crate) const POLICY: &str = "RateLimit-Policy";

/// The header with what is left of it (section 4).
pub(crate) const LEFT: &str = "RateLimit";

/// What a caller is told of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateNotice {
    class: RequestClass,
    rate: RequestRate,
    left: u32,
    /// In how many seconds there is more: the next one if nothing is left, or else everything.
    reset: u32,
}

impl RateNotice {
    /// Nothing as long as half is left: then nobody needs to care.
    pub(crate) fn of(class: RequestClass, Allowance { rate, left }: Allowance) -> Option<Self> {
        let used = rate.burst.get() - left;
        (left < used).then(|| Self { class, rate, left, reset: whole_seconds(rate.time_for(used)) })
    }

    /// That nothing is left.
    pub(crate) fn exceeded(class: RequestClass, RateExceeded { rate, wait }: RateExceeded) -> Self {
        Self { class, rate, left: 0, reset: whole_seconds(wait) }
    }

    /// Adds the headers.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        let Self { class, rate, left, reset } = *self;
        let class = class.as_str();
        let policy = format!("\"{class}\";q={};w={}", rate.burst, whole_seconds(rate.window()));
        for (name, value) in [(POLICY, policy), (LEFT, format!("\"{class}\";r={left};t={reset}"))] {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("it is a name");
            headers.insert(name, HeaderValue::from_str(&value).expect("it is printable"));
        }
    }
}

/// Rounded up, so that nobody comes back too early.
pub(crate) fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: RequestRate = RequestRate::new(2, 10);

    #[test]
    fn a_caller_is_told_once_less_than_half_is_left() {
        let notice = |left| RateNotice::of(RequestClass::Send, Allowance { rate: RATE, left });
        assert_eq!((notice(9), notice(5)), (None, None));
        let mut headers = HeaderMap::new();
        notice(4).unwrap().add_to(&mut headers);
        assert_eq!(headers.get(POLICY).unwrap(), "\"send\";q=10;w=5");
        assert_eq!(headers.get(LEFT).unwrap(), "\"send\";r=4;t=3");
    }
}
