//! Groups and their members.

use super::Rule::{Check, Reference, Unique};
use super::TableRows;
use super::value::Value::{Bool, Characters, Null, Number, Text};

pub(super) const GROUPS: TableRows = TableRows {
    table: "groups",
    is_single_row: false,
    first: &[
        &[
            ("id", Number(1)),
            ("name_key", Text("tea")),
            ("topic", Text("leaves")),
            ("slow_mode_seconds", Number(5)),
            ("archived_at", Number(6)),
        ],
        &[("id", Number(2)), ("name_key", Text("old")), ("deleted_at", Number(5))],
        &[
            ("id", Number(4)),
            ("kind", Text("direct")),
            ("visibility", Text("private")),
            ("name", Null),
            ("name_key", Null),
            ("direct_key", Text("1,2")),
        ],
    ],
    another: &[
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
        ("history", Text("all")),
        ("kind", Text("group")),
        ("topic", Null),
        ("slow_mode_seconds", Number(0)),
        ("archived_at", Null),
        ("direct_key", Null),
    ],
    accepted: &[
        &[("name", Characters(100)), ("description", Characters(1000))],
        &[("description", Text(""))],
        &[("topic", Characters(250)), ("slow_mode_seconds", Number(21_600))],
        &[("visibility", Text("closed")), ("history", Text("joined"))],
        &[
            ("kind", Text("direct")),
            ("visibility", Text("private")),
            ("name", Null),
            ("name_key", Null),
            ("direct_key", Text("1,3")),
        ],
        // A private group may be called as any other, and a listed one as one that is deleted.
        &[("visibility", Text("private")), ("name_key", Text("tea"))],
        &[("name_key", Text("old"))],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("name_key", Text("tea"))]),
        (Unique, &[("name_key", Text("tea")), ("visibility", Text("closed"))]),
        (Check, &[("name", Null)]),
        (Check, &[("name_key", Null)]),
        (Check, &[("kind", Text("direct")), ("visibility", Text("private"))]),
        (Check, &[("kind", Text("direct")), ("name", Null), ("name_key", Null), ("direct_key", Text("1,3"))]),
        (
            Check,
            &[("kind", Text("direct")), ("visibility", Text("private")), ("name", Null), ("name_key", Null)],
        ),
        (
            Unique,
            &[
                ("kind", Text("direct")),
                ("visibility", Text("private")),
                ("name", Null),
                ("name_key", Null),
                ("direct_key", Text("1,2")),
            ],
        ),
        (Check, &[("direct_key", Text("1,3"))]),
        (
            Check,
            &[
                ("kind", Text("direct")),
                ("visibility", Text("private")),
                ("name", Null),
                ("name_key", Null),
                ("direct_key", Text("1")),
            ],
        ),
        (Check, &[("kind", Text("channel")), ("visibility", Text("private"))]),
        (Check, &[("history", Text("none"))]),
        (Check, &[("name", Text(""))]),
        (Check, &[("name", Characters(101))]),
        (Check, &[("name_key", Text(""))]),
        (Check, &[("description", Characters(1001))]),
        (Check, &[("visibility", Text("secret"))]),
        (Check, &[("version", Number(0))]),
        (Check, &[("member_count", Number(-1))]),
        (Check, &[("last_seq", Number(-1))]),
        (Check, &[("topic", Text(""))]),
        (Check, &[("topic", Characters(251))]),
        (Check, &[("slow_mode_seconds", Number(-1))]),
        (Check, &[("slow_mode_seconds", Number(21_601))]),
    ],
};

pub(super) const GROUP_ROLES: TableRows = TableRows {
    table: "group_roles",
    is_single_row: false,
    first: &[&[("name", Text("Pupil"))]],
    another: &[
        ("group_id", Number(1)),
        ("name", Text("Teacher")),
        ("rank", Number(30)),
        ("permissions", Number(7)),
    ],
    accepted: &[
        &[("name", Characters(50)), ("rank", Number(99))],
        &[("rank", Number(1)), ("permissions", Number(0))],
    ],
    rejected: &[
        (Unique, &[("name", Text("Pupil"))]),
        (Check, &[("name", Text(""))]),
        (Check, &[("name", Characters(51))]),
        (Check, &[("name", Text("owner"))]),
        (Check, &[("rank", Number(0))]),
        (Check, &[("rank", Number(100))]),
        (Check, &[("permissions", Number(-1))]),
        (Reference, &[("group_id", Number(9))]),
    ],
};

