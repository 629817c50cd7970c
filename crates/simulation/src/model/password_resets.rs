//! Codes that reset passwords.

use groupchat_domain::accounts::{NewReset, PasswordResetRepository, PendingReset};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::{Span, Timestamp};

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    fn unused_reset(&self, code: &CodeHash, expires: Span) -> Option<NewReset> {
        let (reset, is_used) = self.password_resets.get(code.as_bytes())?;
        (!is_used && expires.contains(reset.expires_at)).then_some(*reset)
    }
}

impl PasswordResetRepository for ModelTx<'_> {
    fn insert(&mut self, reset: &NewReset) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if tables.password_resets.contains(reset.code.as_bytes()) || !tables.users.contains(&reset.user) {
            return Err(self.fail("a code that there is already, or nobody's"));
        }
        tables.password_resets.put(*reset.code.as_bytes(), (*reset, false));
        Ok(())
    }

    fn count(&mut self, user: UserId, issued: Span) -> Result<u32, StorageFault> {
        let all = self.read()?.password_resets.iter();
        let counted = all.filter(|(_, (reset, _))| reset.user == user && issued.contains(reset.created_at));
        Ok(u32::try_from(counted.count()).unwrap_or(u32::MAX))
    }

    fn find(&mut self, code: &CodeHash, expires: Span) -> Result<Option<PendingReset>, StorageFault> {
        let found = self.read()?.unused_reset(code, expires);
        Ok(found.map(|reset| PendingReset { user: reset.user, state: reset.state }))
    }

    fn use_up(&mut self, code: &CodeHash, expires: Span, _: Timestamp) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        if tables.unused_reset(code, expires).is_none() {
            return Ok(false);
        }
        tables.password_resets.change(code.as_bytes(), |(_, is_used)| *is_used = true);
        Ok(true)
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let old = tables.password_resets.iter().filter(|(_, (reset, _))| reset.created_at < before);
        let mut old: Vec<_> = old.map(|(code, (reset, _))| (reset.created_at, *code)).collect();
        old.sort_unstable();
        old.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(tables.password_resets.remove_all(old.into_iter().map(|(_, code)| code)))
    }
}
