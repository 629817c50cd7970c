//! What was removed of groups for its age, and what is next.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::groups::{SeqSpan, Trimmed};
use groupchat_domain::ids::{GroupId, Seq};
use groupchat_domain::retention::{AgedMessage, Purged, RetentionRepository, TrimState};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::purge::purge;
use crate::connection::on_backend;
use crate::groups::repository::trimmed;
use crate::schema::{groups, messages};
use crate::sql::stored::StoredRetention;
use crate::tx::DbTx;

/// A group, and when the first message after those that were removed was sent.
#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
struct TrimRow {
    id: i64,
    retention_days: Option<StoredRetention>,
    trimmed_seq: i64,
    hidden_from: Option<i64>,
    hidden_to: Option<i64>,
    kept_count: i64,
    #[diesel(select_expression = messages::created_at.nullable())]
    next_at: Option<i64>,
}

impl From<TrimRow> for TrimState {
    fn from(row: TrimRow) -> Self {
        Self {
            group: GroupId::new(row.id),
            days: row.retention_days.map(|stored| stored.0),
            trimmed: trimmed(row.trimmed_seq, row.hidden_from, row.hidden_to),
            kept: row.kept_count,
            next_at: row.next_at.map(Timestamp::from_micros),
        }
    }
}

/// Groups that exist, each with the first message after those that were removed.
#[auto_type]
fn with_next() -> _ {
    let (no_root, one): (i64, i64) = (0, 1);
    let next = messages::group_id
        .eq(groups::id)
        .and(messages::root_seq.eq(no_root))
        .and(messages::seq.eq(groups::trimmed_seq + one));
    groups::table.left_join(messages::table.on(next)).filter(groups::deleted_at.is_null())
}

/// The messages of a group itself with these numbers.
#[auto_type]
fn in_group(group: i64, first: i64, last: i64) -> _ {
    let no_root: i64 = 0;
    messages::table
        .filter(messages::group_id.eq(group))
        .filter(messages::root_seq.eq(no_root))
        .filter(messages::seq.ge(first))
        .filter(messages::seq.le(last))
}

impl RetentionRepository for DbTx<'_> {
    fn groups(&mut self, after: GroupId, limit: i64) -> Result<Vec<TrimState>, StorageFault> {
        let next = with_next().filter(groups::id.gt(after.get())).order(groups::id).limit(limit);
        let rows: Vec<TrimRow> =
            on_backend!(self, |connection| next.select(TrimRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(TrimState::from).collect())
    }

    fn find(&mut self, group: GroupId) -> Result<Option<TrimState>, StorageFault> {
        let found = with_next().filter(groups::id.eq(group.get()));
        let row: Option<TrimRow> =
            on_backend!(self, |connection| found.select(TrimRow::as_select()).first(connection).optional())?;
        Ok(row.map(TrimState::from))
    }

    fn pinned(&mut self, group: GroupId) -> Result<Vec<Seq>, StorageFault> {
        let pinned = messages::table
            .filter(messages::group_id.eq(group.get()))
            .filter(messages::pin_seq.is_not_null())
            .select((messages::root_seq, messages::seq));
        let found: Vec<(i64, i64)> = on_backend!(self, |connection| pinned.load(connection))?;
        Ok(found.into_iter().map(|(root, seq)| Seq::new(if root == 0 { seq } else { root })).collect())
    }

    fn aged(&mut self, group: GroupId, span: SeqSpan, limit: i64) -> Result<Vec<AgedMessage>, StorageFault> {
        let first = in_group(group.get(), span.first.get(), span.last.get())
            .order(messages::seq)
            .limit(limit)
            .select((messages::seq, messages::created_at));
        let found: Vec<(i64, i64)> = on_backend!(self, |connection| first.load(connection))?;
        let aged = |(seq, at)| AgedMessage { seq: Seq::new(seq), at: Timestamp::from_micros(at) };
        Ok(found.into_iter().map(aged).collect())
    }

    fn count(&mut self, group: GroupId, span: SeqSpan) -> Result<i64, StorageFault> {
        let (first, last) = (span.first.get(), span.last.get());
        let of_group = in_group(group.get(), first, last).count();
        let replies = messages::table
            .filter(messages::group_id.eq(group.get()))
            .filter(messages::root_seq.ge(first))
            .filter(messages::root_seq.le(last))
            .count();
        let of_group: i64 = on_backend!(self, |connection| of_group.get_result(connection))?;
        let replies: i64 = on_backend!(self, |connection| replies.get_result(connection))?;
        Ok(of_group + replies)
    }

    fn put(&mut self, group: GroupId, trimmed: &Trimmed, kept: i64) -> Result<(), StorageFault> {
        let row = diesel::update(groups::table.find(group.get())).set((
            groups::trimmed_seq.eq(trimmed.upto.get()),
            groups::kept_count.eq(kept),
            groups::hidden_from.eq(trimmed.hidden.map(|span| span.first.get())),
            groups::hidden_to.eq(trimmed.hidden.map(|span| span.last.get())),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn purge(&mut self, group: GroupId, span: SeqSpan, limit: i64) -> Result<Purged, StorageFault> {
        purge(self, group.get(), span, limit)
    }
}
