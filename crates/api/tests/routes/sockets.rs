//! What only a real connection shows: bodies without a length, HEAD, and what is hardly HTTP.

use crate::harness::{Client, Listening, Server};

fn head(client: &Client, line: &str, headers: &str) -> Vec<u8> {
    let key = client.key();
    format!("{line} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{headers}Connection: close\r\n\r\n")
        .into_bytes()
}

const JSON: &str = "Content-Type: application/json\r\n";

fn chunked(chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in chunks {
        body.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        body.extend(chunk);
        body.extend(b"\r\n");
    }
    body.extend(b"0\r\n\r\n");
    body
}

#[actix_web::test]
async fn a_chunked_body_is_taken_up_to_the_limit() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let start = || head(&ann, "POST /api/groups", &format!("{JSON}Transfer-Encoding: chunked\r\n"));
    let small = chunked([b"{\"name\":".to_vec(), b" \"Team\"}".to_vec()]);
    let answers = listening.exchange([start(), small].concat()).await;
    assert_eq!(answers[0].status, 201, "{answers:?}");
    for count in [257, 1_000] {
        let large = chunked((0..count).map(|_| vec![b' '; 1024]));
        let answers = listening.exchange([start(), large].concat()).await;
        assert_eq!((answers[0].status, answers[0].problem()), (413, "payload_too_large".to_owned()));
    }
    listening.stop().await;
}

#[actix_web::test]
async fn a_declared_length_over_the_limit_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    for length in ["262145", "99999999999"] {
        let request = head(&ann, "POST /api/groups", &format!("{JSON}Content-Length: {length}\r\n"));
        let answers = listening.exchange(request).await;
        assert_eq!((answers[0].status, answers[0].problem()), (413, "payload_too_large".to_owned()));
    }
    listening.stop().await;
}

#[actix_web::test]
async fn an_answer_to_head_has_a_length_and_no_body() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    for (path, status) in [
        ("/api/users/me", 200),
        ("/api/groups/7", 404),
        ("/api/logout", 405),
        ("/api/docs/", 200),
        ("/nope", 404),
    ] {
        let answers = listening.exchange(head(&ann, &format!("HEAD {path}"), "")).await;
        assert_eq!((answers.len(), answers[0].status), (1, status), "{answers:?}");
        assert_eq!(answers[0].body, b"", "{path}");
        let length: usize = answers[0].header("content-length").unwrap().parse().unwrap();
        assert!(length > 0, "{path}");
    }
    listening.stop().await;
}

#[actix_web::test]
async fn a_204_has_neither_body_nor_length() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let answers = listening.exchange(head(&ann, "DELETE /api/sessions", "")).await;
    assert_eq!((answers.len(), answers[0].status, answers[0].body.len()), (1, 204, 0), "{answers:?}");
    assert_eq!((answers[0].header("content-length"), answers[0].header("transfer-encoding")), (None, None));
    listening.stop().await;
}

#[actix_web::test]
async fn a_connection_goes_on_after_a_refusal() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let key = ann.key();
    let refused = format!(
        "POST /api/groups HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
    );
    let answers =
        listening.exchange([refused.into_bytes(), head(&ann, "GET /api/users/me", "")].concat()).await;
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [415, 200]);
    listening.stop().await;
}

#[actix_web::test]
async fn a_path_in_any_bytes_is_answered_with_a_problem() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    for (path, status) in [
        ("/api/groups/%", 400),
        ("/api/groups/%zz", 400),
        ("/api/groups/%ff%fe", 400),
        ("/api/groups/1;x=1", 400),
        ("/api/groups/..%2f..%2fetc%2fpasswd", 400),
        ("//api/users", 404),
        ("/api/./users", 404),
        ("/api/users/../groups", 404),
    ] {
        let answers = listening.exchange(head(&ann, &format!("GET {path}"), "")).await;
        assert_eq!(answers[0].status, status, "{path}");
        answers[0].problem();
    }
    listening.stop().await;
}

#[actix_web::test]
async fn what_is_no_http_closes_the_connection_and_no_more() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let long = format!("GET /api/groups?q={} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(300_000)).into_bytes();
    let no_host = b"GET /api/version HTTP/1.1\r\n\r\n".to_vec();
    let raw_path = b"GET /api/groups/\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
    for bytes in [
        b"nonsense\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_vec(),
        long,
        no_host,
        raw_path,
    ] {
        for answer in listening.exchange(bytes).await {
            assert!((400..500).contains(&answer.status), "{answer:?}");
            answer.problem();
        }
    }
    let answers = listening.exchange(head(&ann, "GET /api/users/me", "")).await;
    assert_eq!(answers[0].status, 200);
    listening.stop().await;
}
