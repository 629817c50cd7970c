//! Resetting a forgotten password by a code that comes by mail.
//!
//! The request only orders a mail: who has an account is looked up when that is written, so that the answer says nothing
//! about it. A code is bound to the password and the address of the moment when it was issued. A change of either ends
//! it, wherever that is made.

use std::time::Duration;

use crate::accounts::error::AccountRefusal;
use crate::accounts::mail_order::{MailOrder, MailQueue, ResetAccount};
use crate::accounts::model::{Password, PasswordHash, User};
use crate::accounts::new_password::{hash_chosen, known_of};
use crate::accounts::origin::Origin;
use crate::accounts::ports::{ApiKeys, HashCaller, PasswordHasher};
use crate::accounts::repository::LockStrength;
use crate::accounts::reset_repository::{NewReset, PendingReset};
use crate::accounts::session::{ClientInfo, KeyHash};
use crate::accounts::sessions::{self, Ending};
use crate::audit::{AuditAction, AuditEntry};
use crate::codes::{CodeHash, SecretCode, SecretCodes};
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::{Span, Timestamp};

/// How long a code is valid.
pub const RESET_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// How many codes an account gets in [`RESET_WINDOW`].
pub const MAX_RESETS: u32 = 3;

/// The time in which an account gets [`MAX_RESETS`].
pub const RESET_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// For how many accounts with one address there are codes at a time: the oldest ones.
pub const MAX_RESET_ACCOUNTS: u32 = 5;

/// How far the clock of the server that issued a code may be ahead of the one that takes it.
const SKEW: Duration = Duration::from_secs(60);

/// Old codes that one command removes.
const REMOVE_BATCH: i64 = 500;

/// Orders a mail with a code that resets the password. Succeeds whether or not there is such an account.
///
/// # Errors
/// [`AccountRefusal::MailOff`], or busy.
pub fn request_reset(mails: &dyn MailQueue, account: ResetAccount, client: ClientInfo) -> Result<(), Error> {
    if !mails.is_on() {
        return Err(AccountRefusal::MailOff.into());
    }
    let ordered = mails.order(MailOrder::Reset { account, client });
    ordered.map_err(|retry_after| Error::Busy { retry_after })
}

/// The ports that resets need.
#[derive(Clone, Copy)]
pub struct ResetPorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Hashes the new password.
    pub hasher: &'a dyn PasswordHasher,
    /// Hashes what a code is bound to.
    pub keys: &'a dyn ApiKeys,
    /// Makes and hashes codes.
    pub codes: &'a dyn SecretCodes,
}

/// The hash of what a code is bound to.
fn state_of(keys: &dyn ApiKeys, user: &User, password: &PasswordHash) -> KeyHash {
    // Neither of them has line feeds.
    let email = user.email.as_ref().map_or("", |email| email.as_str());
    keys.digest(&format!("{}\n{email}", password.as_str()))
}

/// A code for an account, as its mail contains it.
#[derive(Debug, Clone)]
pub(super) struct IssuedReset {
    /// Whose password it resets. They have an address.
    pub user: User,
    /// The code.
    pub code: SecretCode,
}

/// Issues codes for the accounts that somebody named, if there are any. An account that got enough of them lately gets
/// none.
///
/// # Errors
/// Busy, or a fault.
pub(super) async fn issue_resets(
    storage: &dyn Storage,
    keys: &dyn ApiKeys,
    codes: &dyn SecretCodes,
    account: ResetAccount,
    client: &ClientInfo,
) -> Result<Vec<IssuedReset>, Error> {
    let (caller, origin) = (Caller::Network(client.network()), client.origin());
    let look = Access { mode: Mode::Read, caller };
    let found = storage.run(look, move |tx| find_accounts(tx, &account)).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let (mut issued, mut drafts) = (Vec::new(), Vec::new());
    for (user, password) in found {
        let code = codes.issue_code();
        drafts.push((user.id, codes.digest_code(&code), state_of(keys, &user, &password)));
        issued.push(IssuedReset { user, code });
    }
    let store = Access { mode: Mode::Write, caller };
    let stored = storage.run(store, move |tx| store_codes(tx, &drafts, origin)).await?;
    issued.retain(|reset| stored.contains(&reset.user.id));
    Ok(issued)
}

/// The accounts that somebody named, that have an address and are not suspended, with their passwords.
fn find_accounts(tx: &mut dyn Tx, account: &ResetAccount) -> Result<Vec<(User, PasswordHash)>, Error> {
    let users = match account {
        ResetAccount::Username(name) => tx.accounts().find_by_username(name)?.into_iter().collect(),
        ResetAccount::Email(email) => tx.accounts().find_by_email(email, MAX_RESET_ACCOUNTS)?,
    };
    let mut found = Vec::new();
    for user in users.into_iter().filter(|user| user.email.is_some() && !user.suspended) {
        if let Some(password) = tx.accounts().password(user.id)? {
            found.push((user, password));
        }
    }
    Ok(found)
}

