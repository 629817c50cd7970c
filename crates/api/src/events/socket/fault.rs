//! Errors in the bytes from a client.

use std::io::{Error, ErrorKind};

use actix_web::error::PayloadError;
use actix_ws::{CloseCode, ProtocolError};

use super::bounded::FrameProgress;

/// The consequence of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameFault {
    /// A message was too large and has ended. The next one may be valid.
    TooLarge,
    /// Nothing after this can be parsed. Contains the close code.
    Fatal(CloseCode),
    /// The client is gone.
    Gone,
}

impl FrameFault {
    /// Classifies an error.
    pub(super) fn of(error: &ProtocolError, progress: &FrameProgress) -> Self {
        if progress.is_over() {
            return Self::Fatal(CloseCode::Size);
        }
        match error {
            // An impossible length would be read again and again.
            ProtocolError::Overflow if progress.is_none() => Self::Fatal(CloseCode::Size),
            ProtocolError::Overflow => Self::TooLarge,
            // Reserved bits or invalid UTF-8. Both have the same error kind and differ only in the message.
            ProtocolError::Io(error) if error.kind() == ErrorKind::InvalidData => {
                Self::Fatal(if is_about_bits(error) { CloseCode::Protocol } else { CloseCode::Invalid })
            }
            ProtocolError::Io(error) if is_of_connection(error) => Self::Gone,
            // Also reported this way: fragments that are too large together.
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
