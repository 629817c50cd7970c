//! The programs whose sockets are listened to: the server, and what it is compared with.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::crowd::SocketTarget;
use super::stage::Keys;
use crate::child::{HEALTH, Serving, this_program};
use crate::error::BenchError;
use crate::fixture::Fixture;
use crate::footprint::{Memory, processor_time};
use crate::load::Processes;
use crate::location::DatabaseLocation;

/// A running program and where its sockets are.
#[derive(Debug)]
pub(super) struct Program {
    serving: Serving,
    pid: u32,
    /// Where sockets listen.
    pub target: SocketTarget,
}

impl Program {
    /// Starts the server for those who listen, with settings besides where its database is.
    ///
    /// # Errors
    /// It doesn't come up.
    pub(super) async fn server(
        binary: &Path,
        location: &DatabaseLocation,
        keys: &Keys,
        settings: &[String],
        scratch: &Path,
    ) -> Result<Self, BenchError> {
        let mut arguments = ["serve", "--listen", "127.0.0.1:0"].map(str::to_owned).to_vec();
        arguments.extend(location.arguments());
        arguments.extend_from_slice(settings);
        let log = scratch.join("server.log");
        let mut serving = Serving::start(binary, &arguments, &location.variables(), &log).await?;
        serving.await_ready(HEALTH).await?;
        Self::of(serving, Arc::clone(keys))
    }

    /// Starts the program that only writes.
    ///
    /// # Errors
    /// It doesn't come up.
    pub(super) async fn broadcast(frame: &[u8], sockets: usize, scratch: &Path) -> Result<Self, BenchError> {
        let file = scratch.join("frame");
        std::fs::write(&file, frame).map_err(|source| BenchError::io("writing the frame", source))?;
        let sockets = sockets.to_string();
        let arguments =
            ["broadcast", "--sockets", &sockets, "--frame", &file.to_string_lossy()].map(str::to_owned);
        let log = scratch.join("broadcast.log");
        let serving = Serving::start(&this_program()?, &arguments, &[], &log).await?;
        Self::of(serving, Arc::new([String::new()]))
    }

    fn of(serving: Serving, keys: Keys) -> Result<Self, BenchError> {
        let pid = serving.pid().ok_or_else(|| BenchError::Request("the program has ended".to_owned()))?;
        let address = serving.address()?;
        Ok(Self { serving, pid, target: SocketTarget { address, keys } })
    }

    /// Where it answers, without a slash at its end.
    pub(super) fn url(&self) -> &str {
        &self.serving.url
    }

    /// Its process, and those of the database behind it.
    pub(super) fn processes(&self, fixture: &Fixture) -> Processes {
        Processes { program: self.pid, database: fixture.family }
    }

    /// The processor time that it has taken so far.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn processor_time(&self) -> Result<Duration, BenchError> {
        processor_time(self.pid)
    }

    /// The memory that is resident, in bytes.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn resident(&self) -> Result<u64, BenchError> {
        Ok(Memory::of(self.pid)?.resident)
    }

    /// Ends it.
    ///
    /// # Errors
    /// It doesn't end well.
    pub(super) async fn stop(self) -> Result<(), BenchError> {
        self.serving.stop().await
    }
}
