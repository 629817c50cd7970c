//! One user who writes at full speed.

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::scene::{PAUSE, Scene};
use crate::abuse::network::{Origin, reader};
use crate::abuse::stage::largest_text;
use crate::error::BenchError;

/// Connections of the user.
const CONNECTIONS: usize = 16;

/// Sends the largest messages.
pub(super) fn launch(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    let url = format!("{}/api/groups/{}/messages", scene.url, scene.stage.loud);
    let key = scene.stage.hostile[0].key.reveal();
    let body = json!({"text": largest_text()}).to_string();
    for _ in 0..CONNECTIONS {
        let request = reader(Origin::hostile(0))?
            .post(&url)
            .header("X-API-Key", key)
            .header("Content-Type", "application/json")
            .body(body.clone());
        let tally = scene.tally.clone();
        hostile.spawn(async move {
            while let Some(request) = request.try_clone() {
                match request.send().await {
                    Ok(answer) if answer.status().is_success() => {
                        tally.count(answer.status().as_u16());
                        // To its end, for the connection to be used again.
                        let _ = answer.bytes().await;
                        continue;
                    }
                    Ok(answer) => tally.count(answer.status().as_u16()),
                    Err(_) => tally.count("refused or closed"),
                }
                sleep(PAUSE).await;
            }
        });
    }
    Ok(())
}
