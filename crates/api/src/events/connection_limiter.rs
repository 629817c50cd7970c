//! Limits the event connections of each user on this server, so that no user takes them all.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use groupchat_domain::ids::UserId;

use super::send_buffer::{SendBuffer, UserBufferBudget};
use super::timing;
use crate::problem::{ApiError, Code};

/// Counts the event connections of all users: sockets, streams and waiting polls.
#[derive(Debug)]
pub(crate) struct EventConnectionLimiter {
    /// The maximum for one user.
    each: u32,
    /// The buffer budget that one user's connections share, in bytes.
    budget: usize,
    taken: Mutex<HashMap<UserId, UserConnections>>,
}

/// The connections of one user.
#[derive(Debug)]
struct UserConnections {
    connections: u32,
    budget: Arc<UserBufferBudget>,
}

/// A permit for one connection, returned when dropped.
#[derive(Debug)]
pub(crate) struct EventConnectionPermit {
    limiter: Arc<EventConnectionLimiter>,
    user: UserId,
    budget: Arc<UserBufferBudget>,
}

impl EventConnectionPermit {
    /// The buffer budget that the user's connections share.
    pub(crate) fn budget(&self) -> Arc<UserBufferBudget> {
        Arc::clone(&self.budget)
    }
}

impl EventConnectionLimiter {
    /// Allows `each` connections per user, which share `budget` bytes of buffers.
    pub(crate) fn new(each: u32, budget: usize) -> Arc<Self> {
        Arc::new(Self { each, budget, taken: Mutex::default() })
    }

    /// Takes a permit for one more connection of the user.
    ///
    /// # Errors
    /// The user has as many connections as allowed.
    pub(crate) fn take(self: &Arc<Self>, user: UserId) -> Result<EventConnectionPermit, ApiError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let has = taken.entry(user).or_insert_with(|| UserConnections {
            connections: 0,
            budget: UserBufferBudget::new(self.budget),
        });
        if has.connections >= self.each {
            return Err(too_many(self.each));
        }
        has.connections += 1;
        Ok(EventConnectionPermit { limiter: Arc::clone(self), user, budget: Arc::clone(&has.budget) })
    }
}

impl Drop for EventConnectionPermit {
    fn drop(&mut self) {
        let mut taken = self.limiter.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = taken.get_mut(&self.user) {
            has.connections -= 1;
            if has.connections == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

/// Makes the response hold the permit until the transport has taken the last of it: a client that reads slowly is soon
/// disconnected, but what was written before still uses memory. Frames in the send buffer hold their permits until they
/// are written.
pub(super) fn with_permit(
    answer: HttpResponse,
    permit: Rc<EventConnectionPermit>,
    send_buffer: Arc<SendBuffer>,
    unsent: Unsent,
) -> HttpResponse {
    answer.map_body(|_, body| {
        let size = body.size();
        *unsent.0.borrow_mut() = Source::Body(body);
        WithPermit { size, unsent, send_buffer, _permit: permit }.boxed()
    })
}

/// The part of a response that the transport has not asked for yet. The writer can drop it, because the transport
/// doesn't ask while the client reads nothing.
#[derive(Clone, Default)]
pub(super) struct Unsent(Rc<RefCell<Source>>);

/// Where the transport gets the rest of the response.
#[derive(Default)]
enum Source {
    Body(BoxBody),
    /// The last bytes.
    Last(Bytes),
    #[default]
    End,
}

impl Unsent {
    /// Drops everything at once. If the client reads again, it gets only `last`.
    pub(super) fn replace(&self, send_buffer: &SendBuffer, last: Option<Bytes>) {
        let last = last.map_or(Source::End, Source::Last);
        send_buffer.drop_unsent(self.0.replace(last));
    }

    fn poll_next(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, <BoxBody as MessageBody>::Error>>> {
        let mut source = self.0.borrow_mut();
        if let Source::Body(body) = &mut *source {
            return Pin::new(body).poll_next(context);
        }
        match std::mem::take(&mut *source) {
            Source::Last(last) => Poll::Ready(Some(Ok(last))),
            _ => Poll::Ready(None),
        }
    }
}

/// A response body that holds a permit.
struct WithPermit {
    size: BodySize,
    unsent: Unsent,
    send_buffer: Arc<SendBuffer>,
    _permit: Rc<EventConnectionPermit>,
}

impl Drop for WithPermit {
    fn drop(&mut self) {
        // The transport is gone, and the writer must notice.
        drop(self.unsent.0.take());
    }
}

impl MessageBody for WithPermit {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.send_buffer.is_written();
        self.unsent.poll_next(context)
    }
}

fn too_many(each: u32) -> ApiError {
    let detail = format!("a user can have at most {each} event connections at a time; close one of yours");
    ApiError::new(Code::TooManyRequests, detail).retry_after(timing::reconnect_delay())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use futures_util::stream::iter;

    use super::*;

    const ANN: UserId = UserId::new(1);
    const BOB: UserId = UserId::new(2);

    #[actix_web::test]
    async fn unsent_frames_are_dropped_at_once() {
        const SIZE: usize = 40 << 10;
        let permit = Rc::new(EventConnectionLimiter::new(1, 1 << 20).take(ANN).unwrap());
        let (send_buffer, unsent) = (SendBuffer::new(permit.budget()), Unsent::default());
        let text: Arc<str> = "x".repeat(SIZE).into();
        let mut frames = Vec::new();
        for _ in 0..3 {
            frames.push(Ok::<_, Infallible>(send_buffer.frame(Arc::clone(&text), None).await));
        }
        let answer = HttpResponse::Ok().streaming(iter(frames));
        let body = with_permit(answer, permit, Arc::clone(&send_buffer), unsent.clone()).into_body();
        let mut body = std::pin::pin!(body);
        let first = poll_fn(|context| body.as_mut().poll_next(context)).await.unwrap().unwrap();
        assert_eq!((first.len(), Arc::strong_count(&text)), (SIZE, 4));
        assert!(send_buffer.frame(text.clone(), None).now_or_never().is_none());
        // The transport has copied the bytes but can't write them.
        drop(first);

        unsent.replace(&send_buffer, Some(Bytes::from_static(b"last")));
        assert_eq!(Arc::strong_count(&text), 1);
        let budget = [(); 3].map(|()| send_buffer.frame(text.clone(), None).now_or_never());
        assert_eq!(budget.iter().flatten().count(), 2, "what is copied still counts");
        let last = poll_fn(|context| body.as_mut().poll_next(context)).await;
        assert_eq!(last.unwrap().unwrap(), "last");
        assert!(poll_fn(|context| body.as_mut().poll_next(context)).await.is_none());
    }

    #[test]
    fn a_user_is_limited_and_gets_permits_back() {
        let limiter = EventConnectionLimiter::new(2, 1 << 20);
        let (one, other) = (limiter.take(ANN), limiter.take(ANN));
        assert!(one.is_ok() && other.is_ok());
        assert!(limiter.take(ANN).is_err());
        assert!(limiter.take(BOB).is_ok());
        drop(one);
        assert!(limiter.take(ANN).is_ok());
        drop(other);
        assert!(limiter.taken.lock().unwrap().is_empty());
    }
}
