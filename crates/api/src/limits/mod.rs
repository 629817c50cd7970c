//! What one caller may take of the server at a time, so that there is enough for everybody: requests in flight, and
//! answers that were made but not yet taken by the client.
//!
//! `budget` counts, whatever it counts; `admission` counts requests, `delivery` answers.

mod admission;
mod budget;
mod delivery;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use admission::admit;
pub(crate) use budget::{Budget, Exhausted, Permit};
pub(crate) use delivery::{Counted, Delivery};

use crate::problem::{ApiError, Code};
use crate::state::ServerOptions;

/// When another try makes sense: in that time, a client that takes its answers has taken many.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// All callers together may have so many times as many requests in flight as one.
const CALLERS_IN_FLIGHT: u64 = 8;

/// The budgets of a server.
#[derive(Debug)]
pub struct Limits {
    /// Requests that are being worked on.
    pub requests: Arc<Budget>,
    /// Bytes of answers that clients have not taken yet.
    pub undelivered: Arc<Budget>,
}

impl Limits {
    /// Budgets that nobody has taken anything of.
    pub fn new(options: &ServerOptions) -> Self {
        let requests = u64::from(options.requests_per_caller);
        Self {
            requests: Budget::new(requests, requests.saturating_mul(CALLERS_IN_FLIGHT)),
            undelivered: Budget::new(options.undelivered_per_caller, options.undelivered),
        }
    }
}

/// What a caller is told who asks for more than there is.
fn refusal(exhausted: Exhausted, what: &str) -> ApiError {
    let (code, detail) = match exhausted {
        Exhausted::ByCaller => (
            Code::TooManyRequests,
            format!("{what} of yours are the most that one caller may have at a time; wait for some of them"),
        ),
        Exhausted::ByAll => (Code::Overloaded, format!("too many {what}; nothing was done")),
    };
    ApiError::new(code, detail).retry_after(RETRY_AFTER)
}
