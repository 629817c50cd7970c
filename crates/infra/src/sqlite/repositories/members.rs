//! Members.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::accounts::Unique;
use groupchat_domain::groups::{Member, MemberQuery, MemberRepository, NewMembership, Role};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::accounts::UserRefRow;
use super::stored::StoredRole;
use super::{LIKE_ESCAPE, containing};
use crate::sqlite::schema::{groups, memberships, users};
use crate::sqlite::tx::SqliteTx;

#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
struct MemberRow {
    #[diesel(embed)]
    user: UserRefRow,
    role: StoredRole,
    joined_at: i64,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self { user: row.user.into(), role: row.role.0, joined_at: Timestamp::from_micros(row.joined_at) }
    }
}

/// The members of a group whose account is not deleted.
#[auto_type]
fn members_of(group: i64) -> _ {
    memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::group_id.eq(group))
        .filter(users::deleted_at.is_null())
}

/// Changes the count of a group's members by `difference`.
fn count_members(connection: &mut SqliteConnection, group: GroupId, difference: i64) -> QueryResult<()> {
    let counted = groups::table.filter(groups::id.eq(group.get()));
    let change = diesel::update(counted).set(groups::member_count.eq(groups::member_count + difference));
    change.execute(connection).map(drop)
}

impl MemberRepository for SqliteTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Member>, StorageFault> {
        let found = members_of(group.get())
            .filter(memberships::user_id.eq(user.get()))
            .select(MemberRow::as_select());
        Ok(self.run(|connection| found.first(connection).optional())?.map(Member::from))
    }

    fn list(&mut self, query: &MemberQuery) -> Result<Vec<Member>, StorageFault> {
        let rows: Vec<MemberRow> = self.run(|connection| {
            let mut listed = members_of(query.group.get())
                .select(MemberRow::as_select())
                .order((users::username_key, users::id))
                .limit(query.limit.with_lookahead())
                .into_boxed();
            if let Some(after) = &query.after {
                let key = &after.name_key;
                listed = listed
                    .filter(users::username_key.ge(key))
                    .filter(users::username_key.gt(key).or(users::id.nullable().gt(after.id)));
            }
            if let Some(search) = &query.search {
                let pattern = containing(search.as_str());
                let named = users::username_key.like(pattern.clone()).escape(LIKE_ESCAPE);
                listed = listed.filter(named.or(users::display_key.like(pattern).escape(LIKE_ESCAPE)));
            }
            listed.load(connection)
        })?;
        Ok(rows.into_iter().map(Member::from).collect())
    }

    fn insert(&mut self, membership: &NewMembership) -> Result<Unique<()>, StorageFault> {
        let row = diesel::insert_into(memberships::table)
            .values((
                memberships::group_id.eq(membership.group.get()),
                memberships::user_id.eq(membership.user.get()),
                memberships::role.eq(membership.role.as_str()),
                memberships::read_seq.eq(membership.read_seq.get()),
                memberships::joined_at.eq(membership.joined_at.as_micros()),
                memberships::since_event.eq(membership.since_event.get()),
            ))
            .on_conflict_do_nothing();
        self.run(|connection| {
            if row.execute(connection)? == 0 {
                return Ok(Unique::Taken);
            }
            count_members(connection, membership.group, 1).map(Unique::Stored)
        })
    }

    fn set_role(&mut self, group: GroupId, user: UserId, role: Role) -> Result<(), StorageFault> {
        let member = memberships::table.find((group.get(), user.get()));
        let change = diesel::update(member).set(memberships::role.eq(role.as_str()));
        self.run(|connection| change.execute(connection)).map(drop)
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        let member = memberships::table.find((group.get(), user.get()));
        self.run(|connection| match diesel::delete(member).execute(connection)? {
            0 => Ok(()),
            _ => count_members(connection, group, -1),
        })
    }

    fn count_owners(&mut self, group: GroupId) -> Result<u64, StorageFault> {
        let owners = members_of(group.get()).filter(memberships::role.eq(Role::Owner.as_str())).count();
        self.run(|connection| owners.get_result::<i64>(connection)).map(i64::unsigned_abs)
    }

    fn successor(&mut self, group: GroupId) -> Result<Option<Member>, StorageFault> {
        for role in [Role::Admin, Role::Member] {
            let longest_serving = members_of(group.get())
                .filter(memberships::role.eq(role.as_str()))
                .order((memberships::joined_at, memberships::user_id))
                .select(MemberRow::as_select());
            let row = self.run(|connection| longest_serving.first(connection).optional())?;
            if let Some(row) = row {
                return Ok(Some(row.into()));
            }
        }
        Ok(None)
    }

    fn groups_of(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault> {
        let joined = memberships::table
            .select(memberships::group_id)
            .filter(memberships::user_id.eq(user.get()))
            .order(memberships::group_id)
            .limit(limit);
        let ids = self.run(|connection| joined.load(connection))?;
        Ok(ids.into_iter().map(GroupId::new).collect())
    }
}
