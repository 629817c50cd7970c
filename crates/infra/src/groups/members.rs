//! Members.

use std::collections::BTreeMap;

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::accounts::UserRef;
use groupchat_domain::groups::{
    GroupKind, JoinedGroup, Member, MemberQuery, MemberRepository, MemberSettings, NewMembership, ReadCursor,
    Standing, Visibility, Writing,
};
use groupchat_domain::ids::{EventId, GroupId, Position, Seq, UserId, Version};
use groupchat_domain::paging::NamePosition;
use groupchat_domain::permissions::{BuiltInRole, GroupPermission, Rank, RoleName};
use groupchat_domain::storage::{StorageFault, Tx as _, Unique};
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::messages::read_cursors::ReadCursorRow;
use crate::permissions::rows::{MuteRow, StandingRow, TitleRow};
use crate::saved::drafts::remove_drafts;
use crate::schema::{group_mutes, group_roles, groups, memberships, users};
use crate::sql::keys::among_pairs;
use crate::sql::name_order::{Keyed, ListPart, NameList, read_part, users_by_name};
use crate::sql::stored::{StoredHistory, StoredNotify};
use crate::tx::DbTx;

// A second name of the table, for the subquery that finds who has owned a group for longest.
diesel::alias! {
    const OWNERS: Alias<Owners> = memberships as owners;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
struct SettingsRow {
    notify: StoredNotify,
    pinned: bool,
    hidden: bool,
}

impl From<SettingsRow> for MemberSettings {
    fn from(row: SettingsRow) -> Self {
        Self { notify: row.notify.0, pinned: row.pinned, hidden: row.hidden }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
struct MemberRow {
    #[diesel(embed)]
    user: UserRefRow,
    #[diesel(embed)]
    role: TitleRow,
    joined_at: i64,
    joined_seq: i64,
    as_admin: bool,
    #[diesel(embed)]
    settings: SettingsRow,
    #[diesel(embed)]
    mute: MuteRow,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            user: row.user.into(),
            role: row.role.0,
            joined_at: Timestamp::from_micros(row.joined_at),
            joined_seq: Seq::new(row.joined_seq),
            settings: row.settings.into(),
            mute: row.mute.0,
            as_admin: row.as_admin,
        }
    }
}

/// A membership, with what matters of its group to who follows events.
#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
struct JoinedGroupRow {
    group_id: i64,
    since_event: i64,
    #[diesel(select_expression = groups::history)]
    history: StoredHistory,
    #[diesel(select_expression = groups::archived_at.is_not_null())]
    is_archived: bool,
    #[diesel(embed)]
    standing: StandingRow,
}

impl JoinedGroupRow {
    fn joined(self) -> Option<JoinedGroup> {
        // There always is one, in a query of memberships.
        let Standing { role, joined_seq, is_closed, muted_until, .. } = self.standing.0?;
        let role_sends = role.permissions.contains(GroupPermission::Send);
        Some(JoinedGroup {
            id: GroupId::new(self.group_id),
            since: EventId::new(self.since_event),
            joined_seq,
            role: role.title.name,
            history: self.history.0,
            has_ended: false,
            writing: Writing { role_sends, is_archived: self.is_archived, is_closed, muted_until },
        })
    }
}

/// A private group that was deleted. What its roles allowed may be gone.
fn ended_group((id, since): (i64, i64)) -> JoinedGroup {
    JoinedGroup { has_ended: true, ..JoinedGroup::whole(GroupId::new(id), EventId::new(since)) }
}

/// Members whose accounts are not deleted, each with what is stored about the role, if anything, and with a mute that
/// lasts at this time.
#[auto_type]
fn present_members(now: i64) -> _ {
    let role = group_roles::group_id.eq(memberships::group_id).and(group_roles::name.eq(memberships::role));
    let mute =
        group_mutes::group_id.eq(memberships::group_id).and(group_mutes::user_id.eq(memberships::user_id));
    memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .left_join(group_roles::table.on(role))
        .left_join(group_mutes::table.on(mute.and(group_mutes::until.gt(now))))
        .filter(users::deleted_at.is_null())
}

/// Those of a group.
#[auto_type]
fn members_of(group: i64, now: i64) -> _ {
    let members: present_members = present_members(now);
    members.filter(memberships::group_id.eq(group))
}

/// The memberships of a user, with their groups.
#[auto_type]
fn memberships_in_groups(user: i64) -> _ {
    memberships::table
        .inner_join(groups::table.on(groups::id.eq(memberships::group_id)))
        .filter(memberships::user_id.eq(user))
}

/// Those in groups that are not deleted, each with what is stored about the role, if anything, and with a mute that lasts
/// at this time.
#[auto_type]
fn memberships_with_roles(user: i64, now: i64) -> _ {
    let memberships: memberships_in_groups = memberships_in_groups(user);
    let role = group_roles::group_id.eq(memberships::group_id).and(group_roles::name.eq(memberships::role));
    let mute =
        group_mutes::group_id.eq(memberships::group_id).and(group_mutes::user_id.eq(memberships::user_id));
    memberships
        .left_join(group_roles::table.on(role))
        .left_join(group_mutes::table.on(mute.and(group_mutes::until.gt(now))))
        .filter(memberships::has_ended.eq(false))
        .filter(groups::deleted_at.is_null())
}

impl DbTx<'_> {
    /// Changes a group's member count by `difference`.
    fn count_members(&mut self, group: GroupId, difference: i64) -> Result<(), StorageFault> {
        let counted = groups::table.filter(groups::id.eq(group.get()));
        let change = diesel::update(counted).set(groups::member_count.eq(groups::member_count + difference));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }
}

