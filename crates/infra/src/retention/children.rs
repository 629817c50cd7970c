//! What belongs to messages, and goes before them.

use diesel::prelude::*;
use groupchat_domain::storage::StorageFault;

use crate::connection::on_backend;
use crate::groups::purge::purge_reactions_to;
use crate::schema::{
    bookmarks, drafts, group_mentions, mentions, message_edits, message_quotes, poll_ballots, polls,
    reactions, reminders, secret_ballots, thread_members,
};
use crate::sql::{among, row_count};
use crate::tx::DbTx;

/// Removes up to so many rows that belong to these messages, and returns how many.
type Step = fn(&mut DbTx<'_>, &[i64], i64) -> Result<i64, StorageFault>;

/// Which rows to remove.
enum Found {
    /// None.
    Nothing,
    /// All, which are so many.
    All(i64),
    /// All of these messages, and so many of this one.
    Some { whole: Vec<i64>, last: i64, rest: i64 },
}

impl Found {
    /// Of rows by their messages, in order, one more than are to be removed if there are more.
    fn of(rows: &[i64], limit: i64) -> Self {
        let count = row_count(rows.len());
        match rows.last() {
            None => Self::Nothing,
            Some(_) if count <= limit => Self::All(count),
            Some(&last) => {
                let mut whole: Vec<i64> = rows.iter().copied().filter(|id| *id != last).collect();
                let rest = limit - row_count(whole.len());
                whole.dedup();
                Self::Some { whole, last, rest }
            }
        }
    }
}

/// Removes up to `$limit` rows of a table that belong to these messages, and returns how many. `$part` removes some of those of
/// one message.
macro_rules! purge_rows {
    ($tx:expr, $messages:expr, $limit:expr, $table:ident :: $key:ident, $part:expr) => {{
        let (messages, limit): (&[i64], i64) = ($messages, $limit);
        let found = $table::table
            .filter(among($table::$key, messages.iter().copied()))
            .order($table::$key)
            .select($table::$key)
            .limit(limit + 1);
        let rows: Vec<i64> = on_backend!($tx, |connection| found.load(connection))?;
        match Found::of(&rows, limit) {
            Found::Nothing => 0,
            Found::All(count) => {
                let all = $table::table.filter(among($table::$key, messages.iter().copied()));
                on_backend!($tx, |connection| diesel::delete(all).execute(connection))?;
                count
            }
            Found::Some { whole, last, rest } => {
                let all = $table::table.filter(among($table::$key, whole));
                on_backend!($tx, |connection| diesel::delete(all).execute(connection))?;
                let part: fn(&mut DbTx<'_>, i64, i64) -> Result<(), StorageFault> = $part;
                part($tx, last, rest)?;
                limit
            }
        }
    }};
}

/// Removes some rows of one message by the number that tells them apart.
macro_rules! some_by {
    ($table:ident :: $key:ident, $number:ident) => {
        |tx: &mut DbTx<'_>, message: i64, limit: i64| {
            let first = $table::table.filter($table::$key.eq(message)).select($table::$number).limit(limit);
            let numbers: Vec<i64> = on_backend!(tx, |connection| first.load(connection))?;
            let some = $table::table.filter($table::$key.eq(message)).filter(among($table::$number, numbers));
            on_backend!(tx, |connection| diesel::delete(some).execute(connection)).map(drop)
        }
    };
}

fn some_reactions(tx: &mut DbTx<'_>, message: i64, limit: i64) -> Result<(), StorageFault> {
    purge_reactions_to(tx, message, limit).map(drop)
}

fn some_secret_ballots(tx: &mut DbTx<'_>, message: i64, limit: i64) -> Result<(), StorageFault> {
    let of_poll = || secret_ballots::table.filter(secret_ballots::message_id.eq(message));
    let first = of_poll().select(secret_ballots::voter).limit(limit);
    let voters: Vec<Vec<u8>> = on_backend!(tx, |connection| first.load(connection))?;
    let some = of_poll().filter(secret_ballots::voter.eq_any(voters));
    on_backend!(tx, |connection| diesel::delete(some).execute(connection)).map(drop)
}

/// Removes up to `limit` rows that belong to messages. None of them refers to another. Returns how many. If
/// they are fewer than the limit, the messages have none left.
pub(super) fn purge_children(tx: &mut DbTx<'_>, messages: &[i64], limit: i64) -> Result<i64, StorageFault> {
    let steps: [Step; 10] = [
        |tx, messages, limit| {
            Ok(purge_rows!(
                tx,
                messages,
                limit,
                mentions::message_id,
                some_by!(mentions::message_id, user_id)
            ))
        },
        |tx, messages, limit| {
            Ok(purge_rows!(tx, messages, limit, group_mentions::message_id, |_, _, _| Ok(())))
        },
        |tx, messages, limit| Ok(purge_rows!(tx, messages, limit, reactions::message_id, some_reactions)),
        |tx, messages, limit| {
            let some = some_by!(message_edits::message_id, version);
            Ok(purge_rows!(tx, messages, limit, message_edits::message_id, some))
        },
        |tx, messages, limit| {
            Ok(purge_rows!(tx, messages, limit, message_quotes::message_id, |_, _, _| Ok(())))
        },
        |tx, messages, limit| {
            let some = some_by!(bookmarks::message_id, user_id);
            Ok(purge_rows!(tx, messages, limit, bookmarks::message_id, some))
        },
        |tx, messages, limit| {
            let some = some_by!(reminders::message_id, user_id);
            Ok(purge_rows!(tx, messages, limit, reminders::message_id, some))
        },
        |tx, messages, limit| {
            let some = some_by!(poll_ballots::message_id, user_id);
            Ok(purge_rows!(tx, messages, limit, poll_ballots::message_id, some))
        },
        |tx, messages, limit| {
            Ok(purge_rows!(tx, messages, limit, secret_ballots::message_id, some_secret_ballots))
        },
        |tx, messages, limit| Ok(purge_rows!(tx, messages, limit, polls::message_id, |_, _, _| Ok(()))),
    ];
    purge_all(tx, messages, limit, &steps)
}

/// Removes up to `limit` rows that belong to the threads under these messages, as [`purge_children`].
pub(super) fn purge_of_threads(tx: &mut DbTx<'_>, roots: &[i64], limit: i64) -> Result<i64, StorageFault> {
    let steps: [Step; 2] = [
        |tx, roots, limit| {
            let some = some_by!(thread_members::root_id, user_id);
            Ok(purge_rows!(tx, roots, limit, thread_members::root_id, some))
        },
        |tx, roots, limit| {
            Ok(purge_rows!(tx, roots, limit, drafts::root_id, some_by!(drafts::root_id, user_id)))
        },
    ];
    purge_all(tx, roots, limit, &steps)
}

fn purge_all(tx: &mut DbTx<'_>, messages: &[i64], limit: i64, steps: &[Step]) -> Result<i64, StorageFault> {
    let mut left = limit;
    for step in steps {
        if left <= 0 {
            break;
        }
        left -= step(tx, messages, left)?;
    }
    Ok(limit - left)
}
