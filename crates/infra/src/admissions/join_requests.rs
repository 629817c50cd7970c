//! Requests to join groups.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::admissions::{CountedRequests, JoinRequest, JoinRequestRepository, Note};
use groupchat_domain::groups::MemberQuery;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::paging::NamePosition;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::schema::{groups, join_requests, users};
use crate::sql::keys::among_pairs;
use crate::sql::name_order::{Keyed, ListPart, NameList, read_part, users_by_name};
use crate::tx::DbTx;

#[derive(Queryable, Selectable)]
#[diesel(table_name = join_requests)]
struct JoinRequestRow {
    #[diesel(embed)]
    user: UserRefRow,
    message: Option<String>,
    created_at: i64,
}

impl From<JoinRequestRow> for JoinRequest {
    fn from(row: JoinRequestRow) -> Self {
        Self {
            user: row.user.into(),
            message: row.message.map(Note::from_stored),
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}

impl From<(String, i64, JoinRequestRow)> for Keyed<JoinRequest> {
    fn from((key, id, row): (String, i64, JoinRequestRow)) -> Self {
        Self { key, id, entry: row.into() }
    }
}

/// Requests of users whose accounts are not deleted.
#[auto_type]
fn of_living_users() -> _ {
    join_requests::table
        .inner_join(users::table.on(users::id.eq(join_requests::user_id)))
        .filter(users::deleted_at.is_null())
}

impl DbTx<'_> {
    fn join_requests_by_name(
        &mut self,
        query: &MemberQuery,
        part: ListPart<'_>,
    ) -> Result<Vec<Keyed<JoinRequest>>, StorageFault> {
        on_backend!(self, |connection| {
            let listed = of_living_users().filter(join_requests::group_id.eq(query.group.get())).select((
                users::username_key.assume_not_null(),
                users::id,
                JoinRequestRow::as_select(),
            ));
            let listed = users_by_name!(listed, query, part);
            read_part::<_, _, (String, i64, JoinRequestRow), _>(connection, listed, part, query.limit)
        })
    }
}

impl JoinRequestRepository for DbTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<JoinRequest>, StorageFault> {
        let found = of_living_users()
            .filter(join_requests::group_id.eq(group.get()))
            .filter(join_requests::user_id.eq(user.get()));
        let row = on_backend!(self, |connection| found
            .select(JoinRequestRow::as_select())
            .first(connection)
            .optional())?;
        Ok(row.map(JoinRequest::from))
    }

    fn find_many(
        &mut self,
        requests: &[(GroupId, UserId)],
    ) -> Result<Vec<(GroupId, JoinRequest)>, StorageFault> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = requests.iter().map(|(group, user)| (group.get(), user.get())).collect();
        let found = of_living_users()
            .inner_join(groups::table.on(groups::id.eq(join_requests::group_id)))
            .filter(among_pairs((join_requests::group_id, join_requests::user_id), pairs))
            .filter(groups::deleted_at.is_null());
        let rows: Vec<(i64, JoinRequestRow)> = on_backend!(self, |connection| {
            found.select((join_requests::group_id, JoinRequestRow::as_select())).load(connection)
        })?;
        Ok(rows.into_iter().map(|(group, row)| (GroupId::new(group), row.into())).collect())
    }

    fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<JoinRequest>>, StorageFault> {
        self.list_by_name(NameList::User, query.after.as_ref(), query.limit, |tx, part| {
            tx.join_requests_by_name(query, part)
        })
    }

    fn count(&mut self, of: CountedRequests, most: u32) -> Result<u32, StorageFault> {
        let counted = join_requests::table.select(join_requests::user_id).limit(most.into());
        let found: Vec<i64> = on_backend!(self, |connection| match of {
            CountedRequests::To(group) => {
                counted.filter(join_requests::group_id.eq(group.get())).load(connection)
            }
            CountedRequests::Of(user) => {
                counted.filter(join_requests::user_id.eq(user.get())).load(connection)
            }
        })?;
        Ok(u32::try_from(found.len()).unwrap_or(most))
    }

    fn insert(&mut self, group: GroupId, request: &JoinRequest) -> Result<(), StorageFault> {
        let row = diesel::insert_into(join_requests::table).values((
            join_requests::group_id.eq(group.get()),
            join_requests::user_id.eq(request.user.id.get()),
            join_requests::message.eq(request.message.as_ref().map(Note::as_str)),
            join_requests::created_at.eq(request.created_at.as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<bool, StorageFault> {
        let request = join_requests::table.find((group.get(), user.get()));
        on_backend!(self, |connection| diesel::delete(request).execute(connection)).map(|rows| rows > 0)
    }

    fn remove_all(&mut self, group: GroupId) -> Result<(), StorageFault> {
        let removed = join_requests::table.filter(join_requests::group_id.eq(group.get()));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(drop)
    }

    fn groups_of(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault> {
        let found = join_requests::table
            .filter(join_requests::user_id.eq(user.get()))
            .select(join_requests::group_id)
            .order(join_requests::group_id)
            .limit(limit);
        let ids: Vec<i64> = on_backend!(self, |connection| found.load(connection))?;
        Ok(ids.into_iter().map(GroupId::new).collect())
    }
}