impl DbTx<'_> {
    /// The names of a group's roles below `owner`, those of each rank together, the highest rank first.
    fn roles_by_rank(&mut self, group: GroupId) -> Result<Vec<Vec<String>>, StorageFault> {
        let stored = group_roles::table.filter(group_roles::group_id.eq(group.get()));
        let stored: Vec<(String, i64)> = on_backend!(self, |connection| stored
            .select((group_roles::name, group_roles::rank))
            .load(connection))?;
        let mut ranks: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        let built_in = BuiltInRole::ALL.map(|role| (role.as_str().to_owned(), i64::from(role.rank().get())));
        let custom = stored.into_iter().filter(|(name, _)| BuiltInRole::from_name(name).is_none());
        for (name, rank) in built_in.into_iter().chain(custom) {
            ranks.entry(rank).or_default().push(name);
        }
        ranks.remove(&i64::from(Rank::OWNER.get()));
        Ok(ranks.into_values().rev().collect())
    }

    fn members_by_name(
        &mut self,
        query: &MemberQuery,
        part: ListPart<'_>,
    ) -> Result<Vec<Keyed<Member>>, StorageFault> {
        let now = self.now().as_micros();
        on_backend!(self, |connection| {
            let listed = members_of(query.group.get(), now).select((
                users::username_key.assume_not_null(),
                users::id,
                MemberRow::as_select(),
            ));
            let listed = users_by_name!(listed, query, part);
            read_part::<_, _, (String, i64, MemberRow), _>(connection, listed, part, query.limit)
        })
    }
}

impl From<(String, i64, MemberRow)> for Keyed<Member> {
    fn from((key, id, row): (String, i64, MemberRow)) -> Self {
        Self { key, id, entry: row.into() }
    }
}

