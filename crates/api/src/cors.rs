//! Which pages of other sites may read responses (Fetch Standard, section 3.3, "CORS protocol").
//!
//! Only sites of the setting `http.allowed_origins`, each named by itself. Browsers send no cookies or other credentials of
//! their own: a page gives the key in a header, as every client does.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};

use crate::state::State;

/// The methods of all operations.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");

/// The headers that clients send, but for those that need no permission.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, If-None-Match, Last-Event-ID, X-API-Key, X-Device-Token",
);

/// The headers of responses that scripts may read, but for those that they may always read.
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "Allow, ETag, Idempotent-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
);

/// For how many seconds a browser needs to ask no more. Browsers limit it to two hours or less.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Who may read the response to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Pages of no other site: none is in the setting.
    OwnPages,
    /// It depends on the site, and the page of this request is not of one that may.
    NotThisPage,
    /// The page of this request, which has this origin.
    ThisPage(HeaderValue),
}

impl Readers {
    /// Those of the response to this request.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        let Some(options) = request.app_data::<State>().map(|state| state.options()) else {
            return Self::OwnPages;
        };
        let allowed = &options.allowed_origins;
        if allowed.is_empty() {
            return Self::OwnPages;
        }
        match request.headers().get(ORIGIN) {
            Some(origin) if is_listed(origin.as_bytes(), allowed) => Self::ThisPage(origin.clone()),
            _ => Self::NotThisPage,
        }
    }

    /// The response, if the browser asks whether the page may send a request, which it does before it sends one that not
    /// every page could send. Whether there is such an operation is said to the request itself.
    pub(crate) fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let asks = request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && matches!(self, Self::ThisPage(_));
        asks.then(|| {
            HttpResponse::NoContent()
                .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
                .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
                .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
                .finish()
        })
    }

    /// Says in a response who may read it.
    pub(crate) fn add_to(self, headers: &mut HeaderMap) {
        let origin = match self {
            Self::OwnPages => return,
            Self::NotThisPage => None,
            Self::ThisPage(origin) => Some(origin),
        };
        vary_by_origin(headers);
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        }
    }
}

/// Notes that the headers depend on the origin: a cache must not give one site what it has for another.
pub(crate) fn vary_by_origin(headers: &mut HeaderMap) {
    if !headers.get_all(VARY).any(|value| value == "Origin") {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// Whether an origin (RFC 6454) is one of these. Browsers write it in lower case.
pub(crate) fn is_listed(origin: &[u8], allowed: &[String]) -> bool {
    allowed.iter().any(|allowed| origin.eq_ignore_ascii_case(allowed.as_bytes()))
}
