//! The programs under load, as child processes.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::error::BenchError;

/// Answered with a 2xx once the server is up.
pub(crate) const HEALTH: &str = "/api/health";
/// How long a program may take to serve, or to end when it is asked to.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Between two looks at a program that starts. Also the precision of start-up times.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// How much of a failed program's output is shown, in bytes.
const SHOWN_OUTPUT: usize = 4_000;

/// The server's program: the one that is named, or the one beside this.
///
/// # Errors
/// Where this program is can't be told.
pub(crate) fn server_binary(named: Option<&Path>) -> Result<PathBuf, BenchError> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => Ok(this_program()?.with_file_name("groupchat")),
    }
}

/// This program's file.
///
/// # Errors
/// The system doesn't tell.
pub(crate) fn this_program() -> Result<PathBuf, BenchError> {
    std::env::current_exe().map_err(|source| BenchError::io("finding this program", source))
}

/// A program that serves HTTP, ended with this value.
#[derive(Debug)]
pub(crate) struct Serving {
    child: Child,
    program: PathBuf,
    log: PathBuf,
    /// The address, without a slash at its end.
    pub url: String,
    /// When it was started.
    started: Instant,
}

impl Serving {
    /// Starts a program, with variables besides those of this one, and waits until it has printed its address. What
    /// it writes goes to the file `log`.
    ///
    /// # Errors
    /// It can't be started, or it ends or stays silent.
    pub(crate) async fn start(
        program: &Path,
        arguments: &[String],
        variables: &[(&str, &str)],
        log: &Path,
    ) -> Result<Self, BenchError> {
        let doing = || format!("starting {}", program.display());
        let output = File::create(log).map_err(|source| BenchError::io(doing(), source))?;
        let errors = output.try_clone().map_err(|source| BenchError::io(doing(), source))?;
        let started = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| BenchError::io(doing(), source))?;
        let (program, log) = (program.to_owned(), log.to_owned());
        let mut serving = Self { child, program, log, url: String::new(), started };
        serving.url = serving.await_url().await?;
        Ok(serving)
    }

    async fn await_url(&mut self) -> Result<String, BenchError> {
        while self.started.elapsed() < TIMEOUT && matches!(self.child.try_wait(), Ok(None)) {
            if let Some(url) = find_url(&self.output()) {
                return Ok(url);
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(self.not_serving())
    }

    /// Waits until `path` is answered by a 2xx; says how long that was after the start.
    ///
    /// # Errors
    /// It never is.
    pub(crate) async fn await_ready(&mut self, path: &str) -> Result<Duration, BenchError> {
        let client = Client::builder().no_proxy().build()?;
        let url = format!("{}{path}", self.url);
        while self.started.elapsed() < TIMEOUT && matches!(self.child.try_wait(), Ok(None)) {
            let answer = client.get(&url).send().await;
            if answer.is_ok_and(|response| response.status().is_success()) {
                return Ok(self.started.elapsed());
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(self.not_serving())
    }

    /// The address as address and port.
    ///
    /// # Errors
    /// It names a host.
    pub(crate) fn address(&self) -> Result<SocketAddr, BenchError> {
        let address = self.url.strip_prefix("http://").and_then(|address| address.parse().ok());
        address.ok_or_else(|| BenchError::Request(format!("{} is no address and port", self.url)))
    }

    /// The process's id, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks the program to end, as a service supervisor would, and waits for it.
    ///
    /// # Errors
    /// It does not, or not with exit code 0.
    pub(crate) async fn stop(mut self) -> Result<(), BenchError> {
        let Some(pid) = self.pid() else { return Err(self.not_serving()) };
        // By the command, since the standard library can only kill.
        let asked = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await;
        asked.map_err(|source| BenchError::io("running kill", source))?;
        match timeout(TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            ended => {
                let doing = format!("ending {} ({ended:?})", self.program.display());
                Err(BenchError::io(doing, std::io::Error::other(self.output())))
            }
        }
    }

    fn output(&self) -> String {
        let output = std::fs::read(&self.log).unwrap_or_default();
        let shown = output.len().saturating_sub(SHOWN_OUTPUT);
        String::from_utf8_lossy(&output[shown..]).into_owned()
    }

    fn not_serving(&self) -> BenchError {
        BenchError::NotServing { program: self.program.clone(), output: self.output() }
    }
}

/// The first address of the form `http://HOST:PORT` in a program's output.
fn find_url(output: &str) -> Option<String> {
    let start = output.find("http://")?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '[' | ']');
    let host_start = start + "http://".len();
    let host = &output[host_start..];
    // Without something after it, the number may not be written to its end.
    let length = host.find(|c| !is_part(c))?;
    host[..length].contains(':').then(|| output[start..host_start + length].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_a_program_prints() {
        let output = "first start\nSwagger page: http://127.0.0.1:4711/api/docs/\n";
        assert_eq!(find_url(output).as_deref(), Some("http://127.0.0.1:4711"));
        assert_eq!(find_url("\"http://[::1]:80\"").as_deref(), Some("http://[::1]:80"));
    }

    #[test]
    fn an_address_that_is_not_written_to_its_end_is_not_taken() {
        assert_eq!(find_url("listening on http://127.0.0.1:47"), None);
        assert_eq!(find_url("listening"), None);
    }
}
