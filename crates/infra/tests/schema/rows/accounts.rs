//! Users and how they sign in.

use super::Rule::{Check, Reference, Type, Unique};
use super::TableRows;
use super::value::Value::{Bool, Bytes, Characters, Null, Number, Text};

/// A session that was refreshed, but for these changes.
macro_rules! refreshed_session {
    ($($change:expr),*) => {
        &[
            ("expires_at", Number(20)),
            ("key_expires_at", Number(10)),
            ("refresh_selector", Bytes(4, 32)),
            ("refresh_hash", Bytes(5, 32)),
            ("refresh_ends_at", Number(30)),
            ("key_previous", Bytes(6, 32)),
            ("key_previous_until", Number(5)),
            ("refresh_previous", Bytes(7, 32)),
            ("refresh_salt", Bytes(8, 32)),
            ("rotated_at", Number(4)),
            $($change,)*
        ]
    };
}

/// The same that was not refreshed yet.
macro_rules! refreshable_session {
    ($($change:expr),*) => {
        refreshed_session!(
            ("key_previous", Null),
            ("key_previous_until", Null),
            ("refresh_previous", Null),
            ("refresh_salt", Null),
            ("rotated_at", Null)
            $(, $change)*
        )
    };
}

/// A token, but for these changes.
macro_rules! token {
    ($($change:expr),*) => {
        &[
            ("kind", Text("token")),
            ("name", Text("Deploys")),
            ("scopes", Text("read write")),
            ("group_ids", Text("1 2")),
            $($change,)*
        ]
    };
}

/// A user without anything personal left, but for these changes.
macro_rules! deleted_user {
    ($($change:expr),*) => {
        &[
            ("username", Null),
            ("username_key", Null),
            ("display_name", Null),
            ("display_key", Null),
            ("email", Null),
            ("is_admin", Bool(false)),
            ("password_hash", Null),
            ("deleted_at", Number(5)),
            $($change,)*
        ]
    };
}

/// A bot, but for these changes.
macro_rules! bot {
    ($($change:expr),*) => {
        &[
            ("email", Null),
            ("is_admin", Bool(false)),
            ("password_hash", Text("!")),
            ("owner_id", Number(1)),
            $($change,)*
        ]
    };
}

