//! Reading the roles of a group by their names.

use crate::error::Error;
use crate::groups::model::Group;
use crate::permissions::{GroupPermission, PermittedRoles, Role, RoleName};
use crate::storage::Tx;
use crate::validation::{Violation, ViolationCode};

/// The role of this name in a group, with what it allows there; `None` if the group has none.
///
/// # Errors
/// A fault.
pub(super) fn find_role(tx: &mut dyn Tx, group: &Group, name: RoleName) -> Result<Option<Role>, Error> {
    let stored = tx.roles().find(group.id, &name)?;
    Ok(Role::resolve(name, stored, !group.visibility.is_listed()))
}

/// The roles of a group that have a permission: those who are told of what needs it.
///
/// # Errors
/// A fault.
pub(crate) fn permitted_roles(
    tx: &mut dyn Tx,
    group: &Group,
    permission: GroupPermission,
) -> Result<PermittedRoles, Error> {
    let stored = tx.roles().list(group.id)?;
    Ok(PermittedRoles::with(permission, &stored, !group.visibility.is_listed()))
}

/// The role of this name in a group, to be given to somebody. The group must be locked.
///
/// # Errors
/// An invalid `role`, or a fault.
pub(crate) fn role_to_give(tx: &mut dyn Tx, group: &Group, name: &RoleName) -> Result<Role, Error> {
    find_role(tx, group, name.clone())?.ok_or_else(|| {
        let detail = "must be owner, admin, member, readonly or a role that the group has defined";
        Violation::new(ViolationCode::InvalidFormat, detail).in_field("role").into()
    })
}
