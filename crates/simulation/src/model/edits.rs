//! What messages said before they were edited.

use groupchat_domain::ids::{MessageId, Version};
use groupchat_domain::messages::{EarlierText, EditQuery, EditRepository};
use groupchat_domain::storage::StorageFault;

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    /// The versions of a message whose texts are kept, the oldest first.
    fn edits_of(&self, message: MessageId) -> impl DoubleEndedIterator<Item = (MessageId, Version)> {
        let all = (message, Version::FIRST)..=(message, Version::new(i64::MAX));
        self.edits.range(all).map(|(key, _)| *key)
    }

    /// Removes up to `limit` earlier texts of a message; how many.
    pub(super) fn remove_edits(&mut self, message: MessageId, limit: usize) -> usize {
        let first: Vec<_> = self.edits_of(message).take(limit).collect();
        self.edits.remove_all(first)
    }
}

impl EditRepository for ModelTx<'_> {
    fn add(&mut self, message: MessageId, earlier: &EarlierText, keep: i64) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if !tables.places.contains(&message) || tables.edits.contains(&(message, earlier.version)) {
            return Err(self.fail("an earlier text of no message, or of a version that has one"));
        }
        tables.edits.put((message, earlier.version), earlier.clone());
        let kept = usize::try_from(keep).unwrap_or(0);
        let rest: Vec<_> = tables.edits_of(message).rev().skip(kept).collect();
        tables.edits.remove_all(rest);
        Ok(())
    }

    fn list(&mut self, query: &EditQuery) -> Result<Vec<EarlierText>, StorageFault> {
        let tables = self.read()?;
        let before = query.before.unwrap_or(Version::new(i64::MAX));
        let below = tables.edits.range((query.message, Version::new(0))..(query.message, before));
        query.limit.read(below.rev().map(|(_, earlier)| Ok(earlier.clone())))
    }

    fn remove(&mut self, message: MessageId) -> Result<(), StorageFault> {
        self.write()?.remove_edits(message, usize::MAX);
        Ok(())
    }
}
