//! Invite links.

use groupchat_domain::admissions::{
    Counted, InviteLink, InviteLinkQuery, InviteLinkRepository, IssuedLink, MaxUses, NewInviteLink,
};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::ids::{GroupId, InviteLinkId, UserId};
use groupchat_domain::storage::StorageFault;

use crate::model::state::{LinkRow, Tables};
use crate::model::tx::ModelTx;

impl Tables {
    /// A link to a group that is not deleted.
    fn issued_link(&self, id: InviteLinkId) -> Option<IssuedLink> {
        let LinkRow { link: stored, uses } = self.invite_links.get(&id)?;
        let group = self.group(stored.group)?;
        let (issuer, gift) = self.roles_of_issued(stored.group, stored.created_by, &stored.role);
        let link = InviteLink {
            id,
            group: group.into(),
            created_by: self.user_ref(stored.created_by),
            role: stored.role.clone(),
            note: stored.note.clone(),
            max_uses: stored.max_uses,
            uses: *uses,
            created_at: stored.created_at,
            expires_at: stored.expires_at,
        };
        Some(IssuedLink { link, group: group.clone(), issuer, gift })
    }

    /// Removes all links to a group; whether there were any.
    pub(crate) fn remove_invite_links(&mut self, group: GroupId) -> bool {
        let all = self.invite_links.iter();
        let picked: Vec<_> = all.filter(|(_, row)| row.link.group == group).map(|(id, _)| *id).collect();
        self.invite_links.remove_all(picked) > 0
    }
}

impl InviteLinkRepository for ModelTx<'_> {
    fn find(&mut self, code: &CodeHash) -> Result<Option<IssuedLink>, StorageFault> {
        let tables = self.read()?;
        let found = tables.invite_links.iter().find(|(_, row)| row.link.code == *code).map(|(id, _)| *id);
        Ok(found.and_then(|id| tables.issued_link(id)))
    }

    fn list(&mut self, query: &InviteLinkQuery) -> Result<Vec<IssuedLink>, StorageFault> {
        let tables = self.read()?;
        let all = tables.invite_links.iter().rev().filter(|(_, row)| row.link.group == query.group);
        let below = all.map(|(id, _)| *id).filter(|id| query.below.is_none_or(|below| *id < below));
        let rows = usize::try_from(query.limit.with_lookahead()).unwrap_or(0);
        Ok(below.filter_map(|id| tables.issued_link(id)).take(rows).collect())
    }

    fn count(&mut self, of: Counted, most: u32) -> Result<u32, StorageFault> {
        let is_counted = |stored: &NewInviteLink| match of {
            Counted::To(group) => stored.group == group,
            Counted::By(user) => stored.created_by == user,
        };
        let count = self.read()?.invite_links.iter().filter(|(_, row)| is_counted(&row.link)).count();
        Ok(u32::try_from(count).unwrap_or(most).min(most))
    }

    fn insert(&mut self, link: &NewInviteLink) -> Result<InviteLinkId, StorageFault> {
        let tables = self.write()?;
        let id = InviteLinkId::new(tables.invite_link_ids.take());
        tables.invite_links.put(id, LinkRow { link: link.clone(), uses: 0 });
        Ok(id)
    }

    fn spend(&mut self, id: InviteLinkId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let Some(row) = tables.invite_links.get(&id).cloned() else { return Ok(false) };
        if row.link.max_uses.map(MaxUses::get).is_some_and(|max| row.uses >= max) {
            return Ok(false);
        }
        tables.invite_links.put(id, LinkRow { uses: row.uses + 1, ..row });
        Ok(true)
    }

    fn remove(&mut self, group: GroupId, id: InviteLinkId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_there = tables.invite_links.get(&id).is_some_and(|row| row.link.group == group);
        if is_there {
            tables.invite_links.remove(&id);
        }
        Ok(is_there)
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let tables = self.write()?;
        let all = tables.invite_links.iter();
        let made: Vec<_> = all.filter(|(_, row)| row.link.created_by == user).map(|(id, _)| *id).collect();
        Ok(tables.invite_links.remove_all(made.into_iter().take(limit)) < limit)
    }
}
