//! Events as the listeners share them.

use std::sync::Arc;

use groupchat_domain::events::{LoggedEvent, Passing, Shared};

/// An event of the log, as the listeners share it.
pub(super) type LoggedOnce = Arc<Shared<LoggedEvent>>;

/// An ephemeral event, as the listeners share it.
pub(super) type PassingOnce = Arc<Shared<Passing>>;
