//! What is done to servers, to their connections, and to the database.

use std::sync::Arc;
use std::time::Duration;

use groupchat_testing::{Dice, Proxy};
#[cfg(feature = "postgres")]
use tokio::time::Instant;
use tokio::time::sleep;

use crate::harness::Seat;
use crate::world::World;

/// What writing sessions of servers say when they begin, and what they say when they commit.
#[cfg(feature = "postgres")]
const COMMIT_OF_A_WRITER: (&str, &str) = ("groupchat write", "COMMIT");

/// How the request begins that sends a message.
const SEND: &str = "POST /api/groups/";

/// A server, and its way to the database.
pub(crate) struct Target {
    pub nth: usize,
    pub seat: Seat,
    #[cfg(feature = "postgres")]
    pub database: Option<Proxy>,
}

/// What is done to a server.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// `kill -9`, and a start.
    Kill,
    /// A clean restart.
    Restart,
    /// SIGSTOP, and SIGCONT after longer than heartbeats and polls.
    Stop,
    /// What is done to its connections to the database.
    #[cfg(feature = "postgres")]
    Connections(Interference),
}

/// What is done to the connections of a server to the database.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone, Copy)]
enum Interference {
    /// All are cut.
    Cut,
    /// All are cut, and new ones rejected for a while.
    Refuse,
    /// Nothing gets through for a while.
    Pause,
    /// Nothing gets through for a while, and then all are cut.
    PauseAndCut,
    /// Everything takes longer for a while.
    Delay,
    /// All are cut while the server is stopped, so that the other one becomes the sequencer unknown to it.
    StopAndCut,
}

impl Target {
    /// Disturbs the server until the run is over. Afterwards it runs undisturbed.
    pub(crate) async fn disturb(mut self, world: Arc<World>, mut dice: Dice) -> Self {
        while !world.is_over() {
            self.rest(&world, &mut dice).await;
            let (begun, blow) = (world.recorder.now(), self.choose(&mut dice));
            self.strike(blow, &mut dice).await;
            world.recorder.disturbance(begun, format!("server {}: {blow:?}", self.nth));
        }
        self
    }

    #[cfg(not(feature = "postgres"))]
    async fn rest(&self, _: &World, dice: &mut Dice) {
        sleep(millis(dice, 500, 3_000)).await;
    }

    /// Every second time, the answers to some COMMITs are lost meanwhile.
    #[cfg(feature = "postgres")]
    async fn rest(&self, world: &World, dice: &mut Dice) {
        let (begun, time) = (world.recorder.now(), millis(dice, 500, 3_000));
        let Some(proxy) = self.database.as_ref().filter(|_| dice.below(2) == 0) else {
            return sleep(time).await;
        };
        let end = Instant::now() + time;
        while Instant::now() < end {
            let (session, commit) = COMMIT_OF_A_WRITER;
            proxy.lose_the_next_answer_of(session, commit);
            sleep(millis(dice, 20, 300)).await;
        }
        world.recorder.disturbance(begun, format!("server {}: answers to COMMITs are lost", self.nth));
    }

    #[cfg(not(feature = "postgres"))]
    fn choose(&self, dice: &mut Dice) -> Blow {
        [Blow::Kill, Blow::Kill, Blow::Stop, Blow::Restart][dice.below(4)]
    }

    #[cfg(feature = "postgres")]
    fn choose(&self, dice: &mut Dice) -> Blow {
        use Interference::{Cut, Delay, Pause, PauseAndCut, Refuse, StopAndCut};
        let all = [Cut, Refuse, Pause, PauseAndCut, Delay, StopAndCut];
        match dice.below(3) {
            1.. if self.database.is_some() => Blow::Connections(all[dice.below(all.len())]),
            _ => [Blow::Kill, Blow::Kill, Blow::Stop, Blow::Restart][dice.below(4)],
        }
    }

    async fn strike(&mut self, blow: Blow, dice: &mut Dice) {
        match blow {
            Blow::Kill => {
                self.seat.kill().await;
                sleep(millis(dice, 0, 500)).await;
                self.start().await;
            }
            Blow::Restart => {
                self.seat.stop().await;
                self.start().await;
            }
            Blow::Stop => {
                self.seat.server().signal("STOP").await;
                sleep(millis(dice, 500, 4_000)).await;
                self.seat.server().signal("CONT").await;
            }
            #[cfg(feature = "postgres")]
            Blow::Connections(interference) => self.interfere(interference, dice).await,
        }
    }

