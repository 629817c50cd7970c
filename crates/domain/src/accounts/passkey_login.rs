//! Logins with a passkey: as a second factor, and by itself, without a password.

use std::sync::Arc;

use crate::accounts::error::AccountRefusal;
use crate::accounts::login::LoginPorts;
use crate::accounts::model::Username;
use crate::accounts::new_session::{self, Begun, LoggedIn, SessionDraft, SessionSecrets};
use crate::accounts::ports::FailedLogin;
use crate::accounts::repository::LockStrength;
use crate::accounts::second_factor::{self, proven};
use crate::accounts::session::{ClientInfo, DeviceName, KeyHash, Secret};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::factors::{
    Asserted, Ceremonies, Ceremony, Checked, CredentialId, FactorRefusal, Purpose, ShownCeremony,
    StoredPasskey, Terms, count_wrong_code, use_passkey,
};
use crate::ids::UserId;
use crate::storage::{Access, Caller, Mode, Tx};
use crate::time::Timestamp;

/// The ports that a login with a passkey needs.
#[derive(Clone)]
pub struct PasskeyLoginPorts<'a> {
    /// What every login needs.
    pub login: LoginPorts<'a>,
    /// Begins and ends ceremonies.
    pub ceremonies: Arc<dyn Ceremonies>,
    /// The public address of the server, if it has one.
    pub site: Option<&'a str>,
}

impl PasskeyLoginPorts<'_> {
    fn site(&self) -> Result<&str, FactorRefusal> {
        self.site.ok_or(FactorRefusal::NoSite)
    }
}

/// Begins to ask for a passkey of whoever has begun to sign in with this ticket.
///
/// # Errors
/// [`AccountRefusal::TicketInvalid`], [`FactorRefusal::NotSetUp`] if the user has no passkey, [`FactorRefusal::NoSite`],
/// [`FactorRefusal::NoKey`], or a fault.
pub async fn begin_passkey_factor(
    ports: PasskeyLoginPorts<'_>,
    ticket: Secret,
    client: ClientInfo,
) -> Result<Ceremony, Error> {
    let site = ports.site()?;
    let ticket = ports.login.keys.digest(ticket.reveal());
    let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
    let read = ports.login.storage.run(look, move |tx| {
        let found = second_factor::find(tx, &ticket)?;
        let passkeys = tx.passkeys().credentials(found.half.user)?;
        if passkeys.is_empty() { Err(FactorRefusal::NotSetUp.into()) } else { Ok((passkeys, tx.now())) }
    });
    let (passkeys, now) = read.await?;
    let purpose = Purpose::second_factor(ticket.as_bytes());
    let begun = ports.ceremonies.begin_assertion(&Terms { site, purpose: &purpose, now }, &passkeys);
    Ok(begun.map_err(FactorRefusal::from)?)
}

/// Finishes a login with a passkey, as [`login_with_code`](super::login_with_code) does with a code.
///
/// # Errors
/// [`AccountRefusal::TicketInvalid`], [`FactorRefusal::WrongPasskey`], [`AccountRefusal::Suspended`],
/// [`FactorRefusal::NoSite`], [`FactorRefusal::NoKey`], or a fault.
pub async fn login_with_passkey_factor(
    ports: PasskeyLoginPorts<'_>,
    ticket: Secret,
    shown: ShownCeremony,
    device: Option<Secret>,
    client: ClientInfo,
) -> Result<LoggedIn, Error> {
    let site = ports.site()?;
    let login = ports.login;
    let ticket = login.keys.digest(ticket.reveal());
    let credential = ports.ceremonies.identify(&shown.credential);
    let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
    let read = login.storage.run(look, move |tx| {
        let found = second_factor::find(tx, &ticket)?;
        let passkey = match &credential {
            Some(credential) => tx.passkeys().find(credential)?,
            None => None,
        };
        Ok((found, passkey, tx.now()))
    });
    let (found, passkey, now) = read.await?;
    let user = found.half.user;
    let purpose = Purpose::second_factor(ticket.as_bytes());
    let terms = Terms { site, purpose: &purpose, now };
    let checked = check(&*ports.ceremonies, &terms, &shown, passkey.filter(|passkey| passkey.user == user))?;
    let secrets = SessionSecrets::draw(login.keys, found.half.refresh);
    let address = client.address;
    let draft =
        login.draft(secrets.hashes(), login.read_device(device.as_ref()), found.half.device_name, client);
    let access = Access { mode: Mode::Write, caller: Caller::User(user) };
    let finished =
        login.storage.run(access, move |tx| finish(tx, user, &ticket, checked.as_ref(), &draft)).await?;
    match finished {
        Checked::Right(begun) => Ok(secrets.of(begun, device)),
        Checked::Wrong => {
            login.journal.failed(FailedLogin { address, username: Some(&found.username) });
            Err(FactorRefusal::WrongPasskey.into())
        }
    }
}

/// A passkey that was shown, as it was stored then.
type Shown = (StoredPasskey, Asserted);

