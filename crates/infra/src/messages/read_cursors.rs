//! How far members have read their groups.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::events::EventRepository;
use groupchat_domain::groups::{ReadCursor, Visibility};
use groupchat_domain::ids::{GroupId, Seq, UserId, Version};
use groupchat_domain::messages::{
    FoundReaders, MAX_LOOKED_AT, Marked, ReadCursorRepository, ReadState, Reader, ReaderQuery,
};
use groupchat_domain::storage::StorageFault;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::messages::unread_mentions::UnreadInGroup;
use crate::permissions::rows::member_role;
use crate::schema::{group_roles, groups, memberships, users};
use crate::sql::among;
use crate::tx::DbTx;

/// Where a cursor is, and the last number of its group.
#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
pub(crate) struct ReadCursorRow {
    group_id: i64,
    read_seq: i64,
    read_version: i64,
    #[diesel(select_expression = groups::last_seq)]
    last_seq: i64,
    #[diesel(select_expression = groups::trimmed_seq)]
    trimmed_seq: i64,
    #[diesel(select_expression = UnreadInGroup)]
    unread_mentions: i64,
}

impl From<ReadCursorRow> for ReadCursor {
    fn from(row: ReadCursorRow) -> Self {
        Self {
            group: GroupId::new(row.group_id),
            // What was removed is read, wherever the cursor is.
            state: read_state(row.read_seq.max(row.trimmed_seq), row.last_seq, row.read_version)
                .mentioning(row.unread_mentions),
        }
    }
}

/// What these columns say.
pub(super) const fn read_state(read_seq: i64, last_seq: i64, version: i64) -> ReadState {
    ReadState::of(Seq::new(read_seq), Seq::new(last_seq), Version::new(version))
}

/// A reader's columns, with what the group stores about the role.
#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
struct ReaderRow {
    #[diesel(embed)]
    user: UserRefRow,
    read_seq: i64,
    joined_seq: i64,
    role: String,
    #[diesel(select_expression = group_roles::rank.nullable())]
    rank: Option<i64>,
    #[diesel(select_expression = group_roles::permissions.nullable())]
    permissions: Option<i64>,
}

impl ReaderRow {
    fn into_reader(self, visibility: Visibility) -> Result<Reader, StorageFault> {
        let role = member_role((self.role, self.rank, self.permissions), visibility)?;
        let (read_seq, joined_seq) = (Seq::new(self.read_seq), Seq::new(self.joined_seq));
        Ok(Reader { user: self.user.into(), read_seq, joined_seq, role })
    }
}

/// The memberships of a user, with their groups.
#[auto_type]
fn cursors_of(user: i64) -> _ {
    memberships::table
        .inner_join(groups::table.on(groups::id.eq(memberships::group_id)))
        .filter(memberships::user_id.eq(user))
}

/// Members of a group who show how far they have read.
#[auto_type]
fn showing(group: i64) -> _ {
    let role = group_roles::group_id.eq(memberships::group_id).and(group_roles::name.eq(memberships::role));
    memberships::table
        .left_join(group_roles::table.on(role))
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::group_id.eq(group))
        .filter(users::receipts_hidden.eq(false))
        .filter(users::deleted_at.is_null())
}

impl DbTx<'_> {
    /// Where the cursors of these groups are. Read after they have moved, in a statement of its own: on PostgreSQL, the
    /// one that moves a cursor may have waited for another one, and still sees the last numbers of before.
    fn cursors(&mut self, user: UserId, groups: &[GroupId]) -> Result<Vec<ReadCursor>, StorageFault> {
        let found = cursors_of(user.get())
            .filter(among(memberships::group_id, groups.iter().map(|group| group.get())));
        let rows: Vec<ReadCursorRow> =
            on_backend!(self, |connection| found.select(ReadCursorRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(ReadCursor::from).collect())
    }

    fn marked(
        &mut self,
        group: GroupId,
        user: UserId,
        changed: usize,
    ) -> Result<Option<Marked>, StorageFault> {
        let state = ReadCursorRepository::find(self, group, user)?;
        Ok(state.map(|state| Marked { state, moved: changed > 0 }))
    }

    /// The last of the members of a group after this one that a page looks at; `None` where it looks at all of them.
    fn last_looked_at(&mut self, group: i64, after: i64) -> Result<Option<i64>, StorageFault> {
        let next = memberships::table
            .filter(memberships::group_id.eq(group))
            .filter(memberships::user_id.gt(after))
            .order(memberships::user_id)
            .offset(MAX_LOOKED_AT - 1)
            .limit(2)
            .select(memberships::user_id);
        let next: Vec<i64> = on_backend!(self, |connection| next.load(connection))?;
        Ok(next.first().copied().filter(|_| next.len() > 1))
    }
}

