//! Rows with nothing wrong.

use super::Changed;
use super::value::Row;
use super::value::Value::{Bool, Bytes, Null, Number, Text};

/// What is in a database before a row is tried: each is [`another`] row but for these columns.
pub(crate) const FIRST: &[Changed] = &[
    ("users", &[("id", Number(1)), ("username", Text("Ann")), ("username_key", Text("ann"))]),
    ("users", &[("id", Number(2)), ("username", Text("Bob")), ("username_key", Text("bob"))]),
    ("sessions", &[("id", Number(1)), ("key_hash", Bytes(1, 32))]),
    ("tickets", &[("id", Number(1)), ("hash", Bytes(1, 32))]),
    ("known_networks", &[("network", Text("192.0.2.1"))]),
    ("groups", &[("id", Number(1)), ("name_key", Text("tea"))]),
    ("groups", &[("id", Number(2)), ("name_key", Text("old")), ("deleted_at", Number(5))]),
    ("memberships", &[("user_id", Number(1))]),
    ("messages", &[("id", Number(1)), ("seq", Number(1)), ("client_id", Text("first"))]),
    (
        "messages",
        &[
            ("id", Number(4)),
            ("seq", Number(4)),
            ("client_id", Null),
            ("pin_seq", Number(1)),
            ("pinned_at", Number(5)),
            ("pinned_by", Number(2)),
        ],
    ),
    ("messages", &[("id", Number(2)), ("seq", Number(2)), ("client_id", Null)]),
    ("reactions", &[("user_id", Number(1))]),
    ("jobs", &[("id", Number(1))]),
    ("events", &[("id", Number(1))]),
    ("log_state", &[]),
    ("renames", &[("id", Number(1))]),
];

/// The tables.
pub(crate) const TABLES: [&str; 14] = [
    "users",
    "sessions",
    "tickets",
    "known_networks",
    "groups",
    "memberships",
    "messages",
    "reactions",
    "jobs",
    "events",
    "log_state",
    "storage_probe",
    "name_state",
    "renames",
];

/// Tables of one row, which is there already: [`another`] is that row again.
pub(crate) const SINGLE_ROWS: [&str; 3] = ["log_state", "storage_probe", "name_state"];

/// A row that the table takes besides the first ones.
pub(crate) fn another(table: &str) -> Row {
    match table {
        "users" => user(),
        "sessions" => vec![
            ("id", Number(3)),
            ("user_id", Number(1)),
            ("kind", Text("login")),
            ("key_hash", Bytes(3, 32)),
            ("created_at", Number(0)),
            ("expires_at", Number(0)),
        ],
        "tickets" => vec![
            ("id", Number(3)),
            ("session_id", Number(1)),
            ("hash", Bytes(3, 32)),
            ("expires_at", Number(0)),
        ],
        "known_networks" => {
            vec![("user_id", Number(1)), ("network", Text("192.0.2.2")), ("last_used_at", Number(0))]
        }
        "groups" => group(),
        "memberships" => vec![
            ("group_id", Number(1)),
            ("user_id", Number(2)),
            ("role", Text("member")),
            ("read_seq", Number(0)),
            ("joined_at", Number(0)),
            ("since_event", Number(0)),
            ("read_position", Number(0)),
        ],
        "messages" => message(),
        "reactions" => vec![
            ("message_id", Number(1)),
            ("emoji", Text("👍")),
            ("user_id", Number(2)),
            ("created_at", Number(0)),
        ],
        "jobs" => vec![
            ("id", Number(3)),
            ("kind", Text("purge")),
            ("subject_id", Number(1)),
            ("run_after", Number(0)),
            ("created_at", Number(0)),
        ],
        "events" => vec![
            ("id", Number(3)),
            ("at", Number(0)),
            ("type", Text("group.created")),
            ("audience", Text("all")),
        ],
        "log_state" => vec![("id", Number(1)), ("epoch", Text("e"))],
        "storage_probe" => vec![("id", Number(1)), ("at", Number(0))],
        "name_state" => vec![("id", Number(1)), ("renames", Number(0)), ("folding", Number(0))],
        "renames" => vec![
            ("id", Number(2)),
            ("kind", Text("group")),
            ("subject_id", Number(1)),
            ("old_key", Text("tea")),
        ],
        unknown => panic!("no row for {unknown}"),
    }
}

fn user() -> Row {
    vec![
        ("id", Number(3)),
        ("username", Text("Cid")),
        ("username_key", Text("cid")),
        ("display_name", Text("Cid")),
        ("display_key", Text("cid")),
        ("email", Text("cid@example.com")),
        ("is_admin", Bool(true)),
        ("password_hash", Text("hash")),
        ("version", Number(1)),
        ("created_at", Number(0)),
        ("deleted_at", Null),
        ("presence_hidden", Bool(false)),
    ]
}

fn group() -> Row {
    vec![
        ("id", Number(3)),
        ("name", Text("Coffee")),
        ("name_key", Text("coffee")),
        ("description", Null),
        ("visibility", Text("public")),
        ("version", Number(1)),
        ("created_at", Number(0)),
        ("deleted_at", Null),
        ("member_count", Number(0)),
        ("last_seq", Number(0)),
    ]
}

fn message() -> Row {
    vec![
        ("id", Number(3)),
        ("group_id", Number(1)),
        ("seq", Number(3)),
        ("author_id", Number(1)),
        ("client_id", Text("third")),
        ("version", Number(1)),
        ("created_at", Number(0)),
        ("deleted_at", Null),
        ("likes", Number(0)),
        ("text", Text("Hello")),
    ]
}
