//! The whole web application: routes, the Swagger page, and what surrounds every request.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error};

use crate::observe::observe;
use crate::routes::busiest_first;
use crate::state::State;
use crate::{docs_page, documents};

/// Builds the application. Called once for each worker; what is costly is in the state and shared. Paths that
/// no route has get the framework's bare 404, of which what surrounds every request makes a problem.
pub fn app(
    state: State,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(state)
        .wrap(from_fn(observe))
        // Before the scope: that answers 404 for every path below it that it doesn't know.
        .configure(documents::routes)
        .configure(docs_page::routes)
        .service(busiest_first())
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::http::Method;
    use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::web;
    use serde_json::{Value, json};

    use super::*;
    use crate::documents::{ASYNCAPI_PATH, OPENAPI_PATH};
    use crate::extract::{BODY_LIMIT, OPEN_BODY_LIMIT};
    use crate::testing::{header, state};

    async fn answer(request: TestRequest) -> (u16, HeaderMap, Vec<u8>) {
        let service = init_service(app(state())).await;
        let response = call_service(&service, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, to_bytes(response.into_body()).await.unwrap().to_vec())
    }

    async fn refusal(request: TestRequest) -> (u16, String) {
        let (status, headers, body) = answer(request).await;
        assert_eq!(header(&headers, CONTENT_TYPE), "application/problem+json");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], status);
        (status, body["code"].as_str().unwrap().to_owned())
    }

    fn send_to(path: &str, key: bool, content_type: &str, body: impl Into<web::Bytes>) -> TestRequest {
        let request =
            TestRequest::post().uri(path).insert_header((CONTENT_TYPE, content_type)).set_payload(body);
        if key { request.insert_header(("X-API-Key", "gc_1")) } else { request }
    }

    #[actix_web::test]
    async fn what_is_wrong_first_decides() {
        let (json, bad_id) = ("application/json", "/api/groups/x/messages");
        let large = || "x".repeat(BODY_LIMIT + 1);
        for (request, expected) in [
            (send_to("/api/nowhere", false, "text/plain", large()), (404, "route_not_found")),
            (send_to("/api/groups/1", false, "text/plain", large()), (405, "method_not_allowed")),
            (send_to(bad_id, false, "text/plain", large()), (401, "missing_key")),
            (send_to("/api/login", false, json, "x".repeat(OPEN_BODY_LIMIT + 1)), (413, "payload_too_large")),
            (send_to(bad_id, true, "text/plain", large()), (413, "payload_too_large")),
            (send_to(bad_id, true, "text/plain", "{"), (415, "unsupported_media_type")),
            (send_to(bad_id, true, json, "{"), (400, "malformed_json")),
            (send_to(bad_id, true, json, "{}"), (400, "validation_failed")),
            (send_to("/api/groups/1/messages", true, json, "{}"), (400, "validation_failed")),
            (send_to("/api/groups/1/messages", true, json, r#"{"text": "hi"}"#), (503, "unavailable")),
        ] {
            let (status, code) = refusal(request).await;
            assert_eq!((status, code.as_str()), expected);
        }
    }

    #[actix_web::test]
    async fn refusals_have_the_headers_of_their_status() {
        let (_, headers, _) = answer(TestRequest::get().uri("/api/groups")).await;
        assert!(headers.contains_key(WWW_AUTHENTICATE));
        let (_, headers, _) = answer(TestRequest::get().uri("/api/health")).await;
        assert_eq!(header(&headers, RETRY_AFTER), "1");
        let (_, headers, _) = answer(TestRequest::patch().uri("/api/login")).await;
        assert_eq!(header(&headers, ALLOW), "POST");
    }

    #[actix_web::test]
    async fn health_takes_what_a_monitor_adds_against_caches() {
        // The storage of these tests is never there, which is what it tells.
        assert_eq!(refusal(TestRequest::get().uri("/api/health?t=1")).await, (503, "unavailable".to_owned()));
        assert_eq!(refusal(TestRequest::get().uri("/api/version?t=1")).await.0, 400);
    }

    #[actix_web::test]
    async fn the_documents_are_there() {
        for (path, member, title) in
            [(OPENAPI_PATH, "openapi", "groupchat"), (ASYNCAPI_PATH, "asyncapi", "groupchat events")]
        {
            let (status, headers, document) = answer(TestRequest::get().uri(path)).await;
            assert_eq!((status, header(&headers, CONTENT_TYPE)), (200, "application/json"), "{path}");
            let document: Value = serde_json::from_slice(&document).unwrap();
            assert!(document[member].is_string(), "{path}");
            assert_eq!(document["info"]["title"], title);
            assert_eq!(document["info"]["version"], "0.0.0");
        }
    }

    /// Every documented route answers, and those that need a key say so.
    #[actix_web::test]
    async fn every_documented_route_is_mounted() {
        let document = crate::openapi::document("0.0.0");
        for (template, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let parts = template.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
                let path = parts.collect::<Vec<_>>().join("/");
                let (status, _, _) = answer(TestRequest::default().method(method.clone()).uri(&path)).await;
                let needs_key = operation["security"] != json!([]);
                assert_eq!(status == 401, needs_key, "{method} {path}: {status}");
                assert!(![404, 405, 500].contains(&status), "{method} {path}: {status}");
            }
        }
    }
}