pub(super) const GROUP_BANS: TableRows = TableRows {
    table: "group_bans",
    is_single_row: false,
    first: &[&[("user_id", Number(1)), ("reason", Text("spam")), ("until", Number(9))]],
    another: &[
        ("group_id", Number(1)),
        ("user_id", Number(2)),
        ("reason", Null),
        ("until", Null),
        ("banned_by", Number(1)),
        ("created_at", Number(0)),
    ],
    accepted: &[&[("reason", Characters(250))], &[("until", Number(-1))]],
    rejected: &[
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("reason", Text(""))]),
        (Check, &[("reason", Characters(251))]),
        (Reference, &[("group_id", Number(9))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("banned_by", Number(9))]),
    ],
};

pub(super) const MEMBERSHIPS: TableRows = TableRows {
    table: "memberships",
    is_single_row: false,
    first: &[&[
        ("user_id", Number(1)),
        ("notify", Text("none")),
        ("pinned", Bool(true)),
        ("hidden", Bool(true)),
        ("last_sent_at", Number(7)),
    ]],
    another: &[
        ("group_id", Number(1)),
        ("user_id", Number(2)),
        ("role", Text("member")),
        ("read_seq", Number(0)),
        ("joined_at", Number(0)),
        ("since_event", Number(0)),
        ("read_position", Number(0)),
        ("joined_seq", Number(0)),
        ("notify", Text("all")),
        ("pinned", Bool(false)),
        ("hidden", Bool(false)),
        ("last_sent_at", Null),
    ],
    accepted: &[
        &[("role", Text("admin"))],
        &[("role", Text("owner"))],
        &[("role", Characters(50))],
        &[("notify", Text("mentions"))],
    ],
    rejected: &[
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("role", Text(""))]),
        (Check, &[("role", Characters(51))]),
        (Check, &[("read_seq", Number(-1))]),
        (Check, &[("since_event", Number(-1))]),
        (Check, &[("read_position", Number(-1))]),
        (Check, &[("joined_seq", Number(-1))]),
        (Check, &[("notify", Text("some"))]),
        (Reference, &[("group_id", Number(9))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const INVITATIONS: TableRows = TableRows {
    table: "invitations",
    is_single_row: false,
    first: &[&[
        ("id", Number(1)),
        ("user_id", Number(1)),
        ("note", Text("Come in")),
        ("expires_at", Number(9)),
    ]],
    another: &[
        ("id", Number(3)),
        ("group_id", Number(1)),
        ("user_id", Number(2)),
        ("invited_by", Number(1)),
        ("role", Text("member")),
        ("note", Null),
        ("created_at", Number(0)),
        ("expires_at", Null),
    ],
    accepted: &[
        &[("role", Characters(50)), ("note", Characters(500))],
        &[("group_id", Number(2)), ("expires_at", Number(-1))],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("role", Text(""))]),
        (Check, &[("role", Characters(51))]),
        (Check, &[("note", Text(""))]),
        (Check, &[("note", Characters(501))]),
        (Reference, &[("group_id", Number(9))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("invited_by", Number(9))]),
    ],
};

pub(super) const JOIN_REQUESTS: TableRows = TableRows {
    table: "join_requests",
    is_single_row: false,
    first: &[&[("user_id", Number(1)), ("message", Text("Let me in"))]],
    another: &[("group_id", Number(1)), ("user_id", Number(2)), ("message", Null), ("created_at", Number(0))],
    accepted: &[&[("message", Characters(500))], &[("group_id", Number(2)), ("user_id", Number(1))]],
    rejected: &[
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("message", Text(""))]),
        (Check, &[("message", Characters(501))]),
        (Reference, &[("group_id", Number(9))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};
