//! Which requests are worked on.

use actix_web::dev::ServiceRequest;
use groupchat_domain::network::Network;
use groupchat_domain::storage::Caller;

use super::{Permit, refusal};
use crate::extract::{address, credential};
use crate::problem::ApiError;
use crate::state::State;

/// Paths whose requests are not counted: connections for events have places of their own, long polls among them; and
/// how the server is must be known also when one network asks for too much.
const NOT_COUNTED: [&str; 4] = ["/api/events", "/api/events/stream", "/api/events/socket", "/api/health"];

/// Admits a request, as long as the caller has not too many in flight: it is in flight as long as the permit is there. A
/// caller is a user, or the network that a request without a known key comes from.
///
/// # Errors
/// Too many, of this caller or of all.
pub fn admit(request: &ServiceRequest) -> Result<Option<Permit>, ApiError> {
    let Some(state) = request.app_data::<State>() else { return Ok(None) };
    if NOT_COUNTED.contains(&request.path()) {
        return Ok(None);
    }
    let caller = match credential(request.request()) {
        Ok(credential) => state.storage.caller(credential.into()),
        Err(_) => Caller::Network(address(request.request()).map_or(Network::UNKNOWN, Network::of)),
    };
    let permit = state.limits.requests.take(caller, 1);
    permit.map(Some).map_err(|exhausted| refusal(exhausted, "requests in flight"))
}
