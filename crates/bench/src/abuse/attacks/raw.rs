//! Requests as bytes on a connection, for what no well-behaved client does.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::abuse::network::{Origin, connect};
use crate::abuse::tally::Tally;

/// How long a client whose answer is an error waits before it asks again.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at whether something has come.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The beginning of an answer: up to its status (RFC 9112, section 4).
const STATUS_LINE: usize = "HTTP/1.1 200".len();

/// A request without a body.
pub(super) fn get(path: &str, key: Option<&str>, further: &str) -> String {
    let key = key.map(|key| format!("X-API-Key: {key}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{key}{further}\r\n")
}

/// Sends a request again and again until an answer to it begins, and then holds the connection without reading.
pub(super) async fn ask_and_hold(from: Origin, to: SocketAddr, request: String, tally: Tally) {
    loop {
        match ask(from, to, &request).await {
            Ok((stream, status)) if status < 400 => {
                tally.count(status);
                hold(&stream).await;
                tally.count("reset by the server");
            }
            Ok((_, status)) => tally.count(status),
            Err(_) => tally.count("refused or closed"),
        }
        sleep(REFUSED_PAUSE).await;
    }
}

/// Sends a request; the connection, and the status of the answer, of which nothing has been read.
async fn ask(from: Origin, to: SocketAddr, request: &str) -> io::Result<(TcpStream, u16)> {
    let mut stream = connect(from, to).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut begun = [0; STATUS_LINE];
    loop {
        match stream.peek(&mut begun).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            STATUS_LINE => break,
            _ => sleep(POLL_INTERVAL).await,
        }
    }
    let status = std::str::from_utf8(&begun[STATUS_LINE - 3..]).ok().and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok((stream, status))
}

/// Waits until the connection is reset.
async fn hold(stream: &TcpStream) {
    while matches!(stream.take_error(), Ok(None)) {
        sleep(REFUSED_PAUSE).await;
    }
}

/// Reads until the other end closes the connection.
pub(super) async fn read_to_end(stream: &mut (impl AsyncReadExt + Unpin)) {
    let mut bytes = [0; 4 << 10];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}
