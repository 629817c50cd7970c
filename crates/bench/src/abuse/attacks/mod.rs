//! The hostile clients. Each is a task that goes on until it is aborted, which also closes its connections; each is
//! bounded in how much it asks for, and pauses after it was refused.

mod connections;
mod logins;
mod raw;
mod readers;
mod searches;
mod sockets;
mod writes;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;

use super::args::Scenario;
use super::server::Server;
use super::stage::Stage;
use super::tally::Tally;
use crate::error::BenchError;

/// How long a hostile client waits after it was refused. Whoever asks again at once takes the processor that all clients
/// share, and it would be that which is measured.
const PAUSE: Duration = Duration::from_millis(20);

/// Where an attack takes place.
#[derive(Debug)]
pub struct Scene {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The same as a URL, without a slash at its end.
    pub url: String,
    /// Who is there.
    pub stage: Stage,
    /// What the hostile clients met.
    pub tally: Tally,
}

impl Scene {
    /// Of a server that runs.
    pub fn new(server: &Server, stage: Stage) -> Self {
        Self { address: server.address, url: server.url().to_owned(), stage, tally: Tally::default() }
    }
}

/// Starts the hostile clients of a scenario.
///
/// # Errors
/// What they need to know can't be asked for.
pub async fn launch(scenario: Scenario, scene: &Scene, hostile: &mut JoinSet<()>) -> Result<(), BenchError> {
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
