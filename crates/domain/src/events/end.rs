//! Why a subscription ends.

use crate::error::Error;

/// Why a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The session has ended, whoever ended it.
    SignedOut,
    /// The subscriber was too slow. Its cursor stays valid.
    TooSlow,
    /// The server stops. The cursor works again in a moment, on this server or another.
    Stopping,
    /// The database can't be read at the moment.
    Unavailable,
    /// The client sends more than allowed.
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
    /// The reason to end a subscription whose read failed.
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(_) => Self::SignedOut,
            Error::Fault(_) | Error::Busy { .. } | Error::RateLimited { .. } | Error::StorageFull => {
                Self::Unavailable
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_reasons_are_those_of_the_contract() {
        for (reason, name) in [
            (EndReason::SignedOut, "signed_out"),
            (EndReason::TooSlow, "too_slow"),
            (EndReason::Stopping, "stopping"),
            (EndReason::Unavailable, "unavailable"),
            (EndReason::Flood, "flood"),
        ] {
            assert_eq!(reason.as_str(), name);
        }
    }
}
