//! Refreshing a session: its refresh token is exchanged for another, together with a new key. Each token works once. One
//! that is used again was stolen, or its thief was here first: the session ends.
//!
//! The next key and token follow from the token and a salt. So whoever lost the answer gets the same again, while nothing
//! that is stored can be used by somebody who hasn't had the token.

use std::time::Duration;

use crate::accounts::error::AccountRefusal;
use crate::accounts::factor_policy::FactorStanding;
use crate::accounts::family::{Family, PREVIOUS_KEY, RefreshTerms, Rotation, SKEW, Standing};
use crate::accounts::mail_order::{MailOrder, MailQueue};
use crate::accounts::model::User;
use crate::accounts::new_session::{LoggedIn, Refreshable};
use crate::accounts::origin::Origin;
use crate::accounts::ports::{ApiKeys, LoginJournal, NextPair};
use crate::accounts::refresh_token::{RefreshToken, Salt};
use crate::accounts::repository::LockStrength;
use crate::accounts::session::{Actor, ClientInfo, KeyHash, RefreshHashes, Secret, SessionKind};
use crate::accounts::sessions::{self, Ending};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::ids::UserId;
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::Timestamp;

/// Salts that one command removes.
const REMOVE_BATCH: i64 = 500;

/// The ports that a refresh needs.
#[derive(Clone, Copy)]
pub struct RefreshPorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Reads and makes tokens.
    pub keys: &'a dyn ApiKeys,
    /// Records sessions that ended because of a token that was used again.
    pub journal: &'a dyn LoginJournal,
    /// Tells the user by mail.
    pub mails: &'a dyn MailQueue,
    /// How long sessions last.
    pub terms: RefreshTerms,
}

/// Exchanges a refresh token for a new key and a new token. The key of before works for a minute more. For a moment, the
/// same token gets the same answer again. After that it ends the session, and the user's devices are told.
///
/// # Errors
/// [`AccountRefusal::RefreshTokenInvalid`], [`AccountRefusal::RefreshTokenReused`], or a fault.
pub async fn refresh(ports: RefreshPorts<'_>, token: Secret, client: ClientInfo) -> Result<LoggedIn, Error> {
    let shown = Shown::find(ports, &token, client).await?;
    let salt = ports.keys.salt();
    let next = ports.keys.derive(&shown.token, &salt);
    let (user, hashes, terms) = (shown.user, shown.token.hashes, ports.terms);
    let hashes_of_next = NextHashes { key: next.key.hash, verifier: next.refresh.hashes.verifier, salt };
    let origin = shown.client.origin();
    let work = move |tx: &mut dyn Tx| exchange(tx, user, origin, &hashes, &hashes_of_next, &terms);
    match ports.storage.run(shown.access(), work).await? {
        Exchange::Rotated(renewed) => Ok(renewed.with(next)),
        Exchange::Repeated(renewed, salt) => Ok(renewed.with(ports.keys.derive(&shown.token, &salt))),
        Exchange::Rejected(rejection) => Err(shown.reject(ports, rejection)),
    }
}

/// Ends the session of a refresh token, whose key may have expired.
///
/// # Errors
/// [`AccountRefusal::RefreshTokenInvalid`], [`AccountRefusal::RefreshTokenReused`], or a fault.
pub async fn logout_by_refresh(
    ports: RefreshPorts<'_>,
    token: Secret,
    client: ClientInfo,
) -> Result<(), Error> {
    let shown = Shown::find(ports, &token, client).await?;
    let (user, hashes, grace) = (shown.user, shown.token.hashes, ports.terms.grace);
    let origin = shown.client.origin();
    let work = move |tx: &mut dyn Tx| end_family(tx, user, origin, &hashes, grace);
    match ports.storage.run(shown.access(), work).await? {
        None => Ok(()),
        Some(rejection) => Err(shown.reject(ports, rejection)),
    }
}

/// A token that has the selector of a session.
struct Shown {
    token: RefreshToken,
    user: UserId,
    client: ClientInfo,
}

impl Shown {
    /// Looked up first by a read, so that made-up tokens don't occupy the writer.
    async fn find(ports: RefreshPorts<'_>, token: &Secret, client: ClientInfo) -> Result<Self, Error> {
        let token = ports.keys.read_refresh(token.reveal()).ok_or(AccountRefusal::RefreshTokenInvalid)?;
        let selector = token.hashes.selector;
        let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
        let find = move |tx: &mut dyn Tx| {
            let now = tx.now();
            Ok(tx.sessions().find_family(&selector, now)?.map(|family| family.user))
        };
        let user = ports.storage.run(look, find).await?.ok_or(AccountRefusal::RefreshTokenInvalid)?;
        Ok(Self { token, user, client })
    }

    const fn access(&self) -> Access {
        Access { mode: Mode::Write, caller: Caller::User(self.user) }
    }

    fn reject(&self, ports: RefreshPorts<'_>, rejection: Rejection) -> Error {
        match rejection {
            Rejection::Invalid => AccountRefusal::RefreshTokenInvalid.into(),
            Rejection::Reused(user) => {
                ports.journal.refresh_reused(self.client.address, &user.username);
                // The devices are told and the log is written in any case; a full queue loses no more than a mail.
                let _ = ports.mails.order(MailOrder::RefreshReused(user.id, self.client.clone()));
                AccountRefusal::RefreshTokenReused.into()
            }
        }
    }
}

/// What is stored of the pair that a refresh issues.
#[derive(Debug, Clone, Copy)]
struct NextHashes {
    key: KeyHash,
    verifier: KeyHash,
    salt: Salt,
}

/// What came of a refresh. None of it is a refusal, which would undo the end of a session.
enum Exchange {
    Rotated(Renewed),
    /// The answer of a moment ago, which follows from this salt.
    Repeated(Renewed, Salt),
    Rejected(Rejection),
}

