//! An answer, checked for what holds for every one.

use std::future::poll_fn;
use std::pin::Pin;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use serde_json::Value;

use super::documented::assert_documented;
use super::server::PASSWORD;
use super::{Transport, assert_told};

const PROBLEM: &str = "application/problem+json";

/// An answer of the server.
pub(crate) struct Answer {
    request: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Whether a body goes on for as long as the client listens.
fn is_endless(headers: &HeaderMap) -> bool {
    headers.get("content-type").is_some_and(|found| found.as_bytes().starts_with(b"text/event-stream"))
}

impl Answer {
    /// Reads a response whole and checks what holds for every one.
    pub(crate) async fn read(request: String, response: HttpResponse) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match response.body().size() {
            BodySize::Stream if is_endless(&headers) => first_bytes(response.into_body()).await,
            _ => to_bytes(response.into_body()).await.expect("a whole body"),
        };
        let answer = Self { request, status, headers, body };
        answer.check();
        answer
    }

    /// The status.
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header, where the answer has it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// How many bytes the body has.
    pub(crate) fn length(&self) -> usize {
        self.body.len()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("bodies are UTF-8")
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    /// A 200 with JSON.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// A 201 with JSON and a `Location`.
    #[track_caller]
    pub(crate) fn created(self) -> Value {
        let answer = self.expect(201);
        let location = answer.header("location").unwrap_or_else(|| panic!("{answer}: no Location"));
        assert!(location.starts_with("/api/"), "{answer}: Location: {location}");
        answer.json()
    }

    /// A 204.
    #[track_caller]
    pub(crate) fn no_content(self) {
        self.expect(204);
    }

    /// A problem with this status and code; its body.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{answer}");
        problem
    }

    /// A 400 that names exactly these fields, each with the rule that it broke.
    #[track_caller]
    pub(crate) fn invalid(self, expected: &[(&str, &str)]) {
        let answer = self.expect(400);
        let problem = answer.json();
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{answer}: no errors"));
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let broken: Vec<_> = errors.iter().map(|error| (text(error, "field"), text(error, "code"))).collect();
        let broken: Vec<_> = broken.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        assert_eq!(broken, expected, "{answer}");
    }

    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{self}");
        self
    }

    fn check(&self) {
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()), "{self}: no request id");
        self.check_safety();
        if self.status.is_client_error() || self.status.is_server_error() {
            self.check_problem();
            assert_documented(&self.request, self.status(), self.json()["code"].as_str());
        } else {
            assert_documented(&self.request, self.status(), None);
        }
        if self.status == StatusCode::OK && self.is_of("GET /api/events") {
            assert_told(Transport::Poll, &self.json());
        }
        if self.status == StatusCode::NO_CONTENT {
            assert!(self.body.is_empty(), "{self}: 204 has no body");
            assert_eq!(self.header("content-type"), None, "{self}");
        }
        let body = String::from_utf8_lossy(&self.body);
        assert!(!body.contains(PASSWORD) && !body.contains("$2b$"), "{self}: shows a password");
        let compressed = self.header("content-encoding").is_some();
        if self.header("content-type").is_some_and(|media_type| media_type.contains("json")) && !compressed {
            let answer = self.json();
            let shown_once = answer["api_key"].as_str().or(answer["ticket"].as_str());
            let rest = shown_once.map_or_else(|| body.to_string(), |secret| body.replacen(secret, "", 1));
            assert!(!has_key(&rest) || self.request.ends_with("api.json"), "{self}: shows a key");
        }
    }

    /// Whether it answers a request with this method and path, whatever its query.
    fn is_of(&self, line: &str) -> bool {
        self.request.split('?').next() == Some(line)
    }

    /// Browsers and caches make nothing of an answer that it is not.
    fn check_safety(&self) {
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self}");
        assert_eq!(self.header("referrer-policy"), Some("no-referrer"), "{self}");
        let policy = self.header("content-security-policy").unwrap_or_default();
        for rule in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.split("; ").any(|found| found == rule), "{self}: {policy}");
        }
        let kept = self.header("cache-control") != Some("no-store");
        assert!(!kept || self.header("etag").is_some(), "{self}: {:?}", self.header("cache-control"));
    }

    fn check_problem(&self) {
        assert_eq!(self.header("content-type"), Some(PROBLEM), "{self}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status(), "{self}");
        for member in ["type", "title", "code", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{self}: {member}");
        }
        match self.status() {
            401 => assert!(self.header("www-authenticate").is_some(), "{self}: no challenge"),
            405 => assert!(self.header("allow").is_some(), "{self}: no Allow"),
            426 => assert_eq!(self.header("upgrade"), Some("websocket"), "{self}"),
            429 | 503 => {
                let wait = self.header("retry-after").and_then(|wait| wait.parse::<u32>().ok());
                assert!(wait.is_some_and(|seconds| seconds >= 1), "{self}: no Retry-After");
            }
            500 => assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{self}"),
            _ => {}
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body: String = String::from_utf8_lossy(&self.body).chars().take(2_000).collect();
        write!(f, "{} -> {} {body}", self.request, self.status())
    }
}

/// The beginning of a body that may have no end.
async fn first_bytes(mut body: BoxBody) -> Bytes {
    let first = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await;
    first.map_or_else(Bytes::new, |bytes| bytes.expect("a body that does not fail"))
}

/// Checks that an object has exactly these fields.
#[track_caller]
pub(crate) fn assert_fields(object: &Value, fields: &[&str]) {
    let mut found: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut fields = fields.to_vec();
    found.sort_unstable();
    fields.sort_unstable();
    assert_eq!(found, fields);
}

/// The value, if it is a time as RFC 3339 writes it, in UTC with microseconds.
#[track_caller]
pub(crate) fn time(value: &Value) -> Value {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    let pattern = "0000-00-00T00:00:00.000000Z";
    let fits = |(c, p): (char, char)| if p == '0' { c.is_ascii_digit() } else { c == p };
    assert!(text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(fits), "{text} is no time");
    value.clone()
}

/// Whether there is a key in a text. The random part of another secret may hold the letters that keys begin with.
fn has_key(text: &str) -> bool {
    let random = |before: char| before.is_ascii_alphanumeric() || matches!(before, '-' | '_');
    text.match_indices("gc_").any(|(place, _)| !text[..place].ends_with(random))
}

#[test]
fn a_key_is_told_from_random_letters() {
    assert!(has_key(r#"{"key": "gc_1"}"#) && has_key("gc_1") && has_key("the key gc_1"));
    assert!(!has_key(r#"{"token": "gcr_agc_1-gc_2_gc_3"}"#));
}
