//! Counts the memory of undelivered responses toward their caller's budget.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Asking, Caller, Credential, Principal, Tx};
use groupchat_domain::text::TextBytes;
use serde::Serialize;

use super::{Permit, refusal};
use crate::assets::{Pieces, WRITE_BUFFER};
use crate::json;
use crate::problem::ApiError;
use crate::respond::Large;
use crate::state::AppState;

/// Bodies up to this many bytes are not counted: a connection buffers that much at once, read or not.
const SMALL: usize = 2 * WRITE_BUFFER;

/// About how many bytes a small page has besides its texts.
const BESIDE_TEXT: usize = 512;

/// What a connection buffers of a large body in addition to the body, at most.
const CONNECTION_OVERHEAD: usize = 4 * WRITE_BUFFER;

impl AppState {
    /// Reads something large, such as a page of a list, and renders what `show` makes of it. It counts toward the
    /// caller's budget from the read until the client has received it.
    ///
    /// The thread that read it renders it, because callers take turns there. A worker that rendered one large page
    /// after another for one caller would keep everybody else on its connections waiting.
    ///
    /// # Errors
    /// The caller, or all callers together, have too much undelivered. Also what the storage's `read_as` rejects.
    pub async fn read_large<T: TextBytes, D: Serialize>(
        &self,
        who: impl Into<Asking>,
        read: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
        show: impl Fn(T, &Actor) -> D + Send + 'static,
    ) -> Result<Large<D>, ApiError> {
        let undelivered = Arc::clone(&self.limits.undelivered);
        // A cheap check before the read. Concurrent requests that pass it may still be rejected below.
        let who = who.into();
        undelivered.check(self.storage.caller(who.principal())).map_err(too_much)?;
        let read = move |tx: &mut dyn Tx, actor: &Actor| {
            let data = read(tx, actor)?;
            let text = data.text_bytes();
            // Counted before it is rendered, so that no more is read than may be kept.
            let permit = undelivered.take(Caller::User(actor.id()), text as u64);
            Ok(permit.map(|permit| (render(&show(data, actor), text), permit)))
        };
        let (rendered, permit) = self.storage.read_as(who, read).await?.map_err(too_much)?;
        Ok(Large::new(rendered.map_err(ApiError::internal)?, permit))
    }

    /// Reserves room in the caller's budget for a response of up to this many bytes, before the request is carried out.
    ///
    /// # Errors
    /// The caller, or all callers together, have too much undelivered.
    pub(crate) fn reserve(&self, who: Credential, bytes: usize) -> Result<Permit, ApiError> {
        let caller = self.storage.caller(Principal::Key(who));
        self.limits.undelivered.take(caller, bytes as u64).map_err(too_much)
    }

    /// Counts bytes of a response toward a user's budget.
    ///
    /// # Errors
    /// The user, or all users together, have too much undelivered.
    pub fn count_undelivered(&self, user: UserId, bytes: usize) -> Result<Permit, ApiError> {
        self.limits.undelivered.take(Caller::User(user), bytes as u64).map_err(too_much)
    }
}

fn too_much(exhausted: super::Exhausted) -> ApiError {
    refusal(exhausted, "large responses that are not delivered yet")
}

impl<T: Serialize> Large<T> {
    /// The response with this body, which contains this many bytes of text, and for which the permit was reserved.
    ///
    /// # Errors
    /// The body can't be rendered.
    pub(crate) fn of(body: &T, text: usize, permit: Permit) -> Result<Self, ApiError> {
        Ok(Self::new(render(body, text).map_err(ApiError::internal)?, permit))
    }
}

/// Renders something that contains this many bytes of text.
fn render(data: &impl Serialize, text: usize) -> serde_json::Result<Pieces> {
    // Quotes and line breaks are escaped.
    let mut rendered = Pieces::with_capacity(BESIDE_TEXT + text + text / 8);
    json::to_writer(&mut rendered, data)?;
    Ok(rendered)
}

/// The body of a large response. What is left of it counts toward its caller's budget until the body is dropped: when
/// the client has received all but the last part of it, or is gone.
pub(crate) struct CountedBody {
    pieces: Pieces,
    permit: Permit,
}

impl CountedBody {
    /// A body of these bytes. A small one is not counted.
    pub(crate) fn body(mut pieces: Pieces, permit: Permit) -> BoxBody {
        if pieces.len() <= SMALL {
            return BoxBody::new(pieces.take(SMALL).unwrap_or_default());
        }
        let mut counted = Self { pieces, permit };
        counted.count();
        BoxBody::new(counted)
    }

    /// Counts what is left.
    fn count(&mut self) {
        let held = (self.pieces.memory() + CONNECTION_OVERHEAD) as u64;
        if self.permit.amount() != held {
            self.permit.resize(held);
        }
    }
}

impl MessageBody for CountedBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.pieces.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let slice = self.pieces.take(WRITE_BUFFER);
        self.count();
        Poll::Ready(slice.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write;

    use actix_web::body::to_bytes;

    use super::*;
    use crate::limits::Budget;

    const ANN: Caller = Caller::User(UserId::new(1));

    fn pieces(bytes: &[u8]) -> Pieces {
        let mut pieces = Pieces::default();
        pieces.write_all(bytes).unwrap();
        pieces
    }

    #[actix_web::test]
    async fn a_large_body_comes_in_slices_and_the_rest_counts_until_dropped() {
        let budget = Budget::new(1, 1 << 30);
        let bytes: Vec<u8> = (0..100_000_u32).map(|place| place as u8).collect();
        let permit = budget.take(ANN, 0).unwrap();
        let mut body = CountedBody::body(pieces(&bytes), permit);
        let mut held = vec![budget.held()];
        assert_eq!(body.size(), BodySize::Sized(100_000));
        let mut got = Vec::new();
        while let Some(slice) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            let slice = slice.unwrap();
            assert!(slice.len() <= WRITE_BUFFER);
            got.extend_from_slice(&slice);
            assert!(budget.check(ANN).is_err());
            held.push(budget.held());
        }
        assert_eq!(got, bytes);
        assert_eq!(held[0], (bytes.len() + CONNECTION_OVERHEAD) as u64);
        assert!(held.is_sorted_by(|earlier, later| earlier >= later));
        assert_eq!(budget.held(), CONNECTION_OVERHEAD as u64, "the connection may still have the last of it");
        drop(body);
        assert_eq!(budget.held(), 0);
    }

    #[actix_web::test]
    async fn a_small_body_does_not_count() {
        let budget = Budget::new(1, 1 << 30);
        let body = CountedBody::body(pieces(&[7; SMALL]), budget.take(ANN, 1).unwrap());
        assert!(budget.check(ANN).is_ok());
        assert_eq!(to_bytes(body).await.unwrap().len(), SMALL);
    }
}
