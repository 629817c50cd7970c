//! Polls and their ballots.

use super::Rule::{Check, Reference, Type, Unique};
use super::TableRows;
use super::value::Value::{Bool, Bytes, Characters, Null, Number, Text};

pub(super) const POLLS: TableRows = TableRows {
    table: "polls",
    is_single_row: false,
    first: &[
        &[
            ("message_id", Number(1)),
            ("closes_at", Number(9)),
            ("told_at", Number(7)),
            ("is_untold", Bool(true)),
            ("due_at", Number(8)),
            ("key_id", Number(7)),
            ("secret", Bytes(1, 60)),
        ],
        &[
            ("message_id", Number(4)),
            ("closed_at", Number(9)),
            ("voters", Number(0)),
            ("first_voters", Text("1 -")),
        ],
    ],
    another: &[
        ("message_id", Number(2)),
        ("options", Text("a\nb")),
        ("counts", Text("1 0")),
        ("max_choices", Number(1)),
        ("results", Text("always")),
        ("options_by", Text("author")),
        ("closes_at", Null),
        ("closed_at", Null),
        ("voters", Number(1)),
        ("told_at", Null),
        ("is_untold", Bool(false)),
        ("due_at", Null),
        ("key_id", Null),
        ("secret", Null),
        ("first_voters", Null),
    ],
    accepted: &[
        &[("options", Characters(3))],
        &[("options", Characters(4_019))],
        &[("counts", Characters(3))],
        &[("counts", Characters(400))],
        &[("max_choices", Number(20))],
        &[("results", Text("after_vote"))],
        &[("results", Text("after_close"))],
        &[("options_by", Text("members"))],
        &[("key_id", Number(0)), ("secret", Bytes(1, 1))],
        &[("first_voters", Characters(1))],
        &[("first_voters", Characters(2_000))],
        &[("key_id", Number((1 << 32) - 1)), ("secret", Bytes(1, 200))],
    ],
    rejected: &[
        (Unique, &[("message_id", Number(1))]),
        (Check, &[("options", Characters(2))]),
        (Check, &[("options", Characters(4_020))]),
        (Check, &[("counts", Characters(2))]),
        (Check, &[("counts", Characters(401))]),
        (Check, &[("max_choices", Number(0))]),
        (Check, &[("max_choices", Number(21))]),
        (Check, &[("results", Text("never"))]),
        (Check, &[("options_by", Text("nobody"))]),
        (Check, &[("voters", Number(-1))]),
        (Check, &[("due_at", Number(8)), ("closed_at", Number(9))]),
        (Check, &[("key_id", Number(-1)), ("secret", Bytes(1, 60))]),
        (Check, &[("key_id", Number(1 << 32)), ("secret", Bytes(1, 60))]),
        (Check, &[("key_id", Number(7)), ("secret", Bytes(1, 0))]),
        (Check, &[("key_id", Number(7)), ("secret", Bytes(1, 201))]),
        (Check, &[("key_id", Number(7))]),
        (Check, &[("secret", Bytes(1, 60))]),
        (Check, &[("first_voters", Characters(0))]),
        (Check, &[("first_voters", Characters(2_001))]),
        (Check, &[("first_voters", Text("1")), ("key_id", Number(7)), ("secret", Bytes(1, 60))]),
        (Type, &[("is_untold", Number(2))]),
        (Reference, &[("message_id", Number(9))]),
    ],
};

pub(super) const POLL_BALLOTS: TableRows = TableRows {
    table: "poll_ballots",
    is_single_row: false,
    first: &[&[("user_id", Number(1))]],
    another: &[("message_id", Number(4)), ("user_id", Number(2)), ("choices", Number(1))],
    accepted: &[&[("choices", Number((1 << 20) - 1))]],
    rejected: &[
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("choices", Number(0))]),
        (Check, &[("choices", Number(1 << 20))]),
        (Reference, &[("message_id", Number(9))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const SECRET_BALLOTS: TableRows = TableRows {
    table: "secret_ballots",
    is_single_row: false,
    first: &[&[("voter", Bytes(1, 32))]],
    another: &[("message_id", Number(1)), ("voter", Bytes(2, 32)), ("choices", Number(1))],
    accepted: &[&[("choices", Number((1 << 20) - 1))]],
    rejected: &[
        (Unique, &[("voter", Bytes(1, 32))]),
        (Check, &[("voter", Bytes(2, 31))]),
        (Check, &[("voter", Bytes(2, 33))]),
        (Check, &[("choices", Number(0))]),
        (Check, &[("choices", Number(1 << 20))]),
        (Reference, &[("message_id", Number(9))]),
    ],
};
