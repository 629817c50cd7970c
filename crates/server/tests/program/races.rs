//! Two at once.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Server, data};

#[tokio::test]
async fn two_admins_who_demote_each_other_at_once_leave_one() {
    let data = data();
    let server = Server::start(&data).await;
    let first = server.admin().await;
    let first_id = first.get("/users/me").await.expect(StatusCode::OK)["id"].as_i64().unwrap();
    let body = json!({"username": "second", "password": "correct horse", "is_admin": true});
    let second_id = first.post("/users", body).await.expect(StatusCode::CREATED)["id"].as_i64().unwrap();
    let second = server.login("second", "correct horse").await;

    for _ in 0..10 {
        let demote = json!({"is_admin": false});
        let (path_to_first, path_to_second) = (format!("/users/{first_id}"), format!("/users/{second_id}"));
        let (one, other) =
            tokio::join!(first.patch(&path_to_second, demote.clone()), second.patch(&path_to_first, demote));
        let mut statuses = [one.status, other.status];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::OK, StatusCode::FORBIDDEN]);
        let (winner, path) =
            if one.status == StatusCode::OK { (&first, &path_to_second) } else { (&second, &path_to_first) };
        let own = if one.status == StatusCode::OK { &path_to_first } else { &path_to_second };
        winner.patch(own, json!({"is_admin": false})).await.expect(StatusCode::CONFLICT);
        winner.patch(path, json!({"is_admin": true})).await.expect(StatusCode::OK);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_same_client_id_from_20_connections_at_once_makes_one_message() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    let senders: Vec<_> = (0..20)
        .map(|n| {
            // Each with a client, and so a connection, of its own.
            let (api, path, admin) = (server.anonymous(), path.clone(), admin.clone());
            tokio::spawn(async move {
                let body = json!({"text": format!("variant {n}"), "client_id": "only-once"});
                api.with_key(admin.key()).post(&path, body).await
            })
        })
        .collect();
    let (mut created, mut bodies) = (0, Vec::new());
    for sender in senders {
        let answer = sender.await.unwrap();
        created += u32::from(answer.status == StatusCode::CREATED);
        assert!([StatusCode::CREATED, StatusCode::OK].contains(&answer.status), "{}", answer.body);
        bodies.push(answer.body);
    }
    assert_eq!(created, 1);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "all get the same message");
    assert_eq!(admin.all_messages(group).await.len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_name_wanted_by_many_at_once_is_given_once() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let claims: Vec<_> = (0..20)
        .map(|n| {
            let admin = admin.clone();
            let name = if n % 2 == 0 { "Straße" } else { "STRASSE" };
            tokio::spawn(async move { admin.post("/groups", json!({"name": name})).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for claim in claims {
        statuses.push(claim.await.unwrap());
    }
    statuses.sort();
    assert_eq!(statuses[0], StatusCode::CREATED);
    assert!(statuses[1..].iter().all(|status| *status == StatusCode::CONFLICT), "{statuses:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_burst_of_logins_does_not_stall_messages() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    let logins: Vec<_> = (0..6)
        .map(|n| {
            let api = server.anonymous();
            let body = json!({"username": format!("nobody-{n}"), "password": "not the password"});
            tokio::spawn(async move { api.post("/login", body).await.status })
        })
        .collect();
    let mut sent = 0;
    while logins.iter().any(|login| !login.is_finished()) {
        admin.post(&path, json!({"text": "meanwhile"})).await.expect(StatusCode::CREATED);
        sent += 1;
    }
    for login in logins {
        assert_eq!(login.await.unwrap(), StatusCode::UNAUTHORIZED);
    }
    assert!(sent > 6, "only {sent} messages got through while 6 passwords were checked");
    server.stop().await;
}
