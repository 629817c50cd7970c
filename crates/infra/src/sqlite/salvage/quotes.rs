//! What messages quote.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Salvage;
use crate::schema::message_quotes;

/// Deleted messages quote nothing.
const FORGET_QUOTED_BY_DELETED: [&str; 2] = [
    "DELETE FROM message_quotes WHERE message_id IN (SELECT id FROM messages WHERE deleted_at IS NOT NULL)",
    "UPDATE messages SET attachments = attachments & ~12 WHERE deleted_at IS NOT NULL AND attachments & 12",
];

const UNKNOWN: &str =
    "SELECT id FROM messages WHERE attachments & 12 AND id NOT IN (SELECT message_id FROM message_quotes)";

/// Only damage says that a message is both a reply and forwarded: it is taken for a reply. Whoever has lost what they quote
/// is a plain message: a reply of which the quoted message is lost or in another group, and what was forwarded from nobody
/// knows where.
const FORGET_LOST: [&str; 4] = [
    "UPDATE messages SET attachments = attachments & ~8 WHERE (attachments & 12) = 12",
    "DELETE FROM message_quotes WHERE message_id IN ( \
        SELECT messages.id FROM messages JOIN message_quotes ON message_id = messages.id \
        LEFT JOIN messages AS quoted ON quoted.id = quoted_id AND quoted.group_id = messages.group_id \
        WHERE messages.attachments & 4 AND quoted.id IS NULL)",
    "UPDATE messages SET attachments = attachments & ~4 \
     WHERE attachments & 4 AND id NOT IN (SELECT message_id FROM message_quotes)",
    "UPDATE messages SET attachments = attachments & ~8 \
     WHERE attachments & 8 AND id NOT IN (SELECT message_id FROM message_quotes)",
];

#[derive(QueryableByName)]
struct Quoting {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

impl Salvage<'_> {
    /// Brings what the messages quote that are there now, as far as that is there, too.
    pub(super) fn bring_quotes(&mut self) -> QueryResult<()> {
        for statement in FORGET_QUOTED_BY_DELETED {
            diesel::sql_query(statement).execute(self.target)?;
        }
        for Quoting { id } in diesel::sql_query(UNKNOWN).load(self.target)? {
            if let Some(quote) = self.source.quote(id) {
                let insert = diesel::insert_into(message_quotes::table).values(quote);
                self.attempt(|target| insert.execute(target))?;
            }
        }
        for statement in FORGET_LOST {
            diesel::sql_query(statement).execute(self.target)?;
        }
        Ok(())
    }
}