/// Stores codes. Returns the users who did not have enough of them before.
fn store_codes(
    tx: &mut dyn Tx,
    drafts: &[(UserId, CodeHash, KeyHash)],
    origin: Origin,
) -> Result<Vec<UserId>, Error> {
    let users: Vec<_> = drafts.iter().map(|(user, ..)| *user).collect();
    // Two orders at once must not count the same codes.
    tx.accounts().lock(&users, LockStrength::Exclusive)?;
    let now = tx.now();
    // Those of a clock that was ahead don't count: nobody knows how long ago they were issued.
    let lately = Span { after: now.minus(RESET_WINDOW), until: now.plus(SKEW) };
    let mut stored = Vec::new();
    for (user, code, state) in drafts {
        if tx.password_resets().count(*user, lately)? >= MAX_RESETS {
            continue;
        }
        let expires_at = now.plus(RESET_LIFETIME);
        let reset = NewReset { user: *user, code: *code, state: *state, created_at: now, expires_at };
        tx.password_resets().insert(&reset)?;
        tx.record(AuditEntry::by_stranger(origin, AuditAction::ResetRequested).to(*user));
        stored.push(*user);
    }
    Ok(stored)
}

/// Sets a new password by a code. All sessions of the user end, and the networks and devices that the user signed in
/// from are forgotten.
///
/// # Errors
/// [`AccountRefusal::ResetNotFound`] if the code is unknown, used or expired, or if the password or the address has
/// changed since it was issued; a new password that is easy to guess, which doesn't use the code up; busy, or a fault.
pub async fn reset_password(
    ports: ResetPorts<'_>,
    code: &SecretCode,
    new: Password,
    client: ClientInfo,
) -> Result<(), Error> {
    let code = ports.codes.digest_code(code);
    // Looked up first by a read, so that made-up codes occupy neither the writer nor the hasher.
    let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
    let found = ports.storage.run(look, move |tx| find_reset(tx, &code)).await?;
    let found = found
        .filter(|found| state_of(ports.keys, &found.user, &found.password) == found.reset.state)
        .ok_or(AccountRefusal::ResetNotFound)?;
    let (caller, known) = (HashCaller::User(found.user.id), known_of(&found.user));
    let hash = hash_chosen(ports.hasher, caller, "new", new, known).await?;
    let (access, origin) =
        (Access { mode: Mode::Write, caller: Caller::User(found.user.id) }, client.origin());
    ports.storage.run(access, move |tx| replace(tx, &found, &code, &hash, origin)).await
}

/// A code that is valid, and what it may be bound to.
struct FoundReset {
    reset: PendingReset,
    user: User,
    password: PasswordHash,
}

/// When a valid code can expire. One that expires later than any valid one was issued by a clock that was ahead, and
/// nobody knows how long ago.
fn valid_span(now: Timestamp) -> Span {
    Span { after: now, until: now.plus(RESET_LIFETIME + SKEW) }
}

fn find_reset(tx: &mut dyn Tx, code: &CodeHash) -> Result<Option<FoundReset>, Error> {
    let span = valid_span(tx.now());
    let Some(reset) = tx.password_resets().find(code, span)? else { return Ok(None) };
    let Some(user) = tx.accounts().find(reset.user)?.filter(|user| !user.suspended) else {
        return Ok(None);
    };
    let password = tx.accounts().password(reset.user)?;
    Ok(password.map(|password| FoundReset { reset, user, password }))
}

fn replace(
    tx: &mut dyn Tx,
    found: &FoundReset,
    code: &CodeHash,
    new: &PasswordHash,
    origin: Origin,
) -> Result<(), Error> {
    let (id, now) = (found.user.id, tx.now());
    tx.accounts().lock(&[id], LockStrength::Exclusive)?;
    let user = tx.accounts().find(id)?.filter(|user| !user.suspended);
    let user = user.ok_or(AccountRefusal::ResetNotFound)?;
    let is_bound =
        user.email == found.user.email && tx.accounts().password(id)?.as_ref() == Some(&found.password);
    if !is_bound || !tx.password_resets().use_up(code, valid_span(now), now)? {
        return Err(AccountRefusal::ResetNotFound.into());
    }
    tx.accounts().set_password(id, new)?;
    tx.known_networks().forget(id)?;
    tx.known_devices().forget(id, None)?;
    sessions::end(tx, Some(id), id, Ending::AllAndTokens)?;
    tx.record(AuditEntry::by_stranger(origin, AuditAction::PasswordReset).to(id));
    Ok(())
}

/// Removes a batch of codes that no limit counts any more. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_old_resets(tx: &mut dyn Tx) -> Result<bool, Error> {
    // Keeps those that a server whose clock is slightly behind still counts.
    let before = tx.now().minus(RESET_WINDOW + SKEW);
    let removed = tx.password_resets().remove_old(before, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
