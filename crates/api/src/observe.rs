//! What wraps every request: its id, its log span, the headers of every response, and the guarantee that every error is
//! a problem.

use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{self, BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use futures_util::FutureExt;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::Credential;
use tracing::{Instrument, Level};

use crate::cors::Readers;
use crate::limits;
use crate::problem::{ApiError, MEDIA_TYPE};
use crate::request_id::RequestId;
use crate::security_headers;
use crate::state::State;

const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

/// The maximum number of bytes of a path in a log line.
const MAX_PATH: usize = 200;

/// The target of the log line of each request.
const ACCESS: &str = "access";

/// Handles one request and logs one line about it. Neither the query nor any body is ever logged, because they may
/// contain private data.
///
/// # Errors
/// The handler panicked. The error is then a complete response.
pub(crate) async fn observe(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::next();
    let method = request.method().clone();
    // At the highest level, so that an error is logged with its request whatever the log filter.
    let span =
        tracing::error_span!("request", request_id = %id, %method, path = without_secrets(request.path()));
    // A HEAD is a GET whose body the connection leaves out (RFC 9110, section 9.3.2).
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let (started, answered_method) = (Instant::now(), method.clone());
    notice_proxy(&request);
    let readers = Readers::of(&request);
    let preflight = readers.preflight(&request);
    let strict_transport = request.app_data::<State>().and_then(|state| state.options().strict_transport);
    // In a block of its own, so that a panic before the first await is caught, too.
    let answering = AssertUnwindSafe(async move {
        if let Some(response) = preflight {
            return Ok(request.into_response(response));
        }
        // In flight until there is a response.
        let admitted = match limits::admit(&request) {
            Ok(admitted) => admitted,
            Err(refused) => return Ok(request.error_response(refused)),
        };
        let mut response = next.call(request).await?;
        if let Some(notice) = admitted.notice {
            notice.add_to(response.headers_mut());
        }
        Ok(response)
    });
    let answering = answering.catch_unwind();
    let answered = async move {
        let response = answering.await.unwrap_or_else(|_| Err(panicked()));
        let response = response.map_err(|error| Unanswered::new(id, &error))?;
        let mut response = without_endless_body(&answered_method, as_problem(response, id));
        complete(response.headers_mut(), id);
        readers.add_to(response.headers_mut());
        security_headers::add_strict_transport(response.headers_mut(), strict_transport);
        Ok(response)
    }
    .instrument(span)
    .await;
    AccessLine { id, method, duration: started.elapsed() }.log(answered.as_ref());
    Ok(answered?)
}

/// Without a state there are no trusted proxies, as in some tests.
fn notice_proxy(request: &ServiceRequest) {
    if let Some(state) = request.app_data::<State>() {
        let peer = request.peer_addr().map(|peer| peer.ip());
        state.untrusted_proxies.notice(peer, request.headers(), &state.options().trusted_proxies);
    }
}

/// What the log line of a request contains besides the response.
struct AccessLine {
    id: RequestId,
    method: Method,
    duration: Duration,
}

impl AccessLine {
    /// Logged outside the request's span, which would repeat half of it.
    fn log(self, answered: Result<&ServiceResponse<BoxBody>, &Unanswered>) {
        if !tracing::enabled!(target: ACCESS, Level::INFO) {
            return;
        }
        let (status, route, user) = match answered {
            Ok(response) => (response.status(), response.request().match_pattern(), caller(response)),
            Err(unanswered) => (unanswered.status_code(), None, None),
        };
        let path = answered.ok().and_then(missing_path);
        tracing::info!(
            target: ACCESS,
            parent: None,
            request_id = %self.id,
            user,
            method = %self.method,
            route = route.map(tracing::field::display),
            path,
            status = status.as_u16(),
            micros = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX),
        );
    }
}

/// The path of a request without a route.
fn missing_path(response: &ServiceResponse<BoxBody>) -> Option<String> {
    (response.status() == StatusCode::NOT_FOUND)
        .then(|| printable(without_secrets(response.request().path())))
}

