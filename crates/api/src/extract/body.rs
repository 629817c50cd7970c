//! A request's JSON body.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{BytesMut, Json};
use actix_web::{FromRequest, HttpRequest};
use futures_util::Stream;
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::DeserializeOwned;

use super::serde_errors::violation;
use crate::problem::{ApiError, Code};

/// The most bytes that a body may have.
pub const BODY_LIMIT: usize = 256 * 1024;

/// A JSON object, deserialised. Refused with 413 when it is too large, 415 when it is not declared as JSON,
/// 400 when it is not a JSON object or has a field of the wrong type.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Reading<T>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Headers are looked at here and not when polled, so that they decide before what follows the body
        // among a handler's arguments.
        let refusal = check_headers(request.headers()).err();
        Reading { refusal, payload: payload.take(), buffer: BytesMut::new(), target: PhantomData }
    }
}

/// A body that is on its way.
pub struct Reading<T> {
    refusal: Option<ApiError>,
    payload: Payload,
    buffer: BytesMut,
    target: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Future for Reading<T> {
    type Output = Result<Body<T>, ApiError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(refusal) = this.refusal.take() {
            return Poll::Ready(Err(refusal));
        }
        while let Some(chunk) = ready!(Pin::new(&mut this.payload).poll_next(context)) {
            let chunk = chunk.map_err(|_| ApiError::new(Code::BadRequest, "the body ended too early"))?;
            if this.buffer.len() + chunk.len() > BODY_LIMIT {
                return Poll::Ready(Err(too_large()));
            }
            this.buffer.extend_from_slice(&chunk);
        }
        Poll::Ready(parse(&this.buffer).map(Body))
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > BODY_LIMIT) {
        return Err(too_large());
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

fn too_large() -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("a body may have {BODY_LIMIT} bytes"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // Serde would also fill a struct from an array, field by field.
    if body.trim_ascii_start().first().is_some_and(|first| matches!(first, b'[' | b'"' | b'0'..=b'9')) {
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

/// Says where the syntax breaks, and nothing of what is written there.
fn malformed(error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    ApiError::new(Code::MalformedJson, format!("not JSON at line {line}, column {column}"))
}

impl<T: Apiv2Schema> Apiv2Schema for Body<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema> OperationModifier for Body<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        Json::<T>::update_parameter(operation);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Note {
        text: Option<String>,
    }

    async fn read(content_type: &str, body: impl Into<actix_web::web::Bytes>) -> Result<Note, ApiError> {
        let request = TestRequest::default().insert_header((CONTENT_TYPE, content_type)).set_payload(body);
        let (request, mut payload) = request.to_http_parts();
        Body::<Note>::from_request(&request, &mut payload).await.map(|body| body.0)
    }

    #[actix_web::test]
    async fn json_is_taken_by_any_of_its_names() {
        for content_type in
            ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
        {
            let note = read(content_type, r#" {"text": "hi", "unknown": [1]} "#).await.unwrap();
            assert_eq!(note.text.as_deref(), Some("hi"), "{content_type}");
        }
    }

    #[actix_web::test]
    async fn anything_else_is_refused() {
        for content_type in ["text/plain", "application/xml", "json", "text/json", "application/jsonx"] {
            let code = read(content_type, "{}").await.unwrap_err().code();
            assert_eq!(code, Code::UnsupportedMediaType, "{content_type}");
        }
    }

    #[actix_web::test]
    async fn what_is_no_json_object_is_malformed() {
        for body in ["", "{", "{\"text\": \"\\ud800\"}", "[\"hi\"]", "\"hi\"", "7", "{} {}", "{\"text\":}"] {
            assert_eq!(
                read("application/json", body).await.unwrap_err().code(),
                Code::MalformedJson,
                "{body}"
            );
        }
        assert_eq!(read("application/json", "null").await.unwrap_err().code(), Code::ValidationFailed);
    }

    #[actix_web::test]
    async fn a_field_of_the_wrong_type_is_named() {
        let error = read("application/json", r#"{"text": 7}"#).await.unwrap_err();
        assert_eq!(error.to_string(), "validation_failed: text: must be a string");
    }

    #[actix_web::test]
    async fn a_body_over_the_limit_is_refused_with_and_without_a_length() {
        let fits = format!("{{\"text\": \"{}\"}}", "x".repeat(BODY_LIMIT - 20));
        assert!(read("application/json", fits).await.is_ok());
        let long = "x".repeat(BODY_LIMIT + 1);
        assert_eq!(read("text/plain", long.clone()).await.unwrap_err().code(), Code::PayloadTooLarge);
        let chunked =
            TestRequest::default().insert_header((CONTENT_TYPE, "application/json")).set_payload(long);
        let (request, mut payload) = chunked.to_http_parts();
        let mut headers = request.headers().clone();
        headers.remove(CONTENT_LENGTH);
        assert!(check_headers(&headers).is_ok());
        let reading = Reading::<Note> {
            refusal: None,
            payload: payload.take(),
            buffer: BytesMut::new(),
            target: PhantomData,
        };
        assert_eq!(reading.await.unwrap_err().code(), Code::PayloadTooLarge);
    }
}
