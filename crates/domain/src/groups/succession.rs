//! Who owns a group when its last owner goes. A group that anybody is in has an owner; where the last member went
//! with their account, it has neither, until somebody joins or a server admin sees to it.

use crate::error::Error;
use crate::events::{Audience, Event};
use crate::groups::model::Role;
use crate::ids::GroupId;
use crate::storage::Tx;

/// Sees to it that a group has an owner: where it has none, the longest-serving admin, else member, becomes one.
/// `false` where nobody is left who could. The group must be locked.
pub(super) fn ensure_owner(tx: &mut dyn Tx, group: GroupId) -> Result<bool, Error> {
    if tx.members().count_owners(group)? > 0 {
        return Ok(true);
    }
    let Some(mut heir) = tx.members().successor(group)? else { return Ok(false) };
    heir.role = Role::Owner;
    tx.members().set_role(group, heir.user.id, Role::Owner)?;
    tx.emit(Audience::Group(group), None, Event::MemberUpdated(group, heir));
    Ok(true)
}
