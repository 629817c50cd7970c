//! Lists in the order of names, while names change.
//!
//! All pages of a list use the names as they were when the first page was read. An entry that was renamed since keeps
//! its position: the table `renames` stores the key that it was listed by. So a page has two parts: the entries that
//! were not renamed since, in the order of their keys, and those that were, in the order of their earlier keys.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use groupchat_domain::paging::{Limit, NameCursor, NamePosition};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::text::TextBytes;

use crate::connection::{Connection, RowByRow, on_backend};
use crate::schema::{name_state, renames};
use crate::tx::DbTx;

/// So many renames are kept: what a page has to look at is bounded. A list that is read on after more renames than
/// that takes entries renamed before by their later names.
const KEPT: i64 = 10_000;

/// Renamed entries that one statement looks up: few, since each may have a long text.
const CHUNK: usize = 32;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameList {
    Group,
    User,
}

impl NameList {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::User => "user",
        }
    }
}

/// A part of a list, as one statement reads it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListPart<'a> {
    /// The entries after this position, in the order of their keys, up to the limit and one more.
    After {
        position: Option<&'a NameCursor>,
        /// Leaves out the entries that were renamed after so many renames.
        unmoved_since: Option<i64>,
    },
    /// Those of these entries that the list has, in any order.
    Among(&'a [i64]),
}

/// An entry with the key that it has now.
pub(crate) struct Keyed<T> {
    pub(crate) key: String,
    pub(crate) id: i64,
    pub(crate) entry: T,
}

impl<T: TextBytes> TextBytes for Keyed<T> {
    fn text_bytes(&self) -> usize {
        self.entry.text_bytes()
    }
}

/// Reads a part of a list: of what comes after a position, no more rows than the page takes and one more.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn read_part<'query, C, Q, R, T>(
    connection: &mut C,
    listed: Q,
    part: ListPart<'_>,
    limit: Limit,
) -> QueryResult<Vec<Keyed<T>>>
where
    C: RowByRow,
    Q: RunQueryDsl<C> + LoadQuery<'query, C, R, C::Mode>,
    Keyed<T>: From<R> + TextBytes,
{
    let rows = listed.load_iter::<R, C::Mode>(connection)?;
    let rows = rows.map(|row| row.map(Keyed::from));
    match part {
        ListPart::After { .. } => limit.read(rows),
        ListPart::Among(_) => rows.collect(),
    }
}

/// An entry's position: its key, then its id.
type ListPosition = (String, i64);

