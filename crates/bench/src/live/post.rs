//! Sending messages to a group.

use std::sync::Arc;

use reqwest::Client;

use super::program::Program;
use crate::error::BenchError;
use crate::fixture::Fixture;
use crate::load::{Workload, client};
use crate::requests::workload;
use crate::scenario::Route;
use crate::turn::Turn;

/// Sends messages. Clones share their connections.
#[derive(Clone)]
pub(super) struct Poster {
    client: Client,
    requests: Arc<Workload>,
}

impl Poster {
    /// For the groups and users of a fixture, over so many connections.
    ///
    /// # Errors
    /// An address or a key that can't be put into a request.
    pub(super) fn new(server: &Program, fixture: &Fixture, connections: usize) -> Result<Self, BenchError> {
        let requests = Arc::new(workload(Route::Send, server.url(), fixture)?);
        Ok(Self { client: client(connections)?, requests })
    }

    /// Sends one message and waits for the 201.
    ///
    /// # Errors
    /// It is not sent.
    pub(super) async fn post(&self, turn: Turn) -> Result<(), BenchError> {
        let response = self.client.execute(self.requests.request(turn)).await?;
        response.error_for_status()?.bytes().await?;
        self.requests.acknowledge(turn);
        Ok(())
    }
}
