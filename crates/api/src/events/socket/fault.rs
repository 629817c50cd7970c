//! Errors in the bytes from a client.

use std::io::{Error, ErrorKind};

use actix_web::error::PayloadError;
use actix_ws::{CloseCode, ProtocolError};

use super::bounded::FrameProgress;

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameFault {
    /// A message was too large, and is over: the next one may be good.
    TooLarge,
    /// Nothing after this can be understood; the code to close with.
    Fatal(CloseCode),
    /// The client is gone.
    Gone,
}

impl FrameFault {
    /// Which one an error stands for.
    pub(super) fn of(error: &ProtocolError, progress: &FrameProgress) -> Self {
        if progress.is_over() {
            return Self::Fatal(CloseCode::Size);
        }
        match error {
            // A length that there can't be is read again and again.
            ProtocolError::Overflow if progress.is_none() => Self::Fatal(CloseCode::Size),
            ProtocolError::Overflow => Self::TooLarge,
            // Reserved bits that mean nothing, or text that is none: both are told by this, and only the words differ.
            ProtocolError::Io(error) if error.kind() == ErrorKind::InvalidData => {
                Self::Fatal(if is_about_bits(error) { CloseCode::Protocol } else { CloseCode::Invalid })
            }
            ProtocolError::Io(error) if is_of_connection(error) => Self::Gone,
            // What else is told this way: fragments that add up to too much.
            ProtocolError::Io(_) => Self::TooLarge,
            _ => Self::Fatal(CloseCode::Protocol),
        }
    }
}

fn is_about_bits(error: &Error) -> bool {
    error.to_string().contains("reserved bits")
}

fn is_of_connection(error: &Error) -> bool {
    error.get_ref().is_none_or(|inner| inner.is::<PayloadError>())
}
