//! The database on which live events are measured: who listens, who sends, and where.

use std::path::Path;
use std::sync::Arc;

use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::Storage;

use super::args::LiveArgs;
use crate::database::Database;
use crate::error::BenchError;
use crate::fixture::{BusyGroup, Fixture};
use crate::ledger::Ledger;
use crate::location::DatabaseLocation;
use crate::scenario::Route;
use crate::seed::{self, SignedIn};

/// Those who send: as many as the connections of a measurement.
pub(super) const SENDERS: usize = 64;
/// The groups that are sent to while sockets listen, as many as `run` has: some see each message, others another.
pub(super) const ROOMS: usize = 8;
/// Those who listen in groups. More sockets than that are further devices of theirs.
pub(super) const MEMBERS: usize = 1_000;
/// Those who are in no group, and so don't hear of each other.
pub(super) const STRANGERS: usize = 1_000;

/// API keys, to be dealt out in turn.
pub(super) type Keys = Arc<[String]>;

/// A database that is ready to be measured.
#[derive(Debug)]
pub(super) struct Stage {
    /// With one group, in which all who send and all members are.
    pub hall: Fixture,
    /// With groups in which all who send are, and member i in number i modulo [`ROOMS`].
    pub rooms: Fixture,
    /// The keys of the members.
    pub members: Keys,
    /// The keys of the strangers.
    pub strangers: Keys,
}

impl Stage {
    /// Makes a database in `scratch`, or takes the one that the arguments name, and signs the users in.
    ///
    /// # Errors
    /// The database can't be opened or written.
    pub(super) async fn prepare(args: &LiveArgs, scratch: &Path) -> Result<Self, BenchError> {
        let location = args.location().unwrap_or_else(|| DatabaseLocation::Directory(scratch.join("data")));
        let database = Database::open(&location)?;
        let storage = database.storage();
        let users = users(storage).await?;
        let (inside, strangers) = users.split_at(SENDERS + MEMBERS);
        let (senders, members) = inside.split_at(SENDERS);
        let hall = seed::ensure_group(storage, "Live Hall", &inside[0], inside).await?;
        let rooms = rooms(storage, senders, members).await?;
        let ledger = Ledger::default();
        let fixture = |groups: &[GroupId]| Fixture {
            location: location.clone(),
            engine: database.engine().clone(),
            family: database.family(),
            users: senders.to_vec(),
            rooms: groups.iter().copied().map(BusyGroup::empty).collect(),
            polls: Vec::new(),
            rich_rooms: Vec::new(),
            routes: vec![Route::Send],
            ledger: ledger.clone(),
        };
        let stage = Self {
            hall: fixture(&[hall]),
            rooms: fixture(&rooms),
            members: keys(members),
            strangers: keys(strangers),
        };
        database.close();
        Ok(stage)
    }
}

/// The users, always the same ones first.
async fn users(storage: &dyn Storage) -> Result<Vec<SignedIn>, BenchError> {
    let count = SENDERS + MEMBERS + STRANGERS;
    let mut users = seed::ensure_users(storage, count).await?;
    users.sort_by_key(|user| user.id);
    seed::sign_in(storage, &users[..count]).await
}

async fn rooms(
    storage: &dyn Storage,
    senders: &[SignedIn],
    members: &[SignedIn],
) -> Result<Vec<GroupId>, BenchError> {
    let mut rooms = Vec::with_capacity(ROOMS);
    for number in 0..ROOMS {
        let name = format!("Live Room {}", number + 1);
        let inside: Vec<_> =
            senders.iter().chain(members.iter().skip(number).step_by(ROOMS)).cloned().collect();
        rooms.push(seed::ensure_group(storage, &name, &senders[0], &inside).await?);
    }
    Ok(rooms)
}

fn keys(users: &[SignedIn]) -> Keys {
    users.iter().map(|user| user.key.reveal().to_owned()).collect()
}
