//! Where an attack takes place, and at what pace.

use std::net::SocketAddr;
use std::time::Duration;

use crate::abuse::server::Server;
use crate::abuse::stage::Stage;
use crate::abuse::tally::Tally;

/// How long a hostile client waits after it was rejected. Whoever asks again at once takes the processor that all
/// clients share, and it would be that which is measured.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// Where an attack takes place.
#[derive(Debug)]
pub(crate) struct Scene {
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
    pub(crate) fn new(server: &Server, stage: Stage) -> Self {
        Self { address: server.address, url: server.url().to_owned(), stage, tally: Tally::default() }
    }
}
