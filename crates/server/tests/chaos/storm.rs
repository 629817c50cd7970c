//! A case: the world, and what comes over it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use groupchat_testing::Dice;
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::caller::RetryingClient;
use crate::census::Census;
use crate::diary::Diary;
use crate::harness::until;
use crate::judgement::{check_acknowledged, check_diary};
use crate::listener::Listener;
use crate::log::Log;
use crate::servers::Servers;
use crate::shuffler::Shuffler;
use crate::world::{Message, PASSWORD, World};
use crate::writer::Writer;

/// How often a server ends.
const BLOWS: usize = 6;

/// Calls of writers that are answered before each end and after the last.
const DEEDS: usize = 200;

/// All that takes part.
pub(crate) struct Storm {
    servers: Servers,
    urls: Vec<String>,
    world: World,
    /// The first admin.
    admin: RetryingClient,
}

impl Storm {
    /// Makes the world on running servers.
    pub(crate) async fn gather(servers: Servers, mut dice: Dice) -> Self {
        let (server, urls) = (servers.first(), servers.urls());
        let admin = server.admin().await;
        let world = World::create(server, &admin, &mut dice).await;
        let admin = RetryingClient::new(&urls, admin.key(), dice);
        Self { servers, urls, world, admin }
    }

    /// Lets it come, and looks at what is left.
    pub(crate) async fn rage(mut self, mut dice: Dice) {
        let (world, urls) = (&self.world, &self.urls[..]);
        let people = world.settled.iter().enumerate().chain(world.restless.iter().enumerate());
        let listeners: Vec<_> = people
            .map(|(nth, person)| Listener::new(world, nth, person, urls, dice.split()).listen())
            .collect();
        let writers: Vec<_> =
            (0..world.writers.len()).map(|nth| Writer::new(world, nth, urls, dice.split()).write()).collect();
        let shuffler = Shuffler::new(world, urls, dice.split());
        let census = Census::new(world, urls, dice.split());
        let storm = blow(&mut self.servers, world, census, dice);
        let deeds = async {
            let (sent, (), ()) = tokio::join!(join_all(writers), shuffler.shuffle(), storm);
            world.last_user.set(create_last_user(&mut self.admin).await).unwrap();
            sent.concat()
        };
        let (diaries, sent) = tokio::join!(join_all(listeners), deeds);
        self.judge(&diaries, &sent).await;
    }

    /// Compares what clients got and what was acknowledged with the log, and says how much there was to get wrong.
    #[expect(clippy::print_stderr, reason = "shown with what failed, and by --nocapture")]
    async fn judge(self, diaries: &[Diary], sent: &[Message]) {
        let Self { servers, world, .. } = self;
        let last = *world.last_user.get().unwrap();
        let log = Log::read(&servers.stop_all().await);
        check_acknowledged(&log, sent);
        eprintln!("{} events, {} messages acknowledged", log.entries.len(), sent.len());
        let people = world.settled.iter().chain(&world.restless);
        for (nth, (person, diary)) in people.zip(diaries).enumerate() {
            let (name, is_settled) = (&person.username, nth < world.settled.len());
            let due = check_diary(&log, person.id, is_settled, diary, last)
                .unwrap_or_else(|fault| panic!("{name}: {fault}"));
            eprintln!("{name}: {} visits, {} events, of which {due} due", diary.visits, diary.events.len());
        }
    }
}

/// Ends servers during the deeds of others and starts them again: once cleanly, and else as a power cut would. What they have
/// acknowledged and counted until then is looked at each time.
async fn blow(servers: &mut Servers, world: &World, mut census: Census<'_>, mut dice: Dice) {
    let gentle = dice.below(BLOWS);
    for nth in 0..BLOWS {
        more_deeds(world).await;
        // At any moment of what the server does.
        by_chance(&mut dice, 100).await;
        let server = dice.below(servers.count());
        if nth == gentle {
            servers.stop(server).await;
        } else {
            servers.kill(server).await;
        }
        by_chance(&mut dice, 300).await;
        servers.start_one(server).await;
        census.take().await;
        servers.check().await;
    }
    census.has_seen_all();
    more_deeds(world).await;
    world.is_over.store(true, Ordering::Relaxed);
}

async fn more_deeds(world: &World) {
    let enough = world.deeds.load(Ordering::Relaxed) + DEEDS;
    until("the writers get on", || world.deeds.load(Ordering::Relaxed) >= enough).await;
}

async fn by_chance(dice: &mut Dice, most: usize) {
    sleep(Duration::from_millis(u64::try_from(dice.below(most)).unwrap())).await;
}

/// Everybody learns of a new user.
async fn create_last_user(admin: &mut RetryingClient) -> i64 {
    let body = json!({"username": "last", "password": PASSWORD});
    let user = admin.insist(Method::POST, "/users", Some(body)).await.unwrap();
    user["id"].as_i64().unwrap()
}
