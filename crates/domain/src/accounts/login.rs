//! Login.

mod attempts;

use std::time::Duration;

use crate::accounts::error::AccountRefusal;
use crate::accounts::family::RefreshTerms;
use crate::accounts::known_devices;
use crate::accounts::known_networks::{self, NetworkFamiliarity};
use crate::accounts::model::{HashCost, Password, PasswordHash, User, Username, UsernameKey};
use crate::accounts::new_session::{self, Begun, LoggedIn, SessionDraft, SessionHashes, SessionSecrets};
use crate::accounts::ports::{
    ApiKeys, AttemptPool, HashCaller, IssuedKey, LoginJournal, LoginRateLimiter, PasswordAttempt,
    PasswordCheck, PasswordHasher, Verification,
};
use crate::accounts::repository::LockStrength;
use crate::accounts::session::{ClientInfo, DeviceName, KeyHash, Secret};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::{Error, Refusal};
use crate::factors::{self, FactorMethod, HALF_LOGIN_LIFETIME, NewHalfLogin};
use crate::ids::UserId;
use crate::network::Network;
use crate::storage::{Access, Caller, DiskSpace, Mode, Storage, Tx};
use crate::time::Timestamp;

/// The credentials and the origin of a login.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    /// The name as typed. It may not be a valid username.
    pub username: String,
    /// The password as typed. It may not be a valid password.
    pub password: Secret,
    /// Whether the session gets a refresh token.
    pub refresh: bool,
    /// The name of the device.
    pub device_name: Option<DeviceName>,
    /// The token that the device got at an earlier login.
    pub device: Option<Secret>,
    /// Where the request came from.
    pub client: ClientInfo,
}

/// The ports that a login needs.
#[derive(Clone, Copy)]
pub struct LoginPorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Checks the password.
    pub hasher: &'a dyn PasswordHasher,
    /// Makes the key.
    pub keys: &'a dyn ApiKeys,
    /// Limits the attempts.
    pub attempts: &'a dyn LoginRateLimiter,
    /// Records failures.
    pub journal: &'a dyn LoginJournal,
    /// How long the key is valid, without a refresh token.
    pub lifetime: Duration,
    /// How long sessions with a refresh token last.
    pub refresh: RefreshTerms,
    /// How many sessions a user may have at a time.
    pub sessions_per_user: u32,
    /// For how long a network stays known after a login from there.
    pub networks_known_for: Duration,
    /// For how long a device stays known after a login on it.
    pub devices_known_for: Duration,
}

impl LoginPorts<'_> {
    /// The hash of a device's token; `None` if there is none, or what can't be one.
    pub(crate) fn read_device(&self, token: Option<&Secret>) -> Option<KeyHash> {
        token.and_then(|token| self.keys.read_device(token.reveal()))
    }

    /// A session that may begin: on the device that was shown, if any, which need not be the user's.
    pub(crate) fn draft(
        &self,
        hashes: SessionHashes,
        shown_device: Option<KeyHash>,
        device_name: Option<DeviceName>,
        client: ClientInfo,
    ) -> SessionDraft {
        SessionDraft {
            hashes,
            entry: AuditEntry::by_stranger(client.origin(), AuditAction::Login),
            client,
            device_name,
            shown_device,
            devices_known_for: self.devices_known_for,
            lifetime: self.lifetime,
            terms: self.refresh,
            sessions_per_user: self.sessions_per_user,
        }
    }
}

/// What comes of a right password.
#[derive(Debug, Clone)]
pub enum SignedIn {
    /// A session has begun.
    Complete(LoggedIn),
    /// The user has a second factor, and is asked for it.
    HalfWay(HalfWay),
}

/// A login that lacks a second factor.
#[derive(Debug, Clone)]
pub struct HalfWay {
    /// The ticket to finish it with, shown once.
    pub ticket: Secret,
    /// When it expires.
    pub expires_at: Timestamp,
    /// What the user can show.
    pub methods: Vec<FactorMethod>,
}

/// How often to check a password whose hash keeps changing during the check, for example because concurrent logins
/// renew it.
const CHECKS: u32 = 3;

