//! What messages said before they were edited.

use diesel::prelude::*;
use groupchat_domain::ids::{MessageId, Version};
use groupchat_domain::messages::{EarlierText, EditQuery, EditRepository, MessageText};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::text::TextBytes;
use groupchat_domain::time::Timestamp;

use crate::connection::{on_backend, read_page};
use crate::schema::message_edits;
use crate::tx::DbTx;

// A second name of the table, for the subquery that looks for the newest text that is too much.
diesel::alias! {
    const KEPT: Alias<Kept> = message_edits as kept;
}

/// An earlier text: version, text, time.
type EditRow = (i64, String, i64);

struct ReadText(EarlierText);

impl From<EditRow> for ReadText {
    fn from((version, text, written_at): EditRow) -> Self {
        Self(EarlierText {
            version: Version::new(version),
            text: MessageText::from_stored(text),
            written_at: Timestamp::from_micros(written_at),
        })
    }
}

impl TextBytes for ReadText {
    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }
}

impl EditRepository for DbTx<'_> {
    fn add(&mut self, message: MessageId, earlier: &EarlierText, keep: i64) -> Result<(), StorageFault> {
        let row = diesel::insert_into(message_edits::table).values((
            message_edits::message_id.eq(message.get()),
            message_edits::version.eq(earlier.version.get()),
            message_edits::text.eq(earlier.text.as_str()),
            message_edits::written_at.eq(earlier.written_at.as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection))?;
        let newest_of_the_rest = KEPT
            .filter(KEPT.field(message_edits::message_id).eq(message.get()))
            .order(KEPT.field(message_edits::version).desc())
            .select(KEPT.field(message_edits::version))
            .limit(1)
            .offset(keep)
            .single_value();
        let rest = message_edits::table
            .filter(message_edits::message_id.eq(message.get()))
            .filter(message_edits::version.nullable().le(newest_of_the_rest));
        on_backend!(self, |connection| diesel::delete(rest).execute(connection)).map(drop)
    }

    fn list(&mut self, query: &EditQuery) -> Result<Vec<EarlierText>, StorageFault> {
        let listed = message_edits::table
            .filter(message_edits::message_id.eq(query.message.get()))
            .filter(message_edits::version.lt(query.before.map_or(i64::MAX, Version::get)))
            .order(message_edits::version.desc())
            .limit(query.limit.with_lookahead());
        let read: Vec<ReadText> = on_backend!(self, |connection| {
            let listed =
                listed.select((message_edits::version, message_edits::text, message_edits::written_at));
            read_page::<_, _, EditRow, _>(connection, listed, query.limit)
        })?;
        Ok(read.into_iter().map(|ReadText(earlier)| earlier).collect())
    }

    fn remove(&mut self, message: MessageId) -> Result<(), StorageFault> {
        let all = message_edits::table.filter(message_edits::message_id.eq(message.get()));
        on_backend!(self, |connection| diesel::delete(all).execute(connection)).map(drop)
    }
}
