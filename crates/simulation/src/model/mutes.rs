//! Mutes.

use groupchat_domain::groups::{Mute, MuteRepository};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{StorageFault, Tx as _};
use groupchat_domain::time::Timestamp;

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    /// A mute that lasts.
    pub(crate) fn lasting_mute(&self, group: GroupId, user: UserId, now: Timestamp) -> Option<Mute> {
        self.mutes.get(&(group, user)).filter(|mute| mute.until > now).cloned()
    }
}

impl MuteRepository for ModelTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Mute>, StorageFault> {
        let now = self.now();
        Ok(self.read()?.lasting_mute(group, user, now))
    }

    fn put(&mut self, group: GroupId, user: UserId, mute: &Mute) -> Result<(), StorageFault> {
        self.write()?.mutes.put((group, user), mute.clone());
        Ok(())
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        self.write()?.mutes.remove(&(group, user));
        Ok(())
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let tables = self.write()?;
        let mutes: Vec<_> = tables.mutes.iter().map(|(key, _)| *key).filter(|(_, of)| *of == user).collect();
        Ok(tables.mutes.remove_all(mutes.into_iter().take(limit)) < limit)
    }
}
