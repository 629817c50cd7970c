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

use super::room::{Outbox, UsersRoom};
use super::timing;
use crate::problem::{ApiError, Code};

/// The connections of all users: sockets, streams, and polls that wait.
#[derive(Debug)]
pub(crate) struct Places {
    /// How many one user may have.
    each: u32,
    /// How much room one user's connections share, in bytes.
    room: usize,
    taken: Mutex<HashMap<UserId, Taken>>,
}

/// What a user has.
#[derive(Debug)]
struct Taken {
    places: u32,
    room: Arc<UsersRoom>,
}

/// The place of one connection. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    user: UserId,
    room: Arc<UsersRoom>,
}

impl Place {
    /// The room that the user's connections share.
    pub(crate) fn room(&self) -> Arc<UsersRoom> {
        Arc::clone(&self.room)
    }
}

impl Places {
    /// So many places for each user, whose connections share so many bytes of room.
    pub(crate) fn new(each: u32, room: usize) -> Arc<Self> {
        Arc::new(Self { each, room, taken: Mutex::default() })
    }

    /// A place for the user.
    ///
    /// # Errors
    /// They have as many connections as they may.
    pub(crate) fn take(self: &Arc<Self>, user: UserId) -> Result<Place, ApiError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let has = taken.entry(user).or_insert_with(|| Taken { places: 0, room: UsersRoom::new(self.room) });
        if has.places >= self.each {
            return Err(too_many(self.each));
        }
        has.places += 1;
        Ok(Place { places: Arc::clone(self), user, room: Arc::clone(&has.room) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = taken.get_mut(&self.user) {
            has.places -= 1;
            if has.places == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

/// The answer, whose connection has the place until the last of it has been passed on: one who takes little of it is
/// soon told no more, but what was written before still waits for them. What is in the outbox holds its room until it
/// is written.
pub(super) fn seated(
    answer: HttpResponse,
    place: Rc<Place>,
    outbox: Arc<Outbox>,
    unsent: Unsent,
) -> HttpResponse {
    answer.map_body(|_, body| {
        let size = body.size();
        *unsent.0.borrow_mut() = Source::Body(body);
        Seated { size, unsent, outbox, _place: place }.boxed()
    })
}

/// What the transport of a connection has not asked for yet. Whoever writes it can drop it: the transport doesn't ask
/// as long as the client takes nothing.
#[derive(Clone, Default)]
pub(super) struct Unsent(Rc<RefCell<Source>>);

/// Where the transport gets more.
#[derive(Default)]
enum Source {
    Body(BoxBody),
    /// The last there is.
    Last(Bytes),
    #[default]
    End,
}

impl Unsent {
    /// Drops all of it at once, and has this sent instead, if the client takes anything again.
    pub(super) fn replace(&self, outbox: &Outbox, last: Option<Bytes>) {
        let last = last.map_or(Source::End, Source::Last);
        outbox.drop_unsent(self.0.replace(last));
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

/// A body that has a place.
struct Seated {
    size: BodySize,
    unsent: Unsent,
    outbox: Arc<Outbox>,
    _place: Rc<Place>,
}

impl Drop for Seated {
    fn drop(&mut self) {
        // The transport is gone, and whoever writes has to notice.
        drop(self.unsent.0.take());
    }
}

impl MessageBody for Seated {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.outbox.is_written();
        self.unsent.poll_next(context)
    }
}

fn too_many(each: u32) -> ApiError {
    let detail = format!("a user can have at most {each} event connections at a time; close one of yours");
    ApiError::new(Code::TooManyRequests, detail).retry_after(timing::come_back_after())
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
    async fn what_was_not_sent_is_dropped_at_once() {
        const SIZE: usize = 40 << 10;
        let place = Rc::new(Places::new(1, 1 << 20).take(ANN).unwrap());
        let (outbox, unsent) = (Outbox::new(place.room()), Unsent::default());
        let text: Arc<str> = "x".repeat(SIZE).into();
        let mut frames = Vec::new();
        for _ in 0..3 {
            frames.push(Ok::<_, Infallible>(outbox.frame(Arc::clone(&text), None).await));
        }
        let answer = HttpResponse::Ok().streaming(iter(frames));
        let body = seated(answer, place, Arc::clone(&outbox), unsent.clone()).into_body();
        let mut body = std::pin::pin!(body);
        let first = poll_fn(|context| body.as_mut().poll_next(context)).await.unwrap().unwrap();
        assert_eq!((first.len(), Arc::strong_count(&text)), (SIZE, 4));
        assert!(outbox.frame(text.clone(), None).now_or_never().is_none());
        // The transport has copied it, and can't write it.
        drop(first);

        unsent.replace(&outbox, Some(Bytes::from_static(b"last")));
        assert_eq!(Arc::strong_count(&text), 1);
        let room = [(); 3].map(|()| outbox.frame(text.clone(), None).now_or_never());
        assert_eq!(room.iter().flatten().count(), 2, "what is copied still counts");
        let last = poll_fn(|context| body.as_mut().poll_next(context)).await;
        assert_eq!(last.unwrap().unwrap(), "last");
        assert!(poll_fn(|context| body.as_mut().poll_next(context)).await.is_none());
    }

    #[test]
    fn each_user_has_so_many_places_and_gets_them_back() {
        let places = Places::new(2, 1 << 20);
        let (one, other) = (places.take(ANN), places.take(ANN));
        assert!(one.is_ok() && other.is_ok());
        assert!(places.take(ANN).is_err());
        assert!(places.take(BOB).is_ok());
        drop(one);
        assert!(places.take(ANN).is_ok());
        drop(other);
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