impl ReadCursorRepository for DbTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<ReadState>, StorageFault> {
        let found = cursors_of(user.get()).filter(memberships::group_id.eq(group.get()));
        let row = on_backend!(self, |connection| found
            .select(ReadCursorRow::as_select())
            .first(connection)
            .optional())?;
        Ok(row.map(|row| ReadCursor::from(row).state))
    }

    fn advance(&mut self, group: GroupId, user: UserId, seq: Seq) -> Result<Option<Marked>, StorageFault> {
        let head = self.head()?;
        let member = memberships::table.find((group.get(), user.get()));
        let moved = diesel::update(member.filter(memberships::read_seq.lt(seq.get())))
            .set((memberships::read_seq.eq(seq.get()), memberships::read_position.eq(head.get())));
        let changed = on_backend!(self, |connection| moved.execute(connection))?;
        self.marked(group, user, changed)
    }

    fn put(&mut self, group: GroupId, user: UserId, seq: Seq) -> Result<Option<Marked>, StorageFault> {
        let head = self.head()?;
        let member = memberships::table.find((group.get(), user.get()));
        let moved = diesel::update(member.filter(memberships::read_seq.ne(seq.get()))).set((
            memberships::read_seq.eq(seq.get()),
            memberships::read_version.eq(memberships::read_version + 1),
            memberships::read_position.eq(head.get()),
        ));
        let changed = on_backend!(self, |connection| moved.execute(connection))?;
        self.marked(group, user, changed)
    }

    fn unread_groups(
        &mut self,
        user: UserId,
        after: GroupId,
        limit: i64,
    ) -> Result<Vec<GroupId>, StorageFault> {
        let unread = cursors_of(user.get())
            .filter(memberships::has_ended.eq(false))
            .filter(memberships::group_id.gt(after.get()))
            .filter(groups::deleted_at.is_null())
            .filter(memberships::read_seq.lt(groups::last_seq))
            .order(memberships::group_id)
            .limit(limit)
            .select(memberships::group_id);
        let ids: Vec<i64> = on_backend!(self, |connection| unread.load(connection))?;
        Ok(ids.into_iter().map(GroupId::new).collect())
    }

    fn advance_to_end(&mut self, user: UserId, groups: &[GroupId]) -> Result<Vec<ReadCursor>, StorageFault> {
        let head = self.head()?;
        let last = || {
            let of_row = groups::table.filter(groups::id.eq(memberships::group_id));
            of_row.select(groups::last_seq).single_value().assume_not_null()
        };
        let behind = memberships::table
            .filter(memberships::user_id.eq(user.get()))
            .filter(among(memberships::group_id, groups.iter().map(|group| group.get())))
            .filter(memberships::read_seq.lt(last()));
        let moved = diesel::update(behind)
            .set((memberships::read_seq.eq(last()), memberships::read_position.eq(head.get())))
            .returning(memberships::group_id);
        let moved: Vec<i64> = on_backend!(self, |connection| moved.get_results(connection))?;
        let moved: Vec<_> = moved.into_iter().map(GroupId::new).collect();
        if moved.is_empty() { Ok(Vec::new()) } else { self.cursors(user, &moved) }
    }

    fn readers(&mut self, query: &ReaderQuery) -> Result<FoundReaders, StorageFault> {
        let (group, after) = (query.group.get(), query.after.map_or(0, UserId::get));
        let last = self.last_looked_at(group, after)?;
        let listed = showing(group)
            .filter(memberships::user_id.gt(after))
            .filter(memberships::user_id.le(last.unwrap_or(i64::MAX)))
            .filter(memberships::read_seq.ge(query.seq.get()))
            .order(memberships::user_id)
            .limit(query.limit.with_lookahead());
        let rows: Vec<ReaderRow> =
            on_backend!(self, |connection| listed.select(ReaderRow::as_select()).load(connection))?;
        let rows: Result<Vec<_>, _> = rows.into_iter().map(|row| row.into_reader(query.visibility)).collect();
        Ok(FoundReaders { rows: rows?, looked_up_to: last.map(UserId::new) })
    }

    fn shown(
        &mut self,
        group: GroupId,
        visibility: Visibility,
        members: &[UserId],
    ) -> Result<Vec<Reader>, StorageFault> {
        let shown =
            showing(group.get()).filter(among(memberships::user_id, members.iter().map(|user| user.get())));
        let rows: Vec<ReaderRow> =
            on_backend!(self, |connection| shown.select(ReaderRow::as_select()).load(connection))?;
        rows.into_iter().map(|row| row.into_reader(visibility)).collect()
    }
}
