//! Scheduled messages.

use diesel::prelude::*;
use diesel::result::Error;
use groupchat_domain::ids::{GroupId, SessionId, UserId};
use groupchat_domain::messages::{ClientId, MessageDraft};
use groupchat_domain::scheduled::{
    Failure, NewScheduled, Scheduled, ScheduledId, ScheduledQuery, ScheduledRepository,
};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::document;
use crate::connection::on_backend;
use crate::schema::scheduled_messages as columns;
use crate::sql::row_count;
use crate::tx::DbTx;

// A second name of the table, for the subquery that selects the rows to remove.
diesel::alias!(const PICKED: Alias<PickedScheduled> = columns as picked_scheduled);

#[derive(Queryable, Selectable)]
#[diesel(table_name = columns)]
struct Row {
    id: i64,
    user_id: i64,
    group_id: i64,
    token_id: Option<i64>,
    client_id: Option<String>,
    document: String,
    send_at: i64,
    created_at: i64,
    failed_code: Option<String>,
    failed_detail: Option<String>,
    failed_at: Option<i64>,
}

/// What a row stands for. A document that can't be read is a fault.
fn scheduled(row: Row) -> QueryResult<Scheduled> {
    let client_id = row.client_id.map(ClientId::from_stored);
    let draft = document::read(&row.document, GroupId::new(row.group_id), client_id);
    let draft = draft.map_err(|reason| {
        let reason = format!("the scheduled message {} can't be read: {reason}", row.id);
        Error::DeserializationError(reason.into())
    })?;
    let failed = row.failed_code.zip(row.failed_detail).zip(row.failed_at);
    let failed = failed.map(|((code, detail), at)| Failure { code, detail, at: Timestamp::from_micros(at) });
    let new = NewScheduled {
        user: UserId::new(row.user_id),
        token: row.token_id.map(SessionId::new),
        draft,
        send_at: Timestamp::from_micros(row.send_at),
        created_at: Timestamp::from_micros(row.created_at),
    };
    Ok(Scheduled { id: ScheduledId::new(row.id), new, failed })
}

fn one(row: QueryResult<Row>) -> QueryResult<Option<Scheduled>> {
    row.optional()?.map(scheduled).transpose()
}

fn all(rows: QueryResult<Vec<Row>>) -> QueryResult<Vec<Scheduled>> {
    rows?.into_iter().map(scheduled).collect()
}

fn written(draft: &MessageDraft) -> QueryResult<String> {
    document::write(draft).map_err(|error| Error::SerializationError(error.into()))
}

