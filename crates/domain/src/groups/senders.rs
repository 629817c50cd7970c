//! Which roles send: told, hidden, to the connections of members, so that they know who may write at the moment.

use crate::error::Error;
use crate::events::{Event, GroupSenders};
use crate::groups::joined::usually_sends;
use crate::groups::model::Group;
use crate::groups::role_lookup::permitted_roles;
use crate::ids::UserId;
use crate::permissions::{GroupPermission, Role};
use crate::storage::Tx;

/// Tells which roles of a group send now.
///
/// # Errors
/// A fault.
pub(super) fn tell_senders(tx: &mut dyn Tx, actor: UserId, group: &Group) -> Result<(), Error> {
    let senders = permitted_roles(tx, group, GroupPermission::Send)?;
    tx.emit(Some(actor), Event::SendersUpdated(GroupSenders { group: group.id, senders }));
    Ok(())
}

/// The same after somebody was given a role, if its name alone doesn't say it.
///
/// # Errors
/// A fault.
pub(super) fn tell_sender(tx: &mut dyn Tx, actor: UserId, group: &Group, role: &Role) -> Result<(), Error> {
    if sends(role) == usually_sends(&role.title.name) {
        return Ok(());
    }
    tell_senders(tx, actor, group)
}

/// Whether members with the role may send.
pub(super) const fn sends(role: &Role) -> bool {
    role.permissions.contains(GroupPermission::Send)
}
