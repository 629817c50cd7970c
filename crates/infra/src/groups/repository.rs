//! Groups.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::groups::{
    Description, DirectKey, Group, GroupKind, GroupName, GroupQuery, GroupRepository, GroupView, History,
    NewDirect, NewGroup, RetentionDays, SeqSpan, Topic, Trimmed, Visibility, VisibleGroup,
};
use groupchat_domain::ids::{GroupId, Seq, UserId, Version};
use groupchat_domain::paging::{NameCursor, NamePosition};
use groupchat_domain::storage::{StorageFault, Tx as _, Unique};
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::groups::purge;
use crate::messages::repository::{MessageRow, MessageViewRow, liked_id};
use crate::messages::unread_mentions::UnreadInGroup;
use crate::permissions::rows::StandingRow;
use crate::schema::{group_mutes, group_roles, groups, memberships, messages, reactions, renames, users};
use crate::sql::among::among;
use crate::sql::contains::contains;
use crate::sql::inserted;
use crate::sql::locks;
use crate::sql::name_order::{Keyed, ListPart, NameList, narrowed, read_part};
use crate::sql::stored::{LIKE, StoredHistory, StoredRetention, StoredSlowMode, StoredVisibility};
use crate::sql::unique;
use crate::tx::DbTx;

#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
pub(crate) struct GroupRow {
    id: i64,
    name: Option<String>,
    description: Option<String>,
    visibility: StoredVisibility,
    history: StoredHistory,
    version: i64,
    created_at: i64,
    member_count: i64,
    last_seq: i64,
    topic: Option<String>,
    slow_mode_seconds: StoredSlowMode,
    receipts: Option<bool>,
    archived_at: Option<i64>,
    retention_days: Option<StoredRetention>,
    trimmed_seq: i64,
    hidden_from: Option<i64>,
    hidden_to: Option<i64>,
}

/// What these columns say was removed of a group.
pub(crate) fn trimmed(upto: i64, from: Option<i64>, to: Option<i64>) -> Trimmed {
    let hidden = from.zip(to).map(|(first, last)| SeqSpan { first: Seq::new(first), last: Seq::new(last) });
    Trimmed { upto: Seq::new(upto), hidden }
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        Self {
            id: GroupId::new(row.id),
            name: row.name.map(GroupName::from_stored),
            description: row.description.map(Description::from_stored),
            visibility: row.visibility.0,
            history: row.history.0,
            version: Version::new(row.version),
            created_at: Timestamp::from_micros(row.created_at),
            member_count: row.member_count,
            last_seq: Seq::new(row.last_seq),
            topic: row.topic.map(Topic::from_stored),
            slow_mode: row.slow_mode_seconds.0,
            receipts: row.receipts,
            archived_at: row.archived_at.map(Timestamp::from_micros),
            retention: row.retention_days.map(|stored| stored.0),
            trimmed: trimmed(row.trimmed_seq, row.hidden_from, row.hidden_to),
        }
    }
}

/// A group and the viewer's standing.
#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
struct VisibleGroupRow {
    #[diesel(embed)]
    group: GroupRow,
    #[diesel(embed)]
    standing: StandingRow,
}

impl From<VisibleGroupRow> for VisibleGroup {
    fn from(row: VisibleGroupRow) -> Self {
        Self { group: row.group.into(), standing: row.standing.0 }
    }
}

/// The same with, for members, the newest message, its author and whether the viewer likes it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
struct GroupViewRow {
    #[diesel(embed)]
    group: GroupRow,
    #[diesel(embed)]
    standing: StandingRow,
    #[diesel(embed)]
    message: Option<MessageRow>,
    #[diesel(embed)]
    author: Option<UserRefRow>,
    #[diesel(select_expression = reactions::user_id.nullable().is_not_null())]
    liked: bool,
    #[diesel(select_expression = UnreadInGroup)]
    unread_mentions: i64,
}

impl From<GroupViewRow> for GroupView {
    fn from(row: GroupViewRow) -> Self {
        let newest = row.message.zip(row.author);
        let view = |(message, author)| MessageViewRow { message, author, liked: row.liked }.into();
        Self::new(row.group.into(), row.standing.0, newest.map(view)).mentioning(row.unread_mentions)
    }
}

