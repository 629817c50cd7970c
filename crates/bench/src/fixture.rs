//! The database that is measured: who may do what in it, and what there is to read.

use std::path::Path;

use clap::ValueEnum;
use groupchat_domain::groups::GroupView;
use groupchat_domain::ids::{GroupId, Seq};
use groupchat_domain::storage::Storage;

use crate::cli::RunArgs;
use crate::database::{Database, Engine};
use crate::error::BenchError;
use crate::footprint::ProcessFamily;
use crate::ledger::Ledger;
use crate::location::DatabaseLocation;
use crate::output;
use crate::scenario::{READERS, Route};
use crate::seed::{self, Manner, Plan, SignedIn};

/// What is put into an empty database, besides the users.
const ROOMS: usize = 8;
const MESSAGES: u64 = 10_000;
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
    /// What can be measured on it.
    pub routes: &'static [Route],
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
        let rooms: Vec<_> = seed::busy_groups(storage, viewer).await?.iter().map(BusyGroup::from).collect();
        if rooms.is_empty() {
            return Err(BenchError::NotSeeded { location });
        }
        let routes = routes(storage, viewer).await?;
        let (engine, family) = (database.engine().clone(), database.family());
        database.close();
        Ok(Self { location, engine, family, users, rooms, routes, ledger: Ledger::default() })
    }

    /// How many messages the rooms hold.
    pub(crate) fn messages(&self) -> i64 {
        self.rooms.iter().map(|room| room.last_seq.get()).sum()
    }
}

impl From<&GroupView> for BusyGroup {
    fn from(view: &GroupView) -> Self {
        Self { id: view.group.id, last_seq: view.group.last_seq }
    }
}

/// The command `seed` makes quiet groups only if it is asked to.
async fn routes(storage: &dyn Storage, viewer: &SignedIn) -> Result<&'static [Route], BenchError> {
    let has_many_groups = seed::has_quiet_groups(storage, viewer).await?;
    Ok(if has_many_groups { Route::value_variants() } else { &Route::ON_SEEDED })
}

async fn fill(storage: &dyn Storage, users: usize) -> Result<(), BenchError> {
    let plan = Plan {
        users,
        groups: ROOMS,
        messages: MESSAGES,
        quiet_groups: QUIET_ROOMS,
        quiet_members: READERS,
        manner: Manner::Sent,
    };
    let bar = output::progress(plan.messages, "messages");
    seed::fill(storage, plan, &bar).await?;
    bar.finish_and_clear();
    Ok(())
}
