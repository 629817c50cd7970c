//! A database with messages of every kind, in one file.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, ChangeTerms, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};
use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::check::{Depth, Finding};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{self, SqliteOptions, SqliteStorage};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::support::NoListener;
use crate::support::fixture::*;
use crate::support::plain_sealer::Plain;

/// What messages and events say, as text.
const SAID: &str = "SELECT group_concat(line, char(10)) AS line FROM ( \
    SELECT concat_ws('|', id, group_id, seq, author_id, client_id, version, created_at, edited_at, deleted_at, likes, \
        text, pin_seq, pinned_at, pinned_by, reactions, thread_id, root_seq) AS line FROM messages NOT INDEXED \
    UNION ALL SELECT concat_ws('|', id, at, type, actor_id, audience, group_id, user_id, message_id, session_id, invitation_id, emoji) \
        FROM events NOT INDEXED)";

/// A database file of a server that was stopped.
pub(crate) struct Chat {
    folder: TempDir,
}

impl Chat {
    /// A group with so many messages, some of them edited, liked, pinned, deleted or long.
    pub(crate) fn with(count: usize) -> Self {
        let chat = Self { folder: tempfile::tempdir().unwrap() };
        chat.write(move |tx| {
            let room = open_room(tx);
            room.converse(tx, 0..count)
        });
        chat
    }

    /// The same room, in which up to so many messages of the beginning are liked and so many new ones are sent.
    pub(crate) fn go_on(&self, count: usize) {
        let sent = self.number("SELECT count(*) AS number FROM messages");
        let sent = usize::try_from(sent).unwrap();
        self.write(move |tx| {
            let room = Room::again(tx)?;
            for number in (1..sent).step_by(10).take(count) {
                let id = MessageId::new(i64::try_from(number).unwrap() + 1);
                messages::like(tx, &room.ann, room.id, id)?;
            }
            room.converse(tx, sent..sent + count)
        });
    }

    /// Runs work on a server of its own.
    pub(crate) fn write(&self, work: impl Fn(&mut dyn Tx) -> Result<(), Error> + Send + 'static) {
        let access = Access { mode: Mode::Write, caller: Caller::System };
        self.ask(async |storage| storage.run(access, work).await);
    }

    /// Asks a server of its own.
    pub(crate) fn ask<T>(&self, question: impl AsyncFnOnce(&dyn Storage) -> Result<T, Error>) -> T {
        let mut options = SqliteOptions::new(self.path());
        options.alone = true;
        let storage = SqliteStorage::open(options, Arc::new(SystemClock), Arc::new(NoListener)).unwrap();
        storage.seal_with(Arc::new(Plain));
        let runtime = Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(question(&storage)).unwrap();
        drop(storage);
        // The test reads and writes the file by itself.
        self.execute("PRAGMA journal_mode = DELETE");
        answer
    }

    /// A copy of the file as it is, in a folder of its own.
    pub(crate) fn copy(&self) -> Self {
        Self::of(&self.path())
    }

    /// A copy of a file, in a folder of its own.
    pub(crate) fn of(file: &Path) -> Self {
        let copy = Self { folder: tempfile::tempdir().unwrap() };
        fs::copy(file, copy.path()).unwrap();
        copy
    }

    /// The folder of the file.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("chat.db")
    }

    pub(crate) fn execute(&self, statements: &str) {
        connect(&self.path()).batch_execute(statements).unwrap();
    }

    /// Everything that is said, unless it can't be read.
    pub(crate) fn said(&self) -> Option<String> {
        diesel::sql_query(SAID).get_result(&mut connect(&self.path())).ok().map(|row: Line| row.line)
    }

    /// The numbers of the pages of a table or an index, the root first.
    pub(crate) fn pages(&self, name: &str) -> Vec<i64> {
        let query = "SELECT pageno AS number FROM dbstat WHERE name = ? ORDER BY path";
        let pages = diesel::sql_query(query).bind::<Text, _>(name).load(&mut connect(&self.path()));
        pages.unwrap().into_iter().map(|row: Number| row.number).collect()
    }

    pub(crate) fn number(&self, query: &str) -> i64 {
        let row: Number = diesel::sql_query(query).get_result(&mut connect(&self.path())).unwrap();
        row.number
    }

    /// The checks that fail.
    pub(crate) fn failures(&self) -> Vec<Finding> {
        failures(&self.path())
    }

    /// The names of the checks that fail.
    pub(crate) fn failing(&self) -> Vec<&'static str> {
        self.failures().iter().map(|finding| finding.check).collect()
    }

    /// Changes a byte.
    pub(crate) fn flip(&self, offset: u64, bit: u8) {
        let file = File::options().read(true).write(true).open(self.path()).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset).unwrap();
        byte[0] ^= 1 << bit;
        file.write_all_at(&byte, offset).unwrap();
    }

    /// The content of a page; nothing if the file is shorter.
    pub(crate) fn page(&self, page: i64) -> Vec<u8> {
        let mut content = vec![0; PAGE];
        let file = File::open(self.path()).unwrap();
        if file.read_exact_at(&mut content, offset(page)).is_ok() { content } else { Vec::new() }
    }

    /// Replaces a page.
    pub(crate) fn overwrite(&self, page: i64, content: &[u8]) {
        let file = File::options().write(true).open(self.path()).unwrap();
        file.write_all_at(content, offset(page)).unwrap();
    }
}

