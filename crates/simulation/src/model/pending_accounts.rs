//! Accounts that wait for a code.

use groupchat_domain::accounts::{Email, NewPendingAccount, PendingAccount, PendingAccountRepository};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::{Span, Timestamp};

use crate::model::tx::ModelTx;

impl PendingAccountRepository for ModelTx<'_> {
    fn insert(&mut self, pending: &NewPendingAccount, most: u32) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let id = tables.pending_account_ids.take();
        tables.pending_accounts.put(id, pending.clone());
        let too_many = tables.pending_accounts.iter().map(|(id, _)| *id);
        let too_many: Vec<_> = too_many.filter(|other| *other <= id - i64::from(most)).collect();
        tables.pending_accounts.remove_all(too_many);
        Ok(())
    }

    fn count(&mut self, email: &Email, issued: Span) -> Result<u32, StorageFault> {
        let all = self.read()?.pending_accounts.iter();
        let counted = all.filter(|(_, pending)| {
            pending.account.email.as_str().eq_ignore_ascii_case(email.as_str())
                && issued.contains(pending.created_at)
        });
        Ok(u32::try_from(counted.count()).unwrap_or(u32::MAX))
    }

    fn find(&mut self, code: &CodeHash, expires: Span) -> Result<Option<PendingAccount>, StorageFault> {
        let mut all = self.read()?.pending_accounts.iter();
        let found = all.find(|(_, pending)| pending.code == *code && expires.contains(pending.expires_at));
        Ok(found.map(|(_, pending)| pending.account.clone()))
    }

    fn remove(&mut self, code: &CodeHash) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let found = tables.pending_accounts.iter().find(|(_, pending)| pending.code == *code);
        let found: Vec<_> = found.map(|(id, _)| *id).into_iter().collect();
        Ok(tables.pending_accounts.remove_all(found) > 0)
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let old = tables.pending_accounts.iter().filter(|(_, pending)| pending.created_at < before);
        let mut old: Vec<_> = old.map(|(id, pending)| (pending.created_at, *id)).collect();
        old.sort_unstable();
        old.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(tables.pending_accounts.remove_all(old.into_iter().map(|(_, id)| id)))
    }
}
