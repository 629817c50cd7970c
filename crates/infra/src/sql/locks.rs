//! Locks that last until the transaction ends, so that what a use case decides on stays as it was read. On SQLite there
//! is nothing to do, because one command writes at a time.
//!
//! `FOR NO KEY UPDATE` allows what rows that refer to the locked row need: a message can be stored while its author is
//! being edited. Several rows are locked in the order of their ids, so that two commands never deadlock.
#![cfg_attr(
    not(feature = "postgres"),
    allow(unused_variables, clippy::unnecessary_wraps, reason = "SQLite needs no locks")
)]

#[cfg(feature = "postgres")]
use diesel::dsl::exists;
use diesel::prelude::*;
use groupchat_domain::accounts::LockStrength;
#[cfg(feature = "postgres")]
use groupchat_domain::groups::Visibility;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::jobs::JobId;

use crate::connection::Connection;
use crate::schema::jobs;
#[cfg(feature = "postgres")]
use crate::schema::{groups, memberships, users};

/// Locks a group.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn group(connection: &mut Connection<'_>, id: GroupId) -> QueryResult<()> {
    match connection {
        Connection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => {
            let group = groups::table.select(groups::id).filter(groups::id.eq(id.get())).for_no_key_update();
            group.load::<i64>(*connection).map(drop)
        }
    }
}

/// Locks a group if the viewer may see it, and returns whether; without a lock, always `true`. Rows of others are not
/// waited for: PostgreSQL locks only what the conditions let through.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn visible_group(
    connection: &mut Connection<'_>,
    id: GroupId,
    viewer: UserId,
) -> QueryResult<bool> {
    match connection {
        Connection::Sqlite(_) => Ok(true),
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => {
            let is_member = memberships::table
                .filter(memberships::group_id.eq(id.get()))
                .filter(memberships::user_id.eq(viewer.get()));
            let group = groups::table
                .select(groups::id)
                .filter(groups::id.eq(id.get()))
                .filter(groups::deleted_at.is_null())
                .filter(groups::visibility.ne(Visibility::Private.as_str()).or(exists(is_member)))
                .for_no_key_update();
            Ok(group.first::<i64>(*connection).optional()?.is_some())
        }
    }
}

/// Locks users.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn users(
    connection: &mut Connection<'_>,
    ids: &[UserId],
    strength: LockStrength,
) -> QueryResult<()> {
    match connection {
        Connection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => {
            let ids: Vec<_> = ids.iter().map(|id| id.get()).collect();
            let users = users::table.select(users::id).filter(users::id.eq_any(ids)).order(users::id);
            match strength {
                LockStrength::Shared => users.for_share().load::<i64>(*connection),
                LockStrength::Exclusive => users.for_no_key_update().load(*connection),
            }
            .map(drop)
        }
    }
}

/// Locks the set of server admins against becoming smaller.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn admins(connection: &mut Connection<'_>) -> QueryResult<()> {
    match connection {
        Connection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => crate::postgres::AdvisoryLock::Admins.until_commit(connection),
    }
}

/// Locks a job and returns whether it still exists. Also looks it up on SQLite.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn job(connection: &mut Connection<'_>, id: JobId) -> QueryResult<bool> {
    let job = jobs::table.select(jobs::id).filter(jobs::id.eq(id.get()));
    let found: Option<i64> = match connection {
        Connection::Sqlite(connection) => job.first(*connection).optional()?,
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => job.for_update().first(*connection).optional()?,
    };
    Ok(found.is_some())
}
