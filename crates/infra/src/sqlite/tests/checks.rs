//! Each check finds its own kind of problem.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::time::Timestamp;
use tempfile::TempDir;

use crate::check::{CheckOutcome, Depth, Finding};
use crate::sqlite::check;
use crate::sqlite::migrate::migrate;

/// When the newest row was stored.
const STORED: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// A member of a group with one message that has one like, and events; as after an upgrade, before a job has computed
/// the checksums.
const CHAT: &str = "
    INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at)
        VALUES (1, 'ada', 'ada', 1, 'hash', 1, 1700000000000000);
    INSERT INTO groups (id, name, name_key, visibility, version, created_at, member_count, last_seq)
        VALUES (1, 'Lobby', 'lobby', 'public', 1, 0, 1, 0);
    INSERT INTO memberships (group_id, user_id, role, read_seq, joined_at, since_event)
        VALUES (1, 1, 'owner', 0, 0, 0);
    INSERT INTO messages (id, group_id, seq, author_id, version, created_at, likes, text)
        VALUES (1, 1, 1, 1, 1, 0, 1, 'hello');
    INSERT INTO reactions VALUES (1, '👍', 1, 0);
    INSERT INTO events (at, type, audience) VALUES (0, 'a', 'all'), (0, 'b', 'all'), (0, 'c', 'all');
    INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (9, 'checksum_messages', 0, 0, 0);";

struct Setting {
    directory: TempDir,
}

impl Setting {
    /// A database with a few rows, to which a change is then applied.
    fn with(damage: &str) -> Self {
        let setting = Self { directory: tempfile::tempdir().unwrap() };
        migrate(&setting.database()).unwrap();
        let mut connection = SqliteConnection::establish(setting.database().to_str().unwrap()).unwrap();
        connection.batch_execute(CHAT).unwrap();
        connection.batch_execute(&format!("PRAGMA foreign_keys = OFF; {damage}")).unwrap();
        setting
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join("chat.db")
    }

    fn check_at(&self, now: Timestamp) -> Vec<Finding> {
        check(&self.database(), Depth::Full, now)
    }

    /// The names of the checks that fail.
    fn failing(&self) -> Vec<&'static str> {
        failing(&self.check_at(STORED))
    }
}

fn failing(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().filter(|finding| finding.is_failure()).map(|finding| finding.check).collect()
}

#[test]
fn a_healthy_database_passes_every_check() {
    let findings = Setting::with("").check_at(STORED);
    let names: Vec<_> = findings.iter().map(|finding| finding.check).collect();
    let expected = [
        "database",
        "schema",
        "integrity",
        "ids",
        "references",
        "message_numbers",
        "trimmed",
        "message_order",
        "authored",
        "member_counts",
        "roles",
        "bans",
        "invitations",
        "join_requests",
        "invite_links",
        "suspended",
        "server_invites",
        "server_roles",
        "read_cursors",
        "joined_seqs",
        "like_counts",
        "reaction_counts",
        "replies",
        "threads",
        "thread_members",
        "edits",
        "quotes",
        "polls",
        "mentions",
        "group_mentions",
        "drafts",
        "bookmarks",
        "reminders",
        "scheduled",
        "bots",
        "factors",
        "audit_log",
        "logged_messages",
        "event_log",
        "checksums",
        "clock",
        "free_space",
    ];
    assert_eq!(names, expected);
    assert_eq!(failing(&findings), Vec::<&str>::new(), "{findings:?}");
    assert_eq!(findings[0].outcome, CheckOutcome::Passed, "{findings:?}");
}

