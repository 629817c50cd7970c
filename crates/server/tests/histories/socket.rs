//! Sends messages by requests on a socket.

use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error};

use crate::client::failed;
use crate::harness::Answer;
use crate::history::{Call, Outcome};

/// The id of the only request on the connection.
const ID: u64 = 1;

/// Sends a message on a new connection. Returns what REST would respond with, or the outcome if there was no reply.
///
/// # Panics
/// The call is not a send.
pub(crate) async fn send(url: &str, key: &str, call: &Call) -> Result<Answer, Outcome> {
    let Call::Send { group, client_id, text } = call else { unreachable!("only sends go over sockets") };
    let base = url.strip_prefix("http://").unwrap();
    let (address, _) = base.split_once('/').unwrap();
    let stream = TcpStream::connect(address).await.map_err(|_| failed(0, "not_connected"))?;
    let uri = format!("ws://{base}/events/socket").parse().unwrap();
    let handshake = ClientRequestBuilder::new(uri).with_header("X-API-Key", key);
    // Before the frame is sent, nothing is done.
    let (mut socket, _) = client_async(handshake, stream).await.map_err(|error| match error {
        Error::Http(response) => failed(response.status().as_u16(), "no_handshake"),
        _ => failed(0, "no_handshake"),
    })?;
    let request = json!({"id": ID, "type": "send", "group_id": group, "client_id": client_id, "text": text});
    let unknown = |error: Error| Outcome::Unknown(error.to_string());
    socket.send(Message::text(request.to_string())).await.map_err(unknown)?;
    while let Some(frame) = socket.next().await {
        let Message::Text(text) = frame.map_err(unknown)? else { continue };
        let told: Value = serde_json::from_str(&text).unwrap();
        if told["id"] == json!(ID) {
            return Ok(answer(&told));
        }
    }
    Err(Outcome::Unknown("the connection ended".to_owned()))
}

/// The reply as a response over REST.
fn answer(told: &Value) -> Answer {
    if told["type"] == "reply" {
        return Answer { status: StatusCode::OK, body: told["data"].clone() };
    }
    let error = &told["error"];
    let status = u16::try_from(error["status"].as_u64().unwrap()).unwrap();
    Answer { status: StatusCode::from_u16(status).unwrap(), body: error.clone() }
}
