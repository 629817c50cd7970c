//! Why a subscription ends.

use crate::error::Error;

/// Why a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The session has ended, by whomever.
    SignedOut,
    /// The subscriber has not kept up. Their cursor is good.
    TooSlow,
    /// The server stops. Another one, or this one, takes the cursor in a moment.
    Stopping,
    /// The database can't be read just now.
    Unavailable,
    /// The client sends more than is allowed.
    Flood,
}

impl EndReason {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::TooSlow => "too_slow",
            Self::Stopping => "stopping",
            Self::Unavailable => "unavailable",
            Self::Flood => "flood",
        }
    }
}

impl From<Error> for EndReason {
    /// What the failure of a read means to a subscriber.
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(_) => Self::SignedOut,
            Error::Fault(_) | Error::Busy { .. } | Error::RateLimited { .. } | Error::StorageFull => {
                Self::Unavailable
            }
        }
    }
}
