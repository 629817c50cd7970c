//! What messages said before they were edited.

use diesel::prelude::*;
use groupchat_domain::messages::{MAX_EARLIER_TEXTS, MessageText};

use super::Salvage;
use crate::rows::message_edits::Row;
use crate::schema::{message_edits, messages};

/// Those of a message that is deleted, or that the damaged database says nothing else of, and those that are too many.
const REMOVE_WHAT_IS_NOT_KEPT: &str = "DELETE FROM message_edits WHERE message_id = ?1 AND ( \
    (SELECT edited_at IS NULL OR text IS NULL FROM messages WHERE id = ?1) \
    OR version >= (SELECT version FROM messages WHERE id = ?1) \
    OR version <= (SELECT version FROM message_edits WHERE message_id = ?1 ORDER BY version DESC LIMIT 1 OFFSET ?2))";

impl Salvage<'_> {
    /// Adds to these messages, which are new or have changed, the earlier texts that the damaged database has of them.
    /// They have no checksums: what is no text of a message is damaged.
    pub(super) fn bring_edits(&mut self, changed: &[i64]) -> QueryResult<()> {
        for message in changed {
            let row = messages::table.find(message).select(messages::id);
            if row.first::<i64>(self.target).optional()?.is_none() {
                continue;
            }
            let found = self.source.edits(*message);
            self.report.damaged += u64::from(found.is_none());
            for earlier in found.unwrap_or_default() {
                if !is_whole(&earlier) {
                    self.report.damaged += 1;
                    continue;
                }
                let insert =
                    diesel::insert_into(message_edits::table).values(earlier).on_conflict_do_nothing();
                self.attempt(|target| insert.execute(target))?;
            }
            diesel::sql_query(REMOVE_WHAT_IS_NOT_KEPT)
                .bind::<diesel::sql_types::BigInt, _>(message)
                .bind::<diesel::sql_types::BigInt, _>(MAX_EARLIER_TEXTS)
                .execute(self.target)?;
        }
        Ok(())
    }
}

/// Whether this is a text as it is stored.
fn is_whole(earlier: &Row) -> bool {
    MessageText::parse(&earlier.text).is_ok_and(|text| text.as_str() == earlier.text)
}
