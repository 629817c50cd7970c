//! The servers, which keep their addresses however often they are killed.

use std::process::Stdio;

use tokio::net::TcpSocket;

use crate::database::DataLocation;
use crate::harness::{Server, program};

/// Servers on one database.
pub(crate) struct Servers {
    place: DataLocation,
    seats: Vec<Seat>,
}

/// An address, and the server there.
struct Seat {
    address: String,
    /// Holds the port while the server is down: nobody else is given it, and who connects is rejected. The server can
    /// take it nevertheless, since both say that they share it and this one never listens.
    _port: TcpSocket,
    running: Option<Server>,
}

impl Servers {
    /// Starts as many. The first start makes the first admin.
    pub(crate) async fn start(place: DataLocation, count: usize) -> Self {
        let seats = (0..count).map(|_| Seat::reserve()).collect();
        let mut servers = Self { place, seats };
        for nth in 0..count {
            servers.start_one(nth).await;
        }
        servers
    }

    /// Where their APIs are.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.seats.iter().map(|seat| format!("http://{}/api", seat.address)).collect()
    }

    /// The first server, which runs.
    pub(crate) fn first(&self) -> &Server {
        self.seats[0].running.as_ref().unwrap()
    }

    /// How many there are, running or not.
    pub(crate) fn count(&self) -> usize {
        self.seats.len()
    }

    /// Ends one as a power cut would.
    pub(crate) async fn kill(&mut self, nth: usize) {
        self.seats[nth].running.take().unwrap().kill().await;
    }

    /// Ends one cleanly.
    pub(crate) async fn stop(&mut self, nth: usize) {
        self.seats[nth].running.take().unwrap().stop().await;
    }

    /// Starts one that is down.
    pub(crate) async fn start_one(&mut self, nth: usize) {
        let mut command = program();
        command.stderr(Stdio::inherit());
        command.args(["serve", "--listen", &self.seats[nth].address, "--password-cost", "10"]);
        // So that cursors also come by heartbeats.
        command.args(["--events-heartbeat", "1"]).args(self.place.arguments());
        self.seats[nth].running = Some(Server::spawn(command).await);
    }

    /// Ends all cleanly.
    pub(crate) async fn stop_all(mut self) -> DataLocation {
        for nth in 0..self.count() {
            self.stop(nth).await;
        }
        self.place
    }
}

impl Seat {
    fn reserve() -> Self {
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseaddr(true).unwrap();
        port.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = port.local_addr().unwrap().to_string();
        Self { address, _port: port, running: None }
    }
}
