//! Mentions.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::accounts::{UserRef, UsernameKey};
use groupchat_domain::groups::Visibility;
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::messages::{
    GROUPS_AT_ONCE, InThread, MAX_GROUP_MENTIONS, MentionLookup, MentionPlace, MentionQuery,
    MentionRepository, MentionRow, Mentionable, MentionsOfAll, OwnMention,
};
use groupchat_domain::storage::StorageFault;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::messages::repository::{stored_root_seq, thread};
use crate::permissions::rows::member_role;
use crate::schema::{blocks, group_mentions, group_roles, memberships, mentions, thread_members, users};
use crate::sql::among;
use crate::tx::DbTx;

/// A user, their role in the group with what it stores about that, when they came in, and whether they have blocked the
/// author.
type FoundRow = (UserRefRow, Option<String>, Option<i64>, Option<i64>, Option<i64>, bool);

/// The place of a mention: message, group, thread with the number of its root, and number.
type PlaceRow = (i64, i64, Option<i64>, i64, i64);

/// A mention, how far the user has read the group and the thread, and whether it counts for the user.
type OwnRow = (PlaceRow, Option<i64>, Option<i64>, bool);

fn own(((message, group, root, root_seq, seq), read, read_in_thread, is_told): OwnRow) -> OwnMention {
    let (thread, number) = (thread(root, root_seq), Seq::new(seq));
    OwnMention {
        message: MessageId::new(message),
        group: GroupId::new(group),
        thread: thread.map(|thread| thread.root),
        history_seq: InThread::history_seq(thread, number),
        is_unread: seq > if thread.is_some() { read_in_thread } else { read }.unwrap_or(0),
        is_told,
    }
}

/// The columns of a [`PlaceRow`] of a mention of all members.
const PLACE_TO_ALL: (
    group_mentions::message_id,
    group_mentions::group_id,
    group_mentions::thread_id,
    group_mentions::root_seq,
    group_mentions::seq,
) = (
    group_mentions::message_id,
    group_mentions::group_id,
    group_mentions::thread_id,
    group_mentions::root_seq,
    group_mentions::seq,
);

/// Mentions of all members, with how far a user has read their threads, and whether the user has blocked their authors.
#[auto_type]
fn to_all(user: i64) -> _ {
    let reader = thread_members::root_id
        .nullable()
        .eq(group_mentions::thread_id)
        .and(thread_members::user_id.eq(user));
    let block = blocks::user_id.eq(user).and(blocks::blocked_id.eq(group_mentions::author_id));
    group_mentions::table.left_join(thread_members::table.on(reader)).left_join(blocks::table.on(block))
}

fn mentionable(row: FoundRow, visibility: Visibility) -> Result<Mentionable, StorageFault> {
    let (user, role, rank, permissions, joined_seq, blocks_author) = row;
    let membership = match role.zip(joined_seq) {
        Some((role, joined_seq)) => {
            Some((member_role((role, rank, permissions), visibility)?, Seq::new(joined_seq)))
        }
        None => None,
    };
    Ok(Mentionable { user: user.into(), membership, blocks_author })
}

/// Users, each with the membership in a group, what the group stores about the role, and whether they have blocked the
/// author.
#[auto_type]
fn lookable(group: i64, author: i64) -> _ {
    let member = memberships::user_id.eq(users::id).and(memberships::group_id.eq(group));
    let role = group_roles::group_id.eq(memberships::group_id).and(group_roles::name.eq(memberships::role));
    let block = blocks::user_id.eq(users::id).and(blocks::blocked_id.eq(author));
    users::table
        .left_join(memberships::table.on(member))
        .left_join(group_roles::table.on(role))
        .left_join(blocks::table.on(block))
        .filter(users::deleted_at.is_null())
}

/// Selects a [`FoundRow`].
macro_rules! found_columns {
    ($found:expr) => {
        $found.select((
            UserRefRow::as_select(),
            memberships::role.nullable(),
            group_roles::rank.nullable(),
            group_roles::permissions.nullable(),
            memberships::joined_seq.nullable(),
            blocks::user_id.nullable().is_not_null(),
        ))
    };
}

