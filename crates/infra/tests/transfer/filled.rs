//! A database with everything in it that a server may have stored, and what is odd but allowed.

use groupchat_domain::Error;
use groupchat_domain::accounts::{self, Actor};
use groupchat_domain::admissions;
use groupchat_domain::groups::{self, Candidate, GroupDraft, GroupName, Quotas};
use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::messages::{self, ChangeTerms, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};
use groupchat_infra::transfer::Endpoint;

use crate::contents::{ask, lines};
use crate::endpoints::{Folder, execute, open_sqlite};
use crate::rows::{Dialect, TABLES};
use crate::support::fixture::{admin, at, client_id, emoji, key, session, text, user};

/// The messages that are sent, more than are moved at once.
const MESSAGES: i64 = 1_203;

/// Fills a new SQLite file.
pub(crate) fn fill(endpoint: &Endpoint) {
    drop(open_sqlite(endpoint).unwrap());
    execute(endpoint, &first_rows());
    // The next entry of the audit log comes after the first row.
    execute(endpoint, "UPDATE audit_state SET newest = 1");
    let storage = open_sqlite(endpoint).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let access = Access { mode: Mode::Write, caller: Caller::System };
    let storage: &dyn Storage = &storage;
    runtime.block_on(storage.run(access, converse)).unwrap();
    execute(endpoint, &odd());
}

/// The rows that the tests of the schemas have. `log_state` has its row, and isn't copied.
fn first_rows() -> String {
    let copied = TABLES.iter().filter(|rows| rows.table != "log_state");
    copied.flat_map(|rows| rows.first_statements(Dialect::Sqlite)).collect::<Vec<_>>().join(";")
}

/// What comes about by the use cases.
fn converse(tx: &mut dyn Tx) -> Result<(), Error> {
    let (ada, bob, cleo) = (sign_in(tx, 1), sign_in(tx, 2), sign_in(tx, 3));
    let (lobby, doomed) = (create(tx, &ada, "Lobby")?, create(tx, &ada, "Doomed")?);
    for group in [lobby, doomed] {
        groups::add_member(
            tx,
            &ada,
            group,
            &Candidate::Id(bob.id()),
            &BuiltInRole::Admin.into(),
            &Quotas::default(),
        )?;
        admissions::join(tx, &cleo, group, None, &Quotas::default())?;
    }
    for number in 0..MESSAGES {
        let author = if number % 3 == 0 { &bob } else { &ada };
        let message = send(tx, author, lobby, number)?;
        match number % 10 {
            0..3 => drop(messages::like(tx, &cleo, lobby, message)?),
            3 => drop(messages::react(tx, &cleo, lobby, message, emoji("❤"))?),
            4 => drop(messages::edit(
                tx,
                author,
                lobby,
                message,
                Some(&text("Ü\u{301}🎉\tnew\nline 'q' \\")),
                ChangeTerms::default(),
            )?),
            5 => messages::delete(tx, author, lobby, message, ChangeTerms::default())?,
            _ => {}
        }
    }
    let kept = send(tx, &bob, doomed, 1)?;
    messages::like(tx, &ada, doomed, kept)?;
    groups::remove_member(tx, &cleo, lobby, cleo.id())?;
    groups::delete(tx, &ada, doomed)?;
    accounts::delete_user(tx, &ada, cleo.id())
}

#[test]
fn every_column_has_a_value_somewhere() {
    let folder = Folder::new();
    let filled = folder.endpoint("filled.db");
    fill(&filled);
    let columns = lines(
        &filled,
        "SELECT tables.name || '.' || columns.name AS line \
         FROM sqlite_schema AS tables, pragma_table_xinfo(tables.name) AS columns WHERE tables.type = 'table' \
         AND tables.name NOT IN ('sqlite_sequence', '__diesel_schema_migrations', 'log_state')",
    );
    let has_value = |column: &String| {
        let (table, column) = column.split_once('.').unwrap();
        ask(&filled, &format!("SELECT CAST(count({column}) AS TEXT) AS line FROM {table}")) != "0"
    };
    let empty: Vec<_> = columns.into_iter().filter(|column| !has_value(column)).collect();
    let empty = empty.join(", ");
    assert!(empty.is_empty(), "the first rows in crates/infra/tests/schema/rows/ lack a value for: {empty}");
}

/// A new user with a key; the first is an admin.
fn sign_in(tx: &mut dyn Tx, number: u8) -> Actor {
    let name = format!("user{number}");
    let user: UserId = if number == 1 { admin(tx, &name).id } else { user(tx, &name).id };
    // The keys of the first rows are 1 and 3.
    let key_number = number + 100;
    session(tx, user, key_number, at(i64::MAX / 4));
    tx.sessions().authenticate(&key(key_number), at(10)).unwrap().expect("the key works")
}

