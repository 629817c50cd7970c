//! Limits the requests in flight, and how often they come.

use actix_web::dev::ServiceRequest;
use groupchat_domain::storage::Caller;

use super::caller::{caller, network};
use super::class::{class_of, secures};
use super::rates::count;
use super::{Permit, refusal};
use crate::problem::ApiError;
use crate::rate_notice::RateNotice;
use crate::state::State;

/// Paths whose requests are not counted. Connections for events, including long polls, have a limiter of their own, and
/// health must be known even when one network asks for too much.
const NOT_COUNTED: [&str; 4] = ["/api/events", "/api/events/stream", "/api/events/socket", "/api/health"];

/// A request that is admitted. It is in flight until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    _permit: Option<Permit>,
    /// What its response says of the caller's rate.
    pub(crate) notice: Option<RateNotice>,
}

/// Admits a request if the caller doesn't make too many, and doesn't have too many in flight. A caller is a user, or the
/// network that a request without a known key comes from.
///
/// The key is not checked yet. So whoever has a stolen key can use up its user's requests. The user must still be able
/// to end the sessions: for this, each network has a few extra requests.
///
/// # Errors
/// The caller makes too many requests, or the caller or all callers together have too many in flight.
pub(crate) fn admit(request: &ServiceRequest) -> Result<Admitted, ApiError> {
    let Some(state) = request.app_data::<State>() else { return Ok(Admitted::default()) };
    let caller = caller(request.request(), state);
    let class = class_of(request.method(), request.path(), request.query_string());
    let notice = class.map(|class| count(state, class, caller)).transpose()?.flatten();
    if NOT_COUNTED.contains(&request.path()) {
        return Ok(Admitted { _permit: None, notice });
    }
    let permit = match state.limits.requests.of(caller).take(caller, 1) {
        Err(_) if matches!(caller, Caller::User(_)) && secures(request.method(), request.path()) => {
            state.limits.securing.take(Caller::Network(network(request.request())), 1)
        }
        permit => permit,
    };
    let permit = permit.map_err(|exhausted| refusal(exhausted, "requests in flight"))?;
    Ok(Admitted { _permit: Some(permit), notice })
}

#[cfg(test)]
mod tests;
