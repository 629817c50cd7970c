//! The response on a connection without a request that a handler could answer.

use std::time::{Duration, SystemTime};

use actix_web::body::MessageBody;
use actix_web::http::header::{CONNECTION, CONTENT_LENGTH, DATE, HttpDate};

use crate::problem::{ApiError, Code};
use crate::request_id::RequestId;
use crate::security_headers;

/// The maximum length of a head in bytes, including empty lines before it.
pub(super) const HEAD_LIMIT: usize = 32 << 10;

/// The maximum length of a path in bytes. Each route's pattern is matched against it, in a time that grows with it. The
/// longest that a route has use for is a role's name, percent-encoded.
pub(super) const PATH_LIMIT: usize = 2 << 10;

/// The maximum number of headers in a request; the same as in actix-http.
pub(super) const MAX_HEADERS: usize = 96;

/// When a client whose connection was rejected may try again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What is wrong with a client's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ProtocolError {
    /// It can't be parsed as a request.
    #[error("this is not HTTP/1.1")]
    NotHttp,
    /// RFC 9112, section 2.2, lets a server accept a bare line feed as a line break. A proxy that doesn't accept it
    /// would see a different request.
    #[error("each line of a request's head must end with CR LF")]
    BareLineFeed,
    /// RFC 9112, section 3.2.
    #[error("the request must have exactly one Host header")]
    Host,
    /// The target is not a URI.
    #[error("the target of the request is not a URI")]
    Target,
    /// The path is longer than that of any route.
    #[error("the path of a request can have at most {PATH_LIMIT} bytes")]
    PathTooLong,
    /// The end of the body is ambiguous.
    #[error("Content-Length or Transfer-Encoding is missing, repeated, contradictory or invalid")]
    Framing,
    /// More bytes or headers than allowed.
    #[error("a request's head can have at most {HEAD_LIMIT} bytes and {MAX_HEADERS} headers")]
    HeadTooLarge,
    /// Too many bytes of incomplete heads are kept already.
    #[error("too many request heads are incomplete; send the head in one piece")]
    TooManyHeads,
    /// It isn't TLS, on a port for TLS.
    #[error("this port speaks HTTPS only; use https://")]
    NotTls,
    /// The head began but did not end in time.
    #[error("the head of the request took too long to arrive")]
    HeadTooSlow,
}

/// Why a connection is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConnectionRejected {
    /// The server has as many connections as allowed.
    #[error("the server has reached its maximum number of connections")]
    Full,
    /// The network has as many connections as allowed.
    #[error("your network has reached its maximum number of connections to this server")]
    Network,
}

impl ProtocolError {
    /// The complete response.
    pub(super) fn response(self) -> Vec<u8> {
        let code = match self {
            Self::HeadTooLarge => Code::HeadTooLarge,
            Self::PathTooLong => Code::UriTooLong,
            Self::HeadTooSlow => Code::RequestTimeout,
            Self::TooManyHeads => Code::Overloaded,
            _ => Code::BadRequest,
        };
        let error = ApiError::new(code, self.to_string());
        write(&if self == Self::TooManyHeads { error.retry_after(RETRY_AFTER) } else { error })
    }
}

impl ConnectionRejected {
    /// The complete response.
    pub(super) fn response(self) -> Vec<u8> {
        write(&ApiError::new(Code::Overloaded, self.to_string()).retry_after(RETRY_AFTER))
    }
}

/// Formats a response without a request like those of handlers.
fn write(error: &ApiError) -> Vec<u8> {
    let mut response = error.response(None);
    security_headers::add(response.headers_mut());
    let status = response.status();
    let mut text = format!("HTTP/1.1 {status}\r\n").into_bytes();
    let mut add = |name: &str, value: &[u8]| {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
        text.extend_from_slice(b"\r\n");
    };
    for (name, value) in response.headers() {
        add(name.as_str(), value.as_bytes());
    }
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    add(CONTENT_LENGTH.as_str(), body.len().to_string().as_bytes());
    add(CONNECTION.as_str(), b"close");
    add(DATE.as_str(), HttpDate::from(SystemTime::now()).to_string().as_bytes());
    add(RequestId::HEADER, RequestId::next().as_str().as_bytes());
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(&body);
    text
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn a_rejection_is_a_complete_response() {
        for (bytes, status, code) in [
            (ProtocolError::NotHttp.response(), "400 Bad Request", "bad_request"),
            (ProtocolError::HeadTooSlow.response(), "408 Request Timeout", "request_timeout"),
            (ProtocolError::HeadTooLarge.response(), "431 Request Header Fields Too Large", "head_too_large"),
            (ProtocolError::PathTooLong.response(), "414 URI Too Long", "uri_too_long"),
            (ProtocolError::TooManyHeads.response(), "503 Service Unavailable", "overloaded"),
            (ConnectionRejected::Full.response(), "503 Service Unavailable", "overloaded"),
        ] {
            let text = String::from_utf8(bytes).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
            for line in [
                "content-type: application/problem+json",
                "connection: close",
                "cache-control: no-store",
                "content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                "referrer-policy: no-referrer",
                "x-content-type-options: nosniff",
                "date: ",
                "x-request-id: ",
            ] {
                assert_eq!(head.matches(line).count(), 1, "{line} in {head}");
            }
            assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
            assert_eq!(head.contains(RETRY_AFTER.as_str()), code == "overloaded", "{head}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["code"], code);
        }
    }
}