fn create(tx: &mut dyn Tx, actor: &Actor, name: &str) -> Result<GroupId, Error> {
    let name = GroupName::parse(name).unwrap();
    let draft = GroupDraft::named(name);
    Ok(groups::create(tx, actor, &draft, &Quotas::default())?.group.id)
}

fn send(tx: &mut dyn Tx, actor: &Actor, group: GroupId, number: i64) -> Result<MessageId, Error> {
    let named = (number % 2 == 0).then(|| client_id(&format!("client-{number}")));
    let draft = MessageDraft {
        group,
        text: text(&format!("message {number} 👋🏽")),
        client_id: named,
        thread: None,
        reply_to: None,
        poll: None,
    };
    Ok(messages::send(tx, actor, &draft)?.view.message.id)
}

/// What no use case of today stores, but the tables take: the longest texts, the greatest and least numbers, words
/// of later features, ids far apart, and ids that were given out and are gone.
fn odd() -> String {
    let (long, wide) = ("x".repeat(10_000), "𝔘".repeat(10_000));
    format!(
        "
        INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
            SELECT 7 * i + 100, 'u' || i, 'u' || i, i % 5 = 0, 'hash', i, -i FROM n;
        INSERT INTO memberships (group_id, user_id, role, read_seq, joined_at, since_event)
            SELECT 1, id, CASE WHEN id % 3 = 0 THEN 'owner' ELSE 'member' END, id % 50, -id, id % 900
            FROM users WHERE id > 100;
        INSERT INTO sessions (user_id, kind, name, scopes, key_hash, created_at, expires_at, last_used_at,
                              user_agent, address)
            SELECT id, 'token', '', 'read write', unhex(printf('%064X', id)), 0, 9007199254740992, 1,
                   'Ägent/1.0 (\u{202e})', '2001:db8::1' FROM users WHERE id > 100;
        INSERT INTO tickets (session_id, hash, expires_at)
            SELECT 3 * id, unhex(printf('%064X', id)), -id FROM users WHERE id > 100;
        DELETE FROM tickets WHERE id = (SELECT max(id) FROM tickets);
        INSERT INTO known_networks SELECT id, '2001:db8:0:' || id % 9 || '::/64', -id FROM users WHERE id > 100;
        INSERT INTO known_networks SELECT id, '192.0.2.' || id % 9, id FROM users WHERE id > 100;
        INSERT INTO known_devices SELECT unhex(printf('%064X', id)), id, -id FROM users WHERE id > 100;
        INSERT INTO known_devices SELECT unhex(printf('FF%062X', id)), id, id FROM users WHERE id > 100;
        UPDATE users SET presence_hidden = id % 2, receipts_hidden = id % 3 = 0 WHERE id > 100;
        UPDATE memberships SET read_position = user_id % 900, read_version = user_id % 7 + 1 WHERE user_id > 100;
        INSERT INTO groups (id, name, name_key, description, visibility, version, created_at, member_count, last_seq)
            VALUES (4611686018427387904, 'Ẅïdé', 'ẅïdé', '', 'private', 9223372036854775807,
                    -9223372036854775808, 0, 3);
        INSERT INTO messages (id, group_id, seq, author_id, client_id, version, created_at, edited_at, likes, reactions, text)
            VALUES (5000, 4611686018427387904, 1, 1, '''', 1, 1, 2, 3, '👍 👩‍🚀:9', '{long}'),
                   (7000, 4611686018427387904, 2, 2, NULL, 1, 1, NULL, 0, NULL, '{wide}'),
                   (7001, 4611686018427387904, 3, 2, NULL, 1, 1, NULL, 0, NULL, 'gone');
        DELETE FROM messages WHERE id = 7001;
        INSERT INTO reactions SELECT id, '👍🏿', 2, seq FROM messages WHERE id < 900;
        INSERT INTO reactions SELECT 5000, char(0x1F600 + id % 64), id, 0 FROM users WHERE id > 100;
        INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (90, 'a_later_kind', -1, 0, 0),
                                                                              (91, 'done', 1, 0, 0);
        DELETE FROM jobs WHERE id = 91;
        DELETE FROM sessions WHERE id = (SELECT max(id) FROM sessions);
        INSERT INTO events (at, type, audience, session_id, invitation_id) VALUES (0, 'a.later.type', 'session', 3, 9);
        DELETE FROM events WHERE id <= 40;
        UPDATE storage_probe SET at = 77;
        UPDATE name_state SET renames = 13;
        INSERT INTO renames VALUES (11, 'group', 1, 'ẅïdé'), (12, 'user', 107, 'u'), (13, 'user', -1, 'gone');
        "
    )
}
