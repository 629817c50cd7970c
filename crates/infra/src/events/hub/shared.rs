//! Events that listeners share.

use std::sync::Arc;

use groupchat_domain::events::{EphemeralEvent, LoggedEvent, SharedEvent};

/// A logged event that listeners share.
pub(super) type SharedLogged = Arc<SharedEvent<LoggedEvent>>;

/// An ephemeral event that listeners share.
pub(super) type SharedEphemeral = Arc<SharedEvent<EphemeralEvent>>;
