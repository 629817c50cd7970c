//! Invites to the server.

use groupchat_domain::admissions::{
    MaxUses, NewServerInvite, ServerInvite, ServerInviteQuery, ServerInviteRepository,
};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::ids::{ServerInviteId, UserId};
use groupchat_domain::storage::StorageFault;

use crate::model::state::{ServerInviteRow, Tables};
use crate::model::tx::ModelTx;

impl Tables {
    fn server_invite(&self, id: ServerInviteId) -> Option<ServerInvite> {
        let ServerInviteRow { invite, uses } = self.server_invites.get(&id)?;
        Some(ServerInvite {
            id,
            created_by: self.user_ref(invite.created_by),
            groups: invite.groups.clone(),
            note: invite.note.clone(),
            max_uses: invite.max_uses,
            uses: *uses,
            created_at: invite.created_at,
            expires_at: invite.expires_at,
        })
    }
}

impl ServerInviteRepository for ModelTx<'_> {
    fn find(&mut self, code: &CodeHash) -> Result<Option<ServerInvite>, StorageFault> {
        let tables = self.read()?;
        let found = tables.server_invites.iter().find(|(_, row)| row.invite.code == *code);
        Ok(found.and_then(|(id, _)| tables.server_invite(*id)))
    }

    fn list(&mut self, query: &ServerInviteQuery) -> Result<Vec<ServerInvite>, StorageFault> {
        let tables = self.read()?;
        let all = tables.server_invites.iter().rev();
        let own = all.filter(|(_, row)| query.by.is_none_or(|by| row.invite.created_by == by));
        let below = own.map(|(id, _)| *id).filter(|id| query.below.is_none_or(|below| *id < below));
        let rows = usize::try_from(query.limit.with_lookahead()).unwrap_or(0);
        Ok(below.filter_map(|id| tables.server_invite(id)).take(rows).collect())
    }

    fn count(&mut self, by: UserId, most: u32) -> Result<u32, StorageFault> {
        let all = self.read()?.server_invites.iter();
        let count = all.filter(|(_, row)| row.invite.created_by == by).count();
        Ok(u32::try_from(count).unwrap_or(most).min(most))
    }

    fn insert(&mut self, invite: &NewServerInvite) -> Result<ServerInviteId, StorageFault> {
        let tables = self.write()?;
        let id = ServerInviteId::new(tables.server_invite_ids.take());
        tables.server_invites.put(id, ServerInviteRow { invite: invite.clone(), uses: 0 });
        Ok(id)
    }

    fn spend(&mut self, id: ServerInviteId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let Some(row) = tables.server_invites.get(&id).cloned() else { return Ok(false) };
        if row.invite.max_uses.map(MaxUses::get).is_some_and(|max| row.uses >= max) {
            return Ok(false);
        }
        tables.server_invites.put(id, ServerInviteRow { uses: row.uses + 1, ..row });
        Ok(true)
    }

    fn remove(&mut self, id: ServerInviteId, by: Option<UserId>) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let found = tables.server_invites.get(&id);
        let is_there = found.is_some_and(|row| by.is_none_or(|by| row.invite.created_by == by));
        if is_there {
            tables.server_invites.remove(&id);
        }
        Ok(is_there)
    }

    fn forget(&mut self, user: UserId) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let all = tables.server_invites.iter();
        let made: Vec<_> = all.filter(|(_, row)| row.invite.created_by == user).map(|(id, _)| *id).collect();
        tables.server_invites.remove_all(made);
        Ok(())
    }
}
