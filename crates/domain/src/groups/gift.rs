//! Letting somebody in with a role: by adding them, or by an invitation, which is judged again when it is accepted.

use crate::accounts::Actor;
use crate::error::Error;
use crate::groups::model::VisibleGroup;
use crate::groups::role_lookup::role_to_give;
use crate::permissions::{BuiltInRole, GroupPermission, Role, RoleName, Scope, Who, decide};
use crate::storage::Tx;

/// The role that the actor is to give, if they may let somebody in with it: they have this permission, for another role
/// than `member` they manage roles, and the role is not beyond their own. The group must be locked.
///
/// # Errors
/// `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), an invalid `role` that the
/// group doesn't have, or a fault.
pub(crate) fn authorize_gift(
    tx: &mut dyn Tx,
    actor: &Actor,
    found: &VisibleGroup,
    permission: GroupPermission,
    role: &RoleName,
) -> Result<Role, Error> {
    found.authorize(tx, actor, permission)?;
    if *role != BuiltInRole::Member {
        found.authorize(tx, actor, GroupPermission::ManageRoles)?;
    }
    let role = role_to_give(tx, &found.group, role)?;
    found.authorize_at(tx, actor, permission, &found.group.scope().giving(&role))?;
    Ok(role)
}

/// The same of somebody who is not the one who acts, and of whom it is known what they may do.
pub(crate) fn may_let_in(who: &Who<'_>, permission: GroupPermission, scope: &Scope<'_>, role: &Role) -> bool {
    let may = |permission, scope: &Scope<'_>| decide(who, permission, scope).is_allowed();
    may(permission, scope)
        && (role.title.name == BuiltInRole::Member || may(GroupPermission::ManageRoles, scope))
        && may(permission, &scope.giving(role))
}
