//! Bans.

use groupchat_domain::groups::{Ban, BanRepository, MemberQuery};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::paging::NamePosition;
use groupchat_domain::storage::{StorageFault, Tx as _};
use groupchat_domain::time::Timestamp;

use crate::model::accounts::matches;
use crate::model::names::{ListedName, list};
use crate::model::state::{Named, Tables};
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// A ban that lasts, of a user who is not deleted.
    fn lasting_ban(&self, group: GroupId, user: UserId, now: Timestamp) -> Option<Ban> {
        let ban = self.bans.get(&(group, user)).filter(|ban| ban.until.is_none_or(|until| until > now))?;
        Some(Ban { user: self.user(user)?.as_ref(), ..ban.clone() })
    }
}

impl BanRepository for ModelTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Ban>, StorageFault> {
        let now = self.now();
        Ok(self.read()?.lasting_ban(group, user, now))
    }

    fn find_many(&mut self, bans: &[(GroupId, UserId)]) -> Result<Vec<(GroupId, Ban)>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let there = each_once(bans).filter(|(group, _)| tables.group(*group).is_some());
        Ok(there.filter_map(|(group, user)| Some((group, tables.lasting_ban(group, user, now)?))).collect())
    }

    fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<Ban>>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let banned = tables.bans.iter().map(|(key, _)| *key).filter(|(group, _)| *group == query.group);
        let found = banned.filter_map(|(group, id)| {
            let user = tables.user(id).filter(|user| matches(user, query.search.as_ref()))?;
            let (key, entry) = (user.username.key().into_string(), tables.lasting_ban(group, id, now)?);
            Some(ListedName { of: Named::User(id), key, entry })
        });
        Ok(list(tables, found, query.after.as_ref(), query.limit))
    }

    fn count(&mut self, group: GroupId, most: u32) -> Result<u32, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let banned = tables.bans.iter().map(|(key, _)| *key).filter(|(from, _)| *from == group);
        let lasting = banned.filter(|(_, user)| tables.lasting_ban(group, *user, now).is_some());
        Ok(lasting.map(|_| 1).sum::<u32>().min(most))
    }

    fn remove_ended(&mut self, by: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let tables = self.write()?;
        let ended = tables.bans.iter().filter(|(_, ban)| ban.until.is_some_and(|until| until <= by));
        let ended: Vec<_> = ended.map(|(key, _)| *key).collect();
        Ok(tables.bans.remove_all(ended.into_iter().take(limit)))
    }

    fn put(&mut self, group: GroupId, ban: &Ban) -> Result<(), StorageFault> {
        self.write()?.bans.put((group, ban.user.id), ban.clone());
        Ok(())
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        self.write()?.bans.remove(&(group, user));
        Ok(())
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let tables = self.write()?;
        let bans: Vec<_> = tables.bans.iter().map(|(key, _)| *key).filter(|(_, of)| *of == user).collect();
        Ok(tables.bans.remove_all(bans.into_iter().take(limit)) < limit)
    }
}
