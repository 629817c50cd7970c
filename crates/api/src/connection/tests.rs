use std::collections::VecDeque;

use actix_http::h1::Codec;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};

use super::fuzzing::read_by_actix;
use super::limiter::ConnectionLimiter;
use super::stream::{GuardedStream, MAX_BODY_CHUNK};
use super::*;

mod upstream;

/// A timeout that a test doesn't examine.
const NEVER: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(100);
const TIMEOUTS: ConnectionTimeouts =
    ConnectionTimeouts { head: NEVER, keep_alive: NEVER, drain: NEVER, write: NEVER };

fn connection(buffer: usize) -> (GuardedStream<DuplexStream>, DuplexStream) {
    connection_with(TIMEOUTS, buffer)
}

/// A connection and its client.
fn connection_with(
    timeouts: ConnectionTimeouts,
    buffer: usize,
) -> (GuardedStream<DuplexStream>, DuplexStream) {
    let (server, client) = duplex(buffer);
    (GuardedStream::new(server, timeouts, None), client)
}

/// Waits for the end of the connection, which must come after `SOON` and not long after.
async fn ends_soon(connection: &mut GuardedStream<DuplexStream>) {
    let began = Instant::now();
    let read = timeout(Duration::from_secs(20), connection.read(&mut [0; 10])).await;
    assert_eq!(read.expect("it ends").unwrap(), 0);
    assert!(began.elapsed() >= SOON / 2, "{:?}", began.elapsed());
}

/// Everything that is passed on by now, or `None` at the end.
async fn passed(connection: &mut GuardedStream<DuplexStream>) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let read = tokio::select! {
            biased;
            read = connection.read(&mut buffer) => read.unwrap(),
            () = std::future::ready(()) => return Some(all),
        };
        match read {
            0 => return if all.is_empty() { None } else { Some(all) },
            length => all.extend_from_slice(&buffer[..length]),
        }
    }
}

