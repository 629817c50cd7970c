//! What a listener delivers, whatever the transport.

use std::sync::Arc;

use groupchat_domain::Error;

use super::room::PageRoom;

/// What a listener is told.
#[derive(Debug, Clone)]
pub(super) enum Told {
    /// An event, as JSON on one line, and the room of the page of the past that it is of.
    Event(Arc<str>, Option<Arc<PageRoom>>),
    /// The end.
    End(End),
}

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The session has ended, by whomever.
    SignedOut,
    /// The listener has not kept up. Their cursor is good.
    TooSlow,
    /// The server stops. Another one, or this one, takes the cursor in a moment.
    Stopping,
    /// The database can't be read at the moment.
    Unavailable,
    /// The client sends more than is allowed.
    Flood,
}

impl End {
    /// The stable name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::TooSlow => "too_slow",
            Self::Stopping => "stopping",
            Self::Unavailable => "unavailable",
            Self::Flood => "flood",
        }
    }
}

impl From<Error> for End {
    /// What the failure of a read means to a listener.
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(_) => Self::SignedOut,
            Error::Fault(_) | Error::Busy { .. } | Error::TooFast { .. } | Error::StorageFull => {
                Self::Unavailable
            }
        }
    }
}
