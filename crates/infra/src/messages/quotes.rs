//! Which messages quote which.

use diesel::prelude::*;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{Excerpt, InThread, Quote, QuoteRepository, Quoted};
use groupchat_domain::storage::StorageFault;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::messages::repository::thread;
use crate::schema::{groups, message_quotes, messages, users};
use crate::sql::among;
use crate::sql::functions::substr;
use crate::tx::DbTx;

/// How many characters of a text are read for its excerpt.
pub(crate) const READ: i32 = Excerpt::DECIDED_BY as i32;

/// A message that is quoted.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct QuotedRow {
    id: i64,
    group_id: i64,
    seq: i64,
    thread_id: Option<i64>,
    root_seq: i64,
}

impl QuotedRow {
    /// The message by this author, whose text begins like this.
    pub(crate) fn into_quoted(self, author: UserRefRow, beginning: Option<&str>) -> Quoted {
        let seq = Seq::new(self.seq);
        Quoted {
            id: MessageId::new(self.id),
            group: GroupId::new(self.group_id),
            root: self.thread_id.map(MessageId::new),
            seq,
            history_seq: InThread::history_seq(thread(self.thread_id, self.root_seq), seq),
            author: author.into(),
            excerpt: beginning.map(Excerpt::of),
            mentioned: Vec::new(),
        }
    }
}

/// Which message quotes, what it quotes, whose that is, and how its text begins.
type QuoteRow = (i64, QuotedRow, UserRefRow, Option<String>);

impl QuoteRepository for DbTx<'_> {
    fn find_many(&mut self, by: &[MessageId]) -> Result<Vec<Quote>, StorageFault> {
        if by.is_empty() {
            return Ok(Vec::new());
        }
        let found = message_quotes::table
            .inner_join(messages::table.on(messages::id.eq(message_quotes::quoted_id)))
            .inner_join(users::table.on(users::id.eq(messages::author_id)))
            .inner_join(groups::table.on(groups::id.eq(messages::group_id)))
            .filter(among(message_quotes::message_id, by.iter().map(|id| id.get())))
            .filter(groups::deleted_at.is_null());
        let beginning = substr(messages::text, 1, READ);
        let rows: Vec<QuoteRow> = on_backend!(self, |connection| found
            .select((message_quotes::message_id, QuotedRow::as_select(), UserRefRow::as_select(), beginning))
            .load(connection))?;
        let quote = |(by, quoted, author, beginning): QuoteRow| Quote {
            by: MessageId::new(by),
            quoted: quoted.into_quoted(author, beginning.as_deref()),
        };
        Ok(rows.into_iter().map(quote).collect())
    }

    fn put(&mut self, by: MessageId, quoted: MessageId) -> Result<(), StorageFault> {
        let row = diesel::insert_into(message_quotes::table)
            .values((message_quotes::message_id.eq(by.get()), message_quotes::quoted_id.eq(quoted.get())));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, by: MessageId) -> Result<(), StorageFault> {
        let row = message_quotes::table.find(by.get());
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(drop)
    }
}
