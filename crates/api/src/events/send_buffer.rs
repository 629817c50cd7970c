//! The budget for what event connections buffer until clients have read it.
//!
//! A connection that isn't read from buffers little: one page of the backlog (the next one is read only when all of
//! this one is sent) and a few frames. Large items take their size from a budget that all connections of the user
//! share. So a user whose budget is used up may wait for their own connections, but never for those of others.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Frames of up to this many bytes aren't counted: a connection keeps no more of them than fit into its channel.
const SMALL: usize = 1 << 10;

/// The maximum bytes of larger frames that one connection keeps: enough for two of the largest.
const OF_ONE: usize = 128 << 10;

/// The budget that all connections of a user share, in bytes.
#[derive(Debug)]
pub(crate) struct UserBufferBudget {
    /// For pages of the backlog.
    pages: Arc<Semaphore>,
    /// For frames of live events.
    frames: Arc<Semaphore>,
    /// The size of each of the two.
    size: usize,
}

impl UserBufferBudget {
    /// A budget of this many bytes, half of them for pages.
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        let size = (bytes / 2).clamp(OF_ONE, Semaphore::MAX_PERMITS / 2);
        let half = || Arc::new(Semaphore::new(size));
        Arc::new(Self { pages: half(), frames: half(), size })
    }

    /// Waits for room for a page of at most this many bytes.
    pub(crate) async fn for_page(&self, bytes: usize) -> OwnedSemaphorePermit {
        acquire(&self.pages, bytes.min(self.size)).await
    }
}

/// Waits for permits of a semaphore that has at least as many in total.
async fn acquire(semaphore: &Arc<Semaphore>, count: usize) -> OwnedSemaphorePermit {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Arc::clone(semaphore).acquire_many_owned(count).await.expect("nobody closes the semaphore")
}

/// The permits for a page of the backlog. All frames made from the page hold them until the client has received these
/// frames.
#[derive(Debug)]
pub(super) struct PagePermit {
    /// The connection's only permit for a page.
    pub _turn: OwnedSemaphorePermit,
    /// The page's part of the user's budget.
    pub users: OwnedSemaphorePermit,
}

impl PagePermit {
    /// Returns the part that the page doesn't need.
    pub(super) fn shrink(&mut self, bytes: usize) {
        if let Some(surplus) = self.users.num_permits().checked_sub(bytes) {
            drop(self.users.split(surplus));
        }
    }
}

/// The permits that a frame holds until the client has received it.
#[derive(Debug, Default)]
struct FramePermits {
    _own: Option<OwnedSemaphorePermit>,
    _users: Option<OwnedSemaphorePermit>,
    page: Option<Arc<PagePermit>>,
}

/// What a connection has passed to its transport.
#[derive(Debug)]
pub(super) struct SendBuffer {
    users: Arc<UserBufferBudget>,
    own: Arc<Semaphore>,
    /// The permits of frames in the transport's buffer, which is most likely empty when it asks for more.
    buffered: Mutex<Vec<FramePermits>>,
}

impl SendBuffer {
    /// An empty buffer.
    pub(super) fn new(users: Arc<UserBufferBudget>) -> Arc<Self> {
        Arc::new(Self { users, own: Arc::new(Semaphore::new(OF_ONE)), buffered: Mutex::default() })
    }

    /// A frame for the transport, once there is room for it. The transport drops the frame when it has copied it. The
    /// frame's permits are returned later.
    pub(super) async fn frame<T>(self: &Arc<Self>, text: T, page: Option<Arc<PagePermit>>) -> Bytes
    where
        T: AsRef<str> + Send + 'static,
    {
        let size = text.as_ref().len();
        let mut held = FramePermits { page, ..FramePermits::default() };
        if size > SMALL {
            held._own = Some(acquire(&self.own, size.min(OF_ONE)).await);
            if held.page.is_none() {
                held._users = Some(acquire(&self.users.frames, size.min(self.users.size)).await);
            }
        }
        let send_buffer = held.is_something().then(|| Arc::clone(self));
        Bytes::from_owner(BufferedFrame { text, held, send_buffer })
    }