impl ScheduledRepository for DbTx<'_> {
    fn find(&mut self, user: UserId, id: ScheduledId) -> Result<Option<Scheduled>, StorageFault> {
        let found = columns::table.filter(columns::id.eq(id.get())).filter(columns::user_id.eq(user.get()));
        on_backend!(self, |connection| one(found.select(Row::as_select()).first(connection)))
    }

    fn find_by_client_id(
        &mut self,
        user: UserId,
        group: GroupId,
        client_id: &ClientId,
    ) -> Result<Option<Scheduled>, StorageFault> {
        let found = columns::table
            .filter(columns::user_id.eq(user.get()))
            .filter(columns::group_id.eq(group.get()))
            .filter(columns::client_id.eq(client_id.as_str()));
        on_backend!(self, |connection| one(found.select(Row::as_select()).first(connection)))
    }

    fn count(&mut self, user: UserId) -> Result<i64, StorageFault> {
        let all = columns::table.filter(columns::user_id.eq(user.get())).count();
        on_backend!(self, |connection| all.get_result(connection))
    }

    fn insert(&mut self, new: &NewScheduled) -> Result<ScheduledId, StorageFault> {
        let document = self.run(|_| written(&new.draft))?;
        let row = diesel::insert_into(columns::table)
            .values((
                columns::user_id.eq(new.user.get()),
                columns::group_id.eq(new.draft.group.get()),
                columns::token_id.eq(new.token.map(SessionId::get)),
                columns::client_id.eq(new.draft.client_id.as_ref().map(ClientId::as_str)),
                columns::document.eq(document),
                columns::send_at.eq(new.send_at.as_micros()),
                columns::due_at.eq(new.send_at.as_micros()),
                columns::created_at.eq(new.created_at.as_micros()),
            ))
            .returning(columns::id);
        on_backend!(self, |connection| row.get_result(connection)).map(ScheduledId::new)
    }

    fn update(&mut self, scheduled: &Scheduled) -> Result<bool, StorageFault> {
        let Scheduled { id, new, failed } = scheduled;
        let document = self.run(|_| written(&new.draft))?;
        let failed = failed.as_ref();
        let row = columns::table.filter(columns::id.eq(id.get()));
        let change = diesel::update(row).set((
            columns::token_id.eq(new.token.map(SessionId::get)),
            columns::document.eq(document),
            columns::send_at.eq(new.send_at.as_micros()),
            columns::due_at.eq(new.send_at.as_micros()),
            columns::failed_code.eq(failed.map(|failed| failed.code.as_str())),
            columns::failed_detail.eq(failed.map(|failed| failed.detail.as_str())),
            columns::failed_at.eq(failed.map(|failed| failed.at.as_micros())),
        ));
        on_backend!(self, |connection| change.execute(connection)).map(|rows| rows > 0)
    }

    fn remove(&mut self, id: ScheduledId) -> Result<bool, StorageFault> {
        let row = columns::table.filter(columns::id.eq(id.get()));
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(|rows| rows > 0)
    }

    fn list(&mut self, query: &ScheduledQuery) -> Result<Vec<Scheduled>, StorageFault> {
        let listed = columns::table
            .filter(columns::user_id.eq(query.user.get()))
            .filter(columns::group_id.eq(query.group.get()))
            .filter(columns::id.lt(query.before.map_or(i64::MAX, ScheduledId::get)))
            .order(columns::id.desc())
            .limit(query.limit.with_lookahead());
        on_backend!(self, |connection| all(listed.select(Row::as_select()).load(connection)))
    }

    fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Scheduled>, StorageFault> {
        let due = columns::table
            .filter(columns::failed_at.is_null())
            .filter(columns::due_at.le(now.as_micros()))
            .order((columns::due_at, columns::id))
            .limit(limit);
        on_backend!(self, |connection| all(due.select(Row::as_select()).load(connection)))
    }

    fn next_due(&mut self) -> Result<Option<Timestamp>, StorageFault> {
        let next = columns::table
            .filter(columns::failed_at.is_null())
            // Says that the index is searched, not walked.
            .filter(columns::due_at.gt(i64::MIN))
            .order((columns::due_at, columns::id))
            .select(columns::due_at);
        let next: Option<i64> = on_backend!(self, |connection| next.first(connection).optional())?;
        Ok(next.map(Timestamp::from_micros))
    }

    fn take(&mut self, id: ScheduledId, now: Timestamp) -> Result<Option<Scheduled>, StorageFault> {
        let due = columns::table
            .filter(columns::id.eq(id.get()))
            .filter(columns::failed_at.is_null())
            .filter(columns::due_at.le(now.as_micros()));
        on_backend!(self, |connection| one(diesel::delete(due)
            .returning(Row::as_returning())
            .get_result(connection)))
    }

    fn fail(
        &mut self,
        id: ScheduledId,
        failure: &Failure,
    ) -> Result<Option<(UserId, GroupId)>, StorageFault> {
        let due = columns::table
            .filter(columns::id.eq(id.get()))
            .filter(columns::failed_at.is_null())
            .filter(columns::due_at.le(failure.at.as_micros()));
        let failed = diesel::update(due)
            .set((
                columns::failed_code.eq(&failure.code),
                columns::failed_detail.eq(&failure.detail),
                columns::failed_at.eq(failure.at.as_micros()),
            ))
            .returning((columns::user_id, columns::group_id));
        let whose: Option<(i64, i64)> =
            on_backend!(self, |connection| failed.get_result(connection).optional())?;
        Ok(whose.map(|(user, group)| (UserId::new(user), GroupId::new(group))))
    }

    fn postpone(&mut self, id: ScheduledId, until: Timestamp) -> Result<(), StorageFault> {
        let row = columns::table.filter(columns::id.eq(id.get()));
        let change = diesel::update(row).set(columns::due_at.eq(until.as_micros()));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let first = PICKED
            .select(PICKED.field(columns::id))
            .filter(PICKED.field(columns::user_id).eq(user.get()))
            .order((PICKED.field(columns::group_id), PICKED.field(columns::id)))
            .limit(limit);
        let removed = columns::table.filter(columns::id.eq_any(first));
        let removed = on_backend!(self, |connection| diesel::delete(removed).execute(connection))?;
        Ok(row_count(removed) < limit)
    }
}
