//! The database that is measured: who may do what in it, and what there is to read.

use std::path::Path;

use clap::ValueEnum;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{self, MessageRange, MessageView, Window};
use groupchat_domain::paging::Limit;
use groupchat_domain::storage::{Storage, Tx};
use groupchat_domain::time::Timestamp;

use crate::cli::RunArgs;
use crate::database::{Database, Engine};
use crate::error::BenchError;
use crate::footprint::ProcessFamily;
use crate::ledger::Ledger;
use crate::location::DatabaseLocation;
use crate::output;
use crate::scenario::{READERS, Route};
use crate::seed::{self, Manner, Plan, READ, SignedIn};

/// What is put into an empty database, besides the users.
const ROOMS: usize = 8;
const MESSAGES: u64 = 10_000;
/// So that each reader has 50 mentions and more threads.
const RICH_MESSAGES: u64 = 6_400;
/// With the rooms, 500 groups.
const QUIET_ROOMS: usize = 500 - ROOMS;

/// A database that is ready to be measured.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// Where it is.
    pub location: DatabaseLocation,
    /// Which one it is.
    pub engine: Engine,
    /// Its own processes, where it has some on this machine.
    pub family: Option<ProcessFamily>,
    /// Who makes the requests: one for each connection, all of them members of all rooms.
    pub users: Vec<SignedIn>,
    /// The groups with many messages.
    pub rooms: Vec<BusyGroup>,
    /// A poll in each of these, which is open and not anonymous.
    pub polls: Vec<(GroupId, MessageId)>,
    /// The groups whose messages have reactions, threads and mentions.
    pub rich_rooms: Vec<RichGroup>,
    /// What can be measured on it.
    pub routes: Vec<Route>,
    /// What was sent to the rooms and acknowledged.
    pub ledger: Ledger,
}

/// A group with many messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusyGroup {
    /// Its id.
    pub id: GroupId,
    /// The number of its last message.
    pub last_seq: Seq,
    /// When its first and its last message were sent.
    pub span: (Timestamp, Timestamp),
}

impl BusyGroup {
    /// A group without messages so far.
    pub(crate) const fn empty(id: GroupId) -> Self {
        let never = Timestamp::from_micros(0);
        Self { id, last_seq: Seq::ZERO, span: (never, never) }
    }
}

/// A group whose messages have reactions, threads and mentions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RichGroup {
    /// Its id.
    pub id: GroupId,
    /// The number of its last message.
    pub last_seq: Seq,
    /// A message with a long thread.
    pub root: MessageId,
    /// The number of the last reply to it.
    pub last_reply: Seq,
}

impl Fixture {
    /// Makes a database in `scratch`, or takes the one that the arguments name, and signs the users in. An empty one
    /// on a server is filled as the temporary one is.
    ///
    /// # Errors
    /// The database can't be opened or written, or holds nothing to measure on.
    pub(crate) async fn prepare(args: &RunArgs, scratch: &Path) -> Result<Self, BenchError> {
        let location = args.location().unwrap_or_else(|| DatabaseLocation::Directory(scratch.join("data")));
        if args.data_dir.as_ref().is_some_and(|path| !Database::exists(path)) {
            return Err(BenchError::NotSeeded { location });
        }
        let database = Database::open(&location)?;
        let storage = database.storage();
        if args.data_dir.is_none() && seed::seeded_users(storage).await?.is_empty() {
            let connections = args.connections.iter().copied().max().unwrap_or(1);
            fill(storage, connections.max(READERS)).await?;
        }
        let users = seed::sign_in(storage, &seed::seeded_users(storage).await?).await?;
        let Some(viewer) = users.first() else { return Err(BenchError::NotSeeded { location }) };
        let polls = seed::ask(storage, viewer).await?;
        let rooms = busy_groups(storage, viewer).await?;
        if rooms.is_empty() {
            return Err(BenchError::NotSeeded { location });
        }
        let rich_rooms = rich_groups(storage, viewer).await?;
        let routes = routes(seed::has_quiet_groups(storage, viewer).await?, !rich_rooms.is_empty());
        let (engine, family) = (database.engine().clone(), database.family());
        database.close();
        let ledger = Ledger::default();
        Ok(Self { location, engine, family, users, rooms, polls, rich_rooms, routes, ledger })
    }

    /// How many messages the rooms hold, without replies.
    pub(crate) fn messages(&self) -> i64 {
        let rich = self.rich_rooms.iter().map(|room| room.last_seq);
        self.rooms.iter().map(|room| room.last_seq).chain(rich).map(Seq::get).sum()
    }
}

async fn busy_groups(storage: &dyn Storage, viewer: &SignedIn) -> Result<Vec<BusyGroup>, BenchError> {
    let mut found = Vec::new();
    for view in seed::busy_groups(storage, viewer).await? {
        let (id, last_seq) = (view.group.id, view.group.last_seq);
        let first = find(storage, viewer, id, MessageRange::Above(Seq::ZERO)).await?;
        let last = find(storage, viewer, id, MessageRange::Below(None)).await?;
        let Some((first, last)) = first.zip(last) else { continue };
        found.push(BusyGroup { id, last_seq, span: (first.message.created_at, last.message.created_at) });
    }
    Ok(found)
}

async fn rich_groups(storage: &dyn Storage, viewer: &SignedIn) -> Result<Vec<RichGroup>, BenchError> {
    let mut found = Vec::new();
    for view in seed::rich_groups(storage, viewer).await? {
        let first = find(storage, viewer, view.group.id, MessageRange::Above(Seq::ZERO)).await?;
        let Some(first) = first else { continue };
        let Some(thread) = first.thread else { continue };
        let (root, last_reply) = (first.message.id, thread.thread.last_seq);
        found.push(RichGroup { id: view.group.id, last_seq: view.group.last_seq, root, last_reply });
    }
    Ok(found)
}

/// The first message of a run, with what is shown beside it.
async fn find(
    storage: &dyn Storage,
    viewer: &SignedIn,
    group: GroupId,
    run: MessageRange,
) -> Result<Option<MessageView>, BenchError> {
    let actor = viewer.actor.clone();
    let read = move |tx: &mut dyn Tx| messages::list(tx, &actor, group, Window::Range(run), Limit::ONE);
    Ok(storage.run(READ, read).await?.items.into_iter().next())
}

/// What can be measured. The command `seed` makes quiet groups only if it is asked to; without them, all depends on the
/// messages, and a login does not.
fn routes(has_quiet_groups: bool, has_rich_groups: bool) -> Vec<Route> {
    let is_there = |route: &Route| match route {
        Route::Groups | Route::Sync | Route::Login => has_quiet_groups,
        route => has_rich_groups || !route.is_rich(),
    };
    Route::value_variants().iter().copied().filter(is_there).collect()
}

async fn fill(storage: &dyn Storage, users: usize) -> Result<(), BenchError> {
    let plan = Plan {
        users,
        groups: ROOMS,
        messages: MESSAGES,
        rich_messages: RICH_MESSAGES,
        quiet_groups: QUIET_ROOMS,
        regulars: READERS,
        manner: Manner::Sent,
    };
    let bar = output::progress(plan.messages + plan.rich_messages, "messages");
    seed::fill(storage, plan, &bar).await?;
    bar.finish_and_clear();
    Ok(())
}
