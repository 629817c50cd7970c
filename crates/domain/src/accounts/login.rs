//! Signing in.

use std::time::Duration;

use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{PasswordHash, User, Username, UsernameKey};
use crate::accounts::ports::{ApiKeys, LoginAttempts, PasswordHasher, PasswordTry};
use crate::accounts::repository::LockStrength;
use crate::accounts::session::{ClientInfo, KeyHash, NewSession, Secret, SessionKind};
use crate::accounts::sessions::{self, Ending};
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::Timestamp;

/// What somebody shows to sign in.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    /// The name as typed; it may be one that no user could have.
    pub username: String,
    /// The password as typed; likewise.
    pub password: Secret,
    /// Where the request came from.
    pub client: ClientInfo,
}

/// The ports that signing in needs.
#[derive(Clone, Copy)]
pub struct LoginPorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Checks the password.
    pub hasher: &'a dyn PasswordHasher,
    /// Makes the key.
    pub keys: &'a dyn ApiKeys,
    /// Counts the tries.
    pub attempts: &'a dyn LoginAttempts,
    /// How long the key works.
    pub lifetime: Duration,
    /// How many sessions a user may have at a time.
    pub sessions_per_user: u32,
}

/// A new session, and who signed in.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The API key, shown once.
    pub key: Secret,
    /// When it stops working by itself.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub user: User,
}

/// Signs in with a password; of more sessions than a user may have, those that were unused for longest end. The
/// answer to a wrong one is the same, and takes as long, whether or not the user exists.
///
/// # Errors
/// [`AccountRefusal::InvalidCredentials`], [`AccountRefusal::TooManyAttempts`], busy, or a fault.
pub async fn login(ports: LoginPorts<'_>, attempt: LoginAttempt) -> Result<LoggedIn, Error> {
    // A name that no user could have counts as one and the same account: the counter's memory stays small.
    let account = Username::parse(&attempt.username).map_or_else(|_| UsernameKey::of(""), |name| name.key());
    let counted = PasswordTry::SignIn { network: attempt.client.network(), account: account.clone() };
    ports.attempts.take(&counted).map_err(|retry_after| AccountRefusal::TooManyAttempts { retry_after })?;
    let outcome = try_login(ports, attempt, &account).await;
    let wrong = Error::from(AccountRefusal::InvalidCredentials);
    if outcome.as_ref().err() != Some(&wrong) {
        ports.attempts.give_back(&counted);
    }
    outcome
}

async fn try_login(
    ports: LoginPorts<'_>,
    attempt: LoginAttempt,
    account: &UsernameKey,
) -> Result<LoggedIn, Error> {
    let caller = Caller::Network(attempt.client.network());
    let name = account.clone();
    let known =
        ports.storage.run(Access { mode: Mode::Read, caller }, move |tx| find_password(tx, &name)).await?;
    let (user, hash) = known.unzip();
    let right = ports.hasher.verify(attempt.password, hash.clone()).await?;
    let (Some(user), Some(hash), true) = (user, hash, right) else {
        return Err(AccountRefusal::InvalidCredentials.into());
    };
    let key = ports.keys.issue();
    let proven = Proven {
        user,
        checked: hash,
        key: key.hash,
        client: attempt.client,
        lifetime: ports.lifetime,
        sessions_per_user: ports.sessions_per_user,
    };
    let begin = move |tx: &mut dyn Tx| begin_session(tx, &proven);
    let (user, expires_at) = ports.storage.run(Access { mode: Mode::Write, caller }, begin).await?;
    Ok(LoggedIn { key: key.secret, expires_at, user })
}

fn find_password(tx: &mut dyn Tx, name: &UsernameKey) -> Result<Option<(UserId, PasswordHash)>, Error> {
    let Some(user) = tx.accounts().find_by_username(name)? else { return Ok(None) };
    let hash = tx.accounts().password(user.id)?;
    Ok(hash.map(|hash| (user.id, hash)))
}

/// Somebody whose password was right a moment ago, and the session they are to have.
struct Proven {
    user: UserId,
    /// The hash that the password was checked against.
    checked: PasswordHash,
    key: KeyHash,
    client: ClientInfo,
    lifetime: Duration,
    sessions_per_user: u32,
}

/// Stores the session, if the password that was checked is still the user's.
fn begin_session(tx: &mut dyn Tx, proven: &Proven) -> Result<(User, Timestamp), Error> {
    let id = proven.user;
    // Two at once must not count the same sessions.
    tx.accounts().lock(&[id], LockStrength::Exclusive)?;
    let user = tx.accounts().find(id)?.ok_or(AccountRefusal::InvalidCredentials)?;
    if tx.accounts().password(id)?.as_ref() != Some(&proven.checked) {
        return Err(AccountRefusal::InvalidCredentials.into());
    }
    sessions::end(tx, Some(id), id, Ending::ForOneOf(proven.sessions_per_user))?;
    let created_at = tx.now();
    let expires_at = created_at.plus(proven.lifetime);
    tx.sessions().insert(&NewSession {
        user: id,
        kind: SessionKind::Login,
        key: proven.key,
        created_at,
        expires_at,
        client: proven.client.clone(),
    })?;
    Ok((user, expires_at))
}

#[cfg(test)]
mod tests;
