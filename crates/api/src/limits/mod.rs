//! Limits on what one caller can use of the server, so that enough is left for others: how often requests come, how many
//! are in flight, and responses that are produced but not yet received by the client.
//!
//! `rates` counts requests over time. `budget` counts any resource that is given back; `admission` counts requests in
//! flight, `incoming_body` their bodies, and `delivery` responses.

mod admission;
mod budget;
mod caller;
mod class;
mod delivery;
mod incoming_body;
mod rates;

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::storage::Caller;

pub(crate) use admission::admit;
pub(crate) use budget::{Budget, Exhausted, Permit};
pub(crate) use delivery::CountedBody;
pub(crate) use incoming_body::IncomingBody;
pub(crate) use rates::count;

use crate::options::ServerOptions;
use crate::problem::{ApiError, Code};

/// When to try again: within this time, a client that reads its responses has read many.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many times as many requests all callers together may have in flight as one caller.
const CALLERS_IN_FLIGHT: u64 = 8;

/// How many requests that protect a user, such as ending a session, each network may make when the user has too many
/// others in flight.
const SECURING: u64 = 16;

/// Which fraction of the memory for arriving bodies one user may take, which fraction all networks without a known key
/// may take in addition, and each of them. The whole is a setting, since it depends on the machine's memory. These
/// constants only divide it.
const PART_OF_USER: u64 = 8;
const PART_OF_STRANGERS: u64 = 4;
const PART_OF_STRANGER: u64 = 64;

/// How many exports may run at a time; a user who has none may always begin one.
const EXPORTS: u64 = 64;

/// The fraction of the memory for bodies and responses that is reserved for callers that hold none of it.
const SPARE: u64 = 8;

/// A budget for users and one for the networks of strangers. However many strangers there are, they take nothing from
/// users.
#[derive(Debug)]
pub(crate) struct Budgets {
    users: Arc<Budget>,
    strangers: Arc<Budget>,
}

impl Budgets {
    /// The budget that a caller takes from.
    pub(crate) const fn of(&self, caller: Caller) -> &Arc<Budget> {
        match caller {
            Caller::Network(_) => &self.strangers,
            _ => &self.users,
        }
    }
}

/// The budgets of a server.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Requests in flight.
    pub requests: Budgets,
    /// Requests that protect a user and exceeded the limit above, by network.
    pub securing: Arc<Budget>,
    /// Bytes of request bodies that have not arrived completely.
    pub arriving: Budgets,
    /// Bytes of responses that clients have not received yet.
    pub undelivered: Arc<Budget>,
    /// Exports of all that is stored about a user.
    pub exports: Arc<Budget>,
}

impl Limits {
    /// Unused budgets.
    pub(crate) fn new(options: &ServerOptions) -> Self {
        let (requests, incoming) = (u64::from(options.requests_per_caller), options.incoming);
        Self {
            requests: Budgets {
                users: Budget::new(requests, requests.saturating_mul(CALLERS_IN_FLIGHT)),
                strangers: Budget::new(requests, requests.saturating_mul(CALLERS_IN_FLIGHT)),
            },
            securing: Budget::new(SECURING, requests.saturating_mul(CALLERS_IN_FLIGHT).max(8 * SECURING)),
            arriving: Budgets {
                users: Budget::with_spare(incoming / PART_OF_USER, incoming, incoming / SPARE),
                strangers: Budget::new(incoming / PART_OF_STRANGER, incoming / PART_OF_STRANGERS),
            },
            undelivered: Budget::with_spare(
                options.undelivered_per_caller,
                options.undelivered,
                options.undelivered / SPARE,
            ),
            exports: Budget::new(1, EXPORTS),
        }
    }
}

/// The error of a caller that exceeds a budget.
pub(crate) fn refusal(exhausted: Exhausted, what: &str) -> ApiError {
    let (code, detail) = match exhausted {
        Exhausted::ByCaller => {
            (Code::TooManyRequests, format!("you have too many {what}; wait until some of them are done"))
        }
        Exhausted::ByAll => {
            (Code::Overloaded, format!("all callers together have too many {what}; nothing was done"))
        }
    };
    ApiError::new(code, detail).retry_after(RETRY_AFTER)
}