/// The paths that are followed by a code. Who knows it may come in by it, or set a password.
const BEFORE_CODES: [&str; 2] = ["/api/invite-links/", "/api/password-resets/"];

/// What of a path may be logged.
fn without_secrets(path: &str) -> &str {
    BEFORE_CODES.into_iter().find(|before| path.starts_with(before)).unwrap_or(path)
}

/// The first characters of a path, percent-encoded where they might harm a reader of the log, because the sender chose
/// them.
fn printable(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes().take(MAX_PATH) {
        if byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The user of the request's key, unless the key was rejected.
fn caller(response: &ServiceResponse<BoxBody>) -> Option<i64> {
    if response.status() == StatusCode::UNAUTHORIZED {
        return None;
    }
    let request = response.request();
    let key = request.extensions().get::<Credential>().map(|credential| credential.key)?;
    let state = request.app_data::<State>()?;
    state.storage.holder(&key).map(UserId::get)
}

fn panicked() -> Error {
    ApiError::internal("a handler panicked").into()
}

/// Adds the headers of every response.
fn complete(headers: &mut HeaderMap, id: RequestId) {
    security_headers::add(headers);
    let value = HeaderValue::from_str(id.as_str()).expect("hexadecimal digits may be in a header");
    headers.insert(REQUEST_ID, value);
}

/// Turns the web framework's own errors into problems, and adds the request id if the response doesn't contain it.
fn as_problem(response: ServiceResponse<BoxBody>, id: RequestId) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let internal = status == StatusCode::INTERNAL_SERVER_ERROR;
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE);
    if is_problem && !internal {
        return response;
    }
    let mut problem = ApiError::of_status(status).response(internal.then_some(id.as_str()));
    if let Some(methods) = response.headers().get(ALLOW) {
        problem.headers_mut().insert(ALLOW, with_head(methods));
    }
    response.into_response(problem)
}

/// A body of unknown length, possibly endless, is not read to the end for a HEAD.
fn without_endless_body(method: &Method, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    if method == Method::HEAD && response.response().body().size() == BodySize::Stream {
        return response.map_body(|_, _| BoxBody::new(body::None::new()));
    }
    response
}

/// HEAD is routed like GET.
fn with_head(methods: &HeaderValue) -> HeaderValue {
    let text = methods.to_str().unwrap_or_default();
    let takes = |method: &str| text.split(',').any(|listed| listed.trim() == method);
    if takes("GET") && !takes("HEAD") {
        return HeaderValue::from_str(&format!("{text}, HEAD")).unwrap_or_else(|_| methods.clone());
    }
    methods.clone()
}

/// A request that has no response of its own any more. This creates one.
#[derive(Debug, thiserror::Error)]
#[error("request {id}: {error}")]
struct Unanswered {
    id: RequestId,
    error: ApiError,
}

impl Unanswered {
    /// Also logs the cause while the request's span is open.
    fn new(id: RequestId, error: &Error) -> Self {
        let status = error.as_response_error().error_response().status();
        Self { id, error: ApiError::of_status(status) }
    }
}

