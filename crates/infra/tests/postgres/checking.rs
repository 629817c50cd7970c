//! Checks find what is wrong, each its own.

use std::time::Duration;

use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::check::{CheckOutcome, Depth, Finding};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::postgres::{self, OpenError};
use groupchat_testing::Scratch;

use crate::console::Console;
use crate::database::{OneWorkerStorage, open, options, refusal};

/// A member of a group with one message that has one like, and three events with and one without a place; as after an
/// upgrade, before a job has computed the checksums.
const CHAT: &str = "
    INSERT INTO users (username, username_key, is_admin, password_hash, version, created_at)
        VALUES ('ada', 'ada', true, 'hash', 1, 0);
    INSERT INTO groups (name, name_key, visibility, version, created_at, member_count, last_seq)
        VALUES ('Lobby', 'lobby', 'public', 1, 0, 1, 0);
    INSERT INTO memberships (group_id, user_id, role, read_seq, joined_at, since_event) VALUES (1, 1, 'owner', 0, 0, 0);
    INSERT INTO messages (group_id, seq, author_id, version, created_at, likes, text)
        VALUES (1, 1, 1, 1, 0, 1, 'hello');
    INSERT INTO reactions VALUES (1, '👍', 1, 0);
    INSERT INTO events (at, type, audience, position)
        VALUES (0, 'a', 'all', 1), (0, 'b', 'all', 2), (0, 'c', 'all', 3), (0, 'd', 'all', NULL);
    INSERT INTO jobs (kind, subject_id, run_after, created_at) VALUES ('checksum_messages', 0, 0, 0);";

/// A database with a little in it, and then with this done to it.
fn chat_with(damage: &str) -> Scratch {
    let scratch = Scratch::create();
    // Nobody is to give the last event its place.
    drop(open(postgres::PostgresOptions { follows_log: false, ..options(scratch.url()) }).unwrap());
    let mut console = Console::open(scratch.url());
    console.execute(&format!("{CHAT} {damage}"));
    scratch
}

fn check_at(scratch: &Scratch, depth: Depth, now: Timestamp) -> Vec<Finding> {
    postgres::check(&options(scratch.url()), depth, now)
}

fn check(scratch: &Scratch) -> Vec<Finding> {
    check_at(scratch, Depth::Full, SystemClock.now())
}

/// The names of the checks that fail.
fn failing(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().filter(|finding| finding.is_failure()).map(|finding| finding.check).collect()
}

fn find<'f>(findings: &'f [Finding], check: &str) -> &'f Finding {
    findings.iter().find(|finding| finding.check == check).unwrap()
}

#[test]
fn a_healthy_database_passes_every_check() {
    let chat = chat_with("");
    for depth in [Depth::Quick, Depth::Full] {
        let findings = check_at(&chat, depth, SystemClock.now());
        let names: Vec<_> = findings.iter().map(|finding| finding.check).collect();
        let expected = [
            "database",
            "schema",
            "integrity",
            "references",
            "ids",
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
            "settings",
        ];
        assert_eq!(names, expected);
        // The server for tests may be one that does without fsync, which is worth a warning.
        let passed = findings.iter().filter(|finding| finding.check != "settings");
        assert!(passed.clone().all(|finding| finding.outcome == CheckOutcome::Passed), "{findings:?}");
        assert!(
            find(&findings, "event_log").detail.ends_with("events that wait for their position: 1"),
            "{findings:?}"
        );
    }
}

#[test]
fn each_kind_of_damage_is_found_by_its_check() {
    let damages = [
        ("UPDATE groups SET last_seq = 2", "message_numbers"),
        ("UPDATE messages SET seq = 2; UPDATE groups SET last_seq = 2", "message_numbers"),
        ("UPDATE messages SET ordered_at = created_at", "message_order"),
        ("UPDATE memberships SET recent_seqs = NULL", "authored"),
        ("UPDATE groups SET member_count = 2", "member_counts"),
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
             VALUES (1, 1, decode(repeat('00', 32), 'hex'), 'king', 0, 0, 0)",
            "invite_links",
        ),
        ("UPDATE memberships SET joined_seq = 2", "joined_seqs"),
        ("UPDATE memberships SET read_seq = 2", "read_cursors"),
        ("UPDATE messages SET likes = 0", "like_counts"),
        ("DELETE FROM reactions", "like_counts"),
        ("UPDATE messages SET checksum = 1", "checksums"),
        ("DELETE FROM events WHERE position = 2", "event_log"),
        ("SET session_replication_role = replica; DELETE FROM users", "references"),
        ("SET session_replication_role = replica; UPDATE reactions SET user_id = 7", "references"),
        ("SELECT setval(pg_get_serial_sequence('messages', 'id'), 1, false)", "ids"),
        ("INSERT INTO jobs VALUES (7, 'x', 1, 0, 0)", "ids"),
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_by_username'::regclass",
            "integrity",
        ),
        ("ALTER TABLE messages DISABLE TRIGGER messages_after_insert", "integrity"),
        (
            "ALTER TABLE reactions DROP CONSTRAINT reactions_user_id_fkey, ADD CONSTRAINT reactions_user_id_fkey \
             FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
            "integrity",
        ),
        ("DROP TABLE storage_probe; DROP TABLE log_state", "database"),
    ];
    for (damage, check_name) in damages {
        let findings = check(&chat_with(damage));
        assert_eq!(failing(&findings), [check_name], "{damage}: {findings:?}");
    }
}

