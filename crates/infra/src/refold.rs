//! Recomputes the keys of names after the folding rule has changed.
//!
//! This runs when the database is opened, before any request is served, in one transaction: all keys follow the same
//! rule. Most names fold as before, so few rows are written.

use diesel::prelude::*;
use groupchat_domain::groups::Visibility;
use groupchat_domain::text::{FOLDING_VERSION, name_key};

use crate::connection::{Connection, on_backend};
use crate::schema::{groups, name_state, users};
use crate::sql::{NameList, note_rename};

/// Names that are read at a time.
const PAGE: i64 = 1_000;

/// Whether the stored keys follow another rule. The migration that creates the table must have been applied. An
/// unfinished copy may have no entry yet; opening it is rejected later.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn is_due(connection: &mut Connection<'_>) -> QueryResult<bool> {
    let folding = name_state::table.select(name_state::folding);
    let folding: Option<i64> = on_backend!(connection, |connection| folding.first(connection)).optional()?;
    Ok(folding.is_some_and(|folding| folding != FOLDING_VERSION))
}

/// Recomputes the keys if necessary. Must run in its own transaction.
///
/// If two public groups with different keys get the same key, both stay. The group that already had the key keeps it,
/// or else the older group gets it. The other key is marked with the group's id, see [`marked`]. That group is found
/// and listed as before, and keeps this key until it is renamed.
///
/// # Errors
/// The failure of a statement.
pub(crate) fn refold_if_due(connection: &mut Connection<'_>) -> QueryResult<()> {
    if !is_due(connection)? {
        return Ok(());
    }
    let display_names = refold_display_names(connection)?;
    let groups = refold_groups(connection)?;
    if display_names + groups > 0 {
        tracing::info!(display_names, groups, "recomputed the keys of names");
    }
    let done = diesel::update(name_state::table).set(name_state::folding.eq(FOLDING_VERSION));
    on_backend!(connection, |connection| done.execute(connection)).map(drop)
}

/// A key that no name folds to, because folding leaves no two spaces in a row. It sorts directly after the plain key.
pub(crate) fn marked(key: &str, id: i64) -> String {
    format!("{key}  {id}")
}

/// The new key of a name, if it differs from the stored one. A name without visible characters, stored under earlier
/// rules, keeps its key.
/// stored when the rules were others, keeps its key.
fn changed_key(name: &str, stored: &str) -> Option<String> {
    let key = name_key(name);
    (key != stored && !key.is_empty()).then_some(key)
}

fn refold_display_names(connection: &mut Connection<'_>) -> QueryResult<usize> {
    let (mut after, mut changed) = (0, 0);
    loop {
        let page = users::table
            .filter(users::id.gt(after))
            .filter(users::display_name.is_not_null())
            .order(users::id)
            .limit(PAGE)
            .select((users::id, users::display_name.assume_not_null(), users::display_key.assume_not_null()));
        let page: Vec<(i64, String, String)> = on_backend!(connection, |connection| page.load(connection))?;
        let Some((last, ..)) = page.last() else { return Ok(changed) };
        after = *last;
        for (id, name, stored) in page {
            if let Some(key) = changed_key(&name, &stored) {
                let row =
                    diesel::update(users::table.filter(users::id.eq(id))).set(users::display_key.eq(key));
                changed += on_backend!(connection, |connection| row.execute(connection))?;
            }
        }
    }
}

/// A group whose key changes.
struct KeyChange {
    id: i64,
    visibility: String,
    old_key: String,
    key: String,
}

fn refold_groups(connection: &mut Connection<'_>) -> QueryResult<usize> {
    let changes = changed_groups(connection)?;
    // The old keys are released first, because one group's new key may be another's old key.
    for change in &changes {
        set_key(connection, change.id, &marked("", change.id))?;
    }
    for change in &changes {
        let taken = is_taken(connection, change)?;
        let key = if taken { marked(&change.key, change.id) } else { change.key.clone() };
        set_key(connection, change.id, &key)?;
        note_rename(connection, NameList::Group, change.id, &change.old_key)?;
    }
    Ok(changes.len())
}

/// The groups whose keys change, oldest first.
fn changed_groups(connection: &mut Connection<'_>) -> QueryResult<Vec<KeyChange>> {
    let (mut after, mut changes) = (0, Vec::new());
    loop {
        let page = groups::table
            .filter(groups::id.gt(after))
            .filter(groups::deleted_at.is_null())
            .order(groups::id)
            .limit(PAGE)
            .filter(groups::name.is_not_null())
            .select((
                groups::id,
                groups::name.assume_not_null(),
                groups::name_key.assume_not_null(),
                groups::visibility,
            ));
        let page: Vec<(i64, String, String, String)> =
            on_backend!(connection, |connection| page.load(connection))?;
        let Some((last, ..)) = page.last() else { return Ok(changes) };
        after = *last;
        for (id, name, old_key, visibility) in page {
            let key = changed_key(&name, &old_key).filter(|key| marked(key, id) != old_key);
            changes.extend(key.map(|key| KeyChange { id, visibility, old_key, key }));
        }
    }
}

/// Whether another group has the new key of this group. Only names of listed groups are unique.
fn is_taken(connection: &mut Connection<'_>, change: &KeyChange) -> QueryResult<bool> {
    let private = Visibility::Private.as_str();
    if change.visibility == private {
        return Ok(false);
    }
    let others = groups::table
        .filter(groups::name_key.eq(&change.key))
        .filter(groups::visibility.ne(private))
        .filter(groups::deleted_at.is_null())
        .select(groups::id);
    let other: Option<i64> = on_backend!(connection, |connection| others.first(connection).optional())?;
    Ok(other.is_some())
}

fn set_key(connection: &mut Connection<'_>, id: i64, key: &str) -> QueryResult<()> {
    let row = diesel::update(groups::table.filter(groups::id.eq(id))).set(groups::name_key.eq(key));
    on_backend!(connection, |connection| row.execute(connection)).map(drop)
}