/// The length of a page, in bytes.
pub(crate) const PAGE: usize = 4_096;

/// Where a page begins in the file.
pub(crate) fn offset(page: i64) -> u64 {
    (page.unsigned_abs() - 1) * PAGE as u64
}

/// The checks of a file that fail.
pub(crate) fn failures(path: &Path) -> Vec<Finding> {
    let findings = sqlite::check(path, Depth::Full, SystemClock.now());
    findings.into_iter().filter(|finding| finding.is_failure() && finding.check != "free_space").collect()
}

pub(crate) fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The rows of a query with one text, `line`.
pub(crate) fn lines(chat: &Chat, query: &str) -> BTreeSet<String> {
    let rows: Vec<Line> = diesel::sql_query(query).load(&mut connect(&chat.path())).unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A group with two members.
pub(crate) struct Room {
    pub(crate) id: GroupId,
    pub(crate) ann: Actor,
    pub(crate) bob: Actor,
}

fn open_room(tx: &mut dyn Tx) -> Room {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let room = group(tx, "chess");
    join(tx, room, ann, BuiltInRole::Owner);
    join(tx, room, bob, BuiltInRole::Member);
    for (user, number) in [(ann, 1), (bob, 2)] {
        session(tx, user, number, Timestamp::from_micros(i64::MAX));
    }
    Room::again(tx).unwrap()
}

impl Room {
    /// The room, which was opened before.
    pub(crate) fn again(tx: &mut dyn Tx) -> Result<Self, Error> {
        let mut sign_in = |number| tx.sessions().authenticate(&key(number), at(10));
        let (ann, bob) = (sign_in(1)?.unwrap(), sign_in(2)?.unwrap());
        Ok(Self { id: GroupId::new(1), ann, bob })
    }

    /// Sends messages, and does something to some of them.
    pub(crate) fn converse(&self, tx: &mut dyn Tx, numbers: Range<usize>) -> Result<(), Error> {
        for number in numbers {
            let id = self.send(tx, number)?;
            match number % 10 {
                1 => drop(messages::like(tx, &self.bob, self.id, id)?),
                3 => drop(messages::react(tx, &self.bob, self.id, id, emoji("🎉"))?),
                2 => drop(messages::edit(
                    tx,
                    self.author(number),
                    self.id,
                    id,
                    Some(&text("Ü🎉\tnew\nline")),
                    ChangeTerms::default(),
                )?),
                4 if number < 500 => drop(messages::pin(tx, &self.ann, self.id, id)?),
                5 => messages::delete(tx, &self.ann, self.id, id, ChangeTerms::default())?,
                _ => {}
            }
        }
        Ok(())
    }

    /// One message in fifty is longer than a page.
    fn send(&self, tx: &mut dyn Tx, number: usize) -> Result<MessageId, Error> {
        let words =
            if number % 50 == 7 { "long ".repeat(1_500) } else { format!("message {number} 👋🏽") };
        let client_id = (number.is_multiple_of(2)).then(|| client_id(&format!("client-{number}")));
        let draft = MessageDraft {
            group: self.id,
            text: text(words.trim()),
            client_id,
            thread: None,
            reply_to: None,
            poll: None,
        };
        Ok(messages::send(tx, self.author(number), &draft)?.view.message.id)
    }

    fn author(&self, number: usize) -> &Actor {
        if number.is_multiple_of(3) { &self.bob } else { &self.ann }
    }
}
