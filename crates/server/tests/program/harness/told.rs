//! Checks what clients receive of events against the AsyncAPI document.

use std::sync::LazyLock;

use groupchat_testing::{EventContract, Transport};
use serde_json::Value;

static CONTRACT: LazyLock<EventContract> =
    LazyLock::new(|| EventContract::new(groupchat_api::asyncapi::document("1.2.3")));

/// Panics unless the document has this message on the transport.
#[track_caller]
pub(crate) fn assert_told(transport: Transport, told: &Value) {
    CONTRACT.assert_receives(transport, told);
}
