//! What the server keeps for itself.

use super::Rule::{Check, Unique};
use super::TableRows;
use super::value::Value::{Bytes, Characters, Null, Number, Text};

pub(super) const JOBS: TableRows = TableRows {
    table: "jobs",
    is_single_row: false,
    first: &[&[("id", Number(1))]],
    another: &[
        ("id", Number(3)),
        ("kind", Text("purge")),
        ("subject_id", Number(1)),
        ("run_after", Number(0)),
        ("created_at", Number(0)),
    ],
    accepted: &[],
    rejected: &[(Unique, &[("id", Number(1))])],
};

pub(super) const EVENTS: TableRows = TableRows {
    table: "events",
    is_single_row: false,
    first: &[&[
        ("id", Number(1)),
        ("checksum", Number(7)),
        ("invitation_id", Number(1)),
        ("emoji", Text("🎉")),
    ]],
    another: &[
        ("id", Number(3)),
        ("at", Number(0)),
        ("type", Text("group.created")),
        ("audience", Text("all")),
    ],
    accepted: &[
        &[("audience", Text("group"))],
        &[("audience", Text("group_and_user"))],
        &[("audience", Text("user"))],
        &[("audience", Text("session"))],
        &[("checksum", Number(0))],
        &[("checksum", Number((1 << 32) - 1))],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Check, &[("audience", Text("nobody"))]),
        (Check, &[("emoji", Text(""))]),
        (Check, &[("checksum", Number(-1))]),
        (Check, &[("checksum", Number(1 << 32))]),
    ],
};

pub(super) const LOG_STATE: TableRows = TableRows {
    table: "log_state",
    is_single_row: true,
    first: &[&[]],
    another: &[("id", Number(1)), ("epoch", Text("e"))],
    accepted: &[],
    rejected: &[(Unique, &[]), (Check, &[("id", Number(2))]), (Check, &[("epoch", Text(""))])],
};

pub(super) const AUDIT_LOG: TableRows = TableRows {
    table: "audit_log",
    is_single_row: false,
    first: &[&[("seq", Number(1))]],
    another: &[
        ("seq", Number(3)),
        ("at", Number(0)),
        ("action", Text("login")),
        ("outcome", Text("ok")),
        ("party", Text("user")),
        ("actor_id", Number(1)),
        ("session_id", Number(1)),
        ("target_id", Number(2)),
        ("group_id", Number(5)),
        ("object_id", Number(9)),
        ("detail", Text("email")),
        ("address", Text("192.0.2.1")),
        ("user_agent", Text("curl/8")),
        ("hash", Bytes(3, 32)),
    ],
    accepted: &[
        &[
            ("action", Characters(50)),
            ("detail", Characters(2000)),
            ("address", Characters(50)),
            ("user_agent", Characters(200)),
        ],
        &[
            ("outcome", Text("failed")),
            ("party", Text("stranger")),
            ("actor_id", Null),
            ("session_id", Null),
            ("target_id", Null),
        ],
        &[
            ("party", Text("operator")),
            ("group_id", Null),
            ("object_id", Null),
            ("detail", Null),
            ("address", Null),
            ("user_agent", Null),
        ],
        // Nothing that they name has to be there.
        &[("party", Text("server")), ("actor_id", Number(99)), ("target_id", Number(99))],
    ],
    rejected: &[
        (Unique, &[("seq", Number(1))]),
        (Check, &[("seq", Number(0))]),
        (Check, &[("action", Text(""))]),
        (Check, &[("action", Characters(51))]),
        (Check, &[("outcome", Text("other"))]),
        (Check, &[("party", Text("other"))]),
        (Check, &[("detail", Text(""))]),
        (Check, &[("detail", Characters(2001))]),
        (Check, &[("address", Text(""))]),
        (Check, &[("address", Characters(51))]),
        (Check, &[("user_agent", Text(""))]),
        (Check, &[("user_agent", Characters(201))]),
        (Check, &[("hash", Bytes(3, 31))]),
    ],
};

pub(super) const AUDIT_STATE: TableRows = TableRows {
    table: "audit_state",
    is_single_row: true,
    first: &[],
    another: &[
        ("id", Number(1)),
        ("newest", Number(0)),
        ("newest_hash", Bytes(0, 32)),
        ("pruned", Number(0)),
        ("pruned_hash", Bytes(0, 32)),
    ],
    accepted: &[],
    rejected: &[
        (Unique, &[]),
        (Check, &[("id", Number(2))]),
        (Check, &[("newest", Number(-1))]),
        (Check, &[("pruned", Number(-1))]),
        (Check, &[("pruned", Number(1))]),
        (Check, &[("newest_hash", Bytes(0, 31))]),
        (Check, &[("pruned_hash", Bytes(0, 31))]),
    ],
};

pub(super) const KNOWN_SETTINGS: TableRows = TableRows {
    table: "known_settings",
    is_single_row: false,
    first: &[&[("name", Text("workers"))]],
    another: &[("name", Text("listen")), ("digest", Text("5feceb66"))],
    accepted: &[&[("name", Characters(100)), ("digest", Characters(100))]],
    rejected: &[
        (Unique, &[("name", Text("workers"))]),
        (Check, &[("name", Text(""))]),
        (Check, &[("name", Characters(101))]),
        (Check, &[("digest", Text(""))]),
        (Check, &[("digest", Characters(101))]),
    ],
};

pub(super) const STORAGE_PROBE: TableRows = TableRows {
    table: "storage_probe",
    is_single_row: true,
    first: &[],
    another: &[("id", Number(1)), ("at", Number(0))],
    accepted: &[],
    rejected: &[(Unique, &[]), (Check, &[("id", Number(2))])],
};

pub(super) const NAME_STATE: TableRows = TableRows {
    table: "name_state",
    is_single_row: true,
    first: &[],
    another: &[("id", Number(1)), ("renames", Number(0)), ("folding", Number(0))],
    accepted: &[],
    rejected: &[
        (Unique, &[]),
        (Check, &[("id", Number(2))]),
        (Check, &[("renames", Number(-1))]),
        (Check, &[("folding", Number(-1))]),
    ],
};

pub(super) const RENAMES: TableRows = TableRows {
    table: "renames",
    is_single_row: false,
    first: &[&[("id", Number(1))]],
    another: &[
        ("id", Number(2)),
        ("kind", Text("group")),
        ("subject_id", Number(1)),
        ("old_key", Text("tea")),
    ],
    accepted: &[],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Check, &[("kind", Text("message"))]),
        (Check, &[("old_key", Text(""))]),
    ],
};
