//! The server under attack.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use tokio::time::timeout;

use super::network::{Origin, reader};
use crate::child::{HEALTH, Serving};
use crate::error::BenchError;
use crate::location::DatabaseLocation;

/// How long a server may take after an attack to say that it is well, and to end.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What the operating system allows a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessLimits {
    /// Address space in KiB (`ulimit -v`).
    pub address_space_kib: u64,
    /// Open files (`ulimit -n`); those of this program where there is no number.
    pub files: Option<u64>,
}

impl ProcessLimits {
    /// The arguments of `sh` that start a program under these limits. The shell becomes the program, so that the
    /// process is that of the server.
    fn shell_arguments(self) -> [String; 3] {
        let files = self.files.map(|files| format!("ulimit -n {files} && ")).unwrap_or_default();
        let script = format!("{files}ulimit -v {} && exec \"$@\"", self.address_space_kib);
        ["-c".to_owned(), script, "sh".to_owned()]
    }
}

/// A server that is to be attacked.
#[derive(Debug)]
pub(super) struct Server {
    serving: Serving,
    operator: Client,
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts the program under limits.
    ///
    /// # Errors
    /// It doesn't come up.
    pub(super) async fn start(
        binary: &Path,
        data_dir: &Path,
        limits: ProcessLimits,
        scratch: &Path,
    ) -> Result<Self, BenchError> {
        let location = DatabaseLocation::Directory(data_dir.to_owned());
        let mut arguments = limits.shell_arguments().to_vec();
        arguments.push(binary.to_string_lossy().into_owned());
        arguments.extend(["serve", "--listen", "127.0.0.1:0"].map(str::to_owned));
        arguments.extend(location.arguments());
        let log = scratch.join("server.log");
        let mut serving = Serving::start(Path::new("sh"), &arguments, &location.variables(), &log).await?;
        serving.await_ready(HEALTH).await?;
        let pid = serving.pid().ok_or_else(|| BenchError::Request("the server has ended".to_owned()))?;
        let address = serving.address()?;
        Ok(Self { serving, operator: reader(Origin::OPERATOR)?, pid, address })
    }

    /// Where it answers, without a slash at its end.
    pub(super) fn url(&self) -> &str {
        &self.serving.url
    }

    /// Whether it still runs and says that it is well.
    pub(super) async fn is_serving(&self) -> bool {
        let answer = self.operator.get(format!("{}{HEALTH}", self.url())).timeout(TIMEOUT).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Ends it, however it is.
    pub(super) async fn end(self) {
        // What became of it is in the report already. One that takes longer is killed.
        let _ = timeout(TIMEOUT, self.serving.stop()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_runs_under_its_limits() {
        let limits = ProcessLimits { address_space_kib: 1_000_000, files: Some(64) };
        let mut arguments = limits.shell_arguments().to_vec();
        arguments.extend(["sh", "-c", "ulimit -v; ulimit -n"].map(str::to_owned));
        let output = Command::new("sh").args(arguments).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "1000000\n64\n");
    }
}
