//! A group with two members.

use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// A group, its owner and its member.
pub(crate) struct Room {
    pub(crate) group: GroupId,
    pub(crate) ann: UserId,
    pub(crate) bob: UserId,
}

pub(crate) fn room(tx: &mut dyn Tx) -> Room {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let group = group(tx, "chess");
    join(tx, group, ann, BuiltInRole::Owner);
    join(tx, group, bob, BuiltInRole::Member);
    Room { group, ann, bob }
}
