//! Connections that never come to their end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::raw::{get, read_to_end};
use super::scene::{PAUSE, Scene};
use crate::abuse::network::{Origin, connect};
use crate::abuse::tally::Tally;
use crate::child::HEALTH;

/// Connections whose next head never comes to its end, and from how many networks they come.
const SLOW: usize = 200;
const NETWORKS: usize = 10;
/// Between two bytes of a head.
const BYTE_EVERY: Duration = Duration::from_secs(1);
/// Connections from one address.
const MANY: usize = 300;
/// After which time one that was rejected comes again.
const AGAIN: Duration = Duration::from_secs(1);
/// Bytes of a chunk of a body, and the most of one body.
const CHUNK: usize = 64 << 10;
const LONGEST_BODY: u64 = 1 << 30;
/// Where no body is read: without a key, without a route, without a use for it.
const NOT_READ: [&str; 4] =
    ["POST /api/groups", "POST /api/nothing/here", "GET /api/health", "DELETE /api/sessions/1"];

/// Get an answer and then begin a head: every other one sends nothing more than its first byte, the others one byte a
/// second.
pub(super) fn slow_heads(scene: &Scene, hostile: &mut JoinSet<()>) {
    for number in 0..SLOW {
        let (to, tally) = (scene.address, scene.tally.clone());
        let trickles = !number.is_multiple_of(2);
        hostile.spawn(async move {
            match begin_head(Origin::hostile(number % NETWORKS), to).await {
                Ok(stream) => {
                    tally.count(Tally::OPENED);
                    until_closed(stream, trickles).await;
                    tally.count(Tally::CLOSED);
                }
                Err(_) => tally.count("refused"),
            }
        });
    }
}

/// Gets one answer, and sends the first byte of the next head.
async fn begin_head(from: Origin, to: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = connect(from, to).await?;
    stream.write_all(get(HEALTH, None, "").as_bytes()).await?;
    // As much of the answer as comes at once is enough to know that the server has dealt with the request.
    let mut answer = [0; 1 << 10];
    if stream.read(&mut answer).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    stream.write_all(b"G").await?;
    Ok(stream)
}

/// Waits until the server closes the connection, sending bytes of a head meanwhile or not.
async fn until_closed(stream: TcpStream, trickles: bool) {
    let (mut reads, mut writes) = split(stream);
    let trickle = async {
        if !trickles {
            std::future::pending::<()>().await;
        }
        loop {
            sleep(BYTE_EVERY).await;
            if writes.write_all(b"E").await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = read_to_end(&mut reads) => {}
        () = trickle => {}
    }
}

/// Open connections, get one answer on each, and leave them there; come again when they are closed.
pub(super) fn many(scene: &Scene, hostile: &mut JoinSet<()>) {
    for _ in 0..MANY {
        let (to, tally) = (scene.address, scene.tally.clone());
        hostile.spawn(async move {
            loop {
                // Where files run short, an answer may never come.
                match timeout(AGAIN * 5, begin_head(Origin::hostile(0), to)).await {
                    Ok(Ok(stream)) => {
                        tally.count(Tally::OPENED);
                        until_closed(stream, false).await;
                        tally.count(Tally::CLOSED);
                    }
                    Ok(Err(_)) => tally.count("refused"),
                    Err(_) => tally.count("left waiting"),
                }
                sleep(AGAIN).await;
            }
        });
    }
}

/// Send bodies without an end to where none is read.
pub(super) fn endless_bodies(scene: &Scene, hostile: &mut JoinSet<()>) {
    for (number, request) in NOT_READ.into_iter().enumerate() {
        let (to, tally) = (scene.address, scene.tally.clone());
        hostile.spawn(async move {
            loop {
                // An error is the end of the connection, which is what the server should make of it.
                let _ = send_body(Origin::hostile(number), to, request, &tally).await;
                tally.count(Tally::CLOSED);
                sleep(PAUSE).await;
            }
        });
    }
}

async fn send_body(from: Origin, to: SocketAddr, request: &str, tally: &Tally) -> io::Result<()> {
    let (mut reads, mut writes) = split(connect(from, to).await?);
    tally.count(Tally::OPENED);
    let head = format!("{request} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    writes.write_all(head.as_bytes()).await?;
    let chunk = [format!("{CHUNK:x}\r\n").as_bytes(), &[b'x'; CHUNK], b"\r\n"].concat();
    let send = async {
        let mut sent = 0;
        while sent < LONGEST_BODY {
            writes.write_all(&chunk).await?;
            sent += CHUNK as u64;
            tally.most(Tally::MOST_BYTES, sent);
            tally.add("bytes of all bodies", CHUNK as u64);
        }
        Ok(())
    };
    tokio::select! {
        sent = send => sent,
        // The answers are read, so that nothing waits for that.
        () = read_to_end(&mut reads) => Ok(()),
    }
}
