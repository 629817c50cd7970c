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

use super::args::AttackScenario;
use crate::error::BenchError;

/// Starts the hostile clients of a scenario.
///
/// # Errors
/// What they need to know can't be asked for.
pub(super) async fn launch(
    scenario: AttackScenario,
    scene: &Scene,
    hostile: &mut JoinSet<()>,
) -> Result<(), BenchError> {
    match scenario {
        AttackScenario::UnreadAnswers => readers::pages_unread(scene, 1, hostile),
        AttackScenario::UnreadAnswersOfMany => {
            readers::pages_unread(scene, scene.stage.hostile.len(), hostile)
        }
        AttackScenario::FastReaders => readers::pages_read(scene, hostile)?,
        AttackScenario::Assets => readers::assets_unread(scene, hostile).await?,
        AttackScenario::Searches => searches::launch(scene, hostile)?,
        AttackScenario::WrongLogins => logins::wrong(scene, hostile)?,
        AttackScenario::OneUserLogins => logins::one_user(scene, hostile)?,
        AttackScenario::SlowHeads => connections::slow_heads(scene, hostile),
        AttackScenario::EndlessBodies => connections::endless_bodies(scene, hostile),
        AttackScenario::ManyConnections => connections::many(scene, hostile),
        AttackScenario::FloodOfWrites => writes::launch(scene, hostile)?,
        AttackScenario::UnreadSockets => sockets::launch(scene, hostile).await?,
        AttackScenario::Lockout => logins::guesses(scene, hostile)?,
    }
    Ok(())
}
