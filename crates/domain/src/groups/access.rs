//! Who may do what in a group. Every use case for groups and messages asks here.

use crate::accounts::{Actor, is_server_admin};
use crate::error::Error;
use crate::groups::error::GroupRefusal;
use crate::groups::model::{Group, Role, Standing, VisibleGroup};
use crate::ids::GroupId;
use crate::storage::Tx;

/// The group, if the actor may know of it.
pub(crate) fn visible(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    Ok(tx.groups().find_visible(id, actor.id())?.ok_or(GroupRefusal::NotFound)?)
}

/// The group, locked until the transaction ends, if the actor may know of it.
pub(crate) fn lock_visible(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    tx.groups().lock(id)?;
    visible(tx, actor, id)
}

impl VisibleGroup {
    /// The group and the actor's standing in it. Server admins read and post only as members, so nothing
    /// else helps.
    pub(crate) fn into_membership(self) -> Result<(Group, Standing), Error> {
        match self.standing {
            Some(standing) => Ok((self.group, standing)),
            None => Err(GroupRefusal::MembersOnly.into()),
        }
    }

    /// Rejects all but members of at least this role and server admins.
    pub(crate) fn require(&self, tx: &mut dyn Tx, actor: &Actor, least: Role) -> Result<(), Error> {
        if self.standing.is_some_and(|standing| standing.role >= least) || is_server_admin(tx, actor)? {
            return Ok(());
        }
        Err(match self.standing {
            Some(_) => GroupRefusal::RoleTooLow.into(),
            None => GroupRefusal::MembersOnly.into(),
        })
    }
}

#[cfg(test)]
mod tests;
