//! Errors as callers see them: `application/problem+json` (RFC 9457).

mod code;
mod refusals;

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use groupchat_domain::accounts::Secret;
use groupchat_domain::validation::FieldError;
use paperclip::v2::schema::Apiv2Errors;
use serde::{Serialize, Serializer};

use crate::rate_notice::{RateNotice, whole_seconds};
use crate::request_id::RequestId;
use crate::wire::Time;

pub use code::Code;

/// The media type of every error (RFC 9457, section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem's `type` is this and its code: a name, not an address.
pub(crate) const TYPE_PREFIX: &str = "urn:problem-type:groupchat:";

/// The challenge of every 401 (RFC 6750, section 3). Not of a scheme that makes browsers ask for a password.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"groupchat\"");

/// What a caller reads where nothing else is known: a command may have been done before something broke.
const INTERNAL: &str = "the server's log contains the cause with the request id";

/// Why a request was not answered as asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {detail}", .code.as_str())]
pub struct ApiError {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    /// In whole seconds.
    retry_after: Option<u32>,
    rate: Option<Box<RateNotice>>,
    extension: Option<Extension>,
    /// For the log only.
    cause: Option<Box<str>>,
}

impl ApiError {
    /// An error with this code and a sentence about this one occurrence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            rate: None,
            extension: None,
            cause: None,
        }
    }

    /// Something that the program did not foresee. The cause goes to the log and nowhere else.
    pub fn internal(cause: impl Display) -> Self {
        Self::new(Code::Internal, INTERNAL).caused_by(cause.to_string())
    }

    /// An error of which nothing is known but the status.
    pub fn of_status(status: StatusCode) -> Self {
        match Code::of_status(status) {
            Code::Internal => Self::new(Code::Internal, INTERNAL),
            code => Self::new(code, code.title()),
        }
    }

    /// Says when another try makes sense.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(whole_seconds(wait));
        self
    }

    /// Says which rate the caller has exceeded.
    #[must_use]
    pub(crate) fn of_rate(mut self, notice: RateNotice) -> Self {
        self.rate = Some(Box::new(notice));
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    fn caused_by(mut self, cause: String) -> Self {
        self.cause = Some(cause.into_boxed_str());
        self
    }

    /// What went wrong, by its stable name.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The answer; with the id of the request where the caller needs it to ask about the problem.
    pub fn response(&self, request_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, CHALLENGE));
        }
        if self.code == Code::UpgradeRequired {
            // RFC 9110, section 15.5.22, and RFC 6455, section 4.2.2.
            response.insert_header((header::UPGRADE, "websocket"));
            response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
        }
        if self.code == Code::RequestTimeout {
            // RFC 9110, section 15.5.9. What was meant as the rest of this request must not be read as another.
            response.force_close();
        }
        if let Some(seconds) = self.retry_after {
            // RFC 9110, section 10.2.3.
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        let mut response = response.body(self.body(request_id));
        if let Some(notice) = &self.rate {
            notice.add_to(response.headers_mut());
        }
        response
    }

    /// The problem as JSON, for answers that are no HTTP: with an id of its own where the caller needs one to ask about
    /// the problem.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let id = (self.code == Code::Internal).then(RequestId::next);
        let request_id = id.as_ref().map(RequestId::as_str);
        if let Some(cause) = &self.cause {
            tracing::error!(request_id, code = self.code.as_str(), cause, "the request failed");
        }
        serde_json::from_slice(&self.body(request_id)).expect("it was JSON a moment ago")
    }

    fn body(&self, request_id: Option<&str>) -> Vec<u8> {
        let errors = self.errors.iter().map(FieldProblem::from).collect();
        let problem = Problem {
            kind: format!("{TYPE_PREFIX}{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.as_str(),
            detail: &self.detail,
            errors,
            extension: self.extension.as_ref(),
            request_id,
        };
        serde_json::to_vec(&problem).expect("strings and numbers are always JSON")
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem<'a>>,
    #[serde(flatten)]
    extension: Option<&'a Extension>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// What only some problems say (RFC 9457, section 3.2), under the name of the variant.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum Extension {
    /// The quota that would have been exceeded.
    Quota(ExceededQuota),
    /// When the reason ends by itself, or until when it was possible.
    Until(Time),
    /// The version that there is now.
    Version(i64),
    /// How a login goes on.
    #[serde(untagged)]
    SecondFactor(Box<SecondFactorNotice>),
}

/// How a login goes on that lacks a second factor.
#[derive(Debug, Clone, Serialize)]
struct SecondFactorNotice {
    /// Shown once, and printed nowhere.
    #[serde(serialize_with = "revealed")]
    ticket: Secret,
    /// When the ticket expires.
    expires_at: Time,
    methods: Vec<&'static str>,
}

fn revealed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.reveal())
}

/// A quota that would have been exceeded.
#[derive(Debug, Clone, Copy, Serialize)]
struct ExceededQuota {
    /// The limited resource.
    name: &'static str,
    /// How many there may be.
    limit: u32,
}

#[derive(Serialize)]
struct FieldProblem<'a> {
    field: &'a str,
    code: &'static str,
    detail: &'a str,
}

impl<'a> From<&'a FieldError> for FieldProblem<'a> {
    fn from(error: &'a FieldError) -> Self {
        Self { field: &error.field, code: error.violation.code.as_str(), detail: &error.violation.detail }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(cause) = &self.cause {
            tracing::error!(code = self.code.as_str(), cause, "the request failed");
        }
        self.response(None)
    }
}

impl Apiv2Errors for ApiError {}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use groupchat_domain::validation::{Violation, ViolationCode};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::header as text_of;

    async fn body_of(response: HttpResponse) -> Value {
        serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap()
    }

    #[actix_web::test]
    async fn a_problem_has_all_its_members() {
        let error: ApiError = Violation::new(ViolationCode::TooLong, "must have 1 to 3 characters, has 4")
            .in_field("name")
            .into();
        let response = error.error_response();
        assert_eq!(response.status(), 400);
        assert_eq!(text_of(response.headers(), header::CONTENT_TYPE), MEDIA_TYPE);
        let expected = json!({
            "type": "urn:problem-type:groupchat:validation_failed",
            "title": "Some values are not valid",
            "status": 400,
            "code": "validation_failed",
            "detail": "name: must have 1 to 3 characters, has 4",
            "errors": [
                {"field": "name", "code": "too_long", "detail": "must have 1 to 3 characters, has 4"},
            ],
        });
        assert_eq!(body_of(response).await, expected);
    }

    #[actix_web::test]
    async fn an_internal_error_tells_the_request_id_and_not_the_cause() {
        let response = ApiError::internal("disk on fire").response(Some("00ff"));
        let body = body_of(response).await;
        assert_eq!(body["request_id"], "00ff");
        assert!(!body.to_string().contains("fire"));
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(3)), 3);
        assert_eq!(whole_seconds(Duration::from_millis(3001)), 4);
    }

    #[test]
    fn headers_go_with_their_status() {
        let unauthorized = ApiError::of_status(StatusCode::UNAUTHORIZED).error_response();
        assert!(unauthorized.headers().contains_key(header::WWW_AUTHENTICATE));
        let busy =
            ApiError::new(Code::Overloaded, "…").retry_after(Duration::from_millis(10)).error_response();
        assert_eq!(text_of(busy.headers(), header::RETRY_AFTER), "1");
    }
}
