//! The bytes from a client, limited unless they form complete messages.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures_util::Stream;

/// The maximum size of a frame, and of a message in several frames, in bytes: more than the longest text with each
/// character escaped.
pub(crate) const MAX_MESSAGE_BYTES: usize = 128 << 10;

/// The maximum number of bytes without a complete message. Higher than the message limit, so that a slightly larger
/// message can be rejected without ending the connection, and high enough that bytes read together with the end of a
/// message don't count against it.
pub(super) const MAX_UNREAD_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

/// The minimum size of a control frame without its payload: opcode, length and mask.
const CONTROL_HEADER: usize = 6;

/// Counts the bytes since the last complete message.
#[derive(Debug, Clone, Default)]
pub(super) struct FrameProgress(Rc<Cell<Received>>);

/// What has been received.
#[derive(Debug, Clone, Copy, Default)]
struct Received {
    /// All bytes.
    all: usize,
    /// The bytes of control frames among them.
    control: usize,
    /// Whether they are too many.
    is_over: bool,
}

impl FrameProgress {
    /// A message is complete.
    pub(super) fn made(&self) {
        self.0.take();
    }

    /// A control frame was received. If a message is incomplete, this doesn't count as progress, because the message
    /// must not be kept open by frames in between.
    pub(super) fn had_control(&self, payload: usize) {
        let mut received = self.0.get();
        received.control += CONTROL_HEADER + payload;
        self.0.set(if received.control >= received.all { Received::default() } else { received });
    }

    /// Whether no bytes have been received.
    pub(super) fn is_none(&self) -> bool {
        self.0.get().all == 0
    }

    /// Whether too many bytes have been received.
    pub(super) fn is_over(&self) -> bool {
        self.0.get().is_over
    }

    /// Adds bytes. Returns whether they are too many now.
    fn add(&self, bytes: usize, most: usize) -> bool {
        let mut received = self.0.get();
        received.all += bytes;
        received.is_over = received.all > most;
        self.0.set(received);
        received.is_over
    }
}

/// A client's bytes. They end with an error if too many arrive without a complete message: a frame states its own
/// length, and its reader would wait for all of it; and a message may have any number of frames.
pub(super) struct Bounded {
    bytes: Payload,
    progress: FrameProgress,
    most: usize,
}

impl Bounded {
    /// Allows at most `most` bytes per message.
    pub(super) fn new(bytes: Payload, most: usize) -> (Self, FrameProgress) {
        let progress = FrameProgress::default();
        (Self { bytes, progress: progress.clone(), most }, progress)
    }
}

impl Stream for Bounded {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.bytes).poll_next(context));
        if let Some(Ok(bytes)) = &next
            && self.progress.add(bytes.len(), self.most)
        {
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 100;

    #[test]
    fn control_frames_alone_are_not_limited() {
        let progress = FrameProgress::default();
        for _ in 0..1_000 {
            // Two messages arrive at once, the second one incomplete.
            assert!(!progress.add(8, MOST));
            progress.had_control(0);
            assert!(!progress.add(9, MOST));
            progress.had_control(5);
        }
        assert!(progress.is_none());
    }

    #[test]
    fn control_frames_within_a_message_are_no_progress() {
        let progress = FrameProgress::default();
        let is_over = (0..).map(|_| {
            let is_over = progress.add(7 + 6, MOST);
            progress.had_control(0);
            is_over
        });
        assert_eq!(is_over.take_while(|is_over| !is_over).count(), MOST / 13);
        assert!(progress.is_over());
    }

    #[test]
    fn a_complete_message_is_progress() {
        let progress = FrameProgress::default();
        for _ in 0..10 {
            assert!(!progress.add(MOST, MOST));
            progress.made();
        }
        assert!(progress.is_none());
    }
}
