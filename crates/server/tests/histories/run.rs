//! A run: clients at work while the servers are disturbed, the state at the end, and the judgement.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{env, fs};

use futures_util::future::join_all;
use groupchat_testing::{Dice, Proxy};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::checker::check;
use crate::client::Client;
use crate::disturbances::{Target, disturb_clients};
use crate::floors::shortage;
use crate::harness::{Api, Seat};
use crate::history::{Call, Entry, History, Message, Outcome, View};
use crate::listener::{Listener, position};
use crate::place::Place;
use crate::reader;
use crate::world::World;
use crate::writer::Writer;

/// How many seconds the servers are disturbed for.
const SECONDS: &str = "GROUPCHAT_TEST_HISTORY_SECONDS";
/// Keeps the histories of all runs, and the servers' logs.
const KEEP: &str = "GROUPCHAT_TEST_HISTORY_KEEP";
const DEFAULT_SECONDS: u64 = 12;

/// How long everything else may take.
const REST: Duration = Duration::from_secs(180);

/// How many violations are shown.
const SHOWN: usize = 20;

/// Makes a history on a new database and checks it.
///
/// # Panics
/// There is a violation. Then the history is stored, as after any other failure.
#[expect(clippy::print_stderr, reason = "shown with what failed, and by --nocapture")]
pub(crate) async fn run(name: &str, place: Place) {
    let seconds = env::var(SECONDS).map_or(DEFAULT_SECONDS, |seconds| seconds.parse().unwrap());
    let mut dice = Dice::seeded();
    let seed = dice.seed();
    let keeper = Keeper::new(name, seed);
    let mut targets: Vec<_> = (0..place.servers()).map(|nth| Target::new(nth, &place, &keeper)).collect();
    for target in &mut targets {
        target.seat.start().await;
    }
    let urls = targets.iter().map(|target| target.seat.url()).collect();
    let proxies: Vec<_> = targets.iter().map(|target| Proxy::in_front_of(target.seat.address())).collect();
    let behind = proxies.iter().map(|proxy| format!("http://{}/api", proxy.url())).collect();
    let world = Arc::new(World::create(seed, targets[0].seat.server(), urls, behind).await);
    keeper.world.get_or_init(|| Arc::clone(&world));
    let has_sessions = place.has_sessions();
    let whole = record(&world, targets, proxies, place, Duration::from_secs(seconds), &mut dice);
    timeout(REST + Duration::from_secs(seconds), whole).await.expect("the run ends in time");
    let history = world.recorder.history();
    eprintln!("{name}: {}", summary(&history));
    assert_sound(&history);
    assert_eq!(shortage(&history, has_sessions), None, "too little has happened");
}

/// Keeps the history and the servers' logs of a run that failed, or of all.
struct Keeper {
    folder: PathBuf,
    world: OnceLock<Arc<World>>,
}

impl Keeper {
    fn new(name: &str, seed: u64) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("histories").join(format!("{name}-{seed}"));
        fs::create_dir_all(&folder).unwrap();
        Self { folder, world: OnceLock::new() }
    }

    fn log(&self, server: usize) -> PathBuf {
        self.folder.join(format!("server-{server}.log"))
    }
}

impl Drop for Keeper {
    #[expect(clippy::print_stderr, reason = "shown with what failed")]
    fn drop(&mut self) {
        if !std::thread::panicking() && env::var_os(KEEP).is_none() {
            fs::remove_dir_all(&self.folder).unwrap();
        } else if let Some(world) = self.world.get() {
            let path = self.folder.join("history.jsonl");
            let stored = world.recorder.history().save(&path);
            eprintln!("the history is in {} ({stored:?})", path.display());
        }
    }
}

impl Target {
    fn new(nth: usize, place: &Place, keeper: &Keeper) -> Self {
        let line = place.line();
        // Short, so that cursors also come by heartbeats, and that locks held by a stopped server end in errors.
        let settings = ["--events-heartbeat", "1", "--storage-statement-timeout", "3"].map(Into::into);
        Self {
            nth,
            seat: Seat::reserve(settings.into_iter().chain(line.arguments).collect())
                .logging_to(keeper.log(nth)),
            #[cfg(feature = "postgres")]
            database: line.proxy,
        }
    }
}

