//! The hostile clients. Each is a task that goes on until it is aborted, which also closes its connections; each is
//! bounded in how much it asks for, and pauses after it was rejected.

mod connections;
mod logins;
mod raw;
mod readers;
mod scene;
mod searches;
mod sockets;
mod writes;

use tokio::task::JoinSet;

pub(super) use scene::Scene;

use super::args::Scenario;
use crate::error::BenchError;

/// Starts the hostile clients of a scenario.
///
/// # Errors
/// What they need to know can't be asked for.
pub(super) async fn launch(
    scenario: Scenario,
    scene: &Scene,
    hostile: &mut JoinSet<()>,
) -> Result<(), BenchError> {
    match scenario {
        Scenario::UnreadAnswers => readers::pages_unread(scene, 1, hostile),
        Scenario::UnreadAnswersOfMany => readers::pages_unread(scene, scene.stage.hostile.len(), hostile),
        Scenario::FastReaders => readers::pages_read(scene, hostile)?,
        Scenario::Assets => readers::assets_unread(scene, hostile).await?,
        Scenario::Searches => searches::launch(scene, hostile)?,
        Scenario::WrongLogins => logins::wrong(scene, hostile)?,
        Scenario::OneUserLogins => logins::one_user(scene, hostile)?,
        Scenario::SlowHeads => connections::slow_heads(scene, hostile),
        Scenario::EndlessBodies => connections::endless_bodies(scene, hostile),
        Scenario::ManyConnections => connections::many(scene, hostile),
        Scenario::FloodOfWrites => writes::launch(scene, hostile)?,
        Scenario::UnreadSockets => sockets::launch(scene, hostile).await?,
        Scenario::Lockout => logins::guesses(scene, hostile)?,
    }
    Ok(())
}
