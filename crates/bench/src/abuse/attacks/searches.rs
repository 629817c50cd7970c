//! Searches that are as dear as can be.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::scene::{PAUSE, Scene};
use crate::abuse::network::{Origin, reader};
use crate::abuse::stage::dear_searches;
use crate::error::BenchError;

/// How many at a time.
const AT_A_TIME: usize = 8;
/// After which time every other one hangs up and asks again.
const HANG_UP: Duration = Duration::from_millis(500);
/// After which time the others do.
const LOSE_PATIENCE: Duration = Duration::from_secs(30);

/// One user searches.
pub(super) fn launch(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    let key = scene.stage.hostile[0].key.reveal();
    let searches = dear_searches().map(|search| format!("{}/api/groups?q={}", scene.url, encode(&search)));
    for number in 0..AT_A_TIME {
        let patience = if number.is_multiple_of(2) { LOSE_PATIENCE } else { HANG_UP };
        let url = &searches[number / 2 % searches.len()];
        let request = reader(Origin::hostile(0))?.get(url).header("X-API-Key", key).timeout(patience);
        let tally = scene.tally.clone();
        hostile.spawn(async move {
            while let Some(request) = request.try_clone() {
                match request.send().await {
                    Ok(answer) => tally.count(answer.status().as_u16()),
                    Err(error) if error.is_timeout() => tally.count("hung up"),
                    Err(_) => tally.count("refused or closed"),
                }
                sleep(PAUSE).await;
            }
        });
    }
    Ok(())
}

/// Any text as a part of a URL (RFC 3986, section 2.1).
fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
