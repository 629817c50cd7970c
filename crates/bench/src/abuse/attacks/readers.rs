//! Those who ask for more than they read, and those who read as fast as they can.

use reqwest::StatusCode;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::raw::{ask_and_hold, get};
use super::scene::{PAUSE, Scene};
use crate::abuse::network::{Origin, reader};
use crate::error::BenchError;

/// Those who don't read.
const UNREAD: usize = 1_000;
/// From how many networks they come.
const NETWORKS: usize = 10;
/// Those who do read.
const FAST: usize = 100;
/// Where the Swagger page names its scripts.
const SWAGGER_PAGE: &str = "/api/docs/";

/// The largest page there is.
fn largest_page(scene: &Scene) -> String {
    format!("/api/groups/{}/messages?limit=200", scene.stage.loud)
}

/// Ask for the largest page and don't read it, as so many users.
pub(super) fn pages_unread(scene: &Scene, users: usize, hostile: &mut JoinSet<()>) {
    let page = largest_page(scene);
    for number in 0..UNREAD {
        let key = scene.stage.hostile[number % users].key.reveal();
        let request = get(&page, Some(key), "");
        let from = Origin::hostile(number % NETWORKS);
        hostile.spawn(ask_and_hold(from, scene.address, request, scene.tally.clone()));
    }
}

/// Ask for the largest page and read it, as one user.
pub(super) fn pages_read(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    let page = format!("{}{}", scene.url, largest_page(scene));
    let key = scene.stage.hostile[0].key.reveal();
    for number in 0..FAST {
        let request = reader(Origin::hostile(number % NETWORKS))?.get(&page).header("X-API-Key", key);
        let tally = scene.tally.clone();
        hostile.spawn(async move {
            while let Some(request) = request.try_clone() {
                match read(request).await {
                    Ok((status, bytes)) => {
                        tally.count(status.as_u16());
                        tally.add("bytes read", bytes);
                        if status.is_success() {
                            continue;
                        }
                    }
                    Err(_) => tally.count("refused or closed"),
                }
                sleep(PAUSE).await;
            }
        });
    }
    Ok(())
}

/// Reads an answer piece by piece, keeping none.
async fn read(request: reqwest::RequestBuilder) -> Result<(StatusCode, u64), reqwest::Error> {
    let mut answer = request.send().await?;
    let mut bytes = 0;
    while let Some(piece) = answer.chunk().await? {
        bytes += piece.len() as u64;
    }
    Ok((answer.status(), bytes))
}

/// Ask for the largest script without a key and don't read it, half of them compressed.
pub(super) async fn assets_unread(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    let page = reader(Origin::OPERATOR)?.get(format!("{}{SWAGGER_PAGE}", scene.url)).send().await?;
    let page = page.error_for_status()?.text().await?;
    let script = find_script(&page)
        .ok_or_else(|| BenchError::Request(format!("{SWAGGER_PAGE} names no bundle of scripts")))?;
    for number in 0..UNREAD {
        let accept = if number.is_multiple_of(2) { "" } else { "Accept-Encoding: gzip\r\n" };
        let from = Origin::hostile(number % NETWORKS);
        hostile.spawn(ask_and_hold(from, scene.address, get(&script, None, accept), scene.tally.clone()));
    }
    Ok(())
}

/// The path of the bundle that a page names.
fn find_script(page: &str) -> Option<String> {
    let bundle = page.split('"').find(|part| part.contains("swagger-ui-bundle") && part.ends_with(".js"))?;
    let is_absolute = bundle.starts_with('/');
    Some(if is_absolute {
        bundle.to_owned()
    } else {
        format!("{SWAGGER_PAGE}{}", bundle.trim_start_matches("./"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_found_wherever_it_is() {
        let of =
            |source: &str| find_script(&format!("<link href=\"a.css\"><script src=\"{source}\" charset"));
        assert_eq!(of("./swagger-ui-bundle.js").as_deref(), Some("/api/docs/swagger-ui-bundle.js"));
        assert_eq!(of("swagger-ui-bundle.4f.js").as_deref(), Some("/api/docs/swagger-ui-bundle.4f.js"));
        assert_eq!(of("/assets/swagger-ui-bundle.js").as_deref(), Some("/assets/swagger-ui-bundle.js"));
        assert_eq!(of("other.js"), None);
    }
}