#[test]
fn each_kind_of_damage_is_found_by_its_check() {
    let damages = [
        ("UPDATE groups SET last_seq = 2", "message_numbers"),
        ("UPDATE messages SET seq = 2; UPDATE groups SET last_seq = 2", "message_numbers"),
        ("UPDATE messages SET ordered_at = created_at", "message_order"),
        ("UPDATE memberships SET recent_seqs = NULL", "authored"),
        ("UPDATE groups SET member_count = 2", "member_counts"),
        ("UPDATE memberships SET role = 'king'", "roles"),
        (
            "INSERT INTO group_bans (group_id, user_id, banned_by, created_at) \
             SELECT group_id, user_id, user_id, 0 FROM memberships",
            "bans",
        ),
        (
            "INSERT INTO invitations (group_id, user_id, invited_by, role, created_at) VALUES (1, 1, 1, 'member', 0)",
            "invitations",
        ),
        ("INSERT INTO join_requests (group_id, user_id, created_at) VALUES (1, 1, 0)", "join_requests"),
        (
            "INSERT INTO invite_links (group_id, created_by, code_hash, role, uses, created_at, expires_at) \
             VALUES (1, 1, zeroblob(32), 'king', 0, 0, 0)",
            "invite_links",
        ),
        (
            "UPDATE users SET suspended = 1; \
             INSERT INTO sessions (user_id, kind, key_hash, created_at, expires_at) \
             VALUES (1, 'login', zeroblob(32), 0, 0)",
            "suspended",
        ),
        ("UPDATE audit_state SET newest = 1", "audit_log"),
        ("INSERT INTO recovery_codes VALUES (1, zeroblob(32))", "factors"),
        (
            "INSERT INTO totp VALUES (1, x'00', 1, 0, NULL, x''); INSERT INTO recovery_codes VALUES (1, zeroblob(32))",
            "factors",
        ),
        ("UPDATE memberships SET joined_seq = 2", "joined_seqs"),
        ("UPDATE memberships SET read_seq = 2", "read_cursors"),
        ("UPDATE messages SET likes = 0", "like_counts"),
        ("DELETE FROM reactions", "like_counts"),
        ("INSERT INTO reactions VALUES (1, '🎉', 1, 0)", "reaction_counts"),
        ("UPDATE messages SET reactions = '👍 🎉:1'", "reaction_counts"),
        (
            "INSERT INTO reactions VALUES (1, '🎉', 1, 0); UPDATE messages SET reactions = '🎉:11'",
            "reaction_counts",
        ),
        (
            "INSERT INTO reactions VALUES (1, '🎉', 1, 0); UPDATE messages SET reactions = '🎉:1 👍 ❤️:1'",
            "reaction_counts",
        ),
        (
            "INSERT INTO events (at, type, audience, group_id, message_id) VALUES (0, 'message.a', 'group', 1, 1), \
             (0, 'message.b', 'group', 1, 1)",
            "logged_messages",
        ),
        (
            "INSERT INTO events (at, type, audience, group_id, message_id) VALUES (0, 'message.a', 'group', 1, 9)",
            "logged_messages",
        ),
        ("UPDATE messages SET checksum = 1", "checksums"),
        ("UPDATE events SET checksum = 1 WHERE id = 2", "checksums"),
        ("DELETE FROM events WHERE id = 2", "event_log"),
        ("DELETE FROM events WHERE id = 3", "event_log"),
        ("INSERT INTO jobs VALUES (1, 'x', 1, 0, 0); DELETE FROM users", "references"),
        ("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'users'", "ids"),
        ("UPDATE sqlite_sequence SET seq = 1 << 53 WHERE name = 'groups'", "ids"),
    ];
    for (damage, check) in damages {
        assert_eq!(Setting::with(damage).failing(), [check], "{damage}");
    }
}

/// The message has a reply.
const THREAD: &str = "
    INSERT INTO messages (id, group_id, seq, author_id, version, created_at, likes, text, thread_id, root_seq)
        VALUES (2, 1, 1, 1, 1, 0, 0, 'well', 1, 1);
    INSERT INTO threads VALUES (1, 1, 1, 1, 1, 2, 0);
    INSERT INTO thread_members (root_id, user_id, following, read_seq, place, seen_reply_id, read_position) VALUES (1, 1, 1, 1, 1, 2, NULL);
    UPDATE messages SET attachments = 1 WHERE id = 1;";

