//! What a connection may cost the server, byte by byte over real sockets.

use std::fs::File;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::harness::{DEADLINE, Data, Server, data, serve, started_by};

const GET: &str = "GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n";
const CHUNKED: &str = "Host: x\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A server that gives clients a second where it gives them more otherwise.
async fn impatient(data: &Data) -> Server {
    let mut command = serve(data);
    command.args(["--http-head-timeout", "1", "--http-keep-alive", "1", "--http-write-timeout", "1"]);
    Server::spawn(command).await
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// Everything until the server closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut rest = String::new();
    let read = timeout(DEADLINE, stream.read_to_string(&mut rest)).await;
    read.expect("the connection is closed").expect("in good order");
    rest
}

async fn exchange(server: &Server, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = connect(server).await;
    stream.write_all(bytes.as_ref()).await.unwrap();
    rest(stream).await
}

/// The statuses of all answers.
fn statuses(answers: &str) -> Vec<&str> {
    let lines = answers.split("HTTP/1.").skip(1).filter_map(|line| line.get(2..5));
    lines.filter(|status| status.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

#[tokio::test]
async fn every_head_has_a_deadline() {
    let data = data();
    let server = impatient(&data).await;
    for (sent, expected) in [
        ("G".to_owned(), vec!["408"]),
        (format!("{GET}G"), vec!["200", "408"]),
        (format!("{GET}{GET}{}", &GET[..GET.len() - 1]), vec!["200", "200", "408"]),
        // Nothing of a head: no word about it.
        (String::new(), vec![]),
        (GET.to_owned(), vec!["200"]),
    ] {
        let begun = Instant::now();
        let answers = exchange(&server, &sent).await;
        assert_eq!(statuses(&answers), expected, "{sent:?} {answers}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{sent:?}");
        assert!(!answers.contains("408") || answers.contains("\"request_timeout\""), "{answers}");
    }
    // A byte now and then is no progress.
    let mut stream = connect(&server).await;
    let begun = Instant::now();
    for byte in GET.bytes().cycle() {
        if stream.write_all(&[byte]).await.is_err() || begun.elapsed() > DEADLINE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "it is given up");
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_not_swallowed_for_ever() {
    let data = data();
    let server = Server::start(&data).await;
    let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
    for (line, status) in [
        ("POST /api/groups HTTP/1.1", "401"),
        ("POST /api/nowhere HTTP/1.1", "404"),
        ("GET /api/version HTTP/1.1", "200"),
    ] {
        let mut stream = connect(&server).await;
        stream.write_all(format!("{line}\r\n{CHUNKED}").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer[9..], status.as_bytes(), "{line}");
        let mut sent = 0;
        let begun = Instant::now();
        while stream.write_all(&chunk).await.is_ok() {
            sent += chunk.len();
            // The buffers of the system take some of it.
            assert!(sent < 64 << 20, "{line}");
        }
        assert!(begun.elapsed() < DEADLINE);
    }
    // One that stops during its body is given up too.
    let stalled = exchange(&server, format!("POST /api/groups HTTP/1.1\r\n{CHUNKED}4\r\nab")).await;
    assert_eq!(statuses(&stalled), ["401"]);
    server.stop().await;
}

#[tokio::test]
async fn a_small_body_that_nobody_reads_costs_no_connection() {
    let data = data();
    let server = Server::start(&data).await;
    let mut stream = connect(&server).await;
    for body in
        [format!("{CHUNKED}2\r\n{{}}\r\n0\r\n\r\n"), "Host: x\r\nContent-Length: 2\r\n\r\n{}".to_owned()]
    {
        let request = format!("POST /api/groups HTTP/1.1\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 4096];
        let length = timeout(DEADLINE, stream.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with("HTTP/1.1 401 ") && !answer.contains("connection: close"), "{answer}");
    }
    stream.write_all(GET.replace("Host", "Connection: close\r\nHost").as_bytes()).await.unwrap();
    assert_eq!(statuses(&rest(stream).await), ["200"]);
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_nobody_takes_holds_no_connection() {
    let data = data();
    let server = impatient(&data).await;
    let address: SocketAddr = server.address().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    // More than the system takes for a client that reads nothing.
    let asked = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(40);
    let begun = Instant::now();
    let closed = async {
        // Without reading, the end shows as an error of writing.
        while stream.write_all(asked.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, closed).await.expect("the client is given up");
    assert!(begun.elapsed() < Duration::from_secs(20));
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_done_after_the_last_request() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let body = r#"{"name": "Team"}"#;
    let create = |version: &str, header: &str| {
        format!(
            "POST /api/groups HTTP/{version}\r\nHost: x\r\nX-API-Key: {}\r\n{header}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            admin.key(),
            body.len()
        )
    };
    let last = GET.replace("Host", "Connection: close\r\nHost");
    for last in [last, "GET /api/version HTTP/1.0\r\n\r\n".to_owned()] {
        let answers = exchange(&server, [last, create("1.1", "")].concat()).await;
        assert_eq!(statuses(&answers), ["200"], "{answers}");
    }
    let groups = admin.get("/groups").await.expect(StatusCode::OK);
    assert_eq!(groups["items"].as_array().unwrap().len(), 0, "{groups}");
    // Whoever keeps the connection is served in turn.
    let two = [create("1.0", "Connection: keep-alive\r\n"), create("1.1", "Connection: close\r\n")].concat();
    let answers = exchange(&server, two).await;
    assert_eq!(statuses(&answers), ["201", "409"], "{answers}");
    server.stop().await;
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let mut stream = connect(&server).await;
    let ask = format!("GET /api/events/stream HTTP/1.0\r\nX-API-Key: {}\r\n\r\n", admin.key());
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut begun = String::new();
    while !begun.contains("hello") {
        let mut part = [0; 1024];
        let length = timeout(DEADLINE, stream.read(&mut part)).await.unwrap().unwrap();
        assert_ne!(length, 0, "{begun}");
        begun.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
    let (head, body) = begun.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    assert!(body.starts_with("retry: "), "{body}");
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn a_websocket_of_another_version_is_told_which_one_is_spoken() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    for version in ["Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 13, 8\r\n", ""] {
        let ask = format!(
            "GET /api/events/socket HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nConnection: upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{version}\r\n",
            admin.key()
        );
        let answer = exchange(&server, ask).await;
        assert_eq!(statuses(&answer), ["426"], "{answer}");
        assert!(answer.contains("\r\nsec-websocket-version: 13\r\n"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_writes_no_line() {
    let data = data();
    let file = data.path().join("log");
    let mut command = serve(&data);
    command.env("GROUPCHAT_LOG_FILTER", "info").stderr(File::create(&file).unwrap());
    let server = Server::spawn(command).await;
    exchange(&server, GET.replace("Host", "Connection: close\r\nHost")).await;
    let before = std::fs::read_to_string(&file).unwrap().lines().count();
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"\0\0\0\0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\nContent-Length: 1\r\n\r\nx",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET {} HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let answer = exchange(&server, bytes).await;
        assert_eq!(statuses(&answer), ["400"], "{answer}");
        assert!(
            answer.contains("application/problem+json") && answer.contains("\"bad_request\""),
            "{answer}"
        );
    }
    let long = format!("GET /?{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(40_000));
    assert_eq!(statuses(&exchange(&server, long).await), ["431"]);
    // A body that is no body is no more.
    let broken = exchange(&server, format!("POST /api/login HTTP/1.1\r\n{CHUNKED}nonsense\r\n")).await;
    assert!(statuses(&broken).len() <= 1, "{broken}");
    server.stop().await;
    let log = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = log.lines().skip(before).collect();
    assert!(!lines.iter().any(|line| line.contains("ERROR") || line.contains("WARN")), "{lines:#?}");
    assert!(lines.iter().filter(|line| line.contains("access")).count() <= 2, "{lines:#?}");
}

/// A connection from an address of this machine.
async fn connect_from(source: &str, server: &Server) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    socket.connect(server.address().parse().unwrap()).await.unwrap()
}

/// Asks for the version and keeps the connection; what comes first of the answer.
async fn ask(stream: &mut TcpStream) -> String {
    // Who is rejected may be so before it has asked.
    let _ = stream.write_all(GET.as_bytes()).await;
    let mut answer = vec![0; 4096];
    let length = timeout(DEADLINE, stream.read(&mut answer)).await.unwrap().unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_never_keeps_others_out_however_few_files_there_are() {
    let data = data();
    let plain = serve(&data);
    let mut command = started_by("sh");
    command.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\""]);
    command.arg(plain.as_std().get_program()).args(plain.as_std().get_args());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let server = Server::spawn(command).await;
    let (mut held, mut refused) = (Vec::new(), 0);
    for _ in 0..300 {
        let mut stream = connect_from("127.0.0.1", &server).await;
        let answer = ask(&mut stream).await;
        if answer.starts_with("HTTP/1.1 200 ") {
            // The first byte of another head.
            stream.write_all(b"G").await.unwrap();
            held.push(stream);
        } else {
            refused += 1;
            assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
            assert!(answer.contains("retry-after: ") && answer.contains("connection: close"), "{answer}");
        }
    }
    assert!(held.len() > 50 && refused > 50, "{} and {refused}", held.len());
    for other in ["127.0.0.2", "127.0.0.3"] {
        let mut stream = connect_from(other, &server).await;
        let answer = ask(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    // The database has files left.
    drop(held.split_off(held.len() / 2));
    let admin = server.admin().await;
    admin.create_group("Lobby").await;
    server.stop().await;
}

#[tokio::test]
async fn a_trusted_proxy_may_have_all_connections_and_no_more() {
    let data = data();
    let mut command = serve(&data);
    command.args(["--http-connections", "16", "--trusted-proxies", "127.0.0.0/8"]);
    let server = Server::spawn(command).await;
    let mut held = Vec::new();
    for number in 0..20 {
        let mut stream = connect(&server).await;
        let answer = ask(&mut stream).await;
        assert_eq!(statuses(&answer), [if number < 16 { "200" } else { "503" }], "{number}: {answer}");
        held.push(stream);
    }
    drop(held);
    let begun = Instant::now();
    loop {
        let answer = ask(&mut connect(&server).await).await;
        if answer.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the places come back");
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_for_events_have_no_deadline_of_requests() {
    let data = data();
    let server = impatient(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let ask = format!("GET /api/events/stream HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", admin.key());
    let mut stream = connect(&server).await;
    stream.write_all(ask.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    admin.post(&format!("/groups/{group}/messages"), serde_json::json!({"text": "still there"})).await;
    let mut told = String::new();
    while !told.contains("still there") {
        let mut part = [0; 4096];
        let length = timeout(DEADLINE, stream.read(&mut part)).await.unwrap().unwrap();
        assert_ne!(length, 0, "{told}");
        told.push_str(&String::from_utf8_lossy(&part[..length]));
    }
    server.stop().await;
}