/// Groups that exist, each with the viewer's membership, what is stored about its role, and the viewer's mute, if any that
/// lasts at this time.
#[auto_type]
pub(crate) fn with_standing(viewer: i64, now: i64) -> _ {
    groups::table
        .left_join(
            memberships::table.on(memberships::group_id.eq(groups::id).and(memberships::user_id.eq(viewer))),
        )
        .left_join(
            group_roles::table
                .on(group_roles::group_id.eq(groups::id).and(group_roles::name.eq(memberships::role))),
        )
        .left_join(
            group_mutes::table.on(group_mutes::group_id
                .eq(groups::id)
                .and(group_mutes::user_id.eq(viewer))
                .and(group_mutes::until.gt(now))),
        )
        .filter(groups::deleted_at.is_null())
}

/// Of groups with the viewer's standing, those that the viewer may know of. Server admins see no more than others; what
/// they manage is read by other methods.
#[auto_type]
fn is_visible() -> _ {
    let private: &'static str = Visibility::Private.as_str();
    groups::visibility.ne(private).or(memberships::user_id.nullable().is_not_null())
}

/// The newest message of a group itself.
#[auto_type]
pub(crate) fn newest_message() -> _ {
    messages::group_id
        .eq(groups::id)
        .and(messages::root_seq.eq(0_i64))
        .and(messages::seq.eq(groups::last_seq))
}

/// The same with what a [`GroupViewRow`] needs besides. Only members get a message.
#[auto_type]
fn with_newest_message(viewer: i64, now: i64) -> _ {
    let standing: with_standing = with_standing(viewer, now);
    let newest: newest_message = newest_message();
    let like: &'static str = LIKE;
    let liked: liked_id = liked_id();
    let mine = reactions::message_id.nullable().eq(liked).and(reactions::user_id.eq(viewer));
    standing
        .left_join(messages::table.on(newest.and(memberships::user_id.nullable().is_not_null())))
        .left_join(users::table.on(users::id.eq(messages::author_id)))
        .left_join(reactions::table.on(mine.and(reactions::emoji.eq(like))))
}

impl DbTx<'_> {
    fn groups_by_name(
        &mut self,
        query: &GroupQuery,
        part: ListPart<'_>,
    ) -> Result<Vec<Keyed<GroupView>>, StorageFault> {
        let now = self.now().as_micros();
        on_backend!(self, |connection| {
            let mut listed = with_newest_message(query.viewer.get(), now)
                .select((groups::name_key.assume_not_null(), GroupViewRow::as_select()))
                .order((groups::name_key, groups::id))
                .limit(query.limit.with_lookahead())
                .into_boxed();
            // Direct conversations have no key. The first page seeks past them, as later ones do: there may be many.
            if matches!(part, ListPart::After { position: None, .. }) {
                listed = listed.filter(groups::name_key.ge(""));
            }
            if query.mine {
                // Written as an equation, so that SQLite starts from the viewer's memberships, not from all groups.
                listed = listed.filter(memberships::user_id.nullable().eq(query.viewer.get()));
            }
            if query.ownerless {
                // For admins, now and then: an index of what changes with every member would cost more.
                listed = listed.filter(groups::member_count.eq(0));
            } else if !query.all {
                listed = listed.filter(is_visible());
            }
            if let Some(search) = &query.search {
                listed = listed.filter(contains(groups::name_key, search));
            }
            if let Some(only) = &query.only {
                listed = listed.filter(among(groups::id, only.ids().iter().map(|id| id.get())));
            }
            let listed = narrowed!(listed, part, (groups::name_key, groups::id), NameList::Group);
            read_part::<_, _, (String, GroupViewRow), _>(connection, listed, part, query.limit)
        })
    }
}

impl DbTx<'_> {
    /// The viewer's direct conversations, the newest first.
    fn direct_conversations(
        &mut self,
        query: &GroupQuery,
    ) -> Result<Vec<NamePosition<GroupView>>, StorageFault> {
        if query.search.is_some() {
            return Ok(Vec::new());
        }
        let below = query.after.as_ref().map_or(i64::MAX, |after| after.id);
        let now = self.now().as_micros();
        on_backend!(self, |connection| {
            let mut listed = with_newest_message(query.viewer.get(), now)
                .filter(groups::kind.eq(GroupKind::Direct.as_str()))
                .filter(memberships::user_id.nullable().eq(query.viewer.get()))
                .filter(groups::id.lt(below))
                .select(GroupViewRow::as_select())
                .order(groups::id.desc())
                .limit(query.limit.with_lookahead())
                .into_boxed();
            if let Some(only) = &query.only {
                listed = listed.filter(among(groups::id, only.ids().iter().map(|id| id.get())));
            }
            let part = ListPart::After { position: None, unmoved_since: None };
            read_part::<_, _, GroupViewRow, _>(connection, listed, part, query.limit)
        })
        .map(|rows: Vec<Keyed<GroupView>>| {
            let position = |id| NameCursor { name_key: String::new(), id, renames: 0 };
            rows.into_iter()
                .map(|row| NamePosition { entry: row.entry, position: position(row.id) })
                .collect()
        })
    }
}

