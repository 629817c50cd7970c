//! Limits on what one caller can use of the server at a time, so that enough is left for others: requests in flight,
//! and responses that are produced but not yet received by the client.
//!
//! `budget` counts any resource; `admission` counts requests, `incoming_body` their bodies, and `delivery` responses.

mod admission;
mod budget;
mod caller;
mod delivery;
mod incoming_body;

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::storage::Caller;

pub(crate) use admission::admit;
pub(crate) use budget::{Budget, Exhausted, Permit};
pub(crate) use delivery::{CountedBody, Undelivered};
pub(crate) use incoming_body::IncomingBody;

use crate::options::ServerOptions;
use crate::problem::{ApiError, Code};

/// When another try makes sense: in that time, a client that takes its answers has taken many.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// All callers together may have so many times as many requests in flight as one.
const CALLERS_IN_FLIGHT: u64 = 8;

/// How many requests of a network may get in that make a user safer, such as one that ends sessions, when the user has
/// too many others in flight.
const SECURING: u64 = 16;

/// Which part of the bytes of bodies that are still arriving may be of one user; what networks that show no known key
/// may have besides, as a part of it, and each of them. The whole is a setting, since it goes by the machine's memory;
/// its parts only say how it is shared.
const PART_OF_USER: u64 = 8;
const PART_OF_STRANGERS: u64 = 4;
const PART_OF_STRANGER: u64 = 64;

/// One part of so many of what answers of all may take is for those who have none on its way.
const SPARE: u64 = 8;

/// A budget for users, and one for networks of strangers: however many of those there are, they take nothing of what is
/// there for users.
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
    /// Requests that are being worked on.
    pub requests: Budgets,
    /// Requests that make a user safer and found no room there, by network.
    pub securing: Arc<Budget>,
    /// Bytes of bodies that are not whole yet.
    pub arriving: Budgets,
    /// Bytes of answers that clients have not taken yet.
    pub undelivered: Arc<Budget>,
}

impl Limits {
    /// Budgets that nobody has taken anything of.
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
