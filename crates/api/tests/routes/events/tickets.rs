//! Tickets: good once, for a moment, for one's own session, from one's own pages.

use std::time::Duration;

use actix_web::test::TestRequest;
use groupchat_api::ServerOptions;
use serde_json::json;

use crate::harness::{Answer, Client, EventStream, Listening, Server, WebSocket, assert_fields, id_in, time};

async fn ticket(client: &Client) -> String {
    let made = client.post_empty("/api/events/ticket").await.created();
    assert_fields(&made, &["ticket", "expires_at"]);
    time(&made["expires_at"]);
    made["ticket"].as_str().expect("a ticket").to_owned()
}

/// Asks for a socket, in the same process: for what is rejected.
async fn ask_for_socket(server: &Server, ticket: &str, headers: &[(&str, &str)]) -> Answer {
    let request = TestRequest::get().uri(&format!("/api/events/socket?ticket={ticket}"));
    let upgrade = [
        ("Connection", "upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw=="),
    ];
    let all = upgrade.iter().chain(headers);
    server.send(all.fold(request, |request, header| request.insert_header(*header))).await
}

#[actix_web::test]
async fn a_ticket_stands_for_the_session_that_made_it() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let mut socket = WebSocket::connect(&listening, &[], &format!("ticket={}", ticket(&ann).await)).await;
    assert_eq!(socket.next().await["data"]["user"]["id"], ann.id());
    let request = EventStream::request(&listening, &format!("ticket={}", ticket(&ann).await));
    assert_eq!(EventStream::send(request).await.next().await["data"]["user"]["id"], ann.id());
    // What is asked for on the socket is asked in that session's name.
    let group = ann.new_group("Team").await;
    let request = json!({"type": "send", "group_id": id_in(&group), "text": "hi"});
    assert_eq!(socket.ask(request).await["data"]["author"]["id"], ann.id());
    listening.stop().await;
}

#[actix_web::test]
async fn a_ticket_is_good_once() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let ticket = ticket(&ann).await;
    WebSocket::connect(&listening, &[], &format!("ticket={ticket}")).await;
    ask_for_socket(&server, &ticket, &[]).await.refused(401, "invalid_ticket");
    let stream = format!("/api/events/stream?ticket={ticket}");
    server.nobody().get(&stream).await.refused(401, "invalid_ticket");
    ask_for_socket(&server, "gc_unknown", &[]).await.refused(401, "invalid_ticket");
    listening.stop().await;
}

#[actix_web::test]
async fn a_ticket_is_good_for_thirty_seconds() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (one, other) = (ticket(&ann).await, ticket(&ann).await);
    server.advance_clock(Duration::from_secs(29));
    ask_for_socket(&server, &one, &[]).await.expect(101);
    server.advance_clock(Duration::from_secs(2));
    ask_for_socket(&server, &other, &[]).await.refused(401, "invalid_ticket");
}

#[actix_web::test]
async fn a_ticket_ends_with_its_session() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let elsewhere = server.sign_in_again("ann").await;
    let (gone, good) = (ticket(&elsewhere).await, ticket(&ann).await);
    elsewhere.post_empty("/api/logout").await.no_content();
    ask_for_socket(&server, &gone, &[]).await.refused(401, "invalid_ticket");
    ask_for_socket(&server, &good, &[]).await.expect(101);
}

#[actix_web::test]
async fn pages_of_other_sites_are_refused_and_the_ticket_stays_good() {
    let event_origins = vec!["https://intranet.example.org".to_owned()];
    let server = Server::start().await;
    let server = server.with_options(ServerOptions { event_origins, ..ServerOptions::default() }).await;
    let ann = server.user("ann").await;
    let ticket = ticket(&ann).await;
    for origin in ["https://evil.example.org", "null", "http://intranet.example.org"] {
        let answer = ask_for_socket(&server, &ticket, &[("Origin", origin)]).await;
        answer.refused(403, "origin_not_allowed");
        let request = TestRequest::get().uri(&format!("/api/events/stream?ticket={ticket}"));
        server.send(request.insert_header(("Origin", origin))).await.refused(403, "origin_not_allowed");
    }
    ask_for_socket(&server, &ticket, &[("Origin", "https://intranet.example.org")]).await.expect(101);
}

#[actix_web::test]
async fn a_page_that_may_listen_may_also_read_the_stream_or_why_there_is_none() {
    let page = "https://intranet.example.org";
    let server = Server::start().await;
    let event_origins = vec![page.to_owned()];
    let server = server.with_options(ServerOptions { event_origins, ..ServerOptions::default() }).await;
    let path = format!("/api/events/stream?ticket={}", ticket(&server.user("ann").await).await);
    let ask_at =
        |path: &str, origin| server.send(TestRequest::get().uri(path).insert_header(("Origin", origin)));
    let ask = |origin| ask_at(&path, origin);
    let readable_by = |answer: &Answer| answer.header("access-control-allow-origin").map(str::to_owned);
    assert_eq!(readable_by(&ask("https://evil.example.org").await.expect(403)), None);
    assert_eq!(readable_by(&ask(page).await.expect(200)).as_deref(), Some(page));
    // The ticket is used up.
    assert_eq!(readable_by(&ask(page).await.expect(401)).as_deref(), Some(page));
    assert_eq!(readable_by(&server.nobody().get(&path).await.expect(401)), None);
    // The same holds for what is rejected before it is looked at who asks.
    for (path, status) in [(format!("{path}&cursor=x"), 400), ("/api/events/stream".to_owned(), 401)] {
        assert_eq!(readable_by(&ask_at(&path, page).await.expect(status)).as_deref(), Some(page));
        let elsewhere = ask_at(&path, "https://evil.example.org").await;
        assert_eq!(readable_by(&elsewhere), None);
    }
}

#[actix_web::test]
async fn a_request_that_opens_no_socket_leaves_the_ticket_good() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let ticket = ticket(&ann).await;
    let path = format!("/api/events/socket?ticket={ticket}");
    server.nobody().get(&path).await.refused(426, "upgrade_required");
    let old = [("Sec-WebSocket-Version", "8")];
    let refused = ask_for_socket(&server, &ticket, &old).await.expect(426);
    assert_eq!(refused.header("sec-websocket-version"), Some("13"));
    refused.refused(426, "upgrade_required");
    server.nobody().get(&format!("{path}&cursor=x")).await.invalid(&[("cursor", "invalid_format")]);
    ask_for_socket(&server, &ticket, &[]).await.expect(101);
}

#[actix_web::test]
async fn a_ticket_is_no_key() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let ticket = ticket(&ann).await;
    server.nobody().get(&format!("/api/events?ticket={ticket}")).await.refused(401, "missing_key");
    server.with_key(ticket.clone()).get("/api/users/me").await.refused(401, "invalid_key");
    // A key that is no good is not saved by a ticket.
    let path = format!("/api/events/stream?ticket={ticket}");
    server.with_key("gc_unknown".to_owned()).get(&path).await.refused(401, "invalid_key");
}
