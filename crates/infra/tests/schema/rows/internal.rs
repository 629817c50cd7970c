//! What the server keeps for itself.

use super::Rule::{Check, Unique};
use super::TableRows;
use super::value::Value::{Number, Text};

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
