//! Sockets that begin with the past and are never read.

use serde::Deserialize;
use tokio::task::JoinSet;

use super::raw::{ask_and_hold, get};
use super::scene::Scene;
use crate::abuse::network::{Origin, reader};
use crate::error::BenchError;

/// Sockets of the one user.
const SOCKETS: usize = 100;
/// From how many networks they come.
const NETWORKS: usize = 10;
/// What a client sends to open a WebSocket (RFC 6455, section 4.1).
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[derive(Deserialize)]
struct Poll {
    cursor: String,
}

/// Open sockets at the beginning of the log and don't read them.
pub(super) async fn launch(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    let key = scene.stage.hostile[0].key.reveal();
    let poll = reader(Origin::OPERATOR)?.get(format!("{}/api/events", scene.url)).header("X-API-Key", key);
    let answer = poll.send().await?.error_for_status()?.bytes().await?;
    let now: Poll =
        serde_json::from_slice(&answer).map_err(|error| BenchError::Request(error.to_string()))?;
    let request = get(&format!("/api/events/socket?cursor={}", beginning(&now.cursor)), Some(key), UPGRADE);
    for number in 0..SOCKETS {
        let from = Origin::hostile(number % NETWORKS);
        hostile.spawn(ask_and_hold(from, scene.address, request.clone(), scene.tally.clone()));
    }
    Ok(())
}

/// The cursor of the same log before its first event. A client could have had it from the start.
fn beginning(cursor: &str) -> String {
    format!("{}-0", cursor.split('-').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_of_the_same_log() {
        assert_eq!(beginning("0badc0de-4711"), "0badc0de-0");
    }
}
