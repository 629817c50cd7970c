//! How much memory an idle socket takes, and whether it stays so.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;

use super::crowd::Crowd;
use super::error::LiveError;
use super::program::Program;
use super::stage::Keys;
use crate::error::BenchError;
use crate::location::DatabaseLocation;
use crate::output;

/// How long the server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);
/// Bytes of a kibibyte.
const KIBIBYTE: f64 = 1024.0;

/// How idle sockets are watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdleWatch {
    /// How many of them.
    pub sockets: usize,
    /// Seconds between two signs of life on each of them.
    pub heartbeat: u64,
    /// For how many signs of life.
    pub heartbeats: u32,
}

/// The memory of a server with idle sockets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Idle {
    /// How many.
    pub sockets: usize,
    /// Seconds between two signs of life on each of them.
    pub heartbeat: u64,
    /// Resident memory without the sockets, in bytes.
    pub without: u64,
    /// Resident memory with them, in bytes: once after each sign of life.
    pub with: Vec<u64>,
}

impl IdleWatch {
    /// Starts a server, opens the sockets and watches.
    ///
    /// # Errors
    /// A socket failed, or got too few signs of life.
    pub(super) async fn keep(
        self,
        binary: &Path,
        location: &DatabaseLocation,
        keys: &Keys,
        scratch: &Path,
    ) -> Result<Idle, BenchError> {
        let settings = ["--events-heartbeat".to_owned(), self.heartbeat.to_string()];
        let server = Program::server(binary, location, keys, &settings, scratch).await?;
        sleep(REST).await;
        let without = server.resident()?;
        let mut crowd = Crowd::open(&server.target, self.sockets, false).await?;
        crowd.rest().await?;
        let with = self.read(&server, &mut crowd).await?;
        drop(crowd);
        server.stop().await?;
        Ok(Idle { sockets: self.sockets, heartbeat: self.heartbeat, without, with })
    }

    /// The resident memory after each sign of life.
    async fn read(self, server: &Program, crowd: &mut Crowd) -> Result<Vec<u64>, BenchError> {
        let heard = crowd.tally.heard().heartbeats;
        let mut resident = Vec::with_capacity(self.heartbeats as usize);
        let bar = output::progress(u64::from(self.heartbeats), "heartbeats");
        for _ in 0..self.heartbeats {
            sleep(Duration::from_secs(self.heartbeat)).await;
            crowd.all_open()?;
            resident.push(server.resident()?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let got = crowd.tally.heard().heartbeats - heard;
        // A server that is busy may be late by one.
        let least = (u64::from(self.heartbeats) - 1) * self.sockets as u64;
        if got < least { Err(LiveError::FewHeartbeats { got, least }.into()) } else { Ok(resident) }
    }
}

impl Idle {
    /// The most memory a socket took at any time, in kibibytes.
    pub(super) fn most(&self) -> f64 {
        self.of_a_socket(self.with.iter().copied().max().unwrap_or(self.without), self.without)
    }

    /// How much more a socket took at the end than after half of the time, in kibibytes.
    pub(super) fn risen(&self) -> f64 {
        let (middle, end) = (self.with.get(self.with.len() / 2), self.with.last());
        middle.zip(end).map_or(0.0, |(&middle, &end)| self.of_a_socket(end, middle))
    }

    fn of_a_socket(&self, with: u64, without: u64) -> f64 {
        (with as f64 - without as f64) / self.sockets as f64 / KIBIBYTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_that_of_one_socket() {
        let idle = Idle {
            sockets: 4,
            heartbeat: 1,
            without: 10 << 10,
            with: [18, 58, 50, 54].map(|kib| kib << 10).into(),
        };
        assert_eq!((idle.most(), idle.risen()), (12.0, 1.0));
        let shrunk = Idle { with: [18, 16, 14].map(|kib| kib << 10).into(), ..idle };
        assert_eq!((shrunk.most(), shrunk.risen()), (2.0, -0.5));
    }
}