#[test]
fn each_kind_of_damage_to_a_thread_is_found_by_its_check() {
    assert_eq!(Setting::with(THREAD).failing(), Vec::<&str>::new());
    let damages = [
        ("DELETE FROM thread_members; DELETE FROM threads", "replies"),
        ("UPDATE threads SET reply_count = 0", "threads"),
        ("UPDATE threads SET last_seq = 2", "threads"),
        ("UPDATE messages SET attachments = 0", "threads"),
        ("UPDATE thread_members SET read_seq = 2", "thread_members"),
        ("UPDATE thread_members SET place = 2", "thread_members"),
        ("DELETE FROM thread_members", "thread_members"),
    ];
    for (damage, check) in damages {
        assert_eq!(Setting::with(&format!("{THREAD} {damage}")).failing(), [check], "{damage}");
    }
}

/// The message was edited.
const EDIT: &str = "
    UPDATE messages SET version = 2, edited_at = 5;
    INSERT INTO message_edits VALUES (1, 1, 'Hallo', 0);";

#[test]
fn each_kind_of_damage_to_earlier_texts_is_found_by_its_check() {
    assert_eq!(Setting::with(EDIT).failing(), Vec::<&str>::new());
    let damages = [
        "UPDATE messages SET edited_at = NULL",
        "UPDATE message_edits SET version = 2",
        "UPDATE messages SET text = NULL, deleted_at = 0, likes = 0",
        "UPDATE messages SET version = 200; WITH RECURSIVE numbers (number) AS \
            (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < 101) \
            INSERT INTO message_edits SELECT 1, number, 'Hallo', 0 FROM numbers",
    ];
    for damage in damages {
        assert_eq!(Setting::with(&format!("{EDIT} {damage}")).failing(), ["edits"], "{damage}");
    }
}

/// A second message replies to the first, and a third one was forwarded from one that is gone.
const QUOTES: &str = "
    INSERT INTO messages (id, group_id, seq, author_id, version, created_at, likes, text, attachments)
        VALUES (2, 1, 2, 1, 1, 0, 0, 'well', 4), (9, 1, 3, 1, 1, 0, 0, 'well', 8);
    UPDATE groups SET last_seq = 3;
    INSERT INTO message_quotes VALUES (2, 1), (9, 8);";

#[test]
fn each_kind_of_damage_to_quotes_is_found_by_its_check() {
    assert_eq!(Setting::with(QUOTES).failing(), Vec::<&str>::new());
    let damages = [
        "DELETE FROM message_quotes WHERE message_id = 2",
        "DELETE FROM message_quotes WHERE message_id = 9",
        "UPDATE message_quotes SET quoted_id = 8 WHERE message_id = 9; UPDATE messages SET attachments = 4 WHERE id = 9",
        "UPDATE messages SET attachments = 12 WHERE id = 2",
        "UPDATE messages SET attachments = 0 WHERE id = 2",
        "UPDATE messages SET text = NULL, deleted_at = 0 WHERE id = 2",
    ];
    for damage in damages {
        assert_eq!(Setting::with(&format!("{QUOTES} {damage}")).failing(), ["quotes"], "{damage}");
    }
}

/// The message mentions its author, and all members.
const MENTIONS: &str = "
    INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at)
        VALUES (2, 'bob', 'bob', 0, 'hash', 1, 0);
    INSERT INTO mentions VALUES (1, 1, 1, NULL, 0, 1, 1, 0, 1);
    INSERT INTO group_mentions VALUES (1, 1, NULL, 0, 1, 1);
    UPDATE messages SET attachments = 48 WHERE id = 1;";

