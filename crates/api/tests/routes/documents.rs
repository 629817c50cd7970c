//! The OpenAPI document and the AsyncAPI document.

use std::collections::{BTreeSet, HashSet};

use actix_web::test::TestRequest;
use groupchat_api::FEATURES;
use serde_json::json;

use crate::handbook::assert_reviewed;
use crate::harness::{Listening, Server, Transport, WebSocket, assert_listed, assert_told};
use crate::matrix::Matrix;
use crate::operations::operations;

#[actix_web::test]
async fn the_document_says_what_it_describes() {
    let server = Server::start().await;
    let answer = server.nobody().get("/api/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{}", document["openapi"]);
    let info = &document["info"];
    assert_eq!(json!([info["title"], info["version"]]), json!(["groupchat", "1.2.3"]));
}

#[actix_web::test]
async fn a_key_is_asked_for_exactly_where_one_is_needed() {
    let server = Server::start().await;
    let document = server.nobody().get("/api/openapi.json").await.ok();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["ApiKey"]["type"], "apiKey");
    assert_eq!(json!([schemes["ApiKey"]["in"], schemes["ApiKey"]["name"]]), json!(["header", "X-API-Key"]));
    let matrix = Matrix::read();
    for operation in operations(&server).await {
        let Some(row) = matrix.statuses.get(&operation.row()) else { continue };
        // What all are refused is not for lack of a key.
        let asks_for_key = row[0] == 401 && row.iter().any(|status| *status != 401);
        assert_eq!(operation.needs_key(), asks_for_key, "{}", operation.row());
    }
}

#[actix_web::test]
async fn every_operation_has_an_id_of_its_own_and_a_summary() {
    let server = Server::start().await;
    let mut ids = HashSet::new();
    for operation in operations(&server).await {
        let text = |name: &str| operation.description[name].as_str().unwrap_or_default().to_owned();
        assert!(!text("operationId").is_empty() && ids.insert(text("operationId")), "{}", operation.row());
        assert!(!text("summary").is_empty(), "{} has no summary", operation.row());
        assert_eq!(operation.description["tags"].as_array().map(Vec::len), Some(1), "{}", operation.row());
    }
}

#[actix_web::test]
async fn every_name_in_a_path_is_described() {
    let server = Server::start().await;
    for operation in operations(&server).await {
        let parameters = operation.description["parameters"].as_array().cloned().unwrap_or_default();
        let in_path: HashSet<_> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(in_path, operation.parameters().into_iter().collect(), "{}", operation.row());
    }
}

#[actix_web::test]
async fn every_operation_documents_success_and_problems() {
    let server = Server::start().await;
    for operation in operations(&server).await {
        let responses = operation.description["responses"].as_object().unwrap();
        let succeeds = |status: &String| status.starts_with('2') || status == "101";
        assert!(responses.keys().any(succeeds), "{}", operation.row());
        let problem = &responses["default"]["content"]["application/problem+json"]["schema"];
        assert_eq!(problem["$ref"], "#/components/schemas/Problem", "{}", operation.row());
    }
}

#[actix_web::test]
async fn every_status_of_the_matrix_is_documented() {
    let server = Server::start().await;
    let matrix = Matrix::read();
    for operation in operations(&server).await {
        let row = operation.row();
        for (_, status) in matrix.answers(&row) {
            let response = &operation.description["responses"][status.to_string()];
            let file = operation.file();
            assert!(response.is_object(), "{file} lacks a refusal of {row} with the status {status}");
        }
    }
}

#[actix_web::test]
async fn every_operation_says_what_it_refuses() {
    let server = Server::start().await;
    let operations = operations(&server).await;
    for feature in FEATURES {
        let of_feature = operations.iter().filter(|operation| operation.tag() == feature.tag);
        let mounted = of_feature.map(|operation| operation.id().to_owned()).collect();
        let listed = feature.operations.iter().map(|operation| operation.id.to_owned()).collect();
        assert_listed(feature.file, &listed, &mounted);
    }
}

