//! The database that is measured: who may do what in it, and what there is to read.

use std::path::{Path, PathBuf};

use groupchat_domain::groups::GroupView;
use groupchat_domain::ids::{GroupId, Seq};
use groupchat_domain::storage::Storage;

use crate::cli::RunArgs;
use crate::database::Database;
use crate::error::BenchError;
use crate::output;
use crate::scenario::READERS;
use crate::seed::{self, Plan, SignedIn};

/// What a temporary database holds, besides the users.
const ROOMS: usize = 8;
const MESSAGES: u64 = 10_000;
/// With the rooms, 500 groups.
const QUIET_ROOMS: usize = 500 - ROOMS;

/// A database that is ready to be measured.
#[derive(Debug)]
pub struct Fixture {
    /// Where it is.
    pub data_dir: PathBuf,
    /// Who makes the requests: one for each connection, all of them members of all rooms.
    pub users: Vec<SignedIn>,
    /// The groups with many messages.
    pub rooms: Vec<Room>,
}

/// A group with many messages.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Its id.
    pub id: GroupId,
    /// The number of its last message.
    pub last_seq: Seq,
}

impl Fixture {
    /// Makes a database in `scratch`, or takes the seeded one that the arguments name, and signs the users in.
    ///
    /// # Errors
    /// The database can't be opened or written, or was never seeded.
    pub async fn prepare(args: &RunArgs, scratch: &Path) -> Result<Self, BenchError> {
        let data_dir = args.data_dir.clone().unwrap_or_else(|| scratch.join("data"));
        if args.data_dir.is_some() && !Database::exists(&data_dir) {
            return Err(BenchError::NotSeeded { path: data_dir });
        }
        let database = Database::open(&data_dir)?;
        let storage = database.storage();
        if args.data_dir.is_none() {
            let connections = args.connections.iter().copied().max().unwrap_or(1);
            fill_temporary(storage, connections.max(READERS)).await?;
        }
        let (users, rooms) = sign_in(storage).await?;
        database.close();
        if rooms.is_empty() {
            return Err(BenchError::NotSeeded { path: data_dir });
        }
        Ok(Self { data_dir, users, rooms })
    }

    /// How many messages the rooms hold.
    pub fn messages(&self) -> i64 {
        self.rooms.iter().map(|room| room.last_seq.get()).sum()
    }
}

/// All seeded users with new keys, and the rooms they are in.
async fn sign_in(storage: &dyn Storage) -> Result<(Vec<SignedIn>, Vec<Room>), BenchError> {
    let users = seed::sign_in(storage, &seed::seeded_users(storage).await?).await?;
    let Some(first) = users.first() else { return Ok((users, Vec::new())) };
    let rooms = seed::busy_groups(storage, first).await?;
    let room = |view: GroupView| Room { id: view.group.id, last_seq: view.group.last_seq };
    Ok((users, rooms.into_iter().map(room).collect()))
}

async fn fill_temporary(storage: &dyn Storage, users: usize) -> Result<(), BenchError> {
    let plan =
        Plan { users, groups: ROOMS, messages: MESSAGES, quiet_groups: QUIET_ROOMS, quiet_members: READERS };
    let bar = output::progress(plan.messages, "messages");
    seed::fill(storage, plan, &bar).await?;
    bar.finish_and_clear();
    Ok(())
}
