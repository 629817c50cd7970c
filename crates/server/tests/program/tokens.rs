//! Tokens that the operator issues on the command line while the server runs.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::commands::{complaint, json, printed, run};
use crate::harness::{Server, data};

#[tokio::test]
async fn the_operator_issues_a_token_that_works_at_once_and_that_its_user_ends() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    admin.create_user("ada").await;
    let ada = server.login("ada", "correct horse").await;
    let create = ["token", "create", "--username", "ADA", "--name", "Deploys", "--scope", "write"];
    let issued = json(&run(&data, &[&create[..], &["--expires", "90d", "--json"]].concat()).await);
    assert_eq!((&issued["name"], &issued["scopes"]), (&json!("Deploys"), &json!(["read", "write"])));
    assert!(issued["expires_at"].is_string(), "{issued}");
    let token = ada.clone().with_key(issued["key"].as_str().unwrap());
    token.get("/users/me").await.expect(StatusCode::OK);
    let listed = ada.get("/tokens").await.expect(StatusCode::OK);
    assert_eq!(listed["items"][0]["id"], issued["id"]);
    ada.delete(&format!("/tokens/{}", issued["id"])).await.expect(StatusCode::NO_CONTENT);
    token.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);

    let told = printed(&run(&data, &create).await);
    assert!(told.contains("gct_") && told.contains("shown only once"), "{told}");
    let nobody = ["token", "create", "--username", "nobody", "--name", "x", "--scope", "read"];
    let words = complaint(&run(&data, &nobody).await);
    assert!(words.contains("no such user"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn when_tokens_and_sessions_were_last_used_is_known_after_a_restart() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let issue = async |name: &str| {
        let draft = json!({"name": name, "scopes": ["read"]});
        admin.post("/tokens", draft).await.expect(StatusCode::CREATED)["key"].as_str().unwrap().to_owned()
    };
    let (used, _spare) = (issue("used").await, issue("spare").await);
    admin.clone().with_key(&used).get("/users/me").await.expect(StatusCode::OK);
    server.stop().await;

    let server = Server::start(&data).await;
    // This request is only noted, and not yet stored.
    let admin = server.anonymous().with_key(admin.key());
    let tokens = admin.get("/tokens").await.expect(StatusCode::OK);
    let was_used = |name: &str| {
        let items: &Vec<Value> = tokens["items"].as_array().unwrap();
        items.iter().find(|token| token["name"] == name).unwrap()["last_used_at"].is_string()
    };
    assert_eq!((was_used("used"), was_used("spare")), (true, false), "{tokens}");
    let sessions = admin.get("/sessions").await.expect(StatusCode::OK);
    assert!(sessions["items"][0]["last_used_at"].is_string(), "{sessions}");
    server.stop().await;
}
