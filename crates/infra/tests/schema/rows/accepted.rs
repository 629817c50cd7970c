//! Rows at the limits: what no rule may reject.

use super::value::Value::{Bool, Characters, Null, Number, Text};
use super::{Change, Changed};

/// A user without anything personal left.
pub(crate) const DELETED_USER: &[Change] = &[
    ("username", Null),
    ("username_key", Null),
    ("display_name", Null),
    ("display_key", Null),
    ("email", Null),
    ("is_admin", Bool(false)),
    ("password_hash", Null),
    ("deleted_at", Number(5)),
];

/// What both databases take.
pub(crate) const ACCEPTED: &[Changed] = &[
    ("users", &[("username", Characters(50)), ("display_name", Characters(100)), ("email", Characters(254))]),
    ("users", &[("display_name", Null), ("display_key", Null), ("email", Null), ("is_admin", Bool(false))]),
    ("users", DELETED_USER),
    ("users", &[("presence_hidden", Bool(true))]),
    // Also of a session that isn't there.
    ("tickets", &[("session_id", Number(9))]),
    ("known_networks", &[("network", Characters(50))]),
    ("known_networks", &[("network", Text("192.0.2.1")), ("user_id", Number(2))]),
    // Two keys of a user; the kinds that there are.
    ("sessions", &[("kind", Text("provisioned"))]),
    ("sessions", &[("kind", Text("token"))]),
    ("groups", &[("name", Characters(100)), ("description", Characters(1000))]),
    ("groups", &[("description", Text(""))]),
    // A private group may be called as any other, and a public one as one that is deleted.
    ("groups", &[("visibility", Text("private")), ("name_key", Text("tea"))]),
    ("groups", &[("name_key", Text("old"))]),
    ("memberships", &[("role", Text("admin"))]),
    ("memberships", &[("role", Text("owner"))]),
    ("messages", &[("client_id", Characters(64)), ("text", Characters(10_000))]),
    // A second message without a client_id; the same one of another author; the same in another group.
    ("messages", &[("client_id", Null)]),
    ("messages", &[("client_id", Text("first")), ("author_id", Number(2))]),
    ("messages", &[("client_id", Text("first")), ("group_id", Number(2)), ("seq", Number(1))]),
    // A tombstone.
    ("messages", &[("text", Null), ("deleted_at", Number(5))]),
    // The same user's other reaction.
    ("reactions", &[("user_id", Number(1)), ("emoji", Text("🎉"))]),
    ("events", &[("audience", Text("group"))]),
    ("events", &[("audience", Text("group_and_user"))]),
    ("events", &[("audience", Text("user"))]),
    ("events", &[("audience", Text("session"))]),
];
