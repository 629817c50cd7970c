//! The headers that every answer has. [`Answer::check`](crate::harness::Answer) looks at them in all other tests too.

use actix_web::http::Method;

use crate::harness::Server;
use crate::operations::{Scene, operations};

#[actix_web::test]
async fn no_cache_keeps_an_answer_to_a_key_nor_one_without() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let wrong = server.with_key("gc_unknown".to_owned());
    let (mut refused, mut done) = (0, 0);
    for operation in operations(&server).await {
        let (path, body) = (scene.path(&operation.template, 1), scene.body(&operation));
        for client in [&server.nobody(), &wrong, scene.caller("user"), scene.caller("owner")] {
            let answer = client.call(operation.method.clone(), &path, body.as_ref()).await;
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
            if answer.status() < 300 { done += 1 } else { refused += 1 }
        }
        let answer = server.nobody().call(Method::OPTIONS, &path, None).await.expect(405);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    }
    assert!(done > 20 && refused > 80, "{done} done, {refused} refused");
}

#[actix_web::test]
async fn what_is_for_all_may_be_kept_also_by_who_shows_a_key() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for path in ["/api/docs/", "/api/openapi.json", "/api/asyncapi.json"] {
        assert_eq!(ann.get(path).await.header("cache-control"), Some("no-cache"), "{path}");
    }
    assert_eq!(ann.get("/nope").await.header("cache-control"), Some("no-store"));
}
