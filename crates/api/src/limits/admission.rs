//! Limits the requests in flight.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use groupchat_domain::storage::Caller;

use super::caller::{caller, network};
use super::{Permit, refusal};
use crate::problem::ApiError;
use crate::state::State;

/// Paths whose requests are not counted. Connections for events, including long polls, have a limiter of their own, and
/// health must be known even when one network asks for too much.
const NOT_COUNTED: [&str; 4] = ["/api/events", "/api/events/stream", "/api/events/socket", "/api/health"];

/// Admits a request if the caller doesn't have too many in flight. It is in flight until the permit is dropped. A
/// caller is a user, or the network that a request without a known key comes from.
///
/// The key is not checked yet. So whoever has a stolen key can use up its user's requests. The user must still be able
/// to end the sessions: for this, each network has a few extra requests.
///
/// # Errors
/// The caller, or all callers together, have too many requests in flight.
pub(crate) fn admit(request: &ServiceRequest) -> Result<Option<Permit>, ApiError> {
    let Some(state) = request.app_data::<State>() else { return Ok(None) };
    if NOT_COUNTED.contains(&request.path()) {
        return Ok(None);
    }
    let caller = caller(request.request(), state);
    let permit = match state.limits.requests.of(caller).take(caller, 1) {
        Err(_) if matches!(caller, Caller::User(_)) && secures(request.method(), request.path()) => {
            state.limits.securing.take(Caller::Network(network(request.request())), 1)
        }
        permit => permit,
    };
    permit.map(Some).map_err(|exhausted| refusal(exhausted, "requests in flight"))
}

/// Whether a request takes access away from somebody with a stolen key or password.
fn secures(method: &Method, path: &str) -> bool {
    match path {
        "/api/logout" => method == Method::POST,
        "/api/users/me/password" => method == Method::PUT,
        _ => method == Method::DELETE && path.starts_with("/api/sessions"),
    }
}

#[cfg(test)]
mod tests;
