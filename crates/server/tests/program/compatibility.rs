//! A client of the earlier version of this service: all that it does keeps working.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Server, data};

#[tokio::test]
async fn the_calls_of_the_earlier_client_work_in_their_order() {
    let data = data();
    let server = Server::start(&data).await;
    let body = json!({"username": "admin", "password": server.password.clone().unwrap()});
    let login = server.anonymous().post("/login", body).await.expect(StatusCode::OK);
    let admin = server.anonymous().with_key(login["api_key"].as_str().unwrap());

    let body = json!({"username": "ada", "password": "engine-no-1"});
    let user = admin.post("/users", body).await.expect(StatusCode::CREATED);
    let ada = server.anonymous().with_key(user["api_key"].as_str().unwrap());

    let body = json!({"name": "Analytical Engines", "description": "and how to feed them"});
    let group = ada.post("/groups", body).await.expect(StatusCode::CREATED)["id"].as_i64().unwrap();
    let messages = format!("/groups/{group}/messages");
    let message = ada.post(&messages, json!({"text": "hello"})).await.expect(StatusCode::CREATED);
    let like = format!("{messages}/{}/like", message["id"]);
    ada.put_nothing(&like).await.expect(StatusCode::OK);
    let liked = ada.post_nothing(&like).await.expect(StatusCode::OK);
    assert_eq!(liked, json!({"likes": 1, "liked": true}));

    let found = ada.get("/groups?q=aNALYTICAL").await.expect(StatusCode::OK);
    assert_eq!(found["items"][0]["id"], group);
    let gone = ada.delete(&format!("/groups/{group}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(gone, Value::Null, "no body");
    ada.get(&format!("/groups/{group}")).await.expect(StatusCode::NOT_FOUND);

    let id = user["id"].as_i64().unwrap();
    let edited = admin.put(&format!("/users/{id}"), json!({"display_name": "Ada L."})).await;
    assert_eq!(edited.expect(StatusCode::OK)["display_name"], "Ada L.");
    admin.delete(&format!("/users/{id}")).await.expect(StatusCode::NO_CONTENT);
    ada.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    admin.post_nothing("/logout").await.expect(StatusCode::NO_CONTENT);
    server.stop().await;
}