#[test]
fn what_may_be_is_no_damage() {
    let fine = [
        // Old events are pruned from the front.
        "DELETE FROM events WHERE position < 3",
        "DELETE FROM events",
        // A deleted message loses its likes in a job, a deleted group all.
        "UPDATE messages SET text = NULL, deleted_at = 0, likes = 0",
        "UPDATE groups SET deleted_at = 0; DELETE FROM memberships",
        "DELETE FROM reactions; DELETE FROM messages; DELETE FROM memberships; \
         DELETE FROM author_runs; DELETE FROM groups",
    ];
    for change in fine {
        let findings = check(&chat_with(change));
        assert_eq!(failing(&findings), Vec::<&str>::new(), "{change}: {findings:?}");
    }
}

#[test]
fn with_amcheck_each_index_is_compared_with_its_table() {
    // The table's rows are to be found by a function that thinks otherwise now than when the index was made.
    let chat = chat_with(
        "CREATE EXTENSION amcheck; \
         CREATE FUNCTION twist(n BIGINT) RETURNS BIGINT LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN n; END'; \
         CREATE TABLE twists (id BIGINT); INSERT INTO twists VALUES (1), (2); \
         CREATE INDEX twisted ON twists (twist(id))",
    );
    let findings = check(&chat);
    assert_eq!(failing(&findings), Vec::<&str>::new(), "{findings:?}");
    assert!(find(&findings, "integrity").detail.contains("matches its table"), "{findings:?}");

    Console::open(chat.url()).execute(
        "CREATE OR REPLACE FUNCTION twist(n BIGINT) RETURNS BIGINT LANGUAGE plpgsql IMMUTABLE \
         AS 'BEGIN RETURN -n; END'",
    );
    let findings = check(&chat);
    assert_eq!(failing(&findings), ["integrity"], "{findings:?}");
    assert!(find(&findings, "integrity").detail.contains("twisted"), "{findings:?}");
    assert_eq!(failing(&check_at(&chat, Depth::Quick, SystemClock.now())), Vec::<&str>::new());
}

#[test]
fn a_clock_behind_what_is_stored_is_found_and_one_that_differs_from_the_servers_told() {
    let now = SystemClock.now();
    let stored = format!("UPDATE users SET created_at = {}", now.as_micros());
    let chat = chat_with(&stored);
    let clock = |now| find(&check_at(&chat, Depth::Quick, now), "clock").outcome;
    assert_eq!(clock(now.minus(Duration::from_secs(30))), CheckOutcome::Passed);
    assert_eq!(clock(now.minus(Duration::from_secs(3_600))), CheckOutcome::Failed);
    let in_an_hour = Timestamp::from_micros(now.as_micros() + 3_600_000_000);
    assert_eq!(clock(in_an_hour), CheckOutcome::Warning);
}

#[test]
fn what_a_crash_may_cost_is_told() {
    let chat = chat_with("");
    let mut console = Console::open(chat.url());
    let lax = "SELECT count(*) AS number FROM pg_settings \
               WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";
    let lax = console.number(lax) > 0;
    let expected = if lax { CheckOutcome::Warning } else { CheckOutcome::Passed };
    assert_eq!(find(&check(&chat), "settings").outcome, expected);
    let set = "ALTER DATABASE %I SET zero_damaged_pages = on";
    console.execute(&format!("DO $$ BEGIN EXECUTE format('{set}', current_database()); END $$"));
    let findings = check(&chat);
    let settings = find(&findings, "settings");
    assert_eq!(settings.outcome, CheckOutcome::Warning);
    assert!(settings.detail.contains("zero_damaged_pages is on"), "{settings:?}");
}

#[test]
fn a_database_in_use_passes() {
    let place = OneWorkerStorage::new();
    let findings = postgres::check(&options(place.scratch.url()), Depth::Full, SystemClock.now());
    assert_eq!(failing(&findings), Vec::<&str>::new(), "{findings:?}");
}

