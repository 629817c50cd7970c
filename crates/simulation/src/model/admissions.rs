//! Invitations.

use groupchat_domain::admissions::{
    Counted, Invitation, InvitationQuery, InvitationRepository, Invitations, IssuedInvitation, NewInvitation,
    SentInvitation,
};
use groupchat_domain::ids::{GroupId, InvitationId, UserId};
use groupchat_domain::permissions::{Role, RoleName};
use groupchat_domain::storage::StorageFault;

use crate::model::state::Tables;
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// An invitation to a group that is not deleted.
    fn issued(&self, id: InvitationId) -> Option<IssuedInvitation> {
        let stored = self.invitations.get(&id)?;
        let group = self.group(stored.group)?;
        let (issuer, gift) = self.roles_of_issued(stored.group, stored.invited_by, &stored.role);
        let invitation = Invitation {
            id,
            group: group.into(),
            user: self.user_ref(stored.user),
            invited_by: self.user_ref(stored.invited_by),
            role: stored.role.clone(),
            note: stored.note.clone(),
            created_at: stored.created_at,
            expires_at: stored.expires_at,
        };
        Some(IssuedInvitation { invitation, group: group.clone(), issuer, gift })
    }

    /// The role in a group of somebody who has let others in there, and the role that these get, as they are now.
    pub(crate) fn roles_of_issued(
        &self,
        group: GroupId,
        maker: UserId,
        gift: &RoleName,
    ) -> (Option<Role>, Option<Role>) {
        let is_private = self.group(group).is_some_and(|group| !group.visibility.is_listed());
        let role = |name: &RoleName| {
            let definition = self.roles.get(&(group, name.clone())).copied();
            Role::resolve(name.clone(), definition, is_private)
        };
        let counts = self.user(maker).is_some_and(|maker| self.can_act(maker));
        let membership = self.memberships.get(&(group, maker)).filter(|_| counts);
        (membership.and_then(|membership| role(&membership.role)), role(gift))
    }

    fn invitation_of(&self, group: GroupId, user: UserId) -> Option<InvitationId> {
        let mut all = self.invitations.iter();
        all.find(|(_, stored)| stored.group == group && stored.user == user).map(|(id, _)| *id)
    }

    fn some_invitations(&self, limit: i64, is_meant: impl Fn(&NewInvitation) -> bool) -> Vec<SentInvitation> {
        let meant = self.invitations.iter().filter(|(_, stored)| is_meant(stored));
        let sent = meant.map(|(id, stored)| SentInvitation {
            id: *id,
            user: stored.user,
            invited_by: stored.invited_by,
        });
        sent.take(usize::try_from(limit).unwrap_or(0)).collect()
    }
}

/// Whether the user is invited by it, or has made it.
fn is_with(stored: &NewInvitation, user: UserId) -> bool {
    stored.user == user || stored.invited_by == user
}

impl InvitationRepository for ModelTx<'_> {
    fn find(&mut self, id: InvitationId) -> Result<Option<IssuedInvitation>, StorageFault> {
        Ok(self.read()?.issued(id))
    }

    fn find_of(&mut self, group: GroupId, user: UserId) -> Result<Option<IssuedInvitation>, StorageFault> {
        let tables = self.read()?;
        Ok(tables.invitation_of(group, user).and_then(|id| tables.issued(id)))
    }

    fn find_many(&mut self, ids: &[InvitationId]) -> Result<Vec<IssuedInvitation>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(ids).filter_map(|id| tables.issued(id)).collect())
    }

    fn list(&mut self, query: &InvitationQuery) -> Result<Vec<IssuedInvitation>, StorageFault> {
        let tables = self.read()?;
        let is_meant = |stored: &NewInvitation| match query.of {
            Invitations::To(group) => stored.group == group,
            Invitations::Of(user) => stored.user == user,
        };
        let listed = tables.invitations.iter().rev().filter(|(_, stored)| is_meant(stored));
        let below = listed.map(|(id, _)| *id).filter(|id| query.below.is_none_or(|below| *id < below));
        let rows = usize::try_from(query.limit.with_lookahead()).unwrap_or(0);
        Ok(below.filter_map(|id| tables.issued(id)).take(rows).collect())
    }

    fn count(&mut self, of: Counted, most: u32) -> Result<u32, StorageFault> {
        let is_counted = |stored: &NewInvitation| match of {
            Counted::To(group) => stored.group == group,
            Counted::By(user) => stored.invited_by == user,
        };
        let count = self.read()?.invitations.iter().filter(|(_, stored)| is_counted(stored)).count();
        Ok(u32::try_from(count).unwrap_or(most).min(most))
    }

    fn put(&mut self, invitation: &NewInvitation) -> Result<InvitationId, StorageFault> {
        let tables = self.write()?;
        let before = tables.invitation_of(invitation.group, invitation.user);
        let id = before.unwrap_or_else(|| InvitationId::new(tables.invitation_ids.take()));
        tables.invitations.put(id, invitation.clone());
        Ok(id)
    }

    fn remove(&mut self, id: InvitationId) -> Result<bool, StorageFault> {
        Ok(self.write()?.invitations.remove(&id).is_some())
    }

    fn remove_with(&mut self, id: InvitationId, user: UserId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_theirs = tables.invitations.get(&id).is_some_and(|stored| is_with(stored, user));
        Ok(is_theirs && tables.invitations.remove(&id).is_some())
    }

    fn remove_by(&mut self, group: GroupId, inviter: UserId) -> Result<Vec<SentInvitation>, StorageFault> {
        let tables = self.write()?;
        let is_meant = |stored: &NewInvitation| stored.group == group && stored.invited_by == inviter;
        let removed = tables.some_invitations(i64::MAX, is_meant);
        tables.invitations.remove_all(removed.iter().map(|sent| sent.id));
        Ok(removed)
    }

    fn remove_of(&mut self, group: GroupId, user: UserId) -> Result<Option<SentInvitation>, StorageFault> {
        let tables = self.write()?;
        let is_meant = |stored: &NewInvitation| stored.group == group && stored.user == user;
        let removed = tables.some_invitations(1, is_meant).pop();
        tables.invitations.remove_all(removed.map(|sent| sent.id));
        Ok(removed)
    }

    fn some_to(&mut self, group: GroupId, limit: i64) -> Result<Vec<SentInvitation>, StorageFault> {
        Ok(self.read()?.some_invitations(limit, |stored| stored.group == group))
    }

    fn some_with(&mut self, user: UserId, limit: i64) -> Result<Vec<SentInvitation>, StorageFault> {
        Ok(self.read()?.some_invitations(limit, |stored| is_with(stored, user)))
    }
}