impl ResponseError for Unanswered {
    fn status_code(&self) -> StatusCode {
        self.error.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.response(Some(self.id.as_str()));
        complete(response.headers_mut(), self.id);
        response
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::http::header::ContentType;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
    use actix_web::{App, web};
    use serde_json::Value;

    use super::*;
    use crate::testing::header;

    async fn boom() -> HttpResponse {
        panic!("boom");
    }

    async fn broken() -> Result<HttpResponse, ApiError> {
        Err(ApiError::internal("secret"))
    }

    macro_rules! observed_app {
        () => {
            init_service(
                App::new()
                    .wrap(from_fn(observe))
                    .service(
                        web::resource("/ok")
                            .route(web::get().to(HttpResponse::Ok))
                            .route(web::put().to(boom)),
                    )
                    .route("/plain", web::get().to(|| async { HttpResponse::Forbidden().body("no") }))
                    .route("/broken", web::get().to(broken)),
            )
            .await
        };
    }

    async fn problem(response: HttpResponse<BoxBody>) -> Value {
        assert_eq!(header(response.headers(), CONTENT_TYPE), MEDIA_TYPE);
        serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap()
    }

    #[test]
    fn no_code_in_a_path_is_logged() {
        let document = crate::openapi::document("0.0.0");
        let paths = document["paths"].as_object().unwrap().keys();
        let with_codes: Vec<_> = paths.filter(|path| path.contains("{code}")).collect();
        assert!(with_codes.len() >= 3, "{with_codes:?}");
        for path in with_codes {
            let called = path.replace("{code}", "7ZK3M-0XQ2V-9D4TB-HC8RW");
            assert!(
                !without_secrets(&called).contains("7ZK3M"),
                "{path}: observe.rs lacks what is before the code"
            );
        }
    }

    #[test]
    fn the_code_of_an_invite_link_is_not_logged() {
        for path in
            ["/api/invite-links/7ZK3M-0XQ2V-9D4TB-HC8RW", "/api/invite-links/7ZK3M-0XQ2V-9D4TB-HC8RW/accept"]
        {
            assert_eq!(without_secrets(path), "/api/invite-links/");
        }
        assert_eq!(without_secrets("/api/groups/7/invite-links/3"), "/api/groups/7/invite-links/3");
    }

    #[actix_web::test]
    async fn every_answer_has_an_id_of_its_own() {
        let app = observed_app!();
        let ask = || TestRequest::get().uri("/ok").to_request();
        let first = call_service(&app, ask()).await;
        let second = call_service(&app, ask()).await;
        assert_ne!(header(first.headers(), REQUEST_ID), header(second.headers(), REQUEST_ID));
    }

    #[test]
    fn a_path_is_told_on_one_line_and_not_without_end() {
        assert_eq!(printable("/api/users/7%0A"), "/api/users/7%0A");
        assert_eq!(printable("/a\u{85}\u{202e}\"\\ \n"), "/a%C2%85%E2%80%AE%22%5C%20%0A");
        assert_eq!(printable(&"/".repeat(1_000)).len(), MAX_PATH);
    }

    #[actix_web::test]
    async fn a_panic_is_a_500_with_the_request_id() {
        let app = observed_app!();
        let error = try_call_service(&app, TestRequest::put().uri("/ok").to_request()).await.unwrap_err();
        let response = error.error_response();
        let id = header(response.headers(), REQUEST_ID).to_owned();
        let body = problem(response).await;
        assert_eq!((body["status"].as_u64(), body["request_id"].as_str()), (Some(500), Some(id.as_str())));
    }

    #[actix_web::test]
    async fn an_internal_error_tells_its_id_and_nothing_else() {
        let app = observed_app!();
        let response = call_service(&app, TestRequest::get().uri("/broken").to_request()).await;
        let body = problem(response.into()).await;
        assert!(body["request_id"].is_string());
        assert!(!body.to_string().contains("secret"));
    }

    #[actix_web::test]
    async fn errors_of_the_framework_become_problems() {
        let app = observed_app!();
        for (uri, status, code) in [
            ("/none", 404, "route_not_found"),
            ("/plain", 403, "bad_request"),
            ("/ok", 405, "method_not_allowed"),
        ] {
            let method = if status == 405 { Method::POST } else { Method::GET };
            let request = TestRequest::default().method(method).uri(uri).to_request();
            let body = problem(call_service(&app, request).await.into()).await;
            assert_eq!(body["code"], code, "{uri}");
        }
    }

    #[actix_web::test]
    async fn a_405_lists_what_is_allowed() {
        let app = observed_app!();
        let response = call_service(&app, TestRequest::post().uri("/ok").to_request()).await;
        let mut allowed: Vec<_> = header(response.headers(), ALLOW).split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["GET", "HEAD", "PUT"]);
    }

    #[actix_web::test]
    async fn head_is_answered_where_get_is() {
        let app = observed_app!();
        let request =
            TestRequest::default().method(Method::HEAD).uri("/ok").insert_header(ContentType::json());
        assert_eq!(call_service(&app, request.to_request()).await.status(), 200);
    }
}