/// Responds as the dispatcher does: reads the body to its end, then flushes everything.
async fn respond(connection: &mut GuardedStream<DuplexStream>) {
    connection.exchange().end();
    connection.flush().await.unwrap();
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn a_head_is_passed_on_when_complete_and_next_in_turn() {
    let (mut connection, mut client) = connection(1 << 20);
    client.write_all(&GET[..10]).await.unwrap();
    assert_eq!(passed(&mut connection).await.unwrap(), b"");
    client.write_all(&GET[10..]).await.unwrap();
    client.write_all(&GET.repeat(2)).await.unwrap();
    for _ in 0..3 {
        assert_eq!(passed(&mut connection).await.unwrap(), GET);
        assert_eq!(passed(&mut connection).await.unwrap(), b"", "there is no response yet");
        respond(&mut connection).await;
    }
}

#[tokio::test]
async fn nothing_is_passed_on_after_the_last_request() {
    let (mut connection, mut client) = connection(1 << 20);
    let last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client.write_all(&[last.as_slice(), GET].concat()).await.unwrap();
    assert_eq!(passed(&mut connection).await.unwrap(), last);
    assert_eq!(passed(&mut connection).await.unwrap(), b"");
    respond(&mut connection).await;
    assert_eq!(passed(&mut connection).await, None);
}

/// Ends the connection and returns what the client got.
async fn told(mut connection: GuardedStream<DuplexStream>, mut client: DuplexStream) -> String {
    let reading = tokio::spawn(async move {
        let mut told = String::new();
        client.read_to_string(&mut told).await.unwrap();
        told
    });
    connection.shutdown().await.unwrap();
    drop(connection);
    reading.await.unwrap()
}

#[tokio::test]
async fn a_head_that_does_not_end_in_time_is_rejected() {
    for earlier in [0, 1] {
        let (mut connection, mut client) =
            connection_with(ConnectionTimeouts { head: SOON, ..TIMEOUTS }, 1 << 20);
        for _ in 0..earlier {
            client.write_all(GET).await.unwrap();
            passed(&mut connection).await.unwrap();
            respond(&mut connection).await;
        }
        client.write_all(b"G").await.unwrap();
        assert_eq!(passed(&mut connection).await.unwrap(), b"");
        // One more byte doesn't extend the deadline.
        sleep(SOON / 2).await;
        client.write_all(b"E").await.unwrap();
        let began = Instant::now();
        assert_eq!(connection.read(&mut [0; 10]).await.unwrap(), 0);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert!(told(connection, client).await.starts_with("HTTP/1.1 408 "), "{earlier}");
    }
}

#[tokio::test]
async fn a_connection_without_a_request_ends_without_a_response() {
    for (timeouts, is_first) in [
        (ConnectionTimeouts { head: SOON, ..TIMEOUTS }, true),
        (ConnectionTimeouts { keep_alive: SOON, ..TIMEOUTS }, false),
    ] {
        let (mut connection, mut client) = connection_with(timeouts, 1 << 20);
        if !is_first {
            client.write_all(GET).await.unwrap();
            passed(&mut connection).await.unwrap();
            respond(&mut connection).await;
        }
        ends_soon(&mut connection).await;
        assert_eq!(told(connection, client).await, "");
    }
}

#[tokio::test]
async fn a_handler_has_no_deadline() {
    let short = ConnectionTimeouts { head: SOON, keep_alive: SOON, drain: SOON, write: SOON };
    let (mut connection, mut client) = connection_with(short, 1 << 20);
    client.write_all(GET).await.unwrap();
    assert_eq!(passed(&mut connection).await.unwrap(), GET);
    assert!(timeout(3 * SOON, connection.read(&mut [0; 10])).await.is_err());
}

const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn an_unread_body_is_discarded_within_limits() {
    // A body that ends in time is discarded, and the connection continues.
    let timeouts = ConnectionTimeouts { drain: SOON, ..TIMEOUTS };
    let (mut connection, mut client) = connection_with(timeouts, 1 << 20);
    client.write_all(CHUNKED).await.unwrap();
    passed(&mut connection).await.unwrap();
    respond(&mut connection).await;
    client.write_all(b"1\r\na\r\n0\r\n\r\n").await.unwrap();
    client.write_all(GET).await.unwrap();
    assert_eq!(passed(&mut connection).await.unwrap(), [b"1\r\na\r\n0\r\n\r\n", GET].concat());
    respond(&mut connection).await;
    // The connection of a body that stalls is closed.
    client.write_all(CHUNKED).await.unwrap();
    passed(&mut connection).await.unwrap();
    respond(&mut connection).await;
    ends_soon(&mut connection).await;
}

#[tokio::test]
async fn an_endless_body_is_passed_on_up_to_the_limit() {
    for responds_first in [true, false] {
        let (mut connection, mut client) = connection(4 << 20);
        client.write_all(CHUNKED).await.unwrap();
        passed(&mut connection).await.unwrap();
        if responds_first {
            respond(&mut connection).await;
        }
        let chunk = [b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat();
        client.write_all(&chunk.repeat(512)).await.unwrap();
        let body = passed(&mut connection).await.unwrap();
        assert_eq!(body.len() as u64, MAX_BODY_CHUNK);
        respond(&mut connection).await;
        assert_eq!(passed(&mut connection).await, None);
    }
}

#[tokio::test]
async fn an_incomplete_head_counts_until_it_is_complete() {
    let limiter = ConnectionLimiter::new(1_000, 1_000, Vec::new());
    let permit = || limiter.admit("192.0.2.1".parse().unwrap()).unwrap();
    let head = [b"GET / HTTP/1.1\r\nHost: x\r\nCookie: ".as_slice(), &[b'x'; 30_000]].concat();
    let mut waiting = Vec::new();
    let said = loop {
        let (server, mut client) = duplex(1 << 20);
        let mut connection = GuardedStream::new(server, TIMEOUTS, Some(permit()));
        client.write_all(&head).await.unwrap();
        if passed(&mut connection).await.is_none() {
            break told(connection, client).await;
        }
        waiting.push((connection, client));
    };
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    assert!((30..100).contains(&waiting.len()), "{}", waiting.len());
    let (mut connection, mut client) = waiting.pop().unwrap();
    client.write_all(b"\r\n\r\n").await.unwrap();
    assert!(passed(&mut connection).await.unwrap().ends_with(b"\r\n\r\n"));
    let (server, mut client) = duplex(1 << 20);
    let mut next = GuardedStream::new(server, TIMEOUTS, Some(permit()));
    client.write_all(&head).await.unwrap();
    assert_eq!(passed(&mut next).await.unwrap(), b"", "there is room again");
}

/// Writes to a client that reads this many bytes every 10 ms.
async fn write_to(client_takes: usize) -> std::io::Result<()> {
    let timeouts = ConnectionTimeouts { write: SOON, ..TIMEOUTS };
    let (mut connection, mut client) = connection_with(timeouts, 4_000);
    client.write_all(GET).await.unwrap();
    passed(&mut connection).await.unwrap();
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; client_takes];
        loop {
            sleep(Duration::from_millis(10)).await;
            if client_takes > 0 && client.read(&mut buffer).await.is_err() {
                break;
            }
        }
    });
    // In pieces, as a large response is written.
    let writing = async {
        for _ in 0..100 {
            connection.write_all(&[b'x'; 4_000]).await?;
            connection.flush().await?;
        }
        Ok(())
    };
    let written = timeout(Duration::from_secs(20), writing).await;
    reading.abort();
    written.expect("it ends")
}

