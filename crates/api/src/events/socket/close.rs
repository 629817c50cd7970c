//! The close codes (RFC 6455, section 7.4; 4000–4999 are ours).

use actix_web::web::Bytes;
use actix_ws::{CloseCode, CloseReason};
use groupchat_domain::events::EndReason;

/// The payload of the close frame for a client.
pub(super) fn reason(end: EndReason) -> CloseReason {
    CloseReason { code: code(end), description: Some(end.as_str().to_owned()) }
}

/// The complete close frame (RFC 6455, sections 5.2 and 5.5.1).
pub(super) fn frame(end: EndReason) -> Bytes {
    let reason = end.as_str().as_bytes();
    let length = u8::try_from(2 + reason.len()).expect("reasons are short");
    let code = u16::from(code(end)).to_be_bytes();
    [&[0x88, length], code.as_slice(), reason].concat().into()
}

/// The reply to a client that closes: the same code (RFC 6455, section 5.5.1).
pub(super) fn echo(reason: Option<CloseReason>) -> Option<CloseReason> {
    reason.map(|reason| reason.code.into())
}

/// The close code for each reason.
pub(crate) const fn code(end: EndReason) -> CloseCode {
    match end {
        EndReason::SignedOut => CloseCode::Other(4001),
        EndReason::TooSlow => CloseCode::Other(4008),
        EndReason::Flood => CloseCode::Other(4029),
        // "Service Restart" in the registry of close codes.
        EndReason::Stopping => CloseCode::Restart,
        // "Try Again Later".
        EndReason::Unavailable => CloseCode::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_frame_follows_the_protocol() {
        assert_eq!(frame(EndReason::TooSlow), b"\x88\x0a\x0f\xa8too_slow".as_slice());
    }
}