impl DbTx<'_> {
    /// The groups of a user with the newest mentions of all members before this message. As many mentions as the limit are
    /// in no more groups than that.
    fn groups_with_newest(&mut self, user: i64, before: i64, limit: i64) -> Result<Vec<i64>, StorageFault> {
        let newest = || {
            group_mentions::table
                .filter(group_mentions::group_id.eq(memberships::group_id))
                .filter(group_mentions::message_id.lt(before))
                .order(group_mentions::message_id.desc())
                .select(group_mentions::message_id)
                .limit(1)
                .single_value()
        };
        let groups = memberships::table
            .filter(memberships::user_id.eq(user))
            .filter(memberships::has_ended.eq(false))
            .filter(newest().is_not_null())
            .order(newest().desc())
            .limit(limit)
            .select(memberships::group_id);
        on_backend!(self, |connection| groups.load(connection))
    }
}

impl MentionRepository for DbTx<'_> {
    fn look_up(&mut self, lookup: &MentionLookup) -> Result<Vec<Mentionable>, StorageFault> {
        let found = || lookable(lookup.group.get(), lookup.author.get());
        let mut rows: Vec<FoundRow> = Vec::new();
        // Two queries, because one with "or" would look at all users.
        if !lookup.names.is_empty() {
            let named =
                found().filter(users::username_key.eq_any(lookup.names.iter().map(UsernameKey::as_str)));
            rows = on_backend!(self, |connection| found_columns!(named).load(connection))?;
        }
        if !lookup.ids.is_empty() {
            let by_id = found().filter(among(users::id, lookup.ids.iter().map(|id| id.get())));
            let by_id: Vec<FoundRow> =
                on_backend!(self, |connection| found_columns!(by_id).load(connection))?;
            rows.extend(by_id);
        }
        rows.sort_by_key(|row| row.0.id());
        rows.dedup_by_key(|row| row.0.id());
        rows.into_iter().map(|row| mentionable(row, lookup.visibility)).collect()
    }

    fn add(&mut self, place: &MentionPlace, rows: &[MentionRow]) -> Result<(), StorageFault> {
        let row = |row: &MentionRow| {
            (
                mentions::message_id.eq(place.message.get()),
                mentions::user_id.eq(row.user.get()),
                mentions::group_id.eq(place.group.get()),
                mentions::thread_id.eq(place.thread.map(|thread| thread.root.get())),
                mentions::root_seq.eq(stored_root_seq(place.thread)),
                mentions::seq.eq(place.seq.get()),
                mentions::is_named.eq(row.is_named),
                mentions::is_told.eq(row.is_told),
                mentions::author_id.eq(place.author.get()),
            )
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        let stored = diesel::insert_into(mentions::table).values(&rows);
        on_backend!(self, |connection| stored.execute(connection)).map(drop)
    }

    fn find(&mut self, message: MessageId) -> Result<Vec<MentionRow>, StorageFault> {
        let found = mentions::table
            .filter(mentions::message_id.eq(message.get()))
            .order(mentions::user_id)
            .select((mentions::user_id, mentions::is_named, mentions::is_told));
        let rows: Vec<(i64, bool, bool)> = on_backend!(self, |connection| found.load(connection))?;
        let row = |(user, is_named, is_told)| MentionRow { user: UserId::new(user), is_named, is_told };
        Ok(rows.into_iter().map(row).collect())
    }

    fn remove(&mut self, message: MessageId, gone: &[UserId]) -> Result<(), StorageFault> {
        let removed = mentions::table
            .filter(mentions::message_id.eq(message.get()))
            .filter(among(mentions::user_id, gone.iter().map(|user| user.get())));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(drop)
    }

    fn add_to_all(&mut self, place: &MentionPlace) -> Result<(), StorageFault> {
        let row = diesel::insert_into(group_mentions::table).values((
            group_mentions::message_id.eq(place.message.get()),
            group_mentions::group_id.eq(place.group.get()),
            group_mentions::thread_id.eq(place.thread.map(|thread| thread.root.get())),
            group_mentions::root_seq.eq(stored_root_seq(place.thread)),
            group_mentions::seq.eq(place.seq.get()),
            group_mentions::author_id.eq(place.author.get()),
        ));
        on_backend!(self, |connection| row.execute(connection))?;
        // One too many, as a rule, if any.
        let oldest = group_mentions::table
            .filter(group_mentions::group_id.eq(place.group.get()))
            .order(group_mentions::message_id.desc())
            .offset(MAX_GROUP_MENTIONS)
            .limit(MAX_GROUP_MENTIONS)
            .select(group_mentions::message_id);
        let oldest: Vec<i64> = on_backend!(self, |connection| oldest.load(connection))?;
        for message in oldest {
            self.remove_to_all(MessageId::new(message))?;
        }
        Ok(())
    }

    fn remove_to_all(&mut self, message: MessageId) -> Result<(), StorageFault> {
        let row = group_mentions::table.find(message.get());
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(drop)
    }

    fn named(&mut self, messages: &[MessageId]) -> Result<Vec<(MessageId, UserRef)>, StorageFault> {
        let named = mentions::table
            .inner_join(users::table.on(users::id.eq(mentions::user_id)))
            .filter(among(mentions::message_id, messages.iter().map(|id| id.get())))
            .filter(mentions::is_named)
            .order((mentions::message_id, mentions::user_id));
        let rows: Vec<(i64, UserRefRow)> = on_backend!(self, |connection| named
            .select((mentions::message_id, UserRefRow::as_select()))
            .load(connection))?;
        Ok(rows.into_iter().map(|(message, user)| (MessageId::new(message), user.into())).collect())
    }

    fn list(&mut self, query: &MentionQuery) -> Result<Vec<OwnMention>, StorageFault> {
        let user = query.user.get();
        let member = memberships::group_id.eq(mentions::group_id).and(memberships::user_id.eq(user));
        let reader =
            thread_members::root_id.nullable().eq(mentions::thread_id).and(thread_members::user_id.eq(user));
        let block = blocks::user_id.eq(user).and(blocks::blocked_id.eq(mentions::author_id));
        let listed = mentions::table
            .left_join(memberships::table.on(member))
            .left_join(thread_members::table.on(reader))
            .left_join(blocks::table.on(block))
            .filter(mentions::user_id.eq(user))
            .filter(mentions::is_told)
            .filter(mentions::message_id.lt(query.before.map_or(i64::MAX, MessageId::get)))
            .order(mentions::message_id.desc())
            .limit(query.limit)
            .select((
                (
                    mentions::message_id,
                    mentions::group_id,
                    mentions::thread_id,
                    mentions::root_seq,
                    mentions::seq,
                ),
                memberships::read_seq.nullable(),
                thread_members::read_seq.nullable(),
                blocks::user_id.nullable().is_null(),
            ));
        let rows: Vec<OwnRow> = on_backend!(self, |connection| listed.load(connection))?;
        Ok(rows.into_iter().map(own).collect())
    }

    fn list_to_all(&mut self, query: &MentionQuery) -> Result<Vec<OwnMention>, StorageFault> {
        let (user, before) = (query.user.get(), query.before.map_or(i64::MAX, MessageId::get));
        let groups = self.groups_with_newest(user, before, query.limit)?;
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let member = memberships::group_id.eq(group_mentions::group_id).and(memberships::user_id.eq(user));
        let listed = to_all(user)
            .inner_join(memberships::table.on(member))
            .filter(among(group_mentions::group_id, groups))
            .filter(group_mentions::message_id.lt(before))
            // A sum, so that SQLite starts from these groups and sorts, and doesn't look at those of all groups in order.
            .order((group_mentions::message_id + 0_i64).desc())
            .limit(query.limit)
            .select((
                PLACE_TO_ALL,
                memberships::read_seq.nullable(),
                thread_members::read_seq.nullable(),
                group_mentions::author_id.ne(user).and(blocks::user_id.nullable().is_null()),
            ));
        let rows: Vec<OwnRow> = on_backend!(self, |connection| listed.load(connection))?;
        Ok(rows.into_iter().map(own).collect())
    }

    fn to_all_in_threads(&mut self, user: UserId, after: GroupId) -> Result<MentionsOfAll, StorageFault> {
        let next = memberships::table
            .filter(memberships::user_id.eq(user.get()))
            .filter(memberships::has_ended.eq(false))
            .filter(memberships::group_id.gt(after.get()))
            .order(memberships::group_id)
            .limit(GROUPS_AT_ONCE + 1)
            .select(memberships::group_id);
        let mut groups: Vec<i64> = on_backend!(self, |connection| next.load(connection))?;
        let goes_on = groups.len() as i64 > GROUPS_AT_ONCE;
        groups.truncate(GROUPS_AT_ONCE as usize);
        let looked_up_to = groups.last().copied().filter(|_| goes_on).map(GroupId::new);
        let replies = to_all(user.get())
            .filter(among(group_mentions::group_id, groups))
            .filter(group_mentions::root_seq.gt(0))
            .select((
                PLACE_TO_ALL,
                thread_members::read_seq.nullable(),
                thread_members::read_seq.nullable(),
                group_mentions::author_id.ne(user.get()).and(blocks::user_id.nullable().is_null()),
            ));
        let rows: Vec<OwnRow> = on_backend!(self, |connection| replies.load(connection))?;
        Ok(MentionsOfAll { mentions: rows.into_iter().map(own).collect(), looked_up_to })
    }
}