/// Checks what was shown; `None` if it is wrong.
fn check(
    ceremonies: &dyn Ceremonies,
    terms: &Terms<'_>,
    shown: &ShownCeremony,
    passkey: Option<StoredPasskey>,
) -> Result<Option<Shown>, Error> {
    let Some(passkey) = passkey else { return Ok(None) };
    match ceremonies
        .finish_assertion(terms, shown, passkey.user, &passkey.record)
        .map_err(FactorRefusal::from)
    {
        Ok(asserted) => Ok(Some((passkey, asserted))),
        Err(FactorRefusal::WrongPasskey) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Begins the session if the passkey was right. A wrong one is counted like a wrong code.
fn finish(
    tx: &mut dyn Tx,
    user: UserId,
    ticket: &KeyHash,
    shown: Option<&Shown>,
    draft: &SessionDraft,
) -> Result<Checked<Begun>, Error> {
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    let (account, half) = proven(tx, user, ticket)?;
    let is_right = match shown {
        Some((passkey, asserted)) => use_passkey(tx, passkey, asserted)?,
        None => false,
    };
    if !is_right {
        let entry = AuditEntry { action: AuditAction::SecondFactor, ..draft.entry.clone() };
        tx.record(entry.to(user).failed());
        count_wrong_code(tx, ticket, &half)?;
        return Ok(Checked::Wrong);
    }
    tx.half_logins().remove(ticket)?;
    note_passkey(tx, user, draft);
    new_session::begin_session(tx, account, draft).map(Checked::Right)
}

/// Tells in the audit log what the next entry was proven by.
fn note_passkey(tx: &mut dyn Tx, user: UserId, draft: &SessionDraft) {
    tx.record(AuditEntry { action: AuditAction::PasskeyUsed, ..draft.entry.clone() }.to(user));
}

/// A login with a passkey and nothing else.
#[derive(Debug, Clone)]
pub struct PasskeyAttempt {
    /// The passkey.
    pub shown: ShownCeremony,
    /// Whether the session gets a refresh token.
    pub refresh: bool,
    /// The name of the device.
    pub device_name: Option<DeviceName>,
    /// The token that the device got at an earlier login.
    pub device: Option<Secret>,
    /// Where the request came from.
    pub client: ClientInfo,
}

/// Begins to ask for a passkey of whoever it is. Stores nothing.
///
/// # Errors
/// [`FactorRefusal::NoSite`], [`FactorRefusal::NoKey`], or a fault.
pub async fn begin_passkey_login(
    ports: PasskeyLoginPorts<'_>,
    client: ClientInfo,
) -> Result<Ceremony, Error> {
    let site = ports.site()?;
    let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
    let now = ports.login.storage.run(look, |tx| Ok(tx.now())).await?;
    let purpose = Purpose::sign_in();
    let begun = ports.ceremonies.begin_assertion(&Terms { site, purpose: &purpose, now }, &[]);
    Ok(begun.map_err(FactorRefusal::from)?)
}

/// Signs in with a passkey, which is both factors: something that one has, unlocked by something that one is or knows.
///
/// # Errors
/// [`FactorRefusal::WrongPasskey`], also if nobody has this passkey, [`AccountRefusal::Suspended`],
/// [`FactorRefusal::NoSite`], [`FactorRefusal::NoKey`], or a fault.
pub async fn login_with_passkey(
    ports: PasskeyLoginPorts<'_>,
    attempt: PasskeyAttempt,
) -> Result<LoggedIn, Error> {
    let site = ports.site()?;
    let login = ports.login;
    let PasskeyAttempt { shown, refresh, device_name, device, client } = attempt;
    let credential = ports.ceremonies.identify(&shown.credential).ok_or(FactorRefusal::WrongPasskey)?;
    let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
    let (passkey, username, now) = login.storage.run(look, move |tx| find(tx, &credential)).await?;
    let (user, address, purpose) = (passkey.user, client.address, Purpose::sign_in());
    let terms = Terms { site, purpose: &purpose, now };
    let checked = check(&*ports.ceremonies, &terms, &shown, Some(passkey))?;
    let secrets = SessionSecrets::draw(login.keys, refresh);
    let draft = login.draft(secrets.hashes(), login.read_device(device.as_ref()), device_name, client);
    let access = Access { mode: Mode::Write, caller: Caller::User(user) };
    let finished = login.storage.run(access, move |tx| enter(tx, user, checked.as_ref(), &draft)).await?;
    match finished {
        Checked::Right(begun) => Ok(secrets.of(begun, device)),
        Checked::Wrong => {
            login.journal.failed(FailedLogin { address, username: Some(&username) });
            Err(FactorRefusal::WrongPasskey.into())
        }
    }
}

fn find(tx: &mut dyn Tx, credential: &CredentialId) -> Result<(StoredPasskey, Username, Timestamp), Error> {
    let passkey = tx.passkeys().find(credential)?.ok_or(FactorRefusal::WrongPasskey)?;
    let user = tx.accounts().find(passkey.user)?.ok_or(FactorRefusal::WrongPasskey)?;
    Ok((passkey, user.username, tx.now()))
}

/// Begins the session if the passkey was right.
fn enter(
    tx: &mut dyn Tx,
    user: UserId,
    shown: Option<&Shown>,
    draft: &SessionDraft,
) -> Result<Checked<Begun>, Error> {
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    let account = tx.accounts().find(user)?.ok_or(FactorRefusal::WrongPasskey)?;
    let is_right = match shown {
        Some((passkey, asserted)) => use_passkey(tx, passkey, asserted)?,
        None => false,
    };
    if !is_right {
        tx.record(draft.entry.clone().to(user).failed());
        return Ok(Checked::Wrong);
    }
    if account.suspended {
        return Err(AccountRefusal::Suspended.into());
    }
    note_passkey(tx, user, draft);
    new_session::begin_session(tx, account, draft).map(Checked::Right)
}

#[cfg(test)]
mod tests;