#[test]
fn each_kind_of_damage_to_a_mention_is_found_by_its_check() {
    assert_eq!(Setting::with(MENTIONS).failing(), Vec::<&str>::new());
    let damages = [
        ("UPDATE mentions SET seq = 2", "mentions"),
        ("UPDATE mentions SET author_id = 2", "mentions"),
        ("UPDATE messages SET attachments = 32", "mentions"),
        ("UPDATE group_mentions SET seq = 2", "group_mentions"),
        ("UPDATE messages SET attachments = 16", "group_mentions"),
    ];
    for (damage, check) in damages {
        assert_eq!(Setting::with(&format!("{MENTIONS} {damage}")).failing(), [check], "{damage}");
    }
}

/// Somebody who is in the group has a draft there, and a bookmark.
const SAVED: &str = "
    INSERT INTO drafts VALUES (1, 1, 0, 'I think', 1, 0);
    INSERT INTO bookmarks VALUES (1, 1, 1, NULL, 0);
    INSERT INTO reminders VALUES (1, 1, 0, 0, 0, 0);
    INSERT INTO scheduled_messages VALUES (1, 1, 1, NULL, NULL, '{}', 0, 0, 0, NULL, NULL, NULL);";

#[test]
fn drafts_of_strangers_and_what_deleted_users_keep_is_found() {
    assert_eq!(Setting::with(SAVED).failing(), Vec::<&str>::new());
    let stranger = "INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at) \
        VALUES (2, 'bob', 'bob', 0, 'hash', 1, 0); UPDATE drafts SET user_id = 2";
    assert_eq!(Setting::with(&format!("{SAVED} {stranger}")).failing(), ["drafts"]);
    let deleted = "INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at, deleted_at) \
        VALUES (2, NULL, NULL, 0, NULL, 1, 0, 1); ";
    for (table, check) in
        [("bookmarks", "bookmarks"), ("reminders", "reminders"), ("scheduled_messages", "scheduled")]
    {
        let of_deleted = format!("{SAVED} {deleted} UPDATE {table} SET user_id = 2");
        assert_eq!(Setting::with(&of_deleted).failing(), [check]);
    }
}

/// A bot of the one user there is, with a token.
const BOT: &str = "
    INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at, owner_id)
        VALUES (2, 'bot', 'bot', 0, '!', 1, 0, 1);
    INSERT INTO sessions (user_id, kind, key_hash, created_at, expires_at, name, scopes)
        VALUES (2, 'token', zeroblob(32), 0, 0, 'CI', 'read');";

#[test]
fn each_kind_of_damage_to_a_bot_is_found_by_its_check() {
    assert_eq!(Setting::with(BOT).failing(), Vec::<&str>::new());
    let damages = [
        "UPDATE users SET owner_id = 3 WHERE id = 2",
        "INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at, owner_id) \
         VALUES (3, 'third', 'third', 0, '!', 1, 0, 2)",
        "UPDATE sessions SET kind = 'login', scopes = NULL WHERE user_id = 2",
    ];
    for damage in damages {
        assert_eq!(Setting::with(&format!("{BOT} {damage}")).failing(), ["bots"], "{damage}");
    }
}

#[test]
fn allowed_states_are_not_reported_as_damage() {
    let fine = [
        "INSERT INTO reactions VALUES (1, '🎉', 1, 0), (1, '1️⃣', 1, 0); UPDATE messages SET reactions = '1️⃣:1 👍 🎉:1'",
        // Old events are removed from the front.
        "DELETE FROM events WHERE id < 3",
        "DELETE FROM events",
        // The likes of a deleted message are removed by a job, and so is everything in a deleted group.
        "UPDATE messages SET text = NULL, deleted_at = 0, likes = 0",
        "UPDATE groups SET deleted_at = 0; DELETE FROM memberships",
        "INSERT INTO invitations (group_id, user_id, invited_by, role, created_at) VALUES (1, 1, 1, 'member', 0); \
         INSERT INTO jobs VALUES (10, 'purge_group', 1, 0, 0); UPDATE groups SET deleted_at = 0",
        "DELETE FROM reactions; DELETE FROM messages; DELETE FROM memberships; \
         DELETE FROM author_runs; DELETE FROM groups",
        // A token comes back with its user.
        "UPDATE users SET suspended = 1; \
         INSERT INTO sessions (user_id, kind, key_hash, created_at, expires_at, name, scopes) \
         VALUES (1, 'token', zeroblob(32), 0, 0, 'Deploys', 'read')",
        // The planner's statistics are tables, too.
        "ANALYZE",
    ];
    for change in fine {
        assert_eq!(Setting::with(change).failing(), Vec::<&str>::new(), "{change}");
    }
}