/// When to retry if the hash still changes.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Signs in with a password. If the user then has too many sessions, those that have been unused the longest end. The
/// response to a wrong password is the same, and takes equally long, whether or not the user exists. A device on which the
/// user has signed in before has attempts of its own, so that nobody else can use them up. If the password is
/// right and its stored hash is outdated, the hash is renewed, which ends no session. If the user has a second factor, the
/// session begins by [`login_with_code`](super::login_with_code).
///
/// # Errors
/// [`AccountRefusal::InvalidCredentials`], [`AccountRefusal::TooManyAttempts`], [`AccountRefusal::Suspended`] if the
/// password is right, busy, or a fault.
pub async fn login(ports: LoginPorts<'_>, attempt: LoginAttempt) -> Result<SignedIn, Error> {
    // All names that can't be usernames share one counter, to keep its memory small.
    let account = Username::parse(&attempt.username).map_or_else(|_| UsernameKey::of(""), |name| name.key());
    let mut login = Login {
        ports,
        network: attempt.client.network(),
        shown: ports.read_device(attempt.device.as_ref()),
        attempt,
        account,
        taken_attempts: Vec::new(),
        username: None,
        user: None,
    };
    login.take_first_attempt().await?;
    let outcome = login.run().await;
    login.record_failure(outcome.as_ref().err()).await;
    login.settle(outcome.as_ref().err());
    outcome
}

/// A login in progress.
struct Login<'a> {
    ports: LoginPorts<'a>,
    attempt: LoginAttempt,
    network: Network,
    /// The device that was shown, which need not be the account's.
    shown: Option<KeyHash>,
    /// The typed username, folded for lookup.
    account: UsernameKey,
    /// The attempts that were taken.
    taken_attempts: Vec<(PasswordAttempt, AttemptPool)>,
    /// The owner of the account, once known.
    username: Option<Username>,
    user: Option<UserId>,
}

impl Login<'_> {
    /// Records a wrong username or password, without the text that was typed, or that the user is suspended. The answer
    /// is the same if it can't be recorded, and the storage has logged why. An attempt beyond a limit is not recorded:
    /// nobody checked it.
    async fn record_failure(&self, failure: Option<&Error>) {
        let Some(Error::Refused(Refusal::Account(
            AccountRefusal::InvalidCredentials | AccountRefusal::Suspended,
        ))) = failure
        else {
            return;
        };
        // Strangers must not use up what is kept in reserve.
        if self.ports.storage.disk_space().is_some_and(DiskSpace::is_nearly_full) {
            return;
        }
        let tried = AuditEntry { target: self.user, ..self.entry().failed() };
        let access = Access { mode: Mode::Write, caller: Caller::Network(self.network) };
        let record = move |tx: &mut dyn Tx| {
            tx.record(tried.clone());
            Ok(())
        };
        let _ = self.ports.storage.run(access, record).await;
    }

    /// The entry of this login in the audit log.
    fn entry(&self) -> AuditEntry {
        AuditEntry::by_stranger(self.attempt.client.origin(), AuditAction::Login)
    }

    async fn run(&mut self) -> Result<SignedIn, Error> {
        let mut stored = self.look_up().await?;
        self.take_further_attempts(&stored)?;
        for _ in 0..CHECKS {
            let (user, proof) = self.prove(&stored).await?;
            let secrets = SessionSecrets::draw(self.ports.keys, self.attempt.refresh);
            let IssuedKey { secret: ticket, hash } = self.ports.keys.issue_login_ticket();
            match self.enter(user, proof, secrets.hashes(), hash).await? {
                Entered::Session(begun) => {
                    return Ok(SignedIn::Complete(secrets.of(begun, self.attempt.device.clone())));
                }
                Entered::HalfWay { expires_at, methods } => {
                    return Ok(SignedIn::HalfWay(HalfWay { ticket, expires_at, methods }));
                }
                Entered::Changed => stored = self.look_up().await?,
            }
        }
        Err(Error::Busy { retry_after: RETRY_AFTER })
    }

    async fn look_up(&mut self) -> Result<Stored, Error> {
        let (name, network, known_for) = (self.account.clone(), self.network, self.ports.networks_known_for);
        let access = Access { mode: Mode::Read, caller: Caller::Network(network) };
        let (shown, devices_known_for) = (self.shown, self.ports.devices_known_for);
        let look = move |tx: &mut dyn Tx| {
            let owner = known_devices::owner(tx, shown, devices_known_for)?;
            look_up(tx, &name, network, known_for, owner)
        };
        let stored = self.ports.storage.run(access, look).await?;
        self.user = stored.user.as_ref().map(|user| user.id);
        self.username = stored.user.as_ref().map(|user| user.username.clone());
        Ok(stored)
    }

    /// Checks the password.
    async fn prove(&self, stored: &Stored) -> Result<(UserId, Proof), Error> {
        let caller = HashCaller::SignIn {
            network: self.network,
            account: self.account.clone(),
            is_known: stored.familiarity.to_anybody || stored.owns_device,
        };
        let (typed, hash) = (self.attempt.password.clone(), stored.hash.clone());
        let check = PasswordCheck { typed, hash, highest_cost: stored.highest_cost };
        let verification = self.ports.hasher.verify(caller, check).await?;
        let (Some(user), Some(hash)) = (&stored.user, &stored.hash) else {
            return Err(AccountRefusal::InvalidCredentials.into());
        };
        let renewed = match verification {
            Verification::Wrong => return Err(AccountRefusal::InvalidCredentials.into()),
            Verification::Right => None,
            Verification::RightButOutdated => self.renew(user.id).await,
        };
        Ok((user.id, Proof { checked: hash.clone(), renewed }))
    }

    /// A new hash of the correct password. If hashing fails, the stored hash stays as it is until the next login.
    async fn renew(&self, user: UserId) -> Option<PasswordHash> {
        let password = Password::normalized(self.attempt.password.reveal())?;
        self.ports.hasher.hash(HashCaller::User(user), password).await.ok()
    }

    /// Stores the session, or half of the login, unless the password has changed meanwhile.
    async fn enter(
        &self,
        user: UserId,
        proof: Proof,
        hashes: SessionHashes,
        ticket: KeyHash,
    ) -> Result<Entered, Error> {
        let LoginAttempt { client, device_name, .. } = self.attempt.clone();
        let draft = self.ports.draft(hashes, self.shown, device_name, client);
        let proven = Proven { user, proof, draft, ticket };
        let access = Access { mode: Mode::Write, caller: Caller::User(user) };
        self.ports.storage.run(access, move |tx| enter(tx, &proven)).await
    }
}