pub(super) const USERS: TableRows = TableRows {
    table: "users",
    is_single_row: false,
    first: &[
        &[("id", Number(1)), ("username", Text("Ann")), ("username_key", Text("ann"))],
        &[
            ("id", Number(2)),
            ("username", Text("Bob")),
            ("username_key", Text("bob")),
            ("receipts_hidden", Bool(true)),
            ("suspended", Bool(true)),
            ("must_change_password", Bool(true)),
        ],
        &[
            ("id", Number(5)),
            ("username", Text("Bot")),
            ("username_key", Text("bot")),
            ("email", Null),
            ("is_admin", Bool(false)),
            ("password_hash", Text("!")),
            ("owner_id", Number(1)),
        ],
    ],
    another: &[
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
        ("receipts_hidden", Bool(false)),
        ("suspended", Bool(false)),
        ("must_change_password", Bool(false)),
        ("owner_id", Null),
    ],
    accepted: &[
        &[("username", Characters(50)), ("display_name", Characters(100)), ("email", Characters(254))],
        &[("display_name", Null), ("display_key", Null), ("email", Null), ("is_admin", Bool(false))],
        deleted_user!(),
        &[("presence_hidden", Bool(true)), ("receipts_hidden", Bool(true))],
        &[("suspended", Bool(true)), ("must_change_password", Bool(true))],
        bot!(),
        bot!(("suspended", Bool(true)), ("presence_hidden", Bool(true))),
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("username_key", Text("ann"))]),
        (Check, &[("username", Text(""))]),
        (Check, &[("username", Characters(51))]),
        (Check, &[("username_key", Text(""))]),
        (Check, &[("username_key", Null)]),
        (Check, &[("display_name", Text(""))]),
        (Check, &[("display_name", Characters(101))]),
        (Check, &[("display_name", Null)]),
        (Check, &[("display_key", Null)]),
        (Check, &[("email", Text(""))]),
        (Check, &[("email", Characters(255))]),
        (Check, &[("password_hash", Text(""))]),
        (Check, &[("version", Number(0))]),
        (Type, &[("version", Text("one"))]),
        (Type, &[("is_admin", Number(2))]),
        (Type, &[("presence_hidden", Number(2))]),
        (Type, &[("receipts_hidden", Number(2))]),
        (Type, &[("suspended", Number(2))]),
        (Type, &[("must_change_password", Number(2))]),
        // What tells bots and people apart, and what bots don't have.
        (Type, bot!(("owner_id", Text("Ann")))),
        (Check, bot!(("owner_id", Null))),
        (Check, bot!(("owner_id", Number(3)))),
        (Check, bot!(("password_hash", Text("hash")))),
        (Check, bot!(("email", Text("cid@example.com")))),
        (Check, bot!(("is_admin", Bool(true)))),
        (Check, bot!(("must_change_password", Bool(true)))),
        (Check, deleted_user!(("owner_id", Number(1)))),
        // One that isn't deleted, without a name, and without a password.
        (Check, &[("username", Null), ("username_key", Null)]),
        (Check, &[("password_hash", Null)]),
        // What of a deleted user must not be left.
        (Check, deleted_user!(("username", Text("Cid")), ("username_key", Text("cid")))),
        (Check, deleted_user!(("password_hash", Text("hash")))),
        (Check, deleted_user!(("display_name", Text("Cid")), ("display_key", Text("cid")))),
        (Check, deleted_user!(("email", Text("cid@example.com")))),
        (Check, deleted_user!(("is_admin", Bool(true)))),
        (Check, deleted_user!(("suspended", Bool(true)))),
        (Check, deleted_user!(("must_change_password", Bool(true)))),
    ],
};