#[actix_web::test]
async fn every_operation_is_of_a_feature() {
    let server = Server::start().await;
    let tags = operations(&server).await.iter().map(|operation| operation.tag().to_owned()).collect();
    let known = FEATURES.iter().map(|feature| feature.tag.to_owned()).collect();
    assert_listed("FEATURES in crates/api/src/routes.rs", &known, &tags);
}

#[actix_web::test]
async fn both_documents_are_served_compressed_to_who_wants_that() {
    let server = Server::start().await;
    for (path, made) in [
        ("/api/openapi.json", groupchat_api::openapi::document("1.2.3")),
        ("/api/asyncapi.json", groupchat_api::asyncapi::document("1.2.3")),
    ] {
        let plain = server.nobody().get(path).await.expect(200);
        assert_eq!(plain.json(), made, "{path}");
        let tag = plain.header("etag").unwrap();
        let again = TestRequest::get().uri(path).insert_header(("If-None-Match", tag));
        server.send(again).await.expect(304);
        let compressed = TestRequest::get().uri(path).insert_header(("Accept-Encoding", "gzip, br"));
        let compressed = server.send(compressed).await.expect(200);
        assert_eq!(compressed.header("content-encoding"), Some("gzip"), "{path}");
        assert!(compressed.length() * 3 < plain.length(), "{path}");
    }
}

#[actix_web::test]
async fn health_and_version_need_no_key() {
    let server = Server::start().await;
    assert_eq!(server.nobody().get("/api/health").await.ok(), json!({"status": "ok", "storage_full": false}));
    let version = server.nobody().get("/api/version").await.ok();
    assert_eq!(version, json!({"name": "groupchat", "version": "1.2.3"}));
    // A key that is no good does no harm where none is needed.
    server.with_key("gc_unknown".to_owned()).get("/api/version").await.ok();
}

#[test]
fn the_reviewed_openapi_document_is_that_of_the_code() {
    let made = groupchat_api::openapi::text(env!("CARGO_PKG_VERSION")) + "\n";
    assert_reviewed("openapi.json", &made);
}

#[test]
fn the_reviewed_asyncapi_document_is_that_of_the_code() {
    let made = groupchat_api::asyncapi::text(env!("CARGO_PKG_VERSION")) + "\n";
    assert_reviewed("asyncapi.json", &made);
}

#[actix_web::test]
async fn the_requests_of_the_asyncapi_document_are_those_that_are_taken() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &server.user("ann").await, "").await;
    let refused = socket.ask(json!({"type": "shout"})).await;
    let detail = refused["error"]["errors"][0]["detail"].as_str().unwrap();
    let taken: BTreeSet<_> = detail.strip_prefix("must be one of: ").unwrap().split(", ").collect();
    let document = groupchat_api::asyncapi::document("1.2.3");
    let messages = document["components"]["messages"].as_object().unwrap();
    let documented: BTreeSet<_> = messages.keys().filter_map(|name| name.strip_prefix("request.")).collect();
    assert_eq!(documented, taken);
    listening.stop().await;
}

#[test]
#[should_panic(expected = "the document has no such message")]
fn a_type_that_is_not_documented_is_noticed() {
    assert_told(Transport::Socket, &json!({"type": "shouted", "data": {}}));
}

#[test]
#[should_panic(expected = "the document has no such message")]
fn a_type_of_another_transport_is_noticed() {
    assert_told(Transport::Stream, &json!({"type": "reconnect", "data": {}}));
}

#[test]
#[should_panic(expected = "additionalProperties")]
fn a_field_that_is_not_documented_is_noticed() {
    let mut event = json!({"cursor": "e-1", "type": "gap", "group_id": null, "actor_id": null, "at": null});
    event["data"] = json!({"reason": "none"});
    assert_told(Transport::Socket, &event);
}
