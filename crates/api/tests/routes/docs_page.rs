//! The Swagger page and what it loads.

use actix_web::test::TestRequest;

use crate::harness::Server;

const YEAR: &str = "public, max-age=31536000, immutable";

/// What the page names in this attribute.
fn named(page: &str, attribute: &str) -> Vec<String> {
    let begin = format!("{attribute}=\"");
    page.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// The path of what the page names so.
fn path_of(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/api/docs/{name}") }
}

#[actix_web::test]
async fn the_root_leads_to_the_page() {
    let server = Server::start().await;
    for path in ["/", "/api/docs"] {
        let answer = server.nobody().get(path).await.expect(307);
        assert_eq!(answer.header("location"), Some("/api/docs/"), "{path}");
    }
}

#[actix_web::test]
async fn it_is_served_whole_without_a_key_and_names_the_product_and_its_documentation() {
    let server = Server::start().await;
    let page = server.nobody().get("/api/docs/").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text().contains("<title>groupchat API</title>"));
    let links = [named(page.text(), "href"), named(page.text(), "src")].concat();
    for wanted in ["API.md", "EVENTS.md", "/api/openapi.json", "/api/asyncapi.json"] {
        assert!(links.iter().any(|link| link == wanted), "{wanted}: {links:?}");
    }
    assert!(links.len() > 7, "{links:?}");
    for link in &links {
        // Nothing comes from elsewhere: the page works offline.
        assert!(!link.contains("//"), "{link}");
        server.nobody().get(&path_of(link)).await.expect(200);
    }
    server.nobody().get("/api/docs/nothing.js").await.refused(404, "route_not_found");
    server.nobody().get("/api/docs/index.html").await.refused(404, "route_not_found");
}

#[actix_web::test]
async fn its_parts_are_kept_for_good_and_itself_is_asked_for_again() {
    let server = Server::start().await;
    let page = server.nobody().get("/api/docs/").await.expect(200);
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let again =
        TestRequest::get().uri("/api/docs/").insert_header(("If-None-Match", page.header("etag").unwrap()));
    let again = server.send(again).await.expect(304);
    assert_eq!(again.header("content-security-policy"), page.header("content-security-policy"));
    for script in named(page.text(), "src") {
        let answer = server.nobody().get(&path_of(&script)).await;
        assert_eq!(answer.header("cache-control"), Some(YEAR), "{script}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"), "{script}");
        let hash = answer.header("etag").unwrap().trim_matches('"').to_owned();
        assert!(hash.len() == 16 && script.ends_with(&format!(".{hash}.js")), "{script}: {hash}");
    }
    let handbook = server.nobody().get("/api/docs/API.md").await;
    assert_eq!(handbook.header("cache-control"), Some("no-cache"));
    assert_eq!(handbook.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[actix_web::test]
async fn it_runs_scripts_of_this_server_only() {
    let server = Server::start().await;
    let page = server.nobody().get("/api/docs/").await;
    let policy = page.header("content-security-policy").unwrap();
    let rules: Vec<_> = policy.split("; ").collect();
    for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(rules.contains(&rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    // So the page may hold no script of its own.
    assert_eq!(page.text().matches("<script").count(), named(page.text(), "src").len());
    assert!(!page.text().contains("<style") && !page.text().contains(" style="));
}