pub(super) const SESSIONS: TableRows = TableRows {
    table: "sessions",
    is_single_row: false,
    first: &[
        &[("id", Number(1)), ("key_hash", Bytes(1, 32))],
        &[
            ("id", Number(2)),
            ("key_hash", Bytes(2, 32)),
            ("name", Text("phone")),
            ("expires_at", Number(20)),
            ("key_expires_at", Number(10)),
            ("refresh_selector", Bytes(14, 32)),
            ("refresh_hash", Bytes(15, 32)),
            ("refresh_ends_at", Number(30)),
            ("key_previous", Bytes(16, 32)),
            ("key_previous_until", Number(5)),
            ("refresh_previous", Bytes(17, 32)),
            ("refresh_salt", Bytes(18, 32)),
            ("rotated_at", Number(4)),
        ],
        token!(("id", Number(4)), ("key_hash", Bytes(19, 32))),
    ],
    another: &[
        ("id", Number(3)),
        ("user_id", Number(1)),
        ("kind", Text("login")),
        ("key_hash", Bytes(3, 32)),
        ("created_at", Number(0)),
        ("expires_at", Number(0)),
    ],
    accepted: &[
        // Two keys of a user; the kinds that there are.
        &[("kind", Text("provisioned"))],
        token!(),
        token!(("scopes", Text("read")), ("group_ids", Null)),
        token!(("scopes", Text("read write admin"))),
        refreshed_session!(),
        refreshed_session!(("refresh_salt", Null)),
        refreshable_session!(),
        refreshable_session!(("key_expires_at", Number(20)), ("refresh_ends_at", Number(20))),
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("key_hash", Bytes(1, 32))]),
        (Check, &[("key_hash", Bytes(3, 31))]),
        (Check, &[("key_hash", Bytes(3, 33))]),
        (Check, &[("kind", Text("other"))]),
        (Check, token!(("scopes", Null))),
        (Check, token!(("scopes", Text("write")))),
        (Check, token!(("name", Null))),
        (Check, token!(("group_ids", Text("")))),
        (Check, token!(("kind", Text("login")), ("scopes", Null))),
        (
            Check,
            token!(
                ("expires_at", Number(20)),
                ("key_expires_at", Number(10)),
                ("refresh_selector", Bytes(4, 32)),
                ("refresh_hash", Bytes(5, 32)),
                ("refresh_ends_at", Number(30))
            ),
        ),
        (Check, &[("scopes", Text("read"))]),
        (Unique, refreshed_session!(("refresh_selector", Bytes(14, 32)))),
        (Unique, refreshed_session!(("key_previous", Bytes(16, 32)))),
        (Check, refreshed_session!(("refresh_selector", Bytes(4, 31)))),
        (Check, refreshed_session!(("refresh_hash", Bytes(5, 33)))),
        (Check, refreshed_session!(("key_previous", Bytes(6, 31)))),
        (Check, refreshed_session!(("refresh_previous", Bytes(7, 31)))),
        (Check, refreshed_session!(("refresh_salt", Bytes(8, 31)))),
        // What belongs together.
        (Check, refreshable_session!(("refresh_selector", Null))),
        (Check, refreshable_session!(("refresh_hash", Null))),
        (Check, refreshable_session!(("refresh_ends_at", Null))),
        (Check, refreshable_session!(("key_expires_at", Null))),
        (Check, refreshed_session!(("key_previous_until", Null))),
        (Check, refreshed_session!(("rotated_at", Null))),
        (Check, refreshable_session!(("refresh_salt", Bytes(8, 32)))),
        (Check, refreshable_session!(("key_previous", Bytes(6, 32)), ("key_previous_until", Number(5)))),
        (Check, &[("refresh_previous", Bytes(7, 32)), ("rotated_at", Number(4))]),
        // What ends in the wrong order.
        (Check, refreshable_session!(("key_expires_at", Number(21)))),
        (Check, refreshable_session!(("refresh_ends_at", Number(19)))),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const TICKETS: TableRows = TableRows {
    table: "tickets",
    is_single_row: false,
    first: &[&[("id", Number(1)), ("hash", Bytes(1, 32))]],
    another: &[
        ("id", Number(3)),
        ("session_id", Number(1)),
        ("hash", Bytes(3, 32)),
        ("expires_at", Number(0)),
    ],
    accepted: &[
        // Also of a session that isn't there.
        &[("session_id", Number(9))],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("hash", Bytes(1, 32))]),
        (Check, &[("hash", Bytes(3, 31))]),
        (Check, &[("hash", Bytes(3, 33))]),
    ],
};

