//! An address that stays that of one server, however often that is killed.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::net::TcpSocket;

use super::{Server, program};

/// An address, and the server there.
pub(crate) struct Seat {
    address: String,
    /// Holds the port while the server is down: nobody else is given it, and who connects is rejected. The server can
    /// take it nevertheless, since both say that they share it and this one never listens.
    _port: TcpSocket,
    /// What tells the program to use its data, and how.
    arguments: Vec<OsString>,
    /// Where the program's log goes, if not to that of the test.
    log: Option<PathBuf>,
    running: Option<Server>,
}

impl Seat {
    /// Takes a free port of this machine.
    pub(crate) fn reserve(arguments: Vec<OsString>) -> Self {
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseaddr(true).unwrap();
        port.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = port.local_addr().unwrap().to_string();
        Self { address, _port: port, arguments, log: None, running: None }
    }

    /// The same, with the program's log at the end of this file.
    pub(crate) fn logging_to(self, path: PathBuf) -> Self {
        Self { log: Some(path), ..self }
    }

    /// The address and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Where the API is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// The server, which runs.
    pub(crate) const fn server(&self) -> &Server {
        self.running.as_ref().expect("it runs")
    }

    /// Starts the server, which is down.
    ///
    /// # Panics
    /// The program ends before it listens.
    pub(crate) async fn start(&mut self) {
        assert!(self.try_start().await, "the program ended before it listened");
    }

    /// The same; whether the program listens.
    pub(crate) async fn try_start(&mut self) -> bool {
        let mut command = program();
        let file = |path| Stdio::from(File::options().append(true).create(true).open(path).unwrap());
        command.stderr(self.log.as_ref().map_or_else(Stdio::inherit, file));
        command.args(["serve", "--listen", &self.address, "--password-cost", "10"]).args(&self.arguments);
        self.running = Server::try_spawn(command).await;
        self.running.is_some()
    }

    /// Ends the server as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.running.take().unwrap().kill().await;
    }

    /// Ends the server cleanly.
    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().stop().await;
    }
}