#[tokio::test]
async fn a_response_must_be_read_at_a_minimum_rate() {
    // The last rate is a tenth of the minimum rate.
    for too_little in [0, 1, 64] {
        let failed = write_to(too_little).await.unwrap_err();
        assert_eq!(failed.kind(), std::io::ErrorKind::TimedOut, "{too_little}");
    }
    write_to(4_000).await.unwrap();
}

const LINES: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "POST /a?b HTTP/1.1\r\n",
    "\r\nGET / HTTP/1.0\r\n",
    "POST / HTTP/1.0\r\n",
    "CONNECT x:1 HTTP/1.1\r\n",
];

const FIELDS: &[&str] = &[
    "Host: x\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 03\r\n",
    "Content-Length:  3 \t\r\n",
    "content-length: 0\r\n",
    "Content-Length: +3\r\n",
    "Content-Length: 3,3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding:chunked \r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: x, chunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Upgrade: websocket\r\n",
    "Upgrade: h2c\r\n",
    "X: a\r\n b\r\n",
    "X : a\r\n",
    "X: \u{e9}\r\n",
    "X: a\rb\r\n",
    "X: a\n",
];

const BODIES: &[&str] = &[
    "abc",
    "\r\n",
    "\n",
    "3\r\nabc\r\n",
    "3;x=y\r\nabc\r\n",
    "3 \r\nabc\r\n",
    "3\nabc\r\n",
    "0\r\n\r\n",
    "0\r\n\r\n",
    "0\r\nX: y\r\n\r\n",
    "00\r\n\r\n",
];

/// A request with a small error, or with none.
fn request() -> impl Strategy<Value = String> {
    use proptest::collection::vec;
    use proptest::sample::select;
    let fields = vec(select(FIELDS), 0..3);
    let bodies = vec(select(BODIES), 0..4);
    (select(LINES), fields, bodies).prop_map(|(line, fields, bodies)| {
        let (fields, body) = (fields.concat(), bodies.concat());
        format!("{line}Host: x\r\n{fields}\r\n{body}")
    })
}

proptest! {
    /// Whatever arrives, in whatever pieces: what is passed on between two responses must be exactly one request for
    /// actix-http, to the byte.
    #[test]
    fn the_parser_behind_sees_the_same_requests(
        requests in proptest::collection::vec(request(), 1..5),
        cuts in proptest::collection::vec(1..40_usize, 1..40),
    ) {
        let text = requests.concat().into_bytes();
        // actix-http's codecs need a service configuration.
        let runtime = actix_web::rt::Runtime::new().unwrap();
        runtime.block_on(async {
            let (mut connection, mut client) = connection(1 << 16);
            let mut parts = VecDeque::new();
            let mut rest = text.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (part, after) = rest.split_at(usize::min(*cut, rest.len()));
                parts.push_back(part);
                rest = after;
            }
            for _ in 0..32 {
                let mut request = Vec::new();
                let mut ended = false;
                // All bytes that are passed on for one request.
                loop {
                    match passed(&mut connection).await {
                        Some(some) => request.extend(some),
                        None => { ended = true; break; }
                    }
                    let Some(part) = parts.pop_front() else { break };
                    client.write_all(part).await.unwrap();
                }
                if let Some(some) = if ended { None } else { passed(&mut connection).await } {
                    request.extend(some);
                }
                if request.is_empty() {
                    break;
                }
                let mut codec = Codec::default();
                let read = read_by_actix(&mut codec, &request);
                prop_assert_eq!(read, Ok((1, 0)), "{:?}", String::from_utf8_lossy(&request));
                respond(&mut connection).await;
            }
            Ok(())
        })?;
    }
}
