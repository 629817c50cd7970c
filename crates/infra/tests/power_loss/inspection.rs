//! Starts a server on what a power failure has left, and looks at what it finds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use groupchat_domain::events::{LogState, load_after, log_state};
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::storage::Mode;
use groupchat_domain::time::Clock;
use groupchat_infra::check::Depth;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::check;

use crate::consistency::disagreements;
use crate::ledger::Owed;
use crate::server::{NoListener, Server, database};
use crate::snapshot::{Snapshot, connect};

/// What a server finds.
#[derive(Debug)]
pub(crate) struct Found {
    /// Everything that is stored.
    pub(crate) snapshot: Snapshot,
    /// The event log.
    pub(crate) log: LogState,
    /// How the event log disagrees with what is stored.
    disagreements: Vec<String>,
    messages: Vec<StoredMessage>,
    read: BTreeMap<(GroupId, UserId), Seq>,
}

#[derive(Debug, QueryableByName)]
struct StoredMessage {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<Text>)]
    client_id: Option<String>,
}

#[derive(QueryableByName)]
struct ReadCursor {
    #[diesel(sql_type = BigInt)]
    group_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    read_seq: i64,
}

const MESSAGES: &str = "SELECT id, seq, client_id FROM messages";
const READ_CURSORS: &str = "SELECT group_id, user_id, read_seq FROM memberships";

/// Starts a server on a folder as it is after a power failure, and looks at everything that is stored.
///
/// # Errors
/// What is wrong: the server does not start or does not work, or `check` finds something.
pub(crate) fn inspect(folder: &Path) -> Result<Found, String> {
    let server = Server::start(folder, Arc::new(NoListener)).map_err(|error| format!("no start: {error}"))?;
    let found = look(&server, folder)?;
    server.verify_audit_log().map_err(|wrong| format!("the audit log: {wrong}"))?;
    server.create_first_admin().map_err(|error| format!("no first admin: {error}"))?;
    server.probe().map_err(|error| format!("the server does not work: {error}"))?;
    check_file(&database(folder))?;
    if !found.disagreements.is_empty() {
        return Err(format!("the event log disagrees: {:?}", found.disagreements));
    }
    Ok(found)
}

/// Has a database checked as `groupchat check` does.
///
/// # Errors
/// What it finds.
pub(crate) fn check_file(database: &Path) -> Result<(), String> {
    let wrong = check(database, Depth::Full, SystemClock.now());
    let wrong: Vec<_> = wrong.into_iter().filter(|finding| finding.is_failure()).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("check of {} finds {wrong:?}", database.display())) }
}

/// Checks every copy of the database that has its final name.
///
/// # Errors
/// One that is not whole.
pub(crate) fn check_copies(folder: &Path, owed: &Owed) -> Result<(), String> {
    for name in &owed.copies {
        if !folder.join(name).exists() {
            return Err(format!("the copy {name} is gone"));
        }
    }
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| is_copy(path)).try_for_each(|copy| check_file(&copy))
}

/// Whether it is a backup, or what was kept of a database before a restore or a migration.
fn is_copy(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    let is_part =
        name.contains(".unfinished-") || ["-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end));
    !is_part && (name.ends_with(".copy") || name.contains(".before-"))
}

fn look(server: &Server, folder: &Path) -> Result<Found, String> {
    let log = server.run(Mode::Read, |tx| {
        let log = log_state(tx)?;
        let mut last = log.removed;
        while let Some(event) = load_after(tx, last, 500)?.pop() {
            last = event.position;
        }
        assert_eq!(last, log.head, "the log can be read to its end");
        Ok(log)
    });
    let log = log.map_err(|error| format!("no log: {error}"))?;
    let mut connection = connect(&database(folder));
    let read = |connection: &mut SqliteConnection| {
        let snapshot = Snapshot::of(connection)?;
        let disagreements = disagreements(connection, &snapshot)?;
        let messages = diesel::sql_query(MESSAGES).load(connection)?;
        let read: Vec<ReadCursor> = diesel::sql_query(READ_CURSORS).load(connection)?;
        let read = read
            .into_iter()
            .map(|row| ((GroupId::new(row.group_id), UserId::new(row.user_id)), Seq::new(row.read_seq)));
        QueryResult::Ok(Found { snapshot, log, disagreements, messages, read: read.collect() })
    };
    connection.transaction(read).map_err(|error| format!("unreadable: {error}"))
}

impl Found {
    /// Whether what was promised is there.
    ///
    /// # Errors
    /// What is missing, or should not be there.
    pub(crate) fn keeps(&self, owed: &Owed) -> Result<(), String> {
        let (mut stored, mut numbers) = (BTreeMap::<&str, Vec<(MessageId, Seq)>>::new(), BTreeMap::new());
        for message in &self.messages {
            let place = (MessageId::new(message.id), Seq::new(message.seq));
            numbers.insert(place.0, place.1);
            if let Some(client_id) = &message.client_id {
                stored.entry(client_id).or_default().push(place);
            }
        }
        if let Some((id, seq)) = owed.sent.iter().find(|(id, seq)| numbers.get(id) != Some(seq)) {
            return Err(format!("message {id} was acknowledged as {seq}, found {:?}", numbers.get(id)));
        }
        for (client_id, place) in &owed.stored {
            let found = stored.get(client_id.as_str()).map_or(&[][..], Vec::as_slice);
            if found != [*place] {
                return Err(format!("message {client_id} was acknowledged as {place:?}, found {found:?}"));
            }
        }
        if let Some(client_id) = owed.refused.iter().find(|id| stored.contains_key(id.as_str())) {
            return Err(format!("message {client_id} was refused, but is stored"));
        }
        // A cursor of another log is told a gap.
        let lost = |cursor: &&_| !self.log.serves(cursor) && cursor.epoch == self.log.epoch;
        if let Some(cursor) = owed.cursors.iter().find(lost) {
            return Err(format!("cursor {cursor} was handed out, the log is {:?}", self.log));
        }
        if let Some(cursor) = owed.void_cursors.iter().find(|cursor| self.log.serves(cursor)) {
            return Err(format!("cursor {cursor} is of another log, but is served"));
        }
        for (place, seq) in &owed.read {
            if self.read.get(place).is_none_or(|found| found < seq) {
                return Err(format!("{place:?} has read up to {seq}, found {:?}", self.read.get(place)));
            }
        }
        Ok(())
    }
}