    /// Returns the permits of frames that are dropped before the transport has copied them.
    pub(super) fn drop_unsent(&self, frames: impl Sized) {
        let copied = std::mem::take(&mut *self.buffered.lock().unwrap_or_else(PoisonError::into_inner));
        drop(frames);
        let mut buffered = self.buffered.lock().unwrap_or_else(PoisonError::into_inner);
        let unsent = std::mem::replace(&mut *buffered, copied);
        drop(buffered);
        drop(unsent);
    }

    /// The transport asks for more, so it has written what it had.
    pub(super) fn is_written(&self) {
        // Dropped without the lock, because this wakes tasks that wait for room.
        drop(std::mem::take(&mut *self.buffered.lock().unwrap_or_else(PoisonError::into_inner)));
    }
}

impl FramePermits {
    const fn is_something(&self) -> bool {
        self._own.is_some() || self.page.is_some()
    }
}

/// The text of a frame, shared with other listeners. A slow listener would otherwise hold a copy of each.
struct BufferedFrame<T> {
    text: T,
    held: FramePermits,
    /// Where the permits go when the frame is dropped.
    send_buffer: Option<Arc<SendBuffer>>,
}

impl<T: AsRef<str>> AsRef<[u8]> for BufferedFrame<T> {
    fn as_ref(&self) -> &[u8] {
        self.text.as_ref().as_bytes()
    }
}

impl<T> Drop for BufferedFrame<T> {
    fn drop(&mut self) {
        if let Some(send_buffer) = &self.send_buffer {
            let held = std::mem::take(&mut self.held);
            send_buffer.buffered.lock().unwrap_or_else(PoisonError::into_inner).push(held);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LARGE: usize = 40 << 10;

    fn text(size: usize) -> String {
        "x".repeat(size)
    }

    #[actix_web::test]
    async fn a_connection_buffers_few_large_frames() {
        let send_buffer = SendBuffer::new(UserBufferBudget::new(1 << 20));
        let mut frames = Vec::new();
        for _ in 0..OF_ONE / LARGE {
            frames.push(send_buffer.frame(text(LARGE), None).await);
            assert_eq!(frames[0].len(), LARGE);
        }
        assert!(send_buffer.frame(text(LARGE), None).now_or_never().is_none());
        assert!(send_buffer.frame(text(SMALL), None).now_or_never().is_some());
        frames.pop();
        assert!(send_buffer.frame(text(LARGE), None).now_or_never().is_none(), "it is not written yet");
        send_buffer.is_written();
        assert!(send_buffer.frame(text(LARGE), None).now_or_never().is_some());
    }

    #[actix_web::test]
    async fn connections_of_a_user_share_the_budget_and_return_it() {
        let users = UserBufferBudget::new(2 * OF_ONE);
        let outboxes: Vec<_> = (0..10).map(|_| SendBuffer::new(Arc::clone(&users))).collect();
        let frames: Vec<_> = outboxes
            .iter()
            .map_while(|send_buffer| send_buffer.frame(text(LARGE), None).now_or_never())
            .collect();
        assert_eq!(frames.len(), OF_ONE / LARGE);
        let another = SendBuffer::new(UserBufferBudget::new(2 * OF_ONE));
        assert!(another.frame(text(LARGE), None).now_or_never().is_some());
        drop((frames, outboxes));
        assert_eq!(users.frames.available_permits(), users.size);
    }

    #[actix_web::test]
    async fn a_page_holds_its_permit_until_its_last_frame_is_written() {
        let users = UserBufferBudget::new(1 << 20);
        let turn = Arc::new(Semaphore::new(1));
        let mut page = PagePermit { _turn: acquire(&turn, 1).await, users: users.for_page(1 << 20).await };
        assert!(users.for_page(1).now_or_never().is_none());
        page.shrink(1_000);
        assert_eq!(users.pages.available_permits(), users.size - 1_000);
        let (page, send_buffer) = (Arc::new(page), SendBuffer::new(Arc::clone(&users)));
        let mut frames = Vec::new();
        for size in [10, LARGE] {
            frames.push(send_buffer.frame(text(size), Some(Arc::clone(&page))).await);
        }
        assert_eq!(users.frames.available_permits(), users.size, "the page has taken it already");
        drop(page);
        frames.pop();
        send_buffer.is_written();
        assert_eq!(turn.available_permits(), 0);
        frames.pop();
        send_buffer.is_written();
        assert_eq!(turn.available_permits(), 1);
        assert_eq!(users.pages.available_permits(), users.size);
    }
}
