//! Who may do what in a group. Every use case for groups and messages asks here.

use crate::accounts::{Actor, may, rights_held};
use crate::error::Error;
use crate::groups::error::GroupRefusal;
use crate::groups::model::{Group, Standing, VisibleGroup};
use crate::ids::{GroupId, Seq, UserId};
use crate::permissions::{Decision, GroupPermission, Scope, ServerPermission, Who, decide};
use crate::storage::Tx;
use crate::time::Timestamp;

/// An id that no group has.
const NOWHERE: GroupId = GroupId::new(0);

/// The group that this id means to the actor's session: to a token that is not for the group, there is none. So the answer
/// is the same as for a group that doesn't exist, and costs the same.
pub(crate) fn reached(actor: &Actor, id: GroupId) -> GroupId {
    if actor.reaches(id) { id } else { NOWHERE }
}

/// The group, if the actor may know of it.
pub(crate) fn visible(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    visible_to(tx, actor.id(), reached(actor, id))
}

/// The group, if this user may know of it, whatever the session.
pub(crate) fn visible_to(tx: &mut dyn Tx, user: UserId, id: GroupId) -> Result<VisibleGroup, Error> {
    Ok(tx.groups().find_visible(id, user)?.ok_or(GroupRefusal::NotFound)?)
}

/// The group, locked until the transaction ends, if the actor may know of it.
pub(crate) fn lock_visible(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    Ok(lock_if_visible(tx, actor, id)?.ok_or(GroupRefusal::NotFound)?)
}

/// The group to manage, locked until the transaction ends: those with `manage_groups` manage all groups, also those
/// that they don't see.
pub(crate) fn lock_managed(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    if let Some(found) = lock_if_visible(tx, actor, id)? {
        return Ok(found);
    }
    let id = reached(actor, id);
    // Others than managers must not wait for its lock.
    unseen(tx, actor, id)?;
    tx.groups().lock(id)?;
    managed(tx, actor, id)
}

fn lock_if_visible(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<Option<VisibleGroup>, Error> {
    let id = reached(actor, id);
    // What became visible meanwhile is not locked, and so not to be read.
    if !tx.groups().lock_visible(id, actor.id())? {
        return Ok(None);
    }
    Ok(tx.groups().find_visible(id, actor.id())?)
}

/// The group, if the actor may know of it, also as somebody who manages all groups.
pub(crate) fn managed(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<VisibleGroup, Error> {
    let id = reached(actor, id);
    match tx.groups().find_visible(id, actor.id())? {
        Some(found) => Ok(found),
        None => Ok(VisibleGroup { group: unseen(tx, actor, id)?, standing: None }),
    }
}

/// A group that the actor doesn't see, if it exists and the actor manages all groups. Others are told after one more
/// query that it doesn't exist, whether or not it does.
pub(super) fn unseen(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<Group, Error> {
    // Without a lock, since this only shows the group: what is done to it takes `authorize`, which reads the
    // right again under one.
    if !rights_held(tx, actor)?.allow(ServerPermission::ManageGroups) {
        return Err(GroupRefusal::NotFound.into());
    }
    // Direct conversations are nobody's business but their members'.
    let found = tx.groups().find_many(&[reached(actor, id)])?.pop().filter(|group| !group.is_direct());
    Ok(found.ok_or(GroupRefusal::NotFound)?)
}

/// A member's view of a group. Server admins, too, read and post only as members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The group.
    pub(crate) group: Group,
    /// The actor's standing in it.
    pub(crate) standing: Standing,
}

impl Membership {
    /// The number of the last message before those that the member reads.
    pub(crate) const fn readable_after(&self) -> Seq {
        self.group.readable_after(&self.standing)
    }

    /// Whether the message with this number, or the replies to it, are among those.
    pub(crate) fn has_in_history(&self, seq: Seq) -> bool {
        self.group.has_in_history(&self.standing, seq)
    }

    /// Rejects what the actor's role doesn't allow.
    pub(crate) fn require(&self, permission: GroupPermission) -> Result<(), GroupRefusal> {
        self.require_at(permission, &self.scope())
    }

    /// Rejects looking at what only those see whose role allows this, archived or not.
    pub(crate) fn require_to_read(&self, permission: GroupPermission) -> Result<(), GroupRefusal> {
        self.require_at(permission, &self.scope().reading())
    }

    /// Rejects a message, or a reply, that the actor may not send at this time.
    pub(crate) fn require_to_send(
        &self,
        permission: GroupPermission,
        now: Timestamp,
    ) -> Result<(), GroupRefusal> {
        let wait = self.group.slow_mode.wait(self.standing.last_sent_at, now);
        self.require_at(permission, &self.scope().in_slow_mode(wait))
    }

    fn scope(&self) -> Scope<'_> {
        self.group.scope_of(Some(&self.standing))
    }

    fn require_at(&self, permission: GroupPermission, scope: &Scope<'_>) -> Result<(), GroupRefusal> {
        let who = Who::with_role(Some(&self.standing.role)).muted(self.standing.muted_until);
        match decide(&who, permission, scope) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(denial) => Err(denial.into()),
        }
    }
}

impl VisibleGroup {
    /// The group and the actor's standing in it.
    pub(crate) fn into_membership(self) -> Result<Membership, GroupRefusal> {
        match self.standing {
            Some(standing) => Ok(Membership { group: self.group, standing }),
            None => Err(GroupRefusal::MembersOnly),
        }
    }

    /// The group and the actor's standing in it, if the role allows this.
    pub(crate) fn into_membership_with(
        self,
        permission: GroupPermission,
    ) -> Result<Membership, GroupRefusal> {
        let membership = self.into_membership()?;
        membership.require(permission)?;
        Ok(membership)
    }

    /// Rejects what the actor may do neither by the role in the group nor by managing all groups.
    pub(crate) fn authorize(
        &self,
        tx: &mut dyn Tx,
        actor: &Actor,
        permission: GroupPermission,
    ) -> Result<(), Error> {
        self.authorize_at(tx, actor, permission, &self.group.scope())
    }

    /// The same for an act on somebody, or with a role.
    pub(crate) fn authorize_at(
        &self,
        tx: &mut dyn Tx,
        actor: &Actor,
        permission: GroupPermission,
        scope: &Scope<'_>,
    ) -> Result<(), Error> {
        let standing = self.standing.as_ref();
        let member = Who::with_role(standing.map(|standing| &standing.role))
            .muted(standing.and_then(|standing| standing.muted_until));
        let Decision::Denied(denial) = decide(&member, permission, scope) else { return Ok(()) };
        // Rights on the server are read only where they can make a difference: also to the reason, as where a group that
        // the actor manages is archived.
        let as_manager = decide(&member.managing(true), permission, scope);
        if as_manager == Decision::Denied(denial) || !may(tx, actor, ServerPermission::ManageGroups)? {
            return Err(GroupRefusal::from(denial).into());
        }
        match as_manager {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(denial) => Err(GroupRefusal::from(denial).into()),
        }
    }

    /// Whether the actor may do this, by the role in the group or as a server admin.
    pub(crate) fn allows(
        &self,
        tx: &mut dyn Tx,
        actor: &Actor,
        permission: GroupPermission,
        scope: &Scope<'_>,
    ) -> Result<bool, Error> {
        match self.authorize_at(tx, actor, permission, scope) {
            Ok(()) => Ok(true),
            Err(Error::Refused(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests;
