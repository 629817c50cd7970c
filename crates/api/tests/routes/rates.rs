//! How often callers may ask.

use actix_web::test::TestRequest;
use groupchat_api::ServerOptions;
use groupchat_domain::rates::{RequestClass, RequestRate};
use serde_json::json;

use crate::harness::{Client, Listening, Server, WebSocket, id_in};

/// Ten at once, and the next one in a second.
const TEN: RequestRate = RequestRate::new(1, 10);

/// Ann on a server where a class has this rate.
async fn limited(class: RequestClass) -> (Server, Client) {
    let server = Server::start().await;
    let limited = server.with_rate(class, TEN).await;
    let ann = known_to(&limited, &server.user("ann").await).await;
    (limited, ann)
}

/// The same user, of whose key this server knows whose it is.
async fn known_to(server: &Server, user: &Client) -> Client {
    let client = server.with_key(user.key().to_owned());
    client.get("/api/users/me").await.ok();
    client
}

#[actix_web::test]
async fn who_asks_too_often_is_told_when_to_come_back_and_nothing_is_done() {
    let (_, ann) = limited(RequestClass::Send).await;
    let group = ann.new_group("Team").await;
    let messages = format!("{group}/messages");
    let mut told = Vec::new();
    for number in 0..10 {
        let sent = ann.post(&messages, json!({"text": number.to_string()})).await.expect(201);
        told.push(sent.header("ratelimit").map(str::to_owned));
    }
    let told: Vec<_> = told.iter().map(Option::as_deref).collect();
    assert_eq!(told[..5], [None; 5], "nobody needs to care before half is used");
    assert_eq!((told[5], told[9]), (Some("\"send\";r=4;t=6"), Some("\"send\";r=0;t=10")));
    let refused = ann.post(&messages, json!({"text": "eleven"})).await;
    let (policy, left) = (refused.header("ratelimit-policy"), refused.header("ratelimit"));
    assert_eq!((policy, left), (Some("\"send\";q=10;w=10"), Some("\"send\";r=0;t=1")));
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.refused(429, "too_many_requests");
    assert_eq!(ann.list(&messages, "/text").await.len(), 10);
}

#[actix_web::test]
async fn classes_and_callers_are_counted_by_themselves() {
    let server = Server::start().await;
    let limited = server.with_rate(RequestClass::Read, TEN).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (ann, bob) = (known_to(&limited, &ann).await, known_to(&limited, &bob).await);
    while ann.get("/api/groups").await.status() == 200 {}
    ann.get("/api/users").await.refused(429, "too_many_requests");
    ann.post("/api/groups", json!({"name": "Team"})).await.created();
    ann.get("/api/groups?q=team").await.ok();
    bob.get("/api/groups").await.ok();
    // To see whether the server is well and to lock out a thief is never too early.
    limited.nobody().get("/api/health").await.ok();
    ann.delete("/api/sessions").await.expect(204);
    ann.post_empty("/api/logout").await.no_content();
}

#[actix_web::test]
async fn strangers_share_the_rate_of_their_network() {
    let server = Server::start().await;
    let limited = server.with_rate(RequestClass::Login, TEN).await;
    let wrong = || limited.nobody();
    for _ in 0..10 {
        wrong().post("/api/login", json!({"username": "ann"})).await.expect(400);
    }
    wrong().post("/api/login", json!({"username": "ann"})).await.refused(429, "too_many_requests");
}

#[actix_web::test]
async fn the_hosts_of_one_ipv6_network_share_its_rate() {
    let limited = Server::start().await.with_rate(RequestClass::Login, TEN).await;
    let status = async |host: &str| {
        let request = TestRequest::post().uri("/api/login").peer_addr(host.parse().unwrap());
        limited.send(request.set_json(json!({"username": "ann"}))).await.status()
    };
    for host in 0..10 {
        assert_eq!(status(&format!("[2001:db8:0:1::{host}]:80")).await, 400);
    }
    assert_eq!(status("[2001:db8:0:1:ffff::1]:80").await, 429);
    assert_eq!(status("[2001:db8:0:2::1]:80").await, 400);
}

#[actix_web::test]
async fn a_request_too_early_harms_no_socket_and_sockets_count_the_same() {
    let (server, ann) = limited(RequestClass::Send).await;
    let group = ann.new_group("Team").await;
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    for _ in 0..10 {
        ann.say(&group, "hi").await;
    }
    ann.post(&format!("{group}/messages"), json!({"text": "hi"})).await.refused(429, "too_many_requests");
    let reply = socket.ask(json!({"type": "send", "group_id": id_in(&group), "text": "hi"})).await;
    assert_eq!(json!([reply["type"], reply["error"]["code"]]), json!(["error", "too_many_requests"]));
    assert_eq!(socket.ask(json!({"type": "ping"})).await["type"], "reply");
    listening.stop().await;
}

#[actix_web::test]
async fn scripts_of_listed_sites_can_read_what_is_left() {
    let site = "https://intranet.example.org";
    let options = ServerOptions { allowed_origins: vec![site.to_owned()], ..ServerOptions::default() };
    let server = Server::start().await.with_options(options).await;
    let request = TestRequest::get().uri("/api/health").insert_header(("Origin", site));
    let answer = server.send(request).await.expect(200);
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_owned();
    assert!(exposed.contains("RateLimit, RateLimit-Policy, Retry-After"), "{exposed}");
}
