//! User management by the operator, who needs no key. The rules are those for server admins: for example, the last
//! admin stays. Events have no actor.
//!
//! Users are identified by their usernames here, as in a terminal. To create one, see
//! [`create_by_operator`](super::create_by_operator).

use crate::accounts::credentials;
use crate::accounts::delete::delete_locked;
use crate::accounts::edit::{self, save_locked};
use crate::accounts::error::AccountRefusal;
use crate::accounts::factor_reset;
use crate::accounts::model::{Password, User, UsernameKey};
use crate::accounts::new_password::{hash_chosen, known_of};
use crate::accounts::ports::{HashCaller, PasswordHasher};
use crate::accounts::repository::{LockStrength, UserQuery};
use crate::accounts::sessions::{self, Ending};
use crate::accounts::suspension;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::paging::{NamePosition, Page};
use crate::storage::{Access, Caller, Mode, Storage, Tx};

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };
const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };

/// A page of users, as a server admin sees them.
///
/// # Errors
/// Busy, or a fault.
pub async fn list(storage: &dyn Storage, query: UserQuery) -> Result<Page<NamePosition<User>>, Error> {
    storage.run(READ, move |tx| Ok(Page::from_lookahead(tx.accounts().list(&query)?, query.limit))).await
}

/// Sets a user's password and ends all of the user's sessions.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::IsBot`], busy, or a fault.
pub async fn set_password(
    storage: &dyn Storage,
    hasher: &dyn PasswordHasher,
    username: UsernameKey,
    password: Password,
) -> Result<User, Error> {
    let name = username.clone();
    // Looked up first, so that nothing is hashed for a mistyped name.
    let user = storage.run(READ, move |tx| find(tx, &name)).await?;
    credentials::require_person(&user)?;
    let hash = hash_chosen(hasher, HashCaller::System, "password", password, known_of(&user)).await?;
    storage
        .run(WRITE, move |tx| {
            let user = lock(tx, &username)?;
            credentials::require_person(&user)?;
            tx.accounts().set_password(user.id, &hash)?;
            tx.known_devices().forget(user.id, None)?;
            sessions::end(tx, None, user.id, Ending::AllAndTokens)?;
            tx.record(AuditEntry::by_operator(AuditAction::PasswordChanged).to(user.id));
            Ok(user)
        })
        .await
}

/// Makes a user a server admin, or revokes that.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::IsBot`], [`AccountRefusal::LastAdmin`], busy, or a fault.
pub async fn set_admin(storage: &dyn Storage, username: UsernameKey, is_admin: bool) -> Result<User, Error> {
    storage
        .run(WRITE, move |tx| {
            tx.accounts().lock_admins()?;
            let user = lock(tx, &username)?;
            let saved = save_locked(tx, None, &user, User { is_admin, ..user.clone() })?;
            edit::record_edit(tx, AuditEntry::by_operator(AuditAction::UserEdited), &user, &saved);
            Ok(saved)
        })
        .await
}

/// Suspends a user, which ends the user's sessions, or ends that.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::LastAdmin`], busy, or a fault.
pub async fn set_suspended(
    storage: &dyn Storage,
    username: UsernameKey,
    suspended: bool,
) -> Result<User, Error> {
    storage
        .run(WRITE, move |tx| {
            tx.accounts().lock_admins()?;
            let user = lock(tx, &username)?;
            let saved = save_locked(tx, None, &user, User { suspended, ..user.clone() })?;
            suspension::settle(tx, None, (&user, &saved), AuditEntry::by_operator)?;
            Ok(saved)
        })
        .await
}

/// Removes the second factors of a user and ends the user's sessions, as [`reset_factors`](super::reset_factors) does.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::IsBot`], busy, or a fault.
pub async fn reset_factors(storage: &dyn Storage, username: UsernameKey) -> Result<User, Error> {
    storage
        .run(WRITE, move |tx| {
            let user = lock(tx, &username)?;
            credentials::require_person(&user)?;
            factor_reset::reset_locked(tx, None, user.id)?;
            tx.record(AuditEntry::by_operator(AuditAction::FactorsReset).to(user.id));
            Ok(user)
        })
        .await
}

/// Deletes a user as [`delete_user`](super::delete_user) does. Returns the deleted user.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::LastAdmin`], busy, or a fault.
pub async fn delete(storage: &dyn Storage, username: UsernameKey) -> Result<User, Error> {
    storage
        .run(WRITE, move |tx| {
            tx.accounts().lock_admins()?;
            let user = lock(tx, &username)?;
            delete_locked(tx, None, &user)?;
            tx.record(AuditEntry::by_operator(AuditAction::UserDeleted).to(user.id));
            Ok(user)
        })
        .await
}

fn find(tx: &mut dyn Tx, username: &UsernameKey) -> Result<User, Error> {
    Ok(tx.accounts().find_by_username(username)?.ok_or(AccountRefusal::UserNotFound)?)
}

/// Loads and locks the user with this name. Locks are taken by id, so the name is looked up first. By the time of the
/// lock, it may belong to another user.
fn lock(tx: &mut dyn Tx, username: &UsernameKey) -> Result<User, Error> {
    let id = find(tx, username)?.id;
    tx.accounts().lock(&[id], LockStrength::Exclusive)?;
    let user = tx.accounts().find(id)?.filter(|user| user.username.key() == *username);
    Ok(user.ok_or(AccountRefusal::UserNotFound)?)
}

#[cfg(test)]
mod tests;
