//! The servers, which keep their addresses however often they are killed.

use crate::database::DataLocation;
use crate::harness::{Seat, Server, program};

/// Servers on one database.
pub(crate) struct Servers {
    place: DataLocation,
    seats: Vec<Seat>,
}

impl Servers {
    /// Starts as many. The first start makes the first admin.
    pub(crate) async fn start(place: DataLocation, count: usize) -> Self {
        // So that cursors also come by heartbeats.
        let heartbeat = ["--events-heartbeat".into(), "1".into()];
        let arguments = || heartbeat.iter().cloned().chain(place.arguments()).collect();
        let seats = (0..count).map(|_| Seat::reserve(arguments())).collect();
        let mut servers = Self { place, seats };
        for nth in 0..count {
            servers.start_one(nth).await;
        }
        servers
    }

    /// Where their APIs are.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.seats.iter().map(Seat::url).collect()
    }

    /// The first server, which runs.
    pub(crate) fn first(&self) -> &Server {
        self.seats[0].server()
    }

    /// How many there are, running or not.
    pub(crate) fn count(&self) -> usize {
        self.seats.len()
    }

    /// Ends one as a power cut would.
    pub(crate) async fn kill(&mut self, nth: usize) {
        self.seats[nth].kill().await;
    }

    /// Ends one cleanly.
    pub(crate) async fn stop(&mut self, nth: usize) {
        self.seats[nth].stop().await;
    }

    /// Starts one that is down.
    pub(crate) async fn start_one(&mut self, nth: usize) {
        self.seats[nth].start().await;
    }

    /// Fails unless `groupchat check` finds nothing, beside the servers at work.
    pub(crate) async fn check(&self) {
        let mut command = program();
        command.args(["check", "--json"]).args(self.place.arguments());
        let output = command.output().await.unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Ends all cleanly.
    pub(crate) async fn stop_all(mut self) -> DataLocation {
        for nth in 0..self.count() {
            self.stop(nth).await;
        }
        self.place
    }
}