impl From<GroupViewRow> for Keyed<GroupView> {
    fn from(row: GroupViewRow) -> Self {
        Self { key: String::new(), id: row.group.id, entry: row.into() }
    }
}

impl From<(String, GroupViewRow)> for Keyed<GroupView> {
    fn from((key, row): (String, GroupViewRow)) -> Self {
        Self { key, id: row.group.id, entry: row.into() }
    }
}

impl GroupRepository for DbTx<'_> {
    fn lock(&mut self, id: GroupId) -> Result<(), StorageFault> {
        self.lock(|connection| locks::group(connection, id))
    }

    fn lock_visible(&mut self, id: GroupId, viewer: UserId) -> Result<bool, StorageFault> {
        let mut is_visible = true;
        self.lock(|connection| {
            is_visible = locks::visible_group(connection, id, viewer)?;
            Ok(())
        })?;
        Ok(is_visible)
    }

    fn find_visible(&mut self, id: GroupId, viewer: UserId) -> Result<Option<VisibleGroup>, StorageFault> {
        let now = self.now().as_micros();
        let found = with_standing(viewer.get(), now).filter(groups::id.eq(id.get())).filter(is_visible());
        Ok(on_backend!(self, |connection| found
            .select(VisibleGroupRow::as_select())
            .first(connection)
            .optional())?
        .map(VisibleGroup::from))
    }

    fn find_visible_many(
        &mut self,
        ids: &[GroupId],
        viewer: UserId,
    ) -> Result<Vec<VisibleGroup>, StorageFault> {
        let now = self.now().as_micros();
        let ids: Vec<_> = ids.iter().map(|id| id.get()).collect();
        let found = with_standing(viewer.get(), now).filter(groups::id.eq_any(ids)).filter(is_visible());
        let rows: Vec<VisibleGroupRow> =
            on_backend!(self, |connection| found.select(VisibleGroupRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(VisibleGroup::from).collect())
    }

    fn find_many(&mut self, ids: &[GroupId]) -> Result<Vec<Group>, StorageFault> {
        let ids: Vec<_> = ids.iter().map(|id| id.get()).collect();
        let found = groups::table.filter(groups::id.eq_any(ids)).filter(groups::deleted_at.is_null());
        let rows = on_backend!(self, |connection| found.select(GroupRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(Group::from).collect())
    }

    fn view(&mut self, id: GroupId, viewer: UserId) -> Result<Option<GroupView>, StorageFault> {
        let now = self.now().as_micros();
        let found =
            with_newest_message(viewer.get(), now).filter(groups::id.eq(id.get())).filter(is_visible());
        let found = on_backend!(self, |connection| found
            .select(GroupViewRow::as_select())
            .first(connection)
            .optional())?;
        let mut view = found.map(GroupView::from);
        self.add_own_reactions(viewer, view.iter_mut().filter_map(|view| view.last_message.as_mut()))?;
        Ok(view)
    }

    fn list(&mut self, query: &GroupQuery) -> Result<Vec<NamePosition<GroupView>>, StorageFault> {
        let mut listed = if query.kind == GroupKind::Direct {
            self.direct_conversations(query)?
        } else {
            let (after, limit) = (query.after.as_ref(), query.limit);
            self.list_by_name(NameList::Group, after, limit, |tx, part| tx.groups_by_name(query, part))?
        };
        let newest = listed.iter_mut().filter_map(|position| position.entry.last_message.as_mut());
        self.add_own_reactions(query.viewer, newest)?;
        Ok(listed)
    }

    fn insert(&mut self, group: &NewGroup) -> Result<Unique<GroupId>, StorageFault> {
        let row = diesel::insert_into(groups::table)
            .values((
                groups::name.eq(group.name.as_str()),
                groups::name_key.eq(group.name.key()),
                groups::description.eq(group.description.as_ref().map(Description::as_str)),
                groups::visibility.eq(group.visibility.as_str()),
                groups::history.eq(group.history.as_str()),
                groups::version.eq(Version::FIRST.get()),
                groups::created_at.eq(group.created_at.as_micros()),
                groups::member_count.eq(0),
                groups::last_seq.eq(Seq::ZERO.get()),
            ))
            .on_conflict_do_nothing() // The name of a listed group is all that can collide.
            .returning(groups::id);
        let id = on_backend!(self, |connection| row.get_result(connection).optional())?;
        Ok(inserted(id, GroupId::new))
    }

    fn find_direct(&mut self, key: &DirectKey) -> Result<Option<GroupId>, StorageFault> {
        let found = groups::table
            .filter(groups::direct_key.eq(key.stored()))
            .filter(groups::deleted_at.is_null())
            .select(groups::id);
        let id: Option<i64> = on_backend!(self, |connection| found.first(connection).optional())?;
        Ok(id.map(GroupId::new))
    }

    fn insert_direct(&mut self, direct: &NewDirect) -> Result<Unique<GroupId>, StorageFault> {
        let row = diesel::insert_into(groups::table)
            .values((
                groups::kind.eq(GroupKind::Direct.as_str()),
                groups::direct_key.eq(direct.key.stored()),
                groups::visibility.eq(Visibility::Private.as_str()),
                groups::history.eq(History::All.as_str()),
                groups::version.eq(Version::FIRST.get()),
                groups::created_at.eq(direct.created_at.as_micros()),
                groups::member_count.eq(0),
                groups::last_seq.eq(Seq::ZERO.get()),
            ))
            .on_conflict_do_nothing() // The key is all that can collide.
            .returning(groups::id);
        let id = on_backend!(self, |connection| row.get_result(connection).optional())?;
        Ok(inserted(id, GroupId::new))
    }

    fn update(&mut self, group: &Group) -> Result<Unique<()>, StorageFault> {
        let id = group.id.get();
        let stored = groups::table.filter(groups::id.eq(id)).select((groups::name, groups::name_key));
        let (name, key): (Option<String>, Option<String>) =
            on_backend!(self, |connection| stored.first(connection))?;
        let new_name = group.name.as_ref().map(GroupName::as_str);
        // The key of a name that stays may be one that folding the name does not make: see `folding`.
        let new_key =
            if name.as_deref() == new_name { key.clone() } else { group.name.as_ref().map(GroupName::key) };
        let row = diesel::update(groups::table.filter(groups::id.eq(id))).set((
            groups::name.eq(new_name),
            groups::name_key.eq(&new_key),
            groups::description.eq(group.description.as_ref().map(Description::as_str)),
            groups::visibility.eq(group.visibility.as_str()),
            groups::history.eq(group.history.as_str()),
            groups::topic.eq(group.topic.as_ref().map(Topic::as_str)),
            groups::slow_mode_seconds.eq(group.slow_mode.seconds()),
            groups::receipts.eq(group.receipts),
            groups::retention_days.eq(group.retention.map(RetentionDays::days)),
            groups::archived_at.eq(group.archived_at.map(Timestamp::as_micros)),
            groups::version.eq(group.version.get()),
        ));
        let updated =
            on_backend!(self, |connection| unique(connection, |connection| row.execute(connection)))?;
        if let Some(key) = key.filter(|key| updated != Unique::Taken && new_key.as_ref() != Some(key)) {
            self.note_rename(NameList::Group, id, &key)?;
        }
        Ok(updated)
    }

    fn mark_deleted(&mut self, id: GroupId, at: Timestamp) -> Result<(), StorageFault> {
        let group = groups::table.filter(groups::id.eq(id.get())).filter(groups::deleted_at.is_null());
        let change = diesel::update(group).set(groups::deleted_at.eq(at.as_micros()));
        on_backend!(self, |connection| change.execute(connection))?;
        self.forget_names(NameList::Group, id.get())
    }

    fn purge(&mut self, id: GroupId, limit: i64) -> Result<bool, StorageFault> {
        purge::purge_group(self, id.get(), purge::Rest::KeptIfPrivate, limit)
    }

    fn forget(&mut self, id: GroupId, limit: i64) -> Result<bool, StorageFault> {
        purge::purge_group(self, id.get(), purge::Rest::Removed, limit)
    }
}
