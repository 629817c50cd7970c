//! Messages and reactions to them.

use super::Rule::{Check, Reference, Type, Unique};
use super::TableRows;
use super::value::Value::{Bool, Characters, Null, Number, Text};

pub(super) const MESSAGES: TableRows = TableRows {
    table: "messages",
    is_single_row: false,
    first: &[
        &[("id", Number(1)), ("seq", Number(1)), ("client_id", Text("first")), ("attachments", Number(1))],
        &[
            ("id", Number(4)),
            ("seq", Number(4)),
            ("client_id", Null),
            ("pin_seq", Number(1)),
            ("pinned_at", Number(5)),
            ("pinned_by", Number(2)),
            ("checksum", Number(7)),
            ("reactions", Text("🎉:1")),
            ("ordered_at", Number(0)),
        ],
        &[("id", Number(2)), ("seq", Number(2)), ("client_id", Null)],
        &[
            ("id", Number(5)),
            ("seq", Number(1)),
            ("client_id", Null),
            ("thread_id", Number(1)),
            ("root_seq", Number(1)),
        ],
    ],
    another: &[
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
        ("root_seq", Number(0)),
        ("attachments", Number(0)),
    ],
    accepted: &[
        &[("client_id", Characters(64)), ("text", Characters(10_000))],
        // A second message without a client_id; the same one of another author; the same in another group.
        &[("client_id", Null)],
        &[("client_id", Text("first")), ("author_id", Number(2))],
        &[("client_id", Text("first")), ("group_id", Number(2)), ("seq", Number(1))],
        // A tombstone.
        &[("text", Null), ("deleted_at", Number(5))],
        &[("checksum", Number(0))],
        &[("reactions", Characters(1_000))],
        // A reply with the number of a message of the group; the first reply in another thread.
        &[("thread_id", Number(1)), ("root_seq", Number(1)), ("seq", Number(2))],
        &[("thread_id", Number(2)), ("root_seq", Number(2)), ("seq", Number(1))],
        &[("attachments", Number((1 << 53) - 1))],
        &[("checksum", Number((1 << 32) - 1))],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("seq", Number(1))]),
        (Unique, &[("client_id", Text("first"))]),
        (Check, &[("seq", Number(0))]),
        (Check, &[("client_id", Text(""))]),
        (Check, &[("client_id", Characters(65))]),
        (Check, &[("version", Number(0))]),
        (Check, &[("likes", Number(-1))]),
        (Check, &[("text", Text(""))]),
        (Check, &[("text", Characters(10_001))]),
        (Check, &[("text", Null)]),
        (Check, &[("deleted_at", Number(5))]),
        (Check, &[("deleted_at", Number(5)), ("text", Null), ("likes", Number(1))]),
        (Unique, &[("pin_seq", Number(1)), ("pinned_at", Number(5)), ("pinned_by", Number(1))]),
        (Check, &[("pin_seq", Number(0)), ("pinned_at", Number(5)), ("pinned_by", Number(1))]),
        (
            Check,
            &[
                ("text", Null),
                ("deleted_at", Number(5)),
                ("pin_seq", Number(2)),
                ("pinned_at", Number(5)),
                ("pinned_by", Number(1)),
            ],
        ),
        (Check, &[("pin_seq", Number(2)), ("pinned_by", Number(1))]),
        (Check, &[("pin_seq", Number(2)), ("pinned_at", Number(5))]),
        (Reference, &[("pin_seq", Number(2)), ("pinned_at", Number(5)), ("pinned_by", Number(9))]),
        (Check, &[("reactions", Text(""))]),
        (Check, &[("reactions", Characters(1_001))]),
        (Check, &[("reactions", Text("🎉:1")), ("deleted_at", Number(5)), ("text", Null)]),
        (Check, &[("checksum", Number(-1))]),
        (Unique, &[("thread_id", Number(1)), ("root_seq", Number(1)), ("seq", Number(1))]),
        (Check, &[("thread_id", Number(3)), ("root_seq", Number(1))]),
        (Check, &[("thread_id", Number(1))]),
        (Check, &[("root_seq", Number(1))]),
        (Check, &[("thread_id", Number(1)), ("root_seq", Number(-1))]),
        (Check, &[("thread_id", Number(1)), ("root_seq", Number(0))]),
        (Check, &[("attachments", Number(-1))]),
        (Check, &[("created_at", Number(8)), ("ordered_at", Number(7))]),
        (Check, &[("checksum", Number(1 << 32))]),
        (Reference, &[("group_id", Number(9))]),
        (Reference, &[("author_id", Number(9))]),
    ],
};

