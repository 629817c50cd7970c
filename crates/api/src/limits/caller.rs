//! The caller that a request's limits apply to.

use actix_web::HttpRequest;
use groupchat_domain::network::Network;
use groupchat_domain::storage::Caller;

use crate::extract::{address, credential};
use crate::state::AppState;

/// The caller of a request: the user of its key, or the network that it comes from.
pub(super) fn caller(request: &HttpRequest, state: &AppState) -> Caller {
    match credential(request) {
        Ok(credential) => state.storage.caller(credential.into()),
        Err(_) => Caller::Network(network(request)),
    }
}

pub(super) fn network(request: &HttpRequest) -> Network {
    address(request).map_or(Network::UNKNOWN, Network::of)
}
