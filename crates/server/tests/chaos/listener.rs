//! A client that comes and goes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use groupchat_testing::Dice;
use tokio::time::{Instant, sleep, timeout_at};

use crate::connection::{Connection, Door, Transport};
use crate::diary::Diary;
use crate::world::{Person, World};

/// How long a client rests that has found no server.
const AFTER_REFUSAL: Duration = Duration::from_millis(20);

/// How long clients may take to catch up when all is over.
const CATCH_UP: Duration = Duration::from_secs(30);

/// How a visit goes.
struct Visit {
    transport: Transport,
    /// How long it lasts at most.
    stay: Duration,
    /// After how many bytes the line breaks.
    bytes: usize,
    /// How long the client needs for each event.
    pace: Duration,
    leave: Leave,
    /// How long the client is away afterwards.
    absence: Duration,
}

/// How a client goes.
enum Leave {
    /// It closes the connection.
    Closing,
    /// It is gone.
    Cut,
    /// It is gone, and nobody tells the server.
    Silent,
}

/// A client.
pub(crate) struct Listener<'w> {
    world: &'w World,
    urls: &'w [String],
    person: &'w Person,
    transports: Vec<Transport>,
    dice: Dice,
    diary: Diary,
    /// Connections that the client has left open.
    left: Vec<Connection>,
}

impl<'w> Listener<'w> {
    /// The client of this person; every other one mixes the transports.
    pub(crate) fn new(
        world: &'w World,
        nth: usize,
        person: &'w Person,
        urls: &'w [String],
        dice: Dice,
    ) -> Self {
        let own = Transport::ALL[nth / 2 % Transport::ALL.len()];
        let transports = if nth.is_multiple_of(2) { vec![own] } else { Transport::ALL.to_vec() };
        Self { world, urls, person, transports, dice, diary: Diary::default(), left: Vec::new() }
    }

    /// Listens until told of the last user; what came until then.
    pub(crate) async fn listen(mut self) -> Diary {
        let mut end = None;
        while !self.is_done() {
            if self.world.last_user.get().is_some() {
                let end = *end.get_or_insert_with(|| Instant::now() + CATCH_UP);
                assert!(Instant::now() < end, "{} stays at {:?}", self.person.username, self.diary.cursor);
            }
            let visit = self.visit();
            let absence = visit.absence;
            self.pay(visit).await;
            sleep(absence).await;
        }
        self.diary
    }

    fn is_done(&self) -> bool {
        self.world.last_user.get().is_some_and(|user| self.diary.tells_of_user(*user))
    }

    /// A visit by chance, or one without incidents once all is over.
    fn visit(&mut self) -> Visit {
        let transport = self.transports[self.dice.below(self.transports.len())];
        if self.world.is_over.load(Ordering::Relaxed) {
            let (stay, none) = (Duration::from_secs(2), Duration::ZERO);
            return Visit {
                transport,
                stay,
                bytes: usize::MAX,
                pace: none,
                leave: Leave::Cut,
                absence: none,
            };
        }
        let bytes = if self.dice.below(3) == 0 { self.dice.below(30_000) } else { usize::MAX };
        let pace = if self.dice.below(4) == 0 { self.millis(30) } else { Duration::ZERO };
        let leave = match self.dice.below(4) {
            0 => Leave::Closing,
            1 => Leave::Silent,
            _ => Leave::Cut,
        };
        let absence = if self.dice.below(2) == 0 { Duration::ZERO } else { self.millis(400) };
        Visit { transport, stay: self.millis(800), bytes, pace, leave, absence }
    }

    fn millis(&mut self, most: usize) -> Duration {
        Duration::from_millis(u64::try_from(self.dice.below(most)).unwrap())
    }

    /// Comes, listens for a while, and goes.
    async fn pay(&mut self, visit: Visit) {
        let end = Instant::now() + visit.stay;
        let url = &self.urls[self.dice.below(self.urls.len())];
        let door =
            Door { url, key: &self.person.key, cursor: self.diary.cursor.as_deref(), bytes: visit.bytes };
        let opened = timeout_at(end, Connection::open(visit.transport, door)).await;
        let Some(mut connection) = opened.ok().flatten() else {
            sleep(AFTER_REFUSAL).await;
            return;
        };
        self.diary.visits += 1;
        // Looked at each time: of what has arrived the slow have a supply that would let them stay for long.
        while Instant::now() < end
            && let Ok(Some(arrival)) = timeout_at(end, connection.next()).await
        {
            self.diary.take(&arrival);
            if self.is_done() {
                break;
            }
            if !visit.pace.is_zero() {
                sleep(visit.pace).await;
            }
        }
        match visit.leave {
            Leave::Closing => connection.close().await,
            Leave::Cut => drop(connection),
            Leave::Silent => self.left.push(connection),
        }
    }
}
