//! Pages of other sites (Fetch Standard, "CORS protocol").

use actix_web::http::Method;
use actix_web::test::TestRequest;
use groupchat_api::ServerOptions;
use serde_json::json;

use crate::harness::{Answer, Server};
use crate::operations::{Scene, operations};

const LISTED: &str = "https://intranet.example.org";
const FOREIGN: &str = "https://evil.example.org";

async fn server_for(sites: &[&str]) -> Server {
    let allowed_origins = sites.iter().map(|site| (*site).to_owned()).collect();
    let server = Server::start().await;
    server.with_options(ServerOptions { allowed_origins, ..ServerOptions::default() }).await
}

fn from_page(method: Method, path: &str, origin: &str) -> TestRequest {
    TestRequest::default().method(method).uri(path).insert_header(("Origin", origin))
}

async fn preflight(server: &Server, path: &str, origin: &str, method: &Method) -> Answer {
    let asked = from_page(Method::OPTIONS, path, origin)
        .insert_header(("Access-Control-Request-Method", method.as_str()))
        .insert_header(("Access-Control-Request-Headers", "content-type,x-api-key"));
    server.send(asked).await
}

fn reader(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[actix_web::test]
async fn a_listed_page_may_ask_for_every_operation_and_others_for_none() {
    let server = server_for(&[LISTED]).await;
    let scene = Scene::set(&server, 1).await;
    for operation in operations(&server).await {
        let path = scene.path(&operation.template, 1);
        let allowed = preflight(&server, &path, LISTED, &operation.method).await.expect(204);
        assert_eq!(reader(&allowed), Some(LISTED), "{allowed}");
        let list = |name| allowed.header(name).unwrap_or_default().to_owned();
        let methods = list("access-control-allow-methods");
        assert!(methods.split(", ").any(|method| method == operation.method.as_str()), "{methods}");
        assert!(list("access-control-allow-headers").contains("X-API-Key"));
        assert!(list("access-control-allow-headers").contains("X-Device-Token"));
        assert_eq!(allowed.header("access-control-max-age"), Some("600"));
        assert_eq!(allowed.header("access-control-allow-credentials"), None);
        for origin in
            [FOREIGN, "null", "http://intranet.example.org", "https://intranet.example.org.evil.org"]
        {
            let refused = preflight(&server, &path, origin, &operation.method).await.expect(405);
            assert_eq!(reader(&refused), None, "{refused}");
        }
    }
}

#[actix_web::test]
async fn a_listed_page_reads_every_response_and_its_headers() {
    let server = server_for(&["https://other.example.org", LISTED]).await;
    let ann = server.user("ann").await;
    let ask = |method: Method, path: &str, origin: &str| {
        let request = from_page(method, path, origin).insert_header(("X-API-Key", ann.key()));
        server.send(request)
    };
    for (path, status) in
        [("/api/users/me", 200), ("/api/groups/9", 404), ("/api/nowhere", 404), ("/api/users/me?x=1", 400)]
    {
        let answer = ask(Method::GET, path, LISTED).await.expect(status);
        assert_eq!(reader(&answer), Some(LISTED), "{answer}");
        assert!(answer.header("access-control-expose-headers").unwrap_or_default().contains("Retry-After"));
        assert_eq!(answer.header("vary"), Some("Origin"), "{answer}");
        let answer = ask(Method::GET, path, FOREIGN).await.expect(status);
        assert_eq!((reader(&answer), answer.header("vary")), (None, Some("Origin")), "{answer}");
    }
    let no_key = server.send(from_page(Method::GET, "/api/groups", LISTED)).await.expect(401);
    assert_eq!(reader(&no_key), Some(LISTED));
    let wrong_method = ask(Method::PATCH, "/api/login", LISTED).await.expect(405);
    assert_eq!((reader(&wrong_method), wrong_method.header("allow")), (Some(LISTED), Some("POST")));
}

#[actix_web::test]
async fn a_listed_page_may_listen_with_a_ticket() {
    let server = server_for(&[LISTED]).await;
    let ann = server.user("ann").await;
    let ticket =
        ann.post("/api/events/ticket", json!({})).await.created()["ticket"].as_str().unwrap().to_owned();
    let path = format!("/api/events/stream?ticket={ticket}");
    let refused =
        server.send(from_page(Method::GET, &path, FOREIGN)).await.refused(403, "origin_not_allowed");
    assert!(refused["detail"].as_str().unwrap().contains("http.allowed_origins"), "{refused}");
    let answer = server.send(from_page(Method::GET, &path, LISTED)).await.expect(200);
    assert_eq!((reader(&answer), answer.header("vary")), (Some(LISTED), Some("Origin")));
}

#[actix_web::test]
async fn without_the_setting_no_response_speaks_of_it() {
    let server = server_for(&[]).await;
    let ann = server.user("ann").await;
    for origin in [LISTED, "null"] {
        let request = from_page(Method::GET, "/api/users/me", origin).insert_header(("X-API-Key", ann.key()));
        let answer = server.send(request).await.expect(200);
        assert_eq!((reader(&answer), answer.header("vary")), (None, None), "{answer}");
        preflight(&server, "/api/users/me", origin, &Method::GET).await.expect(405);
    }
    let plain = TestRequest::default().method(Method::OPTIONS).uri("/api/groups");
    server.send(plain).await.expect(405);
}
