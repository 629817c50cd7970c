use std::sync::Arc;

use groupchat_domain::events::{LiveEvents, PassingTo};
use groupchat_domain::network::Network;
use groupchat_domain::storage::Credential;

use super::*;
use crate::problem::Code;
use crate::state::{AppState, Ports};
use crate::testing::{digest, state};

/// Live events that nobody may ask for.
struct Untouched;

impl LiveEvents for Untouched {
    fn subscribe(&self) -> Box<dyn Feed> {
        panic!("somebody without a good key subscribes")
    }

    fn pass(&self, _: PassingTo, _: Passing) {}

    fn stop(&self) {}
}

#[actix_web::test]
async fn a_key_that_nobody_knows_costs_the_hub_nothing() {
    let usual = state();
    let ports = Ports {
        storage: usual.storage.clone(),
        keys: usual.keys.clone(),
        hasher: usual.hasher.clone(),
        attempts: usual.attempts.clone(),
        journal: usual.journal.clone(),
        live: Arc::new(Untouched),
    };
    let state = State::new(AppState::new(ports, "0.0.0"));
    let who = Credential { key: digest("gc_1"), network: Network::UNKNOWN };
    let refused = Listener::open(&state, who.into(), None).await.err();
    assert_eq!(refused.map(|error| error.code()), Some(Code::Unavailable));
}
