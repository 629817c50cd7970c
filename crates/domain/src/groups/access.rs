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

/// The group to manage, locked until the transaction ends: server admins manage all groups, also those that they don't
/// see.
pub(crate) fn lock_managed(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    tx.groups().lock(id)?;
    managed(tx, actor, id)
}

/// The group, if the actor may know of it, also as a server admin.
pub(crate) fn managed(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    match tx.groups().find_visible(id, actor.id())? {
        Some(found) => Ok(found),
        None => Ok(VisibleGroup { group: unseen(tx, actor, id)?, standing: None }),
    }
}

/// A group that the actor doesn't see, if it exists and the actor is a server admin. Others are told after one more query
/// that it doesn't exist, whether or not it does.
pub(super) fn unseen(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<Group, Error> {
    // Without a lock, since this only shows the group: what an admin does to it takes `require`, which reads the right
    // again under one.
    if !tx.accounts().find(actor.id())?.is_some_and(|user| user.is_admin) {
        return Err(GroupRefusal::NotFound.into());
    }
    Ok(tx.groups().find_many(&[id])?.pop().ok_or(GroupRefusal::NotFound)?)
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
