//! Input that somebody chose with care.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server};
use crate::operations::{Scene, operations};

async fn send(client: &Client, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = TestRequest::default().method(method).uri(path);
    let request = request.insert_header(("Content-Type", "application/json"));
    client.send(request.set_payload(body.into())).await
}

#[actix_web::test]
async fn deep_json_is_no_danger_wherever_it_stands() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    for depth in [100, 128, 129, 10_000, 40_000] {
        for value in [deep(depth), objects(depth)] {
            let in_field = format!("{{\"name\": {value}}}");
            let answer = send(&ann, Method::POST, "/api/groups", in_field).await;
            assert_eq!(answer.status(), 400, "{depth}");
            let ignored = format!("{{\"display_name\": \"x\", \"unknown\": {value}}}");
            let answer = send(&ann, Method::PATCH, "/api/users/me", ignored).await;
            assert!(matches!(answer.status(), 200 | 400), "{depth}: {answer}");
            let answer = send(&ann, Method::POST, "/api/groups", value).await;
            assert_eq!(answer.status(), 400, "{depth}");
        }
        let unclosed = "[".repeat(depth);
        assert_eq!(send(&ann, Method::POST, "/api/groups", unclosed).await.status(), 400);
        let unclosed = format!("{{\"x\":{}", "[".repeat(depth));
        assert_eq!(send(&ann, Method::POST, "/api/groups", unclosed).await.status(), 400);
    }
}

#[actix_web::test]
async fn bytes_that_are_no_utf_8_are_refused_and_not_stored() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let bad: [&[u8]; 5] = [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"];
    for bytes in bad {
        let body = [b"{\"name\": \"", bytes, b"\"}"].concat();
        send(&ann, Method::POST, "/api/groups", body).await.refused(400, "malformed_json");
        let body = [b"{\"name\": \"x\", \"", bytes, b"\": 1}"].concat();
        send(&ann, Method::POST, "/api/groups", body).await.refused(400, "malformed_json");
    }
    for escape in ["\\ud800", "\\udc00", "\\ud800\\u0041", "\\uZZZZ"] {
        let body = format!("{{\"name\": \"{escape}\"}}");
        send(&ann, Method::POST, "/api/groups", body).await.refused(400, "malformed_json");
    }
    assert!(ann.list("/api/groups", "/id").await.is_empty());
}

#[actix_web::test]
async fn nul_in_any_text_is_refused_or_finds_nothing() {
    let server = Server::start().await;
    let scene = Scene::set(&server, 1).await;
    let root = scene.caller("server admin");
    for operation in operations(&server).await {
        let Some(body) = scene.body(&operation) else { continue };
        for (field, value) in body.as_object().unwrap() {
            let Some(text) = value.as_str() else { continue };
            let mut body = body.clone();
            body[field] = format!("{text}\0").into();
            let client = scene.caller(if operation.template.contains("messages") { "peer" } else { "owner" });
            let client = if operation.template.contains("/users") { root } else { client };
            let path = scene.path(&operation.template, 1);
            let answer = client.call(operation.method.clone(), &path, Some(&body)).await;
            // A wrong password, name or token is just wrong.
            let expected = match (operation.template.as_str(), field.as_str()) {
                ("/api/login" | "/api/login/refresh", _) | ("/api/login/mfa", "ticket") => 401,
                // Whatever else is typed, for this server has no public address.
                ("/api/users/me/mfa/passkeys/finish" | "/api/users/me/mfa/passkeys/{passkey_id}", "name") => {
                    400
                }
                ("/api/users/me/mfa/passkeys/{passkey_id}/remove", "password") => 404,
                (path, _) if path.contains("/passkey") => 403,
                // Whatever is typed, for this server sends no mail.
                ("/api/password-resets", _) => 403,
                (_, "current")
                | ("/api/users/me/mfa/totp" | "/api/users/me/delete" | "/api/users/me/export", "password") => {
                    403
                }
                // There is none, before any password is looked at.
                (_, "password") if operation.template.starts_with("/api/users/me/mfa") => 404,
                _ => 400,
            };
            assert_eq!(answer.status(), expected, "{field}: {answer}");
        }
    }
}

#[actix_web::test]
async fn nul_in_a_search_finds_nothing() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    for list in ["/api/users".to_owned(), "/api/groups".to_owned(), format!("{group}/members")] {
        for q in ["%00", "a%00", "%00a", "an%00n", "T%00"] {
            let answer = ann.get(&format!("{list}?q={q}")).await;
            answer.invalid(&[("q", "invalid_characters")]);
        }
    }
}

#[actix_web::test]
async fn a_query_in_no_encoding_or_of_any_length_is_answered() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let long = "x".repeat(60_000);
    for (query, status) in [
        ("q=%ff%fe".to_owned(), 200),
        ("%ff=%ff".to_owned(), 400),
        ("q=%".to_owned(), 200),
        ("q=%zz&&&".to_owned(), 200),
        ("q=%zz&&&=&==".to_owned(), 400),
        ("q[]=1&q[a]=2".to_owned(), 400),
        ("q=1&q=2".to_owned(), 400),
        (format!("q={long}"), 400),
        (format!("cursor={long}"), 400),
        (format!("unknown={long}"), 400),
        (format!("{long}=1"), 400),
        (format!("limit={long}"), 400),
        (format!("limit={}", "1".repeat(10_000)), 400),
        ("a=1&".repeat(10_000), 400),
        ("mine=TRUE".to_owned(), 400),
        ("limit=%31".to_owned(), 200),
    ] {
        let answer = ann.get(&format!("/api/groups?{query}")).await;
        assert_eq!(answer.status(), status, "{}", query.chars().take(40).collect::<String>());
    }
}