pub(super) const KNOWN_NETWORKS: TableRows = TableRows {
    table: "known_networks",
    is_single_row: false,
    first: &[&[("network", Text("192.0.2.1"))]],
    another: &[("user_id", Number(1)), ("network", Text("192.0.2.2")), ("last_used_at", Number(0))],
    accepted: &[&[("network", Characters(50))], &[("network", Text("192.0.2.1")), ("user_id", Number(2))]],
    rejected: &[
        (Unique, &[("network", Text("192.0.2.1"))]),
        (Check, &[("network", Text(""))]),
        (Check, &[("network", Characters(51))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const KNOWN_DEVICES: TableRows = TableRows {
    table: "known_devices",
    is_single_row: false,
    first: &[&[("hash", Bytes(1, 32))]],
    another: &[("hash", Bytes(3, 32)), ("user_id", Number(1)), ("last_used_at", Number(0))],
    accepted: &[&[("user_id", Number(2))]],
    rejected: &[
        (Unique, &[("hash", Bytes(1, 32))]),
        (Check, &[("hash", Bytes(3, 31))]),
        (Check, &[("hash", Bytes(3, 33))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const PASSWORD_RESETS: TableRows = TableRows {
    table: "password_resets",
    is_single_row: false,
    first: &[&[("id", Number(1)), ("hash", Bytes(1, 32)), ("state", Bytes(2, 32)), ("used_at", Number(7))]],
    another: &[
        ("id", Number(3)),
        ("user_id", Number(1)),
        ("hash", Bytes(3, 32)),
        ("state", Bytes(2, 32)),
        ("created_at", Number(0)),
        ("expires_at", Number(0)),
    ],
    accepted: &[&[("used_at", Number(9))]],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("hash", Bytes(1, 32))]),
        (Check, &[("hash", Bytes(3, 31))]),
        (Check, &[("hash", Bytes(3, 33))]),
        (Check, &[("state", Bytes(2, 31))]),
        (Check, &[("state", Bytes(2, 33))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const PENDING_ACCOUNTS: TableRows = TableRows {
    table: "pending_accounts",
    is_single_row: false,
    first: &[&[
        ("id", Number(1)),
        ("code_hash", Bytes(1, 32)),
        ("display_name", Text("Ann")),
        ("email", Text("ann@example.org")),
    ]],
    another: &[
        ("id", Number(3)),
        ("code_hash", Bytes(3, 32)),
        ("username", Text("bob")),
        ("display_name", Null),
        ("email", Text("bob@example.org")),
        ("password_hash", Text("$2b$")),
        ("created_at", Number(0)),
        ("expires_at", Number(0)),
    ],
    accepted: &[
        &[("username", Characters(50)), ("display_name", Characters(100)), ("email", Characters(254))],
        &[("email", Text("ann@example.org"))],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("code_hash", Bytes(1, 32))]),
        (Check, &[("code_hash", Bytes(3, 31))]),
        (Check, &[("code_hash", Bytes(3, 33))]),
        (Check, &[("username", Text(""))]),
        (Check, &[("username", Characters(51))]),
        (Check, &[("display_name", Text(""))]),
        (Check, &[("display_name", Characters(101))]),
        (Check, &[("email", Text(""))]),
        (Check, &[("email", Characters(255))]),
        (Check, &[("password_hash", Text(""))]),
    ],
};

pub(super) const TOTP: TableRows = TableRows {
    table: "totp",
    is_single_row: false,
    first: &[&[("user_id", Number(1)), ("confirmed_at", Number(5))]],
    another: &[
        ("user_id", Number(2)),
        ("secret", Bytes(7, 65)),
        ("key_id", Number(4_294_967_295)),
        ("created_at", Number(0)),
        ("confirmed_at", Null),
        ("used_steps", Bytes(0, 8)),
    ],
    accepted: &[
        &[("secret", Bytes(7, 1)), ("key_id", Number(0)), ("used_steps", Bytes(0, 0))],
        &[("secret", Bytes(7, 200)), ("used_steps", Bytes(1, 128)), ("confirmed_at", Number(-1))],
    ],
    rejected: &[
        (Unique, &[("user_id", Number(1))]),
        (Check, &[("secret", Bytes(7, 0))]),
        (Check, &[("secret", Bytes(7, 201))]),
        (Check, &[("key_id", Number(-1))]),
        (Check, &[("key_id", Number(4_294_967_296))]),
        (Check, &[("used_steps", Bytes(0, 7))]),
        (Check, &[("used_steps", Bytes(0, 136))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const PASSKEYS: TableRows = TableRows {
    table: "passkeys",
    is_single_row: false,
    first: &[&[
        ("id", Number(1)),
        ("credential_id", Bytes(1, 16)),
        ("last_used_at", Number(5)),
        ("host", Text("chat.example.org")),
    ]],
    another: &[
        ("id", Number(3)),
        ("user_id", Number(1)),
        ("credential_id", Bytes(2, 16)),
        ("record", Text("{}")),
        ("name", Text("phone")),
        ("used", Bytes(0, 8)),
        ("created_at", Number(0)),
        ("last_used_at", Null),
        ("host", Null),
    ],
    accepted: &[
        &[("credential_id", Bytes(2, 1)), ("used", Bytes(0, 0)), ("name", Characters(100))],
        &[
            ("credential_id", Bytes(2, 1_023)),
            ("used", Bytes(1, 128)),
            ("user_id", Number(2)),
            ("host", Characters(255)),
        ],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("credential_id", Bytes(1, 16))]),
        (Check, &[("credential_id", Bytes(2, 0))]),
        (Check, &[("credential_id", Bytes(2, 1_024))]),
        (Check, &[("host", Text(""))]),
        (Check, &[("host", Characters(256))]),
        (Check, &[("record", Text(""))]),
        (Check, &[("name", Text(""))]),
        (Check, &[("name", Characters(101))]),
        (Check, &[("used", Bytes(0, 7))]),
        (Check, &[("used", Bytes(0, 136))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const RECOVERY_CODES: TableRows = TableRows {
    table: "recovery_codes",
    is_single_row: false,
    first: &[&[("hash", Bytes(1, 32))]],
    another: &[("user_id", Number(1)), ("hash", Bytes(2, 32))],
    accepted: &[&[("user_id", Number(2)), ("hash", Bytes(1, 32))]],
    rejected: &[
        (Unique, &[("hash", Bytes(1, 32))]),
        (Check, &[("hash", Bytes(2, 31))]),
        (Check, &[("hash", Bytes(2, 33))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const HALF_LOGINS: TableRows = TableRows {
    table: "half_logins",
    is_single_row: false,
    first: &[&[
        ("id", Number(1)),
        ("hash", Bytes(1, 32)),
        ("device_name", Text("phone")),
        ("failures", Number(3)),
    ]],
    another: &[
        ("id", Number(3)),
        ("hash", Bytes(3, 32)),
        ("user_id", Number(1)),
        ("proven", Text("hash")),
        ("refresh", Bool(true)),
        ("device_name", Null),
        ("failures", Number(0)),
        ("expires_at", Number(0)),
    ],
    accepted: &[
        &[("device_name", Characters(100)), ("failures", Number(4))],
        &[("device_name", Characters(1)), ("refresh", Bool(false))],
    ],
    rejected: &[
        (Unique, &[("id", Number(1))]),
        (Unique, &[("hash", Bytes(1, 32))]),
        (Check, &[("hash", Bytes(3, 31))]),
        (Check, &[("hash", Bytes(3, 33))]),
        (Check, &[("proven", Text(""))]),
        (Check, &[("device_name", Text(""))]),
        (Check, &[("device_name", Characters(101))]),
        (Check, &[("failures", Number(-1))]),
        (Check, &[("failures", Number(5))]),
        (Type, &[("refresh", Number(2))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const SERVER_ROLES: TableRows = TableRows {
    table: "server_roles",
    is_single_row: false,
    first: &[&[("id", Number(2)), ("name", Text("member"))], &[("id", Number(3)), ("name", Text("Auditor"))]],
    another: &[("id", Number(4)), ("name", Text("Helper")), ("permissions", Number(7))],
    accepted: &[&[("name", Characters(50))], &[("permissions", Number(0))]],
    rejected: &[
        (Unique, &[("id", Number(3))]),
        (Check, &[("id", Number(1))]),
        (Check, &[("name", Text(""))]),
        (Check, &[("name", Characters(51))]),
        (Check, &[("permissions", Number(-1))]),
    ],
};

pub(super) const USER_ROLES: TableRows = TableRows {
    table: "user_roles",
    is_single_row: false,
    first: &[&[("user_id", Number(2))]],
    another: &[("user_id", Number(1)), ("role_id", Number(3))],
    // A role may be gone.
    accepted: &[&[("role_id", Number(9))]],
    rejected: &[
        (Unique, &[("user_id", Number(2))]),
        (Check, &[("role_id", Number(2))]),
        (Reference, &[("user_id", Number(9))]),
    ],
};

pub(super) const BLOCKS: TableRows = TableRows {
    table: "blocks",
    is_single_row: false,
    first: &[&[("user_id", Number(2)), ("blocked_id", Number(1))]],
    another: &[("user_id", Number(1)), ("blocked_id", Number(2)), ("created_at", Number(0))],
    accepted: &[],
    rejected: &[
        (Unique, &[("user_id", Number(2)), ("blocked_id", Number(1))]),
        (Check, &[("blocked_id", Number(1))]),
        (Reference, &[("user_id", Number(9))]),
        (Reference, &[("blocked_id", Number(9))]),
    ],
};