#[test]
fn a_clock_behind_the_stored_times_is_found() {
    let setting = Setting::with("");
    assert_eq!(failing(&setting.check_at(STORED.minus(Duration::from_secs(30)))), Vec::<&str>::new());
    assert_eq!(failing(&setting.check_at(STORED.minus(Duration::from_secs(3_600)))), ["clock"]);
}

#[test]
fn a_torn_page_is_found() {
    let setting = Setting::with("PRAGMA wal_checkpoint(TRUNCATE)");
    let mut file = OpenOptions::new().write(true).open(setting.database()).unwrap();
    let pages = file.metadata().unwrap().len() / 4_096;
    for page in 1..pages {
        file.seek(SeekFrom::Start(page * 4_096)).unwrap();
        file.write_all(&[0xAA; 64]).unwrap();
    }
    assert!(!setting.failing().is_empty());
}

#[test]
fn a_file_that_is_no_database_is_a_finding() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chat.db");
    assert_eq!(failing(&check(&path, Depth::Quick, STORED)), ["database"]);
    assert!(!path.exists(), "a check creates nothing");
    std::fs::write(&path, "").unwrap();
    assert_eq!(failing(&check(&path, Depth::Quick, STORED)), ["database"]);
    std::fs::write(&path, "not a database ".repeat(1_000)).unwrap();
    assert_eq!(failing(&check(&path, Depth::Quick, STORED)), ["database"]);
}

#[test]
fn a_schema_that_is_not_ours_is_found_and_named() {
    const TRIGGER: &str = "CREATE TRIGGER messages_after_insert AFTER INSERT ON messages BEGIN";
    let changes = [
        (
            "CREATE TRIGGER rise AFTER UPDATE ON sessions BEGIN UPDATE users SET is_admin = 1; END"
                .to_owned(),
            "the trigger rise is not groupchat's",
        ),
        ("DROP TRIGGER messages_after_insert".to_owned(), "the trigger messages_after_insert is missing"),
        (
            format!("DROP TRIGGER messages_after_insert; {TRIGGER} UPDATE users SET is_admin = 1; END"),
            "the trigger messages_after_insert is not as groupchat makes it",
        ),
        ("CREATE INDEX later ON messages (text)".to_owned(), "the index later is not groupchat's"),
        ("DROP INDEX jobs_by_time".to_owned(), "the index jobs_by_time is missing"),
        (
            "DROP INDEX users_admins; CREATE INDEX users_admins ON users (id)".to_owned(),
            "the index users_admins is not as groupchat makes it",
        ),
        ("CREATE VIEW people AS SELECT * FROM users".to_owned(), "the view people is not groupchat's"),
        ("CREATE TABLE later (id INTEGER)".to_owned(), "the table later is not groupchat's"),
        (
            "ALTER TABLE users ADD COLUMN later TEXT".to_owned(),
            "the table users is not as groupchat makes it",
        ),
    ];
    for (change, words) in changes {
        let findings = Setting::with(&change).check_at(STORED);
        assert_eq!(failing(&findings), ["schema"], "{change}");
        let found = findings.iter().find(|finding| finding.check == "schema").unwrap();
        assert!(found.detail.contains(words), "{change}: {found:?}");
    }
}
