//! Groups that new users are put into.

use std::sync::Arc;

use groupchat_domain::groups::{DefaultGroups, Quotas};
use groupchat_domain::ids::GroupId;
use groupchat_infra::groups::journal::LogGroupJournal;
use serde_json::json;

use crate::harness::{Listening, PASSWORD, Server, WebSocket, id_in};

#[actix_web::test]
async fn a_new_user_is_in_the_default_groups_and_their_members_are_told() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (lobby, board, attic) =
        (ann.new_group("Lobby").await, ann.new_group("Board").await, ann.new_group("Attic").await);
    ann.patch(&board, json!({"visibility": "private"})).await.ok();
    ann.put_empty(&format!("{attic}/archive")).await.ok();
    let ids = [&attic, &board, &lobby].map(|group| GroupId::new(id_in(group)));
    let ids = [&ids[..], &[GroupId::new(4_000_000)]].concat();
    let quotas = Quotas { members: 2, ..Quotas::default() };
    let welcome = DefaultGroups::new(&ids, quotas, Arc::new(LogGroupJournal));
    let server = server.with_welcome(Arc::new(welcome)).await;
    let root = server.with_key(root.key().to_owned());
    let listening = Listening::start(&server);
    let (mut anns, _) = WebSocket::open(&listening, &ann, "").await;
    let bob = root.post("/api/users", json!({"username": "bob", "password": PASSWORD})).await.created();
    let key = bob["api_key"].as_str().expect("a key").to_owned();
    let bob = (server.with_key(key), bob["id"].clone());
    for group in [&lobby, &board] {
        let told = anns.wait_for("member.added").await;
        assert_eq!((&told["group_id"], &told["data"]["user"]["id"]), (&json!(id_in(group)), &bob.1));
        assert_eq!((&told["actor_id"], &told["data"]["role"]), (&bob.1, &json!("member")));
    }
    let mine = bob.0.list("/api/groups?mine=true", "/name").await;
    assert_eq!(mine, ["Board", "Lobby"], "what is archived or not there is left out");
    // Both groups are full now, which keeps nobody from an account.
    let cleo = root.post("/api/users", json!({"username": "cleo", "password": PASSWORD})).await.created();
    let cleo = server.with_key(cleo["api_key"].as_str().expect("a key").to_owned());
    assert_eq!(cleo.list("/api/groups?mine=true", "/name").await, [""; 0]);
    listening.stop().await;
}
