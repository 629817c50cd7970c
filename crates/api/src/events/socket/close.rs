//! The codes that a connection is closed with (RFC 6455, section 7.4; 4000–4999 are ours).

use actix_ws::{CloseCode, CloseReason};

use crate::events::told::End;

/// What the client is told at the close.
pub fn reason(end: End) -> CloseReason {
    CloseReason { code: code(end), description: Some(end.as_str().to_owned()) }
}

/// The answer to a client that closes: the same code (RFC 6455, section 5.5.1).
pub fn echo(reason: Option<CloseReason>) -> Option<CloseReason> {
    reason.map(|reason| reason.code.into())
}

/// The code for each end.
pub const fn code(end: End) -> CloseCode {
    match end {
        End::SignedOut => CloseCode::Other(4001),
        End::TooSlow => CloseCode::Other(4008),
        End::Flood => CloseCode::Other(4029),
        // "Service Restart" of the registry of close codes.
        End::Stopping => CloseCode::Restart,
        // "Try Again Later".
        End::Unavailable => CloseCode::Again,
    }
}
