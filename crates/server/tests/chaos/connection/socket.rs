//! A WebSocket.

use futures_util::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, Join, Take, join};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Arrival, Door, check};

/// The bytes that come in are counted.
type Line = Join<Take<OwnedReadHalf>, OwnedWriteHalf>;

/// A WebSocket on a line that breaks.
pub(crate) struct Socket(Box<WebSocketStream<Line>>);

impl Socket {
    /// Opens one; `None` if the server is not there, or stops.
    pub(crate) async fn open(door: Door<'_>) -> Option<Self> {
        let base = door.url.strip_prefix("http://").unwrap();
        let (address, _) = base.split_once('/').unwrap();
        let (reader, writer) = TcpStream::connect(address).await.ok()?.into_split();
        let bytes = u64::try_from(door.bytes).unwrap();
        let query = door.cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
        let uri = format!("ws://{base}/events/socket{query}").parse().unwrap();
        let request = ClientRequestBuilder::new(uri).with_header("X-API-Key", door.key);
        match client_async(request, join(reader.take(bytes), writer)).await {
            Ok((stream, _)) => Some(Self(Box::new(stream))),
            Err(Error::Http(answer)) => {
                check(answer.status().as_u16());
                None
            }
            Err(_) => None,
        }
    }

    /// What comes next; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Arrival> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => {
                    let event: Value = serde_json::from_str(&text).unwrap();
                    let cursor = event["cursor"].as_str().map(str::to_owned);
                    return Some(Arrival { event, cursor });
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Closes it, as the protocol wants it.
    pub(crate) async fn close(mut self) {
        // The server may be gone by now.
        let _ = self.0.close(None).await;
    }
}
