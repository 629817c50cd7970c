//! Who owns a group after its last owner goes. A group with members has an owner. If the account of the last member is
//! deleted, the group has neither, until someone joins or a server admin acts.

use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, GroupMember};
use crate::ids::GroupId;
use crate::permissions::{BuiltInRole, RoleName};
use crate::storage::Tx;

/// Whether a group has an owner, or a member to become it.
pub(super) fn is_led(tx: &mut dyn Tx, group: GroupId) -> Result<bool, Error> {
    Ok(tx.members().count_owners(group)? > 0 || tx.members().successor(group)?.is_some())
}

/// Makes sure that a group has an owner: if it has none, the longest-serving member of the highest rank becomes owner.
/// `false` if nobody is left. The group must be locked.
pub(super) fn ensure_owner(tx: &mut dyn Tx, group: GroupId) -> Result<bool, Error> {
    if tx.members().count_owners(group)? > 0 {
        return Ok(true);
    }
    let Some(mut heir) = tx.members().successor(group)? else { return Ok(false) };
    heir.role = BuiltInRole::Owner.into();
    tx.members().set_role(group, heir.user.id, &RoleName::OWNER)?;
    let given = AuditEntry::by_server(AuditAction::MemberRoleChanged).to(heir.user.id).within(group);
    tx.record(given.with_role(&RoleName::OWNER));
    tx.emit(None, Event::MemberUpdated(GroupMember { group, member: heir }));
    Ok(true)
}
