//! Those who sign in, or try to.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::scene::{PAUSE, Scene};
use crate::abuse::network::{Origin, reader};
use crate::error::BenchError;
use crate::seed::PASSWORD;

/// Strangers who try, each from a network of their own.
const STRANGERS: usize = 90;
/// Logins of the user who signs in over and over, at a time.
const OVER_AND_OVER: usize = 8;
/// Networks of those who guess, and how many guesses are in flight from each.
const GUESSING: usize = 20;
const GUESSES: usize = 8;

/// Try passwords of people there are, and of people there are not.
pub(super) fn wrong(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    let people = &scene.stage.bystanders;
    for number in 0..STRANGERS {
        let name = match number % 3 {
            0 => people[number / 3 % people.len()].username.clone(),
            _ => format!("nobody-{number}"),
        };
        let login = json!({"username": name, "password": "not the password"});
        hostile.spawn(sign_in_forever(scene, Origin::hostile(number), login)?);
    }
    Ok(())
}

/// One user signs in with the right password.
pub(super) fn one_user(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    for _ in 0..OVER_AND_OVER {
        let login = json!({"username": scene.stage.hostile[0].username, "password": PASSWORD});
        hostile.spawn(sign_in_forever(scene, Origin::hostile(0), login)?);
    }
    Ok(())
}

/// Guess at the password of the one who signs in meanwhile.
pub(super) fn guesses(scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
    for number in 0..GUESSING * GUESSES {
        let guess = format!("guess number {number}");
        let login = json!({"username": scene.stage.bystanders[0].username, "password": guess});
        hostile.spawn(sign_in_forever(scene, Origin::hostile(number % GUESSING), login)?);
    }
    Ok(())
}

fn sign_in_forever(
    scene: &Scene,
    from: Origin,
    login: Value,
) -> Result<impl Future<Output = ()> + use<>, BenchError> {
    let request = reader(from)?.post(format!("{}/api/login", scene.url)).json(&login);
    let tally = scene.tally.clone();
    Ok(async move {
        while let Some(request) = request.try_clone() {
            match request.send().await {
                Ok(answer) => tally.count(answer.status().as_u16()),
                Err(_) => tally.count("refused or closed"),
            }
            sleep(PAUSE).await;
        }
    })
}
