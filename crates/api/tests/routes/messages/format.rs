//! Texts as HTML.

use serde_json::{Value, json};

use super::pair;
use crate::harness::Server;

const TEXT: &str = "**Hello**, <b>Bob</b>: https://example.org";
const HTML: &str = "<p><strong>Hello</strong>, &lt;b&gt;Bob&lt;/b&gt;: \
    <a href=\"https://example.org\" rel=\"nofollow noopener\">https://example.org</a></p>\n";

#[actix_web::test]
async fn each_read_gives_the_html_that_it_is_asked_for() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let message = ann.say_at(&group, TEXT).await;
    ann.put_empty(&format!("{message}/pin")).await.ok();
    bob.reply_to(&message, "*me*").await;
    let shown = async |query: &str| {
        let one = bob.get(&format!("{message}{query}")).await.ok();
        let list = bob.get(&format!("{messages}{query}")).await.ok();
        let pins = bob.get(&format!("{group}/pins{query}")).await.ok();
        let and = query.replace('?', "&");
        let of_ann = bob.get(&format!("{messages}?author_id={}{and}", ann.id())).await.ok();
        let threads = bob.get(&format!("/api/threads{query}")).await.ok();
        let lists = [list, pins, of_ann, threads].map(|list| list["items"].clone());
        assert!(lists.iter().all(|list| *list == json!([one])), "{lists:?}");
        let replies = bob.get(&format!("{messages}?thread_id={}{and}", one["id"])).await.ok();
        let has_html = query == "?format=html";
        assert_eq!(replies["items"][0]["html"].as_str(), has_html.then_some("<p><em>me</em></p>\n"));
        assert_eq!(one["text"], TEXT);
        one["html"].clone()
    };
    assert_eq!(shown("?format=html").await, HTML);
    assert_eq!(shown("?format=text").await, Value::Null);
    assert_eq!(shown("").await, Value::Null);
    ann.delete(&message).await.no_content();
    assert_eq!(bob.get(&format!("{message}?format=html")).await.ok()["html"], Value::Null);
}

#[actix_web::test]
async fn another_format_is_refused() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    let message = ann.say_at(&group, TEXT).await;
    for path in [&message, &messages, &format!("{group}/pins"), "/api/threads"] {
        let problem = ann.get(&format!("{path}?format=pdf")).await.refused(400, "validation_failed");
        assert_eq!(problem["errors"][0]["field"], "format");
    }
}
