//! A response body of shared bytes, passed on slice by slice.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

/// How many bytes of a large response a connection buffers, approximately: actix-http copies each chunk of a body into
/// the connection's own buffer, and takes the next one while the buffer has less than `h1_write_buffer_size`, which the
/// server sets to this.
pub(crate) const WRITE_BUFFER: usize = 16 * 1024;

/// How many bytes a connection gets at once. With the head of the response, the first slice fills its buffer.
const SLICE: usize = WRITE_BUFFER;

/// Shared bytes as a body. The connection copies one slice at a time, and only as the client reads. As one chunk, they
/// would be copied completely for each client.
#[derive(Debug)]
pub(crate) struct Slices(Bytes);

impl Slices {
    /// A body of these bytes.
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl MessageBody for Slices {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = SLICE.min(self.0.len());
        Poll::Ready(Some(Ok(self.0.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[actix_web::test]
    async fn all_bytes_come_once_in_order_in_small_slices_of_the_same_memory() {
        let bytes: Bytes = (0..SLICE * 2 + 5).map(|place| (place % 251) as u8).collect::<Vec<_>>().into();
        let mut body = Slices::of(bytes.clone());
        assert_eq!(body.size(), BodySize::Sized(bytes.len() as u64));
        let mut got = Vec::new();
        while let Some(slice) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            let slice = slice.unwrap();
            assert!(!slice.is_empty() && slice.len() <= SLICE);
            assert_eq!(slice.as_ptr(), bytes[got.len()..].as_ptr(), "the bytes were copied");
            got.extend_from_slice(&slice);
        }
        assert_eq!(got, bytes);
    }
}
