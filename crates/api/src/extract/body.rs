//! A request's JSON body.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::rt::time::{Sleep, sleep};
use actix_web::web::{Bytes, BytesMut, Json};
use actix_web::{FromRequest, HttpRequest};
use futures_util::Stream;
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::DeserializeOwned;

use super::serde_errors::violation;
use crate::limits::IncomingBody;
use crate::problem::{ApiError, Code};

/// The maximum size of a body in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// The maximum size of a body that may be sent without a key.
pub const OPEN_BODY_LIMIT: usize = 8 * 1024;

/// How long a body may take to arrive completely.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the rest of a late body is not read, so that the response can be sent first.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// A JSON object of at most `LIMIT` bytes, deserialized. Rejected with 408 if it takes too long to arrive, 413 if it is
/// too large, 415 if it is not declared as JSON, 400 if it is not a JSON object or has a field of the wrong type.
#[derive(Debug)]
pub struct Body<T, const LIMIT: usize = BODY_LIMIT>(pub T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest for Body<T, LIMIT> {
    type Error = ApiError;
    type Future = BodyReader<T, LIMIT>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Headers are checked here and not when polled, so that they take precedence over a handler's later arguments.
        BodyReader::new(request, payload.take(), BODY_TIMEOUT)
    }
}

/// A body that is arriving.
pub struct BodyReader<T, const LIMIT: usize = BODY_LIMIT> {
    refusal: Option<ApiError>,
    pub(super) payload: Payload,
    buffer: BytesMut,
    has_ended: bool,
    incoming: IncomingBody,
    timeout: Duration,
    /// Starts at the first wait, so that a body that has arrived already needs no timer.
    deadline: Option<Pin<Box<Sleep>>>,
    target: PhantomData<fn() -> T>,
}

impl<T, const LIMIT: usize> BodyReader<T, LIMIT> {
    pub(super) fn new(request: &HttpRequest, payload: Payload, timeout: Duration) -> Self {
        Self {
            refusal: check_headers(request.headers(), LIMIT).err(),
            payload,
            buffer: BytesMut::new(),
            has_ended: false,
            incoming: IncomingBody::new(request.clone()),
            timeout,
            deadline: None,
            target: PhantomData,
        }
    }

    fn take(&mut self, chunk: &Bytes) -> Result<(), ApiError> {
        if self.buffer.len() + chunk.len() > LIMIT {
            return Err(too_large(LIMIT));
        }
        // Whatever length was announced, memory is reserved only for what has arrived.
        self.buffer.extend_from_slice(chunk);
        Ok(())
    }

    /// Whether the body was read to its end and had no byte.
    pub(super) fn was_empty(&self) -> bool {
        self.has_ended && self.buffer.is_empty()
    }

    /// Ready when the body is late.
    pub(super) fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timeout = self.timeout;
        self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout))).as_mut().poll(context)
    }

    /// Gives up the body. While somebody still holds the request's body, the web framework closes the connection after
    /// the response. Otherwise it may read and discard input without end.
    pub(super) fn give_up(&mut self) -> ApiError {
        let rest = std::mem::replace(&mut self.payload, Payload::None);
        actix_web::rt::spawn(async move {
            sleep(FAREWELL_TIMEOUT).await;
            drop(rest);
        });
        ApiError::new(Code::RequestTimeout, "the body took too long to arrive")
    }
}

impl<T: DeserializeOwned, const LIMIT: usize> Future for BodyReader<T, LIMIT> {
    type Output = Result<Body<T, LIMIT>, ApiError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(refusal) = this.refusal.take() {
            return Poll::Ready(Err(refusal));
        }
        loop {
            match Pin::new(&mut this.payload).poll_next(context) {
                Poll::Ready(Some(Ok(chunk))) => this.take(&chunk)?,
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(cut_short())),
                Poll::Ready(None) => {
                    this.has_ended = true;
                    return Poll::Ready(parse(&this.buffer).map(Body));
                }
                Poll::Pending => {
                    this.incoming.count(this.buffer.capacity())?;
                    ready!(this.poll_deadline(context));
                    return Poll::Ready(Err(this.give_up()));
                }
            }
        }
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn check_headers(headers: &HeaderMap, limit: usize) -> Result<(), ApiError> {
    if announced(headers).is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type.is_some_and(is_json) {
        return Ok(());
    }
    Err(ApiError::new(Code::UnsupportedMediaType, "send Content-Type: application/json"))
}

/// Whether a media type is `application/json` or one with the suffix `+json` (RFC 6839, section 3.1).
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let Some((top, sub)) = essence.split_once('/') else { return false };
    let suffixed = sub.len().checked_sub(5).and_then(|start| sub.get(start..));
    top.eq_ignore_ascii_case("application")
        && (sub.eq_ignore_ascii_case("json") || suffixed.is_some_and(|end| end.eq_ignore_ascii_case("+json")))
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("the body of this request can have at most {limit} bytes"))
}

pub(super) fn cut_short() -> ApiError {
    ApiError::new(Code::BadRequest, "the body ended too early")
}

/// Parses a JSON object: a body or a frame.
///
/// # Errors
/// It is not a JSON object, or it has a field of the wrong type, which is named.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // Serde would also deserialize a struct from an array, field by field.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::new(Code::MalformedJson, "the body must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if error.inner().is_data() {
            violation(error.path(), error.inner()).into()
        } else {
            malformed(error.inner())
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Says where the syntax is wrong, without quoting the text.
fn malformed(error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    ApiError::new(Code::MalformedJson, format!("not JSON at line {line}, column {column}"))
}

impl<T: Apiv2Schema, const LIMIT: usize> Apiv2Schema for Body<T, LIMIT> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema, const LIMIT: usize> OperationModifier for Body<T, LIMIT> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        Json::<T>::update_parameter(operation);
    }
}

#[cfg(test)]
mod tests;