impl MemberRepository for DbTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Member>, StorageFault> {
        let now = self.now().as_micros();
        let found = members_of(group.get(), now).filter(memberships::user_id.eq(user.get()));
        Ok(on_backend!(self, |connection| found.select(MemberRow::as_select()).first(connection).optional())?
            .map(Member::from))
    }

    fn find_many(&mut self, members: &[(GroupId, UserId)]) -> Result<Vec<(GroupId, Member)>, StorageFault> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = members.iter().map(|(group, user)| (group.get(), user.get())).collect();
        let found = present_members(self.now().as_micros())
            .inner_join(groups::table.on(groups::id.eq(memberships::group_id)))
            .filter(among_pairs((memberships::group_id, memberships::user_id), pairs))
            .filter(groups::deleted_at.is_null());
        let rows: Vec<(i64, MemberRow)> = on_backend!(self, |connection| {
            found.select((memberships::group_id, MemberRow::as_select())).load(connection)
        })?;
        Ok(rows.into_iter().map(|(group, row)| (GroupId::new(group), row.into())).collect())
    }

    fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<Member>>, StorageFault> {
        self.list_by_name(NameList::User, query.after.as_ref(), query.limit, |tx, part| {
            tx.members_by_name(query, part)
        })
    }

    fn insert(&mut self, membership: &NewMembership) -> Result<Unique<()>, StorageFault> {
        let first_read_version = groups::table
            .find(membership.group.get())
            .select(groups::first_read_version)
            .single_value()
            .assume_not_null();
        let row = diesel::insert_into(memberships::table)
            .values((
                memberships::read_version.eq(first_read_version),
                memberships::group_id.eq(membership.group.get()),
                memberships::user_id.eq(membership.user.get()),
                memberships::role.eq(membership.role.as_str()),
                memberships::read_seq.eq(membership.read_seq.get()),
                memberships::joined_seq.eq(membership.joined_seq.get()),
                memberships::joined_at.eq(membership.joined_at.as_micros()),
                memberships::since_event.eq(membership.since_event.get()),
                memberships::as_admin.eq(membership.as_admin),
            ))
            .on_conflict_do_nothing();
        match on_backend!(self, |connection| row.execute(connection))? {
            0 => Ok(Unique::Taken),
            _ => self.count_members(membership.group, 1).map(Unique::Stored),
        }
    }

    fn set_role(&mut self, group: GroupId, user: UserId, role: &RoleName) -> Result<(), StorageFault> {
        let member = memberships::table.find((group.get(), user.get()));
        let change = diesel::update(member).set(memberships::role.eq(role.as_str()));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn set_settings(
        &mut self,
        group: GroupId,
        user: UserId,
        settings: MemberSettings,
    ) -> Result<(), StorageFault> {
        let change = diesel::update(memberships::table.find((group.get(), user.get()))).set((
            memberships::notify.eq(settings.notify.as_str()),
            memberships::pinned.eq(settings.pinned),
            memberships::hidden.eq(settings.hidden),
        ));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        let member = memberships::table.find((group.get(), user.get()));
        let removed = diesel::delete(member).returning(memberships::read_version);
        let left = on_backend!(self, |connection| removed.get_result::<i64>(connection).optional())?;
        let Some(version) = left else { return Ok(()) };
        remove_drafts(self, group.get(), user.get())?;
        self.count_members(group, -1)?;
        if version == Version::FIRST.get() {
            return Ok(());
        }
        let of_group = groups::table.find(group.get()).filter(groups::first_read_version.lt(version));
        let noted = diesel::update(of_group).set(groups::first_read_version.eq(version));
        on_backend!(self, |connection| noted.execute(connection)).map(drop)
    }

    fn first_owners(&mut self, groups: &[GroupId]) -> Result<Vec<(GroupId, UserRef)>, StorageFault> {
        let ids: Vec<_> = groups.iter().map(|group| group.get()).collect();
        let first = OWNERS
            .filter(OWNERS.field(memberships::group_id).eq(groups::id))
            .filter(OWNERS.field(memberships::role).eq(BuiltInRole::Owner.as_str()))
            .order((OWNERS.field(memberships::joined_at), OWNERS.field(memberships::user_id)))
            .select(OWNERS.field(memberships::user_id))
            .limit(1)
            .single_value();
        let owned = groups::table
            .inner_join(users::table.on(users::id.nullable().eq(first)))
            .filter(groups::id.eq_any(ids))
            .filter(users::deleted_at.is_null());
        let rows: Vec<(i64, UserRefRow)> = on_backend!(self, |connection| owned
            .select((groups::id, UserRefRow::as_select()))
            .load(connection))?;
        Ok(rows.into_iter().map(|(group, owner)| (GroupId::new(group), owner.into())).collect())
    }

    fn count_owners(&mut self, group: GroupId) -> Result<u64, StorageFault> {
        let owners = memberships::table
            .inner_join(users::table.on(users::id.eq(memberships::user_id)))
            .filter(memberships::group_id.eq(group.get()))
            .filter(memberships::role.eq(BuiltInRole::Owner.as_str()))
            .filter(users::deleted_at.is_null())
            .select(memberships::user_id)
            .limit(2);
        let owners: Vec<i64> = on_backend!(self, |connection| owners.load(connection))?;
        Ok(owners.len() as u64)
    }

    fn count_groups(
        &mut self,
        user: UserId,
        role: Option<BuiltInRole>,
        most: u32,
    ) -> Result<u32, StorageFault> {
        let joined: Vec<i64> = on_backend!(self, |connection| {
            let mut joined = memberships::table
                .inner_join(groups::table.on(groups::id.eq(memberships::group_id)))
                .filter(memberships::user_id.eq(user.get()))
                .filter(memberships::has_ended.eq(false))
                .filter(groups::deleted_at.is_null())
                .filter(groups::kind.eq(GroupKind::Group.as_str()))
                .select(memberships::group_id)
                .limit(most.into())
                .into_boxed();
            if let Some(role) = role {
                joined = joined.filter(memberships::role.eq(role.as_str()));
            }
            joined.load(connection)
        })?;
        Ok(u32::try_from(joined.len()).unwrap_or(most))
    }

    fn note_started(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        let member = memberships::table.find((group.get(), user.get()));
        // Until a member has sent something, the time at which they came in is read instead.
        let change =
            diesel::update(member).set(memberships::last_sent_at.eq(memberships::joined_at.nullable()));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn count_direct(&mut self, user: UserId, most: u32) -> Result<u32, StorageFault> {
        let joined = memberships::table
            .inner_join(groups::table.on(groups::id.eq(memberships::group_id)))
            .filter(memberships::user_id.eq(user.get()))
            .filter(memberships::last_sent_at.is_not_null())
            .filter(groups::kind.eq(GroupKind::Direct.as_str()))
            .filter(groups::deleted_at.is_null())
            .select(memberships::group_id)
            .limit(most.into());
        let joined: Vec<i64> = on_backend!(self, |connection| joined.load(connection))?;
        Ok(u32::try_from(joined.len()).unwrap_or(most))
    }

    fn successor(&mut self, group: GroupId) -> Result<Option<Member>, StorageFault> {
        let now = self.now().as_micros();
        for names in self.roles_by_rank(group)? {
            let longest_serving = members_of(group.get(), now)
                .filter(memberships::role.eq_any(names))
                .order((memberships::joined_at, memberships::user_id));
            let row = on_backend!(self, |connection| longest_serving
                .select(MemberRow::as_select())
                .first(connection)
                .optional())?;
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
        let ids = on_backend!(self, |connection| joined.load(connection))?;
        Ok(ids.into_iter().map(GroupId::new).collect())
    }

    fn joined_groups(&mut self, user: UserId) -> Result<Vec<JoinedGroup>, StorageFault> {
        let joined = memberships_with_roles(user.get(), self.now().as_micros());
        let rows: Vec<JoinedGroupRow> =
            on_backend!(self, |connection| joined.select(JoinedGroupRow::as_select()).load(connection))?;
        Ok(rows.into_iter().filter_map(JoinedGroupRow::joined).collect())
    }

    fn ended_groups(&mut self, user: UserId, among: &[GroupId]) -> Result<Vec<JoinedGroup>, StorageFault> {
        let ended = memberships_in_groups(user.get())
            .filter(memberships::group_id.eq_any(among.iter().map(|group| group.get())))
            .filter(groups::deleted_at.is_not_null())
            .filter(groups::visibility.eq(Visibility::Private.as_str()))
            .select((memberships::group_id, memberships::since_event));
        let rows = on_backend!(self, |connection| ended.load(connection))?;
        Ok(rows.into_iter().map(ended_group).collect())
    }

    fn read_since(&mut self, user: UserId, position: Position) -> Result<Vec<ReadCursor>, StorageFault> {
        let moved = memberships_in_groups(user.get())
            .filter(memberships::has_ended.eq(false))
            .filter(memberships::read_position.ge(position.get()))
            .filter(groups::deleted_at.is_null());
        let rows: Vec<ReadCursorRow> =
            on_backend!(self, |connection| moved.select(ReadCursorRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(ReadCursor::from).collect())
    }
}
