//! Whom users have blocked.

use groupchat_domain::accounts::{Block, BlockQuery, BlockRepository};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::state::Tables;
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// The blocks that a user has made, of users who are there, by id.
    fn blocks_of(&self, user: UserId) -> impl Iterator<Item = Block> {
        let made = self.blocks.range((user, UserId::new(0))..=(user, UserId::new(i64::MAX)));
        let present = made.filter(|((_, blocked), _)| self.user(*blocked).is_some());
        present.map(|((_, blocked), at)| Block { user: self.user_ref(*blocked), created_at: *at })
    }
}

impl Tables {
    /// Whether one of the two has blocked the other.
    pub(crate) fn is_blocked(&self, one: UserId, other: UserId) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }
}

impl BlockRepository for ModelTx<'_> {
    fn find(&mut self, user: UserId, blocked: UserId) -> Result<Option<Block>, StorageFault> {
        Ok(self.read()?.blocks_of(user).find(|block| block.user.id == blocked))
    }

    fn list(&mut self, query: &BlockQuery) -> Result<Vec<Block>, StorageFault> {
        let after = query.after.unwrap_or(UserId::new(0));
        let rows = usize::try_from(query.limit.with_lookahead()).unwrap_or(0);
        Ok(self.read()?.blocks_of(query.user).filter(|block| block.user.id > after).take(rows).collect())
    }

    fn count(&mut self, user: UserId, most: u32) -> Result<u32, StorageFault> {
        Ok(self.read()?.blocks_of(user).map(|_| 1).sum::<u32>().min(most))
    }

    fn any_between(&mut self, user: UserId, others: &[UserId]) -> Result<bool, StorageFault> {
        let tables = self.read()?;
        Ok(others.iter().any(|other| tables.is_blocked(user, *other)))
    }

    fn find_many(&mut self, pairs: &[(UserId, UserId)]) -> Result<Vec<(UserId, UserId)>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(pairs).filter(|pair| tables.blocks.contains(pair)).collect())
    }

    fn insert(&mut self, user: UserId, blocked: UserId, at: Timestamp) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if tables.blocks.contains(&(user, blocked)) {
            return Err(self.fail("the block is there already"));
        }
        tables.blocks.put((user, blocked), at);
        Ok(())
    }

    fn remove(&mut self, user: UserId, blocked: UserId) -> Result<bool, StorageFault> {
        Ok(self.write()?.blocks.remove(&(user, blocked)).is_some())
    }

    fn purge(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let (tables, limit) = (self.write()?, usize::try_from(limit).unwrap_or(0));
        let keys = tables.blocks.iter().map(|(key, _)| *key);
        let (made, of_others): (Vec<_>, Vec<_>) =
            keys.filter(|(maker, blocked)| *maker == user || *blocked == user).partition(|key| key.0 == user);
        let picked: Vec<_> = made.into_iter().chain(of_others).take(limit).collect();
        Ok(tables.blocks.remove_all(picked) < limit)
    }
}