pub(super) const AUTHOR_RUNS: TableRows = TableRows {
    table: "author_runs",
    is_single_row: false,
    first: &[&[("first_seq", Number(41))]],
    another: &[
        ("group_id", Number(1)),
        ("author_id", Number(1)),
        ("root_seq", Number(0)),
        ("first_seq", Number(51)),
        ("seqs", Text("51 56")),
    ],
    accepted: &[
        &[("first_seq", Number(41)), ("root_seq", Number(7))],
        &[("first_seq", Number(41)), ("author_id", Number(2))],
        &[("seqs", Characters(300))],
    ],
    rejected: &[
        (Unique, &[("first_seq", Number(41))]),
        (Check, &[("first_seq", Number(0))]),
        (Check, &[("root_seq", Number(-1))]),
        (Check, &[("seqs", Text(""))]),
        (Check, &[("seqs", Characters(301))]),
        (Reference, &[("group_id", Number(9))]),
        (Reference, &[("author_id", Number(9))]),
    ],
};

pub(super) const THREADS: TableRows = TableRows {
    table: "threads",
    is_single_row: false,
    first: &[&[("root_id", Number(1))]],
    another: &[
        ("root_id", Number(2)),
        ("group_id", Number(1)),
        ("root_seq", Number(2)),
        ("reply_count", Number(1)),
        ("last_seq", Number(1)),
        ("last_reply_id", Number(5)),
        ("last_reply_at", Number(0)),
    ],
    accepted: &[&[("reply_count", Number(0))], &[("last_seq", Number(7))]],
    rejected: &[
        (Unique, &[("root_id", Number(1))]),
        (Check, &[("root_seq", Number(0))]),
        (Check, &[("reply_count", Number(-1))]),
        (Check, &[("reply_count", Number(2))]),
        (Check, &[("last_seq", Number(0)), ("reply_count", Number(0))]),
        (Check, &[("last_reply_id", Number(2))]),
        (Reference, &[("root_id", Number(3))]),
        (Reference, &[("group_id", Number(9))]),
    ],
};