/// Lets clients work and disturbs the servers; then lets all come to rest and reads the state.
async fn record(
    world: &Arc<World>,
    targets: Vec<Target>,
    proxies: Vec<Proxy>,
    place: Place,
    time: Duration,
    dice: &mut Dice,
) {
    let has_sessions = place.has_sessions();
    let listeners: Vec<_> = (0..world.listeners.len())
        .map(|nth| tokio::spawn(Listener::new(world, nth, dice.split()).listen()))
        .collect();
    let writers = world.writers.iter().map(|person| {
        let writer = Writer::new(world, person, dice.split());
        tokio::spawn(writer.write())
    });
    let mut workers: Vec<_> = writers.collect();
    workers.extend(
        (0..world.readers.len()).map(|nth| tokio::spawn(reader::read(Arc::clone(world), nth, dice.split()))),
    );
    let blows: Vec<_> = targets
        .into_iter()
        .map(|target| tokio::spawn(target.disturb(Arc::clone(world), dice.split())))
        .collect();
    let breaks: Vec<_> = proxies
        .into_iter()
        .enumerate()
        .map(|(nth, proxy)| tokio::spawn(disturb_clients(nth, proxy, Arc::clone(world), dice.split())))
        .collect();
    #[cfg(feature = "postgres")]
    let place = tokio::spawn(crate::disturbances::disturb_database(place, Arc::clone(world), dice.split()));

    sleep(time).await;
    // A busy machine needs longer.
    let longest = Instant::now() + REST / 2;
    while shortage(&world.recorder.history(), has_sessions).is_some() && Instant::now() < longest {
        sleep(Duration::from_millis(500)).await;
    }
    world.is_over.store(true, Ordering::Relaxed);
    let mut targets: Vec<_> = join_all(blows).await.into_iter().map(Result::unwrap).collect();
    #[cfg(feature = "postgres")]
    let place = place.await.unwrap();
    join_all(workers).await.into_iter().for_each(Result::unwrap);
    join_all(breaks).await.into_iter().for_each(Result::unwrap);

    // Requests that nobody waits for any more end before the state is read.
    for target in &mut targets {
        target.seat.stop().await;
    }
    #[cfg(feature = "postgres")]
    place.until_quiet().await;
    for target in &mut targets {
        target.seat.start().await;
    }
    let last = send_last(world).await;
    world.end.set(read_log(&admin(world, 0), &world.start, last).await.last().unwrap().position).unwrap();
    join_all(listeners).await.into_iter().for_each(Result::unwrap);
    for server in 0..world.urls.len() {
        let view = view(world, server, last).await;
        world.recorder.view(view);
    }
    for target in &mut targets {
        target.seat.stop().await;
    }
    drop(place);
}

fn admin(world: &World, server: usize) -> Api {
    Api::of(&world.urls[server]).with_key(&world.admin)
}

/// Sends the last message, whose event is the last one; its id.
async fn send_last(world: &Arc<World>) -> i64 {
    let client = Client::new(world, &world.admin());
    let (group, text) = (world.groups[0], "the last".to_owned());
    let send = Call::Send { group, client_id: text.clone(), text };
    match client.call(0, group, send).await {
        Outcome::Ok(messages) => messages[0].id,
        outcome => panic!("undisturbed, a server answers: {outcome:?}"),
    }
}

/// The state as a server shows it.
async fn view(world: &World, server: usize, last: i64) -> View {
    let admin = admin(world, server);
    let log = read_log(&admin, &world.start, last).await;
    let mut messages = Vec::new();
    for group in &world.groups {
        messages.extend(admin.all_messages(*group).await.iter().map(Message::of));
    }
    View { server, messages, log }
}

/// The events after a cursor, up to that of the last message.
async fn read_log(admin: &Api, start: &str, last: i64) -> Vec<Entry> {
    let (mut log, mut cursor) = (Vec::<Entry>::new(), start.to_owned());
    while log.last().is_none_or(|entry| entry.message != last) {
        let page = admin.get(&format!("/events?wait=5&cursor={cursor}")).await.expect(StatusCode::OK);
        log.extend(page["items"].as_array().unwrap().iter().filter_map(Entry::of));
        page["cursor"].as_str().unwrap().clone_into(&mut cursor);
    }
    log
}

impl Entry {
    /// None if it is not about a message.
    fn of(event: &Value) -> Option<Self> {
        let event_type = event["type"].as_str().unwrap();
        event_type.starts_with("message.").then(|| Self {
            position: position(event["cursor"].as_str().unwrap()),
            event_type: event_type.to_owned(),
            group: event["group_id"].as_i64().unwrap(),
            message: event["data"]["id"].as_i64().unwrap(),
        })
    }
}

/// Fails if a history has a violation.
pub(crate) fn assert_sound(history: &History) {
    let violations = check(history);
    let shown: Vec<_> = violations.iter().take(SHOWN).map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), shown.join("\n"));
}

/// How much happened.
pub(crate) fn summary(history: &History) -> String {
    let count = |is_it: fn(&Outcome) -> bool| {
        history.operations.iter().filter(|operation| is_it(&operation.outcome)).count()
    };
    let (ok, unknown) = (count(Outcome::is_ok), count(|outcome| matches!(outcome, Outcome::Unknown(_))));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let arrivals: usize = history.visits.iter().map(|visit| visit.arrivals.len()).sum();
    let (messages, events) =
        history.views.first().map_or((0, 0), |view| (view.messages.len(), view.log.len()));
    format!(
        "{ok} operations ok, {failed} failed, {unknown} unknown; {} visits with {arrivals} arrivals; \
         {} disturbances; {messages} messages and {events} events at the end",
        history.visits.len(),
        history.disturbances.len(),
    )
}
