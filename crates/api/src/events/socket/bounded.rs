//! The bytes from a client, limited unless they form complete messages.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures_util::Stream;

/// The bytes of a control frame besides its payload, at least: what it is, its length, its mask.
const CONTROL_HEADER: usize = 6;

/// How many bytes have come since the last whole message.
#[derive(Debug, Clone, Default)]
pub(super) struct FrameProgress(Rc<Cell<Come>>);

/// What has come.
#[derive(Debug, Clone, Copy, Default)]
struct Come {
    /// Bytes of any kind.
    all: usize,
    /// Those of them that were control frames.
    control: usize,
    /// Whether there were too many.
    is_over: bool,
}

impl FrameProgress {
    /// A message was whole.
    pub(super) fn made(&self) {
        self.0.take();
    }

    /// A control frame came. That is no progress with a message of which a part is there already, whose parts keep
    /// alive what came in between.
    pub(super) fn had_control(&self, payload: usize) {
        let mut come = self.0.get();
        come.control += CONTROL_HEADER + payload;
        self.0.set(if come.control >= come.all { Come::default() } else { come });
    }

    /// Whether none have come.
    pub(super) fn is_none(&self) -> bool {
        self.0.get().all == 0
    }

    /// Whether too many have come.
    pub(super) fn is_over(&self) -> bool {
        self.0.get().is_over
    }

    /// Takes more bytes in; whether there are too many now.
    fn take_in(&self, bytes: usize, most: usize) -> bool {
        let mut come = self.0.get();
        come.all += bytes;
        come.is_over = come.all > most;
        self.0.set(come);
        come.is_over
    }
}

/// A client's bytes. They end when too many come without a message: a frame says how long it will be, and whoever
/// reads it waits for all of it, however long; and a message may have any number of frames.
pub(super) struct Bounded {
    bytes: Payload,
    progress: FrameProgress,
    most: usize,
}

impl Bounded {
    /// At most so many bytes to a message.
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
            && self.progress.take_in(bytes.len(), self.most)
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
    fn control_frames_alone_never_add_up() {
        let progress = FrameProgress::default();
        for _ in 0..1_000 {
            // Two of them at once, the second one in parts.
            assert!(!progress.take_in(8, MOST));
            progress.had_control(0);
            assert!(!progress.take_in(9, MOST));
            progress.had_control(5);
        }
        assert!(progress.is_none());
    }

    #[test]
    fn control_frames_between_the_parts_of_a_message_are_no_progress() {
        let progress = FrameProgress::default();
        let is_over = (0..).map(|_| {
            let is_over = progress.take_in(7 + 6, MOST);
            progress.had_control(0);
            is_over
        });
        assert_eq!(is_over.take_while(|is_over| !is_over).count(), MOST / 13);
        assert!(progress.is_over());
    }

    #[test]
    fn a_whole_message_is() {
        let progress = FrameProgress::default();
        for _ in 0..10 {
            assert!(!progress.take_in(MOST, MOST));
            progress.made();
        }
        assert!(progress.is_none());
    }
}