/// Why a token is worth nothing.
enum Rejection {
    Invalid,
    /// It was used before. The session of this user has ended.
    Reused(User),
}

/// A session that was refreshed.
struct Renewed {
    user: User,
    key_expires_at: Timestamp,
    expires_at: Timestamp,
}

impl Renewed {
    fn with(self, pair: NextPair) -> LoggedIn {
        LoggedIn {
            key: pair.key.secret,
            expires_at: self.key_expires_at,
            refresh: Some(Refreshable { token: pair.refresh.secret, expires_at: self.expires_at }),
            device: None,
            user: self.user,
        }
    }
}

/// Locks the user and loads them with the session; `None` if it has ended.
fn lock_family(tx: &mut dyn Tx, user: UserId, selector: &KeyHash) -> Result<Option<(User, Family)>, Error> {
    // What ends sessions locks the user, too. Of two refreshes at once, the second sees what the first has done.
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    let now = tx.now();
    let Some(family) = tx.sessions().find_family(selector, now)? else { return Ok(None) };
    Ok(tx.accounts().find(user)?.map(|user| (user, family)))
}

fn exchange(
    tx: &mut dyn Tx,
    user: UserId,
    origin: Origin,
    shown: &RefreshHashes,
    next: &NextHashes,
    terms: &RefreshTerms,
) -> Result<Exchange, Error> {
    let Some((user, family)) = lock_family(tx, user, &shown.selector)? else {
        return Ok(Exchange::Rejected(Rejection::Invalid));
    };
    let now = tx.now();
    Ok(match family.standing(&shown.verifier, now, terms.grace) {
        Standing::Current => match rotate(tx, user, origin, &family, next, terms)? {
            Some(renewed) => Exchange::Rotated(renewed),
            None => Exchange::Rejected(Rejection::Invalid),
        },
        Standing::JustUsed(Some(salt)) => {
            let Family { key_expires_at, expires_at, .. } = family;
            Exchange::Repeated(Renewed { user, key_expires_at, expires_at }, salt)
        }
        Standing::JustUsed(None) | Standing::Undated => Exchange::Rejected(Rejection::Invalid),
        Standing::Reused => Exchange::Rejected(end_stolen(tx, user, origin, &family)?),
    })
}

/// Stores the next pair. Returns `None` if the session has ended at this moment.
fn rotate(
    tx: &mut dyn Tx,
    user: User,
    origin: Origin,
    family: &Family,
    next: &NextHashes,
    terms: &RefreshTerms,
) -> Result<Option<Renewed>, Error> {
    let now = tx.now();
    let validity = terms.valid_from(now, family.ends_at);
    let rotation = Rotation {
        session: family.session,
        key: next.key,
        key_expires_at: validity.key_expires_at,
        previous_key_until: now.plus(PREVIOUS_KEY),
        verifier: next.verifier,
        salt: next.salt,
        at: now,
        expires_at: validity.expires_at,
    };
    if !tx.sessions().rotate(&rotation)? {
        return Ok(None);
    }
    // It counts as a use: of too many sessions, those unused for longest end.
    let actor = Actor { origin, ..holder_of(&user, family) };
    tx.note_key_use(&next.key, &actor);
    // One a day: a session with a key of an hour would fill the log with what nobody needs to know.
    if family.last.is_none_or(|last| !last.at.is_same_day(now)) {
        let entry = AuditEntry::by(&actor, AuditAction::SessionRefreshed);
        tx.record(entry.about(family.session.get()));
    }
    let (key_expires_at, expires_at) = (validity.key_expires_at, validity.expires_at);
    Ok(Some(Renewed { user, key_expires_at, expires_at }))
}

fn holder_of(user: &User, family: &Family) -> Actor {
    Actor {
        user: user.as_ref(),
        session: family.session,
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    }
}

/// Ends a session whose token somebody else has, too.
fn end_stolen(tx: &mut dyn Tx, user: User, origin: Origin, family: &Family) -> Result<Rejection, Error> {
    let entry = AuditEntry::by_stranger(origin, AuditAction::RefreshReused);
    tx.record(entry.to(user.id).about(family.session.get()));
    tx.emit(None, Event::RefreshReused(user.id));
    sessions::end(tx, None, user.id, Ending::One(family.session))?;
    Ok(Rejection::Reused(user))
}

/// Ends the session of a token at the user's request; the rejection if there is none, or the token was used before.
fn end_family(
    tx: &mut dyn Tx,
    user: UserId,
    origin: Origin,
    shown: &RefreshHashes,
    grace: Duration,
) -> Result<Option<Rejection>, Error> {
    let Some((user, family)) = lock_family(tx, user, &shown.selector)? else {
        return Ok(Some(Rejection::Invalid));
    };
    let now = tx.now();
    match family.standing(&shown.verifier, now, grace) {
        Standing::Reused => end_stolen(tx, user, origin, &family).map(Some),
        // It takes access away, so it is enough that the token was good at some time.
        Standing::Current | Standing::JustUsed(_) | Standing::Undated => {
            sessions::end(tx, Some(user.id), user.id, Ending::One(family.session))?;
            let actor = Actor { origin, ..holder_of(&user, &family) };
            tx.record(AuditEntry::by(&actor, AuditAction::Logout));
            Ok(None)
        }
    }
}

/// Removes a batch of salts that no answer needs any more. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_old_salts(tx: &mut dyn Tx, grace: Duration) -> Result<bool, Error> {
    // Keeps those that a server whose clock is slightly behind still answers with.
    let before = tx.now().minus(grace + SKEW);
    let removed = tx.sessions().remove_salts(before, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
