//! The opening of a WebSocket (RFC 6455, section 4), from both ends, over plain TCP.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::error::LiveError;

/// Where the server has its WebSocket.
const PATH: &str = "/api/events/socket";
/// The example of RFC 6455, section 1.3. Only browsers need another one each time.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What proves that the other end has understood that key.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Request and answer are no longer than this.
const LONGEST_HEAD: usize = 16 << 10;

/// Connects and asks for a WebSocket, with the API key of a user. Returns the connection, and what has already come on
/// it behind the answer.
///
/// # Errors
/// There is no connection, or the answer is another one.
pub(super) async fn connect(address: SocketAddr, api_key: &str) -> Result<(TcpStream, Vec<u8>), LiveError> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nX-API-Key: {api_key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let (head, behind) = read_head(&mut stream).await?;
    if head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT) {
        Ok((stream, behind))
    } else {
        let body = String::from_utf8_lossy(&behind);
        Err(LiveError::Refused(format!("{} {body}", head.lines().next().unwrap_or_default())))
    }
}

/// Takes a request of [`connect`] for granted and answers it.
///
/// # Errors
/// The connection fails.
pub(super) async fn accept(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    read_head(stream).await?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await
}

/// Everything up to the empty line, and what came behind it.
async fn read_head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(1 << 10);
    while bytes.len() < LONGEST_HEAD {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let behind = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), behind));
        }
    }
    Err(io::Error::other("the head of a request or an answer has no end"))
}
