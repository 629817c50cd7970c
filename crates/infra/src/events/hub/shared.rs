//! Events as the listeners share them.

use std::sync::Arc;

use groupchat_domain::events::{EphemeralEvent, LoggedEvent, SharedEvent};

/// A logged event that the subscribers share.
pub(super) type SharedLogged = Arc<SharedEvent<LoggedEvent>>;

/// An ephemeral event, as the listeners share it.
pub(super) type SharedEphemeral = Arc<SharedEvent<EphemeralEvent>>;