#[test]
fn what_is_no_database_of_ours_is_a_finding() {
    let empty = Scratch::create();
    assert_eq!(failing(&check(&empty)), ["database"]);
    let tables = "SELECT count(*) AS number FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(Console::open(empty.url()).number(tables), 0, "a check makes nothing");
    assert_eq!(failing(&check(&Scratch::encoded("LATIN1"))), ["database"]);

    let newer = chat_with("INSERT INTO __diesel_schema_migrations VALUES ('99990101000000')");
    assert_eq!(failing(&check(&newer)), ["database"]);
    let unfinished = chat_with("UPDATE log_state SET epoch = 'unfinished copy'");
    assert_eq!(failing(&check(&unfinished)), ["database"]);
    let nowhere = format!("{}_gone", empty.url());
    assert_eq!(failing(&postgres::check(&options(&nowhere), Depth::Quick, SystemClock.now())), ["database"]);
}

/// Each is carried out by what groupchat does, or lets rows in or out, and what it is called.
const GRAVE: [(&str, &str); 15] = [
    (
        "CREATE FUNCTION rise() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN UPDATE users SET is_admin = true; RETURN NULL; END'; \
         CREATE TRIGGER rise AFTER UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION rise()",
        "the trigger rise of sessions is not groupchat's",
    ),
    (
        "CREATE OR REPLACE FUNCTION messages_after_insert() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN UPDATE users SET is_admin = true; RETURN NULL; END'",
        "the function messages_after_insert() is not as groupchat makes it",
    ),
    (
        "DROP TRIGGER messages_after_insert ON messages",
        "the trigger messages_after_insert of messages is missing",
    ),
    (
        "CREATE RULE rise AS ON UPDATE TO sessions DO ALSO UPDATE users SET is_admin = true",
        "the rule rise of sessions is not groupchat's",
    ),
    (
        "CREATE POLICY none ON users USING (false); ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        "the policy none of users is not groupchat's",
    ),
    ("ALTER TABLE users ALTER COLUMN is_admin SET DEFAULT true", "the column is_admin of users is not as"),
    ("ALTER TABLE users ADD COLUMN later TEXT", "the column later of users is not groupchat's"),
    ("ALTER TABLE jobs ADD CHECK (run_after >= 0)", "of jobs is not groupchat's"),
    (
        "ALTER TABLE messages DROP CONSTRAINT messages_author_id_fkey",
        "REFERENCES users(id) of messages is missing",
    ),
    ("DROP INDEX jobs_by_time", "(run_after, id) of jobs is missing"),
    ("CREATE UNIQUE INDEX ON messages (author_id, seq)", "(author_id, seq) of messages is not groupchat's"),
    ("CREATE INDEX ON users (lower(email))", "of users is not groupchat's"),
    ("CREATE TABLE more () INHERITS (users)", "the child table more of users is not groupchat's"),
    (
        "CREATE FUNCTION format(text, name, oid) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "the function format(text, name, oid) is not groupchat's",
    ),
    ("ALTER TABLE storage_probe SET UNLOGGED", "the table storage_probe is not as groupchat makes it"),
];

#[test]
fn a_schema_that_is_not_ours_is_found_named_and_never_served() {
    let chat = chat_with("");
    let mut console = Console::open(chat.url());
    let pristine = check(&chat);
    assert_eq!(failing(&pristine), Vec::<&str>::new(), "{pristine:?}");
    for (change, words) in GRAVE {
        let chat = chat_with(change);
        let findings = check_at(&chat, Depth::Quick, SystemClock.now());
        assert_eq!(failing(&findings), ["schema"], "{change}: {findings:?}");
        let found = find(&findings, "schema");
        assert!(found.detail.contains(words), "{change}: {found:?}");
        for migrates in [true, false] {
            let error = refusal(postgres::PostgresOptions { migrates, ..options(chat.url()) });
            assert!(matches!(&error, OpenError::Schema { .. }), "{change}: {error}");
        }
    }
    let left = "SELECT count(*) AS number FROM pg_namespace WHERE nspname LIKE 'groupchat%'";
    assert_eq!(console.number(left), 0, "what it is compared with is gone");
}

#[test]
fn what_stands_beside_our_tables_is_a_warning() {
    for (change, words) in [
        (
            "CREATE INDEX ON messages (created_at)",
            "the index CREATE INDEX ON messages USING btree (created_at)",
        ),
        ("CREATE TABLE notes (id BIGINT UNIQUE)", "the table notes is not groupchat's"),
        ("CREATE VIEW people AS SELECT id FROM users", "the table people"),
        ("CREATE FUNCTION later() RETURNS INT LANGUAGE sql AS 'SELECT 1'", "the function later()"),
    ] {
        let chat = chat_with(change);
        let findings = check(&chat);
        assert_eq!(failing(&findings), Vec::<&str>::new(), "{change}: {findings:?}");
        let found = find(&findings, "schema");
        assert!(
            found.outcome == CheckOutcome::Warning && found.detail.contains(words),
            "{change}: {found:?}"
        );
        open(options(chat.url())).unwrap();
    }
}

#[test]
fn what_an_extension_brings_is_nothing_to_tell() {
    let chat = chat_with("CREATE EXTENSION pg_trgm");
    assert_eq!(find(&check(&chat), "schema").outcome, CheckOutcome::Passed);
}