#[actix_web::test]
async fn numbers_of_any_size_are_answered() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    for number in
        ["1e400", "-1e400", "1e-400", "123456789012345678901234567890", "-0", "0.0", "1E2", "01", "+1"]
    {
        for (method, path, field) in [
            (Method::PUT, format!("{group}/read"), "seq"),
            (Method::POST, format!("{group}/members"), "user_id"),
        ] {
            let body = format!("{{\"{field}\": {number}}}");
            let answer = send(&ann, method, &path, body).await;
            assert!(answer.status() == 400 || number == "-0" && field == "seq", "{answer}");
        }
    }
}

#[actix_web::test]
async fn text_that_looks_like_code_comes_back_as_it_was() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("'; DROP TABLE users; --").await;
    assert_eq!(ann.get(&group).await.ok()["name"], "'; DROP TABLE users; --");
    for text in [
        "<script>alert(1)</script>",
        "\" OR \"\"=\"",
        "\\u0000 \\ \" ' ` ${x} {{x}} %s %n",
        "\u{feff}bom",
        "\u{202e}a\u{200b}\u{200d}",
        "\u{fffd}\u{ffff}\u{10ffff}",
        "a\u{2028}b\u{2029}c",
        "a\u{301}\u{302}\u{303}".repeat(100).trim(),
    ] {
        let message = ann.say(&group, text).await;
        let shown = message["text"].as_str().unwrap();
        assert!(shown == text || text.contains('\u{301}'), "{text:?} became {shown:?}");
    }
    assert_eq!(ann.list("/api/groups?q=%27%3B%20drop", "/name").await.len(), 1);
}

#[actix_web::test]
async fn what_nobody_sees_makes_no_text_and_no_name_of_its_own() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    for unseen in ["\u{200b}", " \u{2060}\u{feff}", "\u{3164}", "\u{ad}\u{fe0f}\u{e0041}"] {
        ann.post("/api/groups", json!({"name": unseen})).await.invalid(&[("name", "required")]);
        let messages = format!("{group}/messages");
        ann.post(&messages, json!({"text": unseen})).await.invalid(&[("text", "required")]);
        let me = ann.patch("/api/users/me", json!({"display_name": unseen})).await;
        me.invalid(&[("display_name", "required")]);
    }
    ann.post("/api/groups", json!({"name": "te\u{200b}am\u{2060}"})).await.refused(409, "name_taken");
    let cook = "👩🏽\u{200d}🍳 ❤\u{fe0f}";
    let kitchen = ann.new_group(cook).await;
    assert_eq!(ann.get(&kitchen).await.ok()["name"], cook);
    assert_eq!(ann.list("/api/groups?q=%E2%9D%A4", "/name").await, [cook], "the heart without its variation");
    assert_eq!(ann.list("/api/groups?q=%E2%80%8B", "/name").await.len(), 2, "nothing to search for");
}

#[actix_web::test]
async fn a_name_of_any_length_that_nobody_can_have_finds_nobody() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    for name in ["", "me", "Ａnn", "\u{fdfa}", &"\u{fdfa}".repeat(80_000)] {
        let added = ann.post(&format!("{group}/members"), json!({"username": name})).await;
        added.refused(404, "user_not_found");
    }
}

#[actix_web::test]
async fn headers_in_no_charset_are_answered() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let value = |bytes: &[u8]| actix_web::http::header::HeaderValue::from_bytes(bytes).unwrap();
    for name in ["X-API-Key", "Authorization"] {
        let bytes: &[u8] = if name == "X-API-Key" { b"\xff\xfe" } else { b"Bearer \xff\xfe" };
        let request = TestRequest::get().uri("/api/users/me").insert_header((name, value(bytes)));
        server.send(request).await.refused(401, "invalid_key");
    }
    let agent = [b"curl \xff ".as_slice(), &[b'x'; 500]].concat();
    let login = json!({"username": "ann", "password": crate::harness::PASSWORD});
    let request = TestRequest::post().uri("/api/login").insert_header(("User-Agent", value(&agent)));
    server.send(request.set_json(login)).await.ok();
    let stored = &ann.get("/api/sessions").await.ok()["items"][0]["user_agent"];
    assert_eq!(stored.as_str().unwrap().chars().count(), 200);
    let request = TestRequest::post().uri("/api/groups").insert_header(("Content-Type", value(b"\xff")));
    ann.send(request.set_payload("{}")).await.refused(415, "unsupported_media_type");
}

#[actix_web::test]
async fn a_cursor_with_a_made_up_place_is_harmless() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for name in ["b", "d"] {
        ann.new_group(name).await;
    }
    let page = ann.get("/api/groups?limit=1").await.ok();
    let cursor = page["next"].as_str().unwrap();
    // The last character is part of the name: other names are other places, never errors of the server.
    for end in ["A", "Q", "g", "w", "_", "-", "AA", "AAA"] {
        let forged = format!("{}{end}", &cursor[..cursor.len() - 1]);
        let answer = ann.get(&format!("/api/groups?cursor={forged}")).await;
        assert!(matches!(answer.status(), 200 | 400), "{answer}");
        if answer.status() == 200 {
            assert_eq!(answer.json()["next"], Value::Null);
        }
    }
}