pub(super) const THREAD_MEMBERS: TableRows = TableRows {
    table: "thread_members",
    is_single_row: false,
    first: &[&[
        ("user_id", Number(2)),
        ("following", Bool(false)),
        ("place", Number(1)),
        ("read_position", Number(3)),
        ("read_version", Number(3)),
    ]],
    another: &[
        ("root_id", Number(1)),
        ("user_id", Number(1)),
        ("following", Bool(true)),
        ("read_seq", Number(0)),
        ("seen_reply_id", Number(5)),
        ("read_version", Number(1)),
    ],
    accepted: &[&[("place", Number(5))], &[("read_position", Number(0))]],
    rejected: &[
        (Unique, &[("user_id", Number(2))]),
        (Unique, &[("place", Number(1))]),
        (Check, &[("read_seq", Number(-1))]),
        (Check, &[("place", Number(0))]),
        (Check, &[("place", Number(6))]),
        (Check, &[("read_position", Number(-1))]),
        (Check, &[("read_version", Number(0))]),
        (Type, &[("following", Number(2))]),
        (Reference, &[("root_id", Number(2))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const MESSAGE_EDITS: TableRows = TableRows {
    table: "message_edits",
    is_single_row: false,
    first: &[&[("version", Number(1))]],
    another: &[
        ("message_id", Number(1)),
        ("version", Number(2)),
        ("text", Text("Hallo")),
        ("written_at", Number(0)),
    ],
    accepted: &[&[("message_id", Number(2)), ("version", Number(1))], &[("text", Characters(10_000))]],
    rejected: &[
        (Unique, &[("version", Number(1))]),
        (Check, &[("version", Number(0))]),
        (Check, &[("text", Text(""))]),
        (Check, &[("text", Characters(10_001))]),
        (Reference, &[("message_id", Number(9))]),
    ],
};

pub(super) const MESSAGE_QUOTES: TableRows = TableRows {
    table: "message_quotes",
    is_single_row: false,
    first: &[&[("message_id", Number(4))]],
    another: &[("message_id", Number(2)), ("quoted_id", Number(1))],
    // Of a message of another group that is gone.
    accepted: &[&[("message_id", Number(5)), ("quoted_id", Number(3))]],
    rejected: &[
        (Unique, &[("message_id", Number(4))]),
        (Check, &[("quoted_id", Number(2))]),
        (Check, &[("quoted_id", Number(0))]),
        (Reference, &[("message_id", Number(9))]),
    ],
};

pub(super) const REACTIONS: TableRows = TableRows {
    table: "reactions",
    is_single_row: false,
    first: &[&[("user_id", Number(1))]],
    another: &[
        ("message_id", Number(1)),
        ("emoji", Text("👍")),
        ("user_id", Number(2)),
        ("created_at", Number(0)),
    ],
    accepted: &[
        // The same user's other reaction.
        &[("user_id", Number(1)), ("emoji", Text("🎉"))],
    ],
    rejected: &[
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("emoji", Text(""))]),
        (Reference, &[("message_id", Number(9))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const MENTIONS: TableRows = TableRows {
    table: "mentions",
    is_single_row: false,
    first: &[&[
        ("message_id", Number(5)),
        ("thread_id", Number(1)),
        ("root_seq", Number(1)),
        ("seq", Number(1)),
    ]],
    another: &[
        ("message_id", Number(1)),
        ("user_id", Number(2)),
        ("group_id", Number(1)),
        ("root_seq", Number(0)),
        ("seq", Number(1)),
        ("is_named", Bool(true)),
        ("is_told", Bool(true)),
        ("author_id", Number(1)),
    ],
    accepted: &[&[("is_named", Bool(false))], &[("is_told", Bool(false))], &[("author_id", Number(2))]],
    rejected: &[
        (Unique, &[("message_id", Number(5)), ("thread_id", Number(1)), ("root_seq", Number(1))]),
        (Check, &[("seq", Number(0))]),
        (Check, &[("root_seq", Number(-1)), ("thread_id", Number(1))]),
        (Check, &[("root_seq", Number(1))]),
        (Check, &[("thread_id", Number(1))]),
        (Check, &[("is_named", Bool(false)), ("is_told", Bool(false))]),
        (Type, &[("is_named", Number(2))]),
        (Type, &[("is_told", Number(2))]),
        (Reference, &[("message_id", Number(9))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("author_id", Number(9))]),
        (Reference, &[("group_id", Number(9))]),
    ],
};

pub(super) const GROUP_MENTIONS: TableRows = TableRows {
    table: "group_mentions",
    is_single_row: false,
    first: &[&[
        ("message_id", Number(5)),
        ("thread_id", Number(1)),
        ("root_seq", Number(1)),
        ("seq", Number(1)),
    ]],
    another: &[
        ("message_id", Number(1)),
        ("group_id", Number(1)),
        ("root_seq", Number(0)),
        ("seq", Number(1)),
        ("author_id", Number(1)),
    ],
    accepted: &[&[("author_id", Number(2))]],
    rejected: &[
        (Unique, &[("message_id", Number(5)), ("thread_id", Number(1)), ("root_seq", Number(1))]),
        (Check, &[("seq", Number(0))]),
        (Check, &[("root_seq", Number(-1)), ("thread_id", Number(1))]),
        (Check, &[("root_seq", Number(1))]),
        (Check, &[("thread_id", Number(1))]),
        (Reference, &[("message_id", Number(9))]),
        (Reference, &[("author_id", Number(9))]),
        (Reference, &[("group_id", Number(9))]),
    ],
};

pub(super) const DRAFTS: TableRows = TableRows {
    table: "drafts",
    is_single_row: false,
    first: &[&[("user_id", Number(1))], &[("user_id", Number(1)), ("root_id", Number(1))]],
    another: &[
        ("user_id", Number(2)),
        ("group_id", Number(1)),
        ("root_id", Number(0)),
        ("text", Text("I think")),
        ("version", Number(1)),
        ("updated_at", Number(0)),
    ],
    accepted: &[&[("text", Characters(10_000))], &[("root_id", Number(9))], &[("group_id", Number(2))]],
    rejected: &[
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("text", Text(""))]),
        (Check, &[("text", Characters(10_001))]),
        (Check, &[("version", Number(0))]),
        (Check, &[("root_id", Number(-1))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("group_id", Number(9))]),
    ],
};

pub(super) const BOOKMARKS: TableRows = TableRows {
    table: "bookmarks",
    is_single_row: false,
    first: &[&[("message_id", Number(2)), ("place", Number(1)), ("note", Text("Ask Grace"))]],
    another: &[
        ("user_id", Number(1)),
        ("message_id", Number(1)),
        ("place", Number(2)),
        ("note", Null),
        ("created_at", Number(0)),
    ],
    accepted: &[&[("note", Characters(500))], &[("user_id", Number(2)), ("place", Number(1))]],
    rejected: &[
        (Unique, &[("message_id", Number(2))]),
        (Unique, &[("place", Number(1))]),
        (Check, &[("place", Number(0))]),
        (Check, &[("note", Text(""))]),
        (Check, &[("note", Characters(501))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("message_id", Number(9))]),
    ],
};

pub(super) const REMINDERS: TableRows = TableRows {
    table: "reminders",
    is_single_row: false,
    first: &[&[("message_id", Number(2)), ("is_due", Bool(true))]],
    another: &[
        ("user_id", Number(1)),
        ("message_id", Number(1)),
        ("remind_at", Number(5)),
        ("due_at", Number(5)),
        ("is_due", Bool(false)),
        ("created_at", Number(0)),
    ],
    accepted: &[&[("user_id", Number(2))]],
    rejected: &[
        (Unique, &[("message_id", Number(2))]),
        (Type, &[("is_due", Number(2))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("message_id", Number(9))]),
    ],
};

pub(super) const SCHEDULED_MESSAGES: TableRows = TableRows {
    table: "scheduled_messages",
    is_single_row: false,
    first: &[
        &[("id", Number(1)), ("token_id", Number(3)), ("client_id", Text("later-1"))],
        &[
            ("id", Number(2)),
            ("failed_code", Text("muted")),
            ("failed_detail", Text("you are muted")),
            ("failed_at", Number(6)),
        ],
    ],
    another: &[
        ("id", Number(3)),
        ("user_id", Number(1)),
        ("group_id", Number(1)),
        ("token_id", Null),
        ("client_id", Null),
        ("document", Text("{}")),
        ("send_at", Number(5)),
        ("due_at", Number(5)),
        ("created_at", Number(0)),
        ("failed_code", Null),
        ("failed_detail", Null),
        ("failed_at", Null),
    ],
    accepted: &[&[("client_id", Characters(64))], &[("document", Characters(20_000))]],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Check, &[("client_id", Text(""))]),
        (Check, &[("client_id", Characters(65))]),
        (Check, &[("document", Text("{"))]),
        (Check, &[("failed_code", Text("")), ("failed_detail", Text("")), ("failed_at", Number(6))]),
        (Check, &[("failed_code", Text("muted")), ("failed_at", Number(6))]),
        (Check, &[("failed_code", Text("muted")), ("failed_detail", Text("you are muted"))]),
        (Check, &[("failed_at", Number(6))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("group_id", Number(9))]),
    ],
};