/// What is stored about an account, and what else checking its password needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    user: Option<User>,
    hash: Option<PasswordHash>,
    highest_cost: Option<HashCost>,
    familiarity: NetworkFamiliarity,
    /// Whether the device that was shown is the user's.
    owns_device: bool,
}

fn look_up(
    tx: &mut dyn Tx,
    name: &UsernameKey,
    network: Network,
    known_for: Duration,
    device_owner: Option<UserId>,
) -> Result<Stored, Error> {
    let user = tx.accounts().find_by_username(name)?;
    let hash = match &user {
        Some(user) => tx.accounts().password(user.id)?,
        None => None,
    };
    let highest_cost = tx.accounts().highest_hash_cost()?;
    let familiarity = known_networks::familiarity(tx, user.as_ref().map(|user| user.id), network, known_for)?;
    let owns_device = device_owner.is_some() && user.as_ref().map(|user| user.id) == device_owner;
    Ok(Stored { user, hash, highest_cost, familiarity, owns_device })
}

/// A password that was correct.
#[derive(Debug, Clone)]
struct Proof {
    /// The hash that it was checked against.
    checked: PasswordHash,
    /// The hash to replace it, if it is outdated.
    renewed: Option<PasswordHash>,
}

/// A user whose password was just correct, and the session to store.
struct Proven {
    user: UserId,
    proof: Proof,
    draft: SessionDraft,
    /// SHA-256 of the ticket, if a second factor is asked for.
    ticket: KeyHash,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
enum Entered {
    Session(Begun),
    HalfWay {
        expires_at: Timestamp,
        methods: Vec<FactorMethod>,
    },
    /// The hash that was checked is no longer the user's, and nothing was stored.
    Changed,
}

/// Lets a user in, or asks for a second factor.
fn enter(tx: &mut dyn Tx, proven: &Proven) -> Result<Entered, Error> {
    let (id, Proof { checked, renewed }) = (proven.user, &proven.proof);
    tx.accounts().lock(&[id], LockStrength::Exclusive)?;
    let user = tx.accounts().find(id)?.ok_or(AccountRefusal::InvalidCredentials)?;
    if tx.accounts().password(id)?.as_ref() != Some(checked) {
        return Ok(Entered::Changed);
    }
    if user.suspended {
        return Err(AccountRefusal::Suspended.into());
    }
    if let Some(hash) = renewed {
        tx.accounts().renew_password(id, hash)?;
    }
    let methods = factors::asked_of(tx, id)?;
    if methods.is_empty() {
        return new_session::begin_session(tx, user, &proven.draft).map(Entered::Session);
    }
    let expires_at = tx.now().plus(HALF_LOGIN_LIFETIME);
    factors::begin_half_login(tx, &proven.half(expires_at))?;
    tx.record(AuditEntry { action: AuditAction::SecondFactorAsked, ..proven.draft.entry.clone() }.to(id));
    Ok(Entered::HalfWay { expires_at, methods })
}

impl Proven {
    /// Half of the login, until the second factor comes.
    fn half(&self, expires_at: Timestamp) -> NewHalfLogin {
        let Proof { checked, renewed } = &self.proof;
        NewHalfLogin {
            ticket: self.ticket,
            user: self.user,
            proven: renewed.as_ref().unwrap_or(checked).clone(),
            refresh: self.draft.hashes.refresh.is_some(),
            device_name: self.draft.device_name.clone(),
            expires_at,
        }
    }
}

#[cfg(test)]
mod tests;
