//! Which messages quote which.

use groupchat_domain::ids::MessageId;
use groupchat_domain::messages::{Quote, QuoteRepository, Quoted};
use groupchat_domain::storage::StorageFault;

use crate::model::state::Tables;
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// What a message quotes, unless that or its group is gone.
    fn quoted(&self, by: MessageId) -> Option<Quoted> {
        let message = self.message(*self.quotes.get(&by)?)?;
        self.group(message.group_id).map(|_| self.with_author(message).as_quoted())
    }
}

impl QuoteRepository for ModelTx<'_> {
    fn find_many(&mut self, by: &[MessageId]) -> Result<Vec<Quote>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(by).filter_map(|by| Some(Quote { by, quoted: tables.quoted(by)? })).collect())
    }

    fn put(&mut self, by: MessageId, quoted: MessageId) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if !tables.places.contains(&by) || tables.quotes.contains(&by) || quoted >= by {
            return Err(self.fail("a quote by no message, twice, or of a later one"));
        }
        tables.quotes.put(by, quoted);
        Ok(())
    }

    fn remove(&mut self, by: MessageId) -> Result<(), StorageFault> {
        self.write()?.quotes.remove(&by);
        Ok(())
    }
}
