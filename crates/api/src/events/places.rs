//! How many connections for events each user has on this server, so that nobody takes them all.

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
pub struct Places {
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
pub struct Place {
    places: Arc<Places>,
    user: UserId,
    room: Arc<UsersRoom>,
}

impl Place {
    /// The room that the user's connections share.
    pub fn room(&self) -> Arc<UsersRoom> {
        Arc::clone(&self.room)
    }
}

impl Places {
    /// So many places for each user, whose connections share so many bytes of room.
    pub fn new(each: u32, room: usize) -> Arc<Self> {
        Arc::new(Self { each, room, taken: Mutex::default() })
    }

    /// A place for the user.
    ///
    /// # Errors
    /// They have as many connections as they may.
    pub fn take(self: &Arc<Self>, user: UserId) -> Result<Place, ApiError> {
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

/// The answer, whose connection has the place until the last of it has been passed on: one who takes little of it is soon
/// told no more, but what was written before still waits for them. What is in the outbox holds its room until it is
/// written.
pub fn seated(answer: HttpResponse, place: Rc<Place>, outbox: Arc<Outbox>) -> HttpResponse {
    answer.map_body(|_, body| Seated { body, outbox, _place: place }.boxed())
}

/// A body that has a place.
struct Seated {
    body: BoxBody,
    outbox: Arc<Outbox>,
    _place: Rc<Place>,
}

impl MessageBody for Seated {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.outbox.is_written();
        Pin::new(&mut self.body).poll_next(context)
    }
}

fn too_many(each: u32) -> ApiError {
    let detail = format!("a user has at most {each} connections for events at a time; close one of yours");
    ApiError::new(Code::TooManyRequests, detail).retry_after(timing::come_back_after())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserId = UserId::new(1);
    const BOB: UserId = UserId::new(2);

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