    /// Starts the server, which may end again if it loses the database meanwhile: whatever supervises it tries again.
    async fn start(&mut self) {
        while !self.seat.try_start().await {
            sleep(Duration::from_millis(100)).await;
        }
    }

    #[cfg(feature = "postgres")]
    async fn interfere(&self, interference: Interference, dice: &mut Dice) {
        let Some(proxy) = &self.database else { return };
        match interference {
            Interference::Cut => proxy.cut(),
            Interference::Refuse => {
                proxy.refuse();
                sleep(millis(dice, 100, 1_500)).await;
                proxy.forward();
            }
            Interference::Pause | Interference::PauseAndCut => {
                proxy.pause();
                sleep(millis(dice, 100, 3_000)).await;
                if matches!(interference, Interference::PauseAndCut) {
                    proxy.cut();
                }
                proxy.resume();
            }
            Interference::Delay => {
                proxy.delay(millis(dice, 1, 60));
                sleep(millis(dice, 500, 2_000)).await;
                proxy.delay(Duration::ZERO);
            }
            Interference::StopAndCut => {
                self.seat.server().signal("STOP").await;
                proxy.cut();
                sleep(millis(dice, 500, 3_000)).await;
                self.seat.server().signal("CONT").await;
            }
        }
    }
}

/// Breaks the connections of clients to a server until the run is over.
pub(crate) async fn disturb_clients(nth: usize, proxy: Proxy, world: Arc<World>, mut dice: Dice) {
    while !world.is_over() {
        sleep(millis(&mut dice, 50, 600)).await;
        let begun = world.recorder.now();
        let what = match dice.below(4) {
            0 => {
                proxy.cut();
                "cut"
            }
            1 => {
                proxy.pause();
                sleep(millis(&mut dice, 20, 400)).await;
                proxy.cut();
                proxy.resume();
                "held up and cut"
            }
            // What was sent is stored, and nobody is told.
            _ => {
                proxy.lose_the_next_answer_to(SEND);
                "to lose the response to a send"
            }
        };
        world.recorder.disturbance(begun, format!("clients of server {nth}: {what}"));
    }
    // What is under way ends with the server.
    proxy.resume();
}

/// Kills sessions on the database server until the run is over, and restarts it, if it is the run's own.
#[cfg(feature = "postgres")]
pub(crate) async fn disturb_database(
    place: crate::place::Place,
    world: Arc<World>,
    mut dice: Dice,
) -> crate::place::Place {
    use crate::harness::Database;

    let Some(url) = place.url().map(str::to_owned) else { return place };
    while !world.is_over() {
        sleep(millis(&mut dice, 500, 3_000)).await;
        let begun = world.recorder.now();
        let what = match (&place.cluster, dice.below(5)) {
            (Some(cluster), 0..2) => {
                let mode = ["fast", "immediate"][dice.below(2)];
                cluster.restart(mode).await;
                format!("{mode} restart")
            }
            (_, 2) => kill(&mut Database::at(&url), "application_name = 'groupchat log'"),
            (_, 3) => kill(&mut Database::at(&url), "application_name LIKE 'groupchat%'"),
            _ => {
                let nth = dice.below(1_000);
                let any =
                    format!("application_name LIKE 'groupchat%' AND abs(hashint4(pid + {nth})) % 3 = 0");
                kill(&mut Database::at(&url), &any)
            }
        };
        world.recorder.disturbance(begun, format!("database: {what}"));
    }
    place
}

/// Kills sessions of servers.
#[cfg(feature = "postgres")]
fn kill(database: &mut crate::harness::Database, which: &str) -> String {
    let query = format!(
        "SELECT count(pg_terminate_backend(pid)) AS count FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
    );
    format!("{} sessions killed where {which}", database.count(&query))
}

/// A time between these, in milliseconds.
fn millis(dice: &mut Dice, least: usize, most: usize) -> Duration {
    Duration::from_millis(u64::try_from(least + dice.below(most - least)).unwrap())
}
