//! Archived groups: members read them, and nothing in them changes until they are restored.

use serde_json::{Value, json};

use super::team::Team;
use crate::harness::{Server, time};

#[actix_web::test]
async fn nothing_in_an_archived_group_changes_until_it_is_restored() {
    let server = Server::start().await;
    let (ann, bob, cleo) = (server.user("ann").await, server.user("bob").await, server.user("cleo").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let first = json!({"text": "hi", "client_id": "c-1"});
    let messages = format!("{group}/messages");
    let sent = ann.post(&messages, first.clone()).await.created();
    let message = format!("{messages}/{}", sent["id"]);
    let archive = format!("{group}/archive");
    let archived = ann.put_empty(&archive).await.ok();
    assert_eq!(archived["archived_at"], time(&archived["archived_at"]));
    assert_eq!(archived["version"], 2);
    assert_eq!(ann.put_empty(&archive).await.ok(), archived, "the first time stays");

    let bobs = format!("{group}/members/{}", bob.id());
    for answer in [
        ann.post(&messages, json!({"text": "again"})).await,
        ann.patch(&message, json!({"text": "other"})).await,
        ann.delete(&message).await,
        bob.put_empty(&format!("{message}/like")).await,
        bob.delete(&format!("{message}/like")).await,
        ann.put_empty(&format!("{message}/pin")).await,
        ann.delete(&format!("{message}/pin")).await,
        ann.patch(&group, json!({"topic": "new"})).await,
        ann.post(&format!("{group}/members"), json!({"user_id": cleo.id()})).await,
        cleo.post_empty(&format!("{group}/join")).await,
        ann.patch(&bobs, json!({"role": "admin"})).await,
        ann.delete(&bobs).await,
    ] {
        answer.refused(403, "archived");
    }
    // What was sent can be read, and told again to whoever was not answered; one's own affairs go on.
    ann.post(&messages, first).await.expect(200);
    assert_eq!(bob.list(&messages, "/text").await, ["hi"]);
    bob.put(&format!("{group}/read"), json!({"seq": 1})).await.ok();
    bob.patch(&format!("{group}/members/me"), json!({"hidden": true})).await.ok();
    bob.post_empty(&format!("{group}/join")).await.ok();
    bob.delete(&format!("{group}/members/me")).await.no_content();

    let restored = ann.delete(&archive).await.ok();
    assert_eq!((&restored["archived_at"], &restored["version"]), (&Value::Null, &json!(3)));
    assert_eq!(ann.delete(&archive).await.ok(), restored);
    ann.say(&group, "again").await;
}

#[actix_web::test]
async fn an_archived_group_can_be_deleted() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    ann.put_empty(&format!("{group}/archive")).await.ok();
    ann.delete(&group).await.no_content();
    ann.get(&group).await.refused(404, "group_not_found");
}

#[actix_web::test]
async fn that_a_group_is_archived_is_the_reason_also_for_who_manages_it_or_wrote_the_message() {
    let team = Team::start().await;
    let message = team.member.say_at(&team.path, "hello").await;
    team.owner.put_empty(&format!("{}/archive", team.path)).await.ok();
    team.member.delete(&message).await.refused(403, "archived");
    let (path, id) = (&team.path, team.stranger.id());
    team.root.patch(path, json!({"topic": "x"})).await.refused(403, "archived");
    team.root.post(&format!("{path}/members"), json!({"user_id": id})).await.refused(403, "archived");
    team.root
        .post(&format!("{path}/members/batch"), json!({"user_ids": [id]}))
        .await
        .refused(403, "archived");
    team.root.post(&format!("{path}/invitations"), json!({"user_id": id})).await.refused(403, "archived");
    team.root.put(&format!("{path}/bans/{id}"), json!({})).await.refused(403, "archived");
    // Others are told that they have no say in it.
    team.stranger.patch(path, json!({"topic": "x"})).await.refused(403, "members_only");
    team.member.patch(path, json!({"topic": "x"})).await.refused(403, "role_too_low");
}