impl DbTx<'_> {
    /// Reads a page of a list, and one row more, by reading its parts.
    pub(crate) fn list_by_name<T: TextBytes>(
        &mut self,
        named: NameList,
        after: Option<&NameCursor>,
        limit: Limit,
        mut read: impl FnMut(&mut Self, ListPart<'_>) -> Result<Vec<Keyed<T>>, StorageFault>,
    ) -> Result<Vec<NamePosition<T>>, StorageFault> {
        let counted = self.renames()?;
        let since = after.map_or(counted, |position| position.renames);
        let unmoved_since = (since < counted).then_some(since);
        let unmoved = read(self, ListPart::After { position: after, unmoved_since })?;
        let is_cut = limit.is_exceeded_by(unmoved.iter());
        let mut rows: Vec<(ListPosition, T)> =
            unmoved.into_iter().map(|row| ((row.key, row.id), row.entry)).collect();
        let size = usize::try_from(limit.with_lookahead()).unwrap_or(usize::MAX);
        if let (Some(since), Some(after)) = (unmoved_since, after) {
            let end = if is_cut { rows.last().map(|(position, _)| position.clone()) } else { None };
            let moved = self.moved(named, since, after, end.as_ref())?;
            rows.extend(self.read_moved(&moved, limit, read)?);
            rows.sort_by(|(one, _), (other, _)| one.cmp(other));
            rows.truncate(size);
        }
        let placed = |((name_key, id), entry)| {
            let position = NameCursor { name_key, id, renames: since };
            NamePosition { entry, position }
        };
        Ok(rows.into_iter().map(placed).collect())
    }

    /// How many keys have changed so far.
    fn renames(&mut self) -> Result<i64, StorageFault> {
        let counted = name_state::table.select(name_state::renames);
        on_backend!(self, |connection| counted.first(connection))
    }

    /// The entries renamed since, by the keys that they had then: those that come after one position and up to another,
    /// in order.
    fn moved(
        &mut self,
        named: NameList,
        since: i64,
        after: &NameCursor,
        end: Option<&ListPosition>,
    ) -> Result<Vec<ListPosition>, StorageFault> {
        let changes = renames::table
            .filter(renames::id.gt(since))
            .filter(renames::kind.eq(named.as_str()))
            .order(renames::id)
            .select((renames::old_key, renames::subject_id));
        let changes: Vec<ListPosition> = on_backend!(self, |connection| changes.load(connection))?;
        let mut seen = HashSet::new();
        let first_changes = changes.into_iter().filter(|(_, id)| seen.insert(*id));
        let after = (after.name_key.as_str(), after.id);
        let mut moved: Vec<_> = first_changes
            .filter(|(key, id)| (key.as_str(), *id) > after)
            .filter(|position| end.is_none_or(|end| position < end))
            .collect();
        moved.sort_unstable();
        Ok(moved)
    }

    /// The first of the renamed entries that the list has, as many as there is room for.
    fn read_moved<T: TextBytes>(
        &mut self,
        moved: &[ListPosition],
        limit: Limit,
        mut read: impl FnMut(&mut Self, ListPart<'_>) -> Result<Vec<Keyed<T>>, StorageFault>,
    ) -> Result<Vec<(ListPosition, T)>, StorageFault> {
        let mut rows: Vec<(ListPosition, T)> = Vec::new();
        // Of no more than a page has, in whatever order, all are read.
        let size = usize::try_from(limit.get()).unwrap_or(CHUNK);
        for chunk in moved.chunks(size.min(CHUNK)) {
            let ids: Vec<_> = chunk.iter().map(|(_, id)| *id).collect();
            for row in read(self, ListPart::Among(&ids))? {
                let position = chunk.iter().find(|(_, id)| *id == row.id);
                rows.extend(position.map(|position| (position.clone(), row.entry)));
            }
            // Those of one chunk come before those of the next, by their keys of then.
            if limit.is_exceeded_by(rows.iter().map(|(_, entry)| entry)) {
                break;
            }
        }
        Ok(rows)
    }

    /// See [`note_rename`].
    pub(crate) fn note_rename(
        &mut self,
        named: NameList,
        id: i64,
        old_key: &str,
    ) -> Result<(), StorageFault> {
        self.run(|connection| note_rename(connection, named, id, old_key))
    }

    /// Forgets what something that is deleted was called.
    pub(crate) fn forget_names(&mut self, named: NameList, id: i64) -> Result<(), StorageFault> {
        let names =
            renames::table.filter(renames::kind.eq(named.as_str())).filter(renames::subject_id.eq(id));
        let forget = diesel::delete(names);
        on_backend!(self, |connection| forget.execute(connection)).map(drop)
    }
}

/// Remembers the key that an entry was listed by until now. On PostgreSQL the counter's row stays locked until the
/// commit: so a reader that sees a number sees all renames up to it.
///
/// # Errors
/// The failure of a statement.
pub(crate) fn note_rename(
    connection: &mut Connection<'_>,
    named: NameList,
    id: i64,
    old_key: &str,
) -> QueryResult<()> {
    let count = diesel::update(name_state::table)
        .set(name_state::renames.eq(name_state::renames + 1))
        .returning(name_state::renames);
    let number: i64 = on_backend!(connection, |connection| count.get_result(connection))?;
    let row = diesel::insert_into(renames::table).values((
        renames::id.eq(number),
        renames::kind.eq(named.as_str()),
        renames::subject_id.eq(id),
        renames::old_key.eq(old_key),
    ));
    on_backend!(connection, |connection| row.execute(connection))?;
    let old = diesel::delete(renames::table.filter(renames::id.le(number - KEPT)));
    on_backend!(connection, |connection| old.execute(connection)).map(drop)
}

/// Narrows a boxed list to one of its [`ListPart`]s: `narrowed!(list, part, (key, id), NameList::Group)`, with the
/// columns that the list is ordered by. A macro, since the type of a boxed list names its database and its tables.
macro_rules! narrowed {
    ($listed:expr, $part:expr, ($key:expr, $id:expr), $named:expr) => {
        match $part {
            $crate::sql::name_order::ListPart::After { position, unmoved_since } => {
                let mut listed = $listed;
                if let Some(position) = position {
                    let key = &position.name_key;
                    listed = listed.filter($key.ge(key)).filter($key.gt(key).or($id.gt(position.id)));
                }
                if let Some(since) = unmoved_since {
                    let renamed = renames::table
                        .filter(renames::kind.eq($named.as_str()))
                        .filter(renames::subject_id.eq($id))
                        .filter(renames::id.gt(since));
                    listed = listed.filter(diesel::dsl::not(diesel::dsl::exists(renamed)));
                }
                listed
            }
            $crate::sql::name_order::ListPart::Among(ids) => $listed.filter($id.eq_any(ids)),
        }
    };
}

/// The same for a list of people, in the order of their usernames and searched by their names: `users_by_name!(list,
/// query, part)`, with a list not boxed yet.
macro_rules! users_by_name {
    ($listed:expr, $query:expr, $part:expr) => {{
        use $crate::schema::{renames, users};
        use $crate::sql::contains::contains;
        use $crate::sql::name_order::{NameList, narrowed};

        let order = (users::username_key, users::id);
        let mut listed = $listed.order(order).limit($query.limit.with_lookahead()).into_boxed();
        if let Some(search) = &$query.search {
            let named = contains(users::username_key, search);
            listed = listed.filter(named.or(contains(users::display_key, search)));
        }
        narrowed!(listed, $part, (users::username_key, users::id), NameList::User)
    }};
}

pub(crate) use {narrowed, users_by_name};
