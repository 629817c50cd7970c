//! Registering and removing passkeys, which takes the password, and checking that one was shown.

use std::sync::Arc;

use crate::accounts::{Actor, LockStrength, Secret, User, owner_for_factors};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::factors::ceremony::{Asserted, Ceremonies, Ceremony, PasskeyOwner, Purpose, ShownCeremony, Terms};
use crate::factors::error::FactorRefusal;
use crate::factors::held::has_totp;
use crate::factors::model::{RecoveryCode, TypedCode};
use crate::factors::passkey::{MAX_PASSKEYS, NewPasskey, Passkey, PasskeyName, StoredPasskey, host_of};
use crate::factors::ports::FactorPorts;
use crate::factors::recovery::Drawn;
use crate::factors::verify::{Checked, Verifier, limited, verify_code};
use crate::ids::PasskeyId;
use crate::storage::{Asking, Credential, Tx, WritePurpose, Writing};

/// The ports that passkeys need.
#[derive(Clone)]
pub struct PasskeyPorts<'a> {
    /// What managing second factors needs.
    pub factors: FactorPorts<'a>,
    /// Begins and ends ceremonies.
    pub ceremonies: Arc<dyn Ceremonies>,
    /// The public address of the server, if it has one.
    pub site: Option<&'a str>,
}

impl PasskeyPorts<'_> {
    fn site(&self) -> Result<&str, FactorRefusal> {
        self.site.ok_or(FactorRefusal::NoSite)
    }
}

/// Begins to register a passkey of the actor, with the password.
///
/// # Errors
/// `ProvisionedKey`, `WrongPassword`, `TooManyAttempts` of [`AccountRefusal`](crate::accounts::AccountRefusal),
/// [`FactorRefusal::TooManyPasskeys`], [`FactorRefusal::NoSite`], [`FactorRefusal::NoKey`], busy, or a fault.
pub async fn begin_passkey(
    ports: PasskeyPorts<'_>,
    who: Credential,
    password: Secret,
) -> Result<Ceremony, Error> {
    let own_password = ports.factors.password;
    let asking = Asking::from(who).before_factor();
    let read = own_password.storage.read_as(asking, |tx, actor| {
        let owner = owner_for_factors(tx, actor)?;
        let known = tx.passkeys().credentials(owner.user.id)?;
        require_room(known.len())?;
        Ok((owner, known, tx.now()))
    });
    let (owner, known, now) = read.await?;
    let site = ports.site()?;
    let user = owner.user.id;
    own_password.prove(who, user, &owner.hash, password, AuditAction::PasskeyRegistered).await?;
    let purpose = Purpose::registration(user, owner.hash.as_str());
    let terms = Terms { site, purpose: &purpose, now };
    let begun = ports.ceremonies.begin_registration(&terms, &named(&owner.user), &known);
    Ok(begun.map_err(FactorRefusal::from)?)
}

fn named(user: &User) -> PasskeyOwner<'_> {
    let username = user.username.as_str();
    let display_name = user.display_name.as_ref().map_or(username, |name| name.as_str());
    PasskeyOwner { user: user.id, username, display_name }
}

fn require_room(passkeys: usize) -> Result<(), FactorRefusal> {
    if passkeys < MAX_PASSKEYS { Ok(()) } else { Err(FactorRefusal::TooManyPasskeys) }
}

/// Registers the passkey that a ceremony has made. From now on, logins ask for it or for another factor. Returns it, with
/// recovery codes if it is the user's first factor; they are shown once.
///
/// # Errors
/// `ProvisionedKey`, `ChangedMeanwhile` of [`AccountRefusal`](crate::accounts::AccountRefusal),
/// [`FactorRefusal::RefusedPasskey`], [`FactorRefusal::AlreadySetUp`] if the passkey is known,
/// [`FactorRefusal::TooManyPasskeys`], [`FactorRefusal::NoSite`], [`FactorRefusal::NoKey`], or a fault.
pub async fn register_passkey(
    ports: PasskeyPorts<'_>,
    who: Credential,
    shown: ShownCeremony,
    name: PasskeyName,
) -> Result<(Passkey, Option<Vec<RecoveryCode>>), Error> {
    let storage = ports.factors.password.storage;
    let asking = Asking::from(who).before_factor();
    let read = storage.read_as(asking, |tx, actor| Ok((owner_for_factors(tx, actor)?, tx.now())));
    let (owner, now) = read.await?;
    let site = ports.site()?;
    let user = owner.user.id;
    let purpose = Purpose::registration(user, owner.hash.as_str());
    let terms = Terms { site, purpose: &purpose, now };
    let made = ports.ceremonies.finish_registration(&terms, &shown).map_err(FactorRefusal::from);
    let (credential, record) = made.map_err(|refusal| match refusal {
        FactorRefusal::WrongPasskey => FactorRefusal::RefusedPasskey,
        other => other,
    })?;
    let (host, Drawn { codes, hashes }) = (host_of(site), Drawn::draw(&*ports.factors.codes));
    let registering = Writing::new(who, WritePurpose::Tidy).before_factor();
    let stored = storage.write_as(registering, move |tx, actor| {
        tx.accounts().lock(&[user], LockStrength::Exclusive)?;
        owner.require_unchanged(tx, actor)?;
        let before = tx.passkeys().credentials(user)?.len();
        require_room(before)?;
        let is_first = before == 0 && !has_totp(tx, user)?;
        let new = NewPasskey {
            user,
            credential: credential.clone(),
            record: record.clone(),
            name: name.clone(),
            host: host.clone(),
            created_at: tx.now(),
        };
        let id = tx.passkeys().insert(&new)?.ok_or(FactorRefusal::AlreadySetUp)?;
        if is_first {
            tx.factors().replace_recovery_codes(user, &hashes)?;
        }
        tx.record(AuditEntry::by(actor, AuditAction::PasskeyRegistered).to(user).about(id.get()));
        tx.emit(Some(user), Event::FactorsUpdated(user));
        let NewPasskey { name, created_at, .. } = new;
        Ok((Passkey { id, name, created_at, last_used_at: None }, is_first))
    });
    let (passkey, is_first) = stored.await?;
    Ok((passkey, is_first.then_some(codes)))
}

/// Removes a passkey of the actor, with the password, and with a code if it is the last factor: then the recovery codes go,
/// too.
///
/// # Errors
/// `ProvisionedKey`, `WrongPassword`, `TooManyAttempts`, `ChangedMeanwhile` of
/// [`AccountRefusal`](crate::accounts::AccountRefusal), [`FactorRefusal::NotSetUp`] if there is no such passkey,
/// [`FactorRefusal::CodeRequired`], [`FactorRefusal::WrongCode`], [`FactorRefusal::NoKey`], busy, or a fault.
pub async fn remove_passkey(
    ports: FactorPorts<'_>,
    who: Credential,
    id: PasskeyId,
    password: Secret,
    code: Option<TypedCode>,
) -> Result<(), Error> {
    let storage = ports.password.storage;
    let owner = storage.read_as(who, move |tx, actor| {
        let owner = owner_for_factors(tx, actor)?;
        require_one(&tx.passkeys().list(owner.user.id)?, id)?;
        Ok(owner)
    });
    let owner = owner.await?;
    let user = owner.user.id;
    ports.password.prove(who, user, &owner.hash, password, AuditAction::PasskeyRemoved).await?;
    let verifier = code.map(|code| Verifier::new(&ports.codes, &ports.sealer, &code));
    let removing = {
        let verifier = verifier.clone();
        storage.write_as(Writing::new(who, WritePurpose::Tidy), move |tx, actor| {
            tx.accounts().lock(&[user], LockStrength::Exclusive)?;
            owner.require_unchanged(tx, actor)?;
            let all = tx.passkeys().list(user)?;
            require_one(&all, id)?;
            let is_last = all.len() == 1 && !has_totp(tx, user)?;
            let entry = AuditEntry::by(actor, AuditAction::PasskeyRemoved).to(user).about(id.get());
            match &verifier {
                Some(verifier) if !verify_code(tx, verifier, user, &entry)? => return Ok(Checked::Wrong),
                None if is_last => return Err(FactorRefusal::CodeRequired.into()),
                _ => {}
            }
            tx.passkeys().remove(user, id)?;
            if is_last {
                tx.factors().remove(user)?;
            }
            tx.half_logins().remove_all(user)?;
            tx.record(entry);
            tx.emit(Some(user), Event::FactorsUpdated(user));
            Ok(Checked::Right(()))
        })
    };
    let removed = match &verifier {
        Some(verifier) => limited(ports.password.attempts, verifier, user, removing).await?,
        None => removing.await?.right(),
    };
    removed.ok_or_else(|| FactorRefusal::WrongCode.into())
}

/// Gives a passkey of the actor another name. It signs in as before.
///
/// # Errors
/// `ProvisionedKey`, `InsufficientScope` of [`AccountRefusal`](crate::accounts::AccountRefusal),
/// [`FactorRefusal::NotSetUp`] if there is no such passkey, or a fault.
pub fn rename_passkey(
    tx: &mut dyn Tx,
    actor: &Actor,
    id: PasskeyId,
    name: &PasskeyName,
) -> Result<Passkey, Error> {
    let user = owner_for_factors(tx, actor)?.user.id;
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    let found = tx.passkeys().list(user)?.into_iter().find(|passkey| passkey.id == id);
    let found = found.ok_or(FactorRefusal::NotSetUp)?;
    if found.name == *name {
        return Ok(found);
    }
    tx.passkeys().rename(user, id, name)?;
    tx.record(AuditEntry::by(actor, AuditAction::PasskeyRenamed).to(user).about(id.get()));
    tx.emit(Some(user), Event::FactorsUpdated(user));
    Ok(Passkey { name: name.clone(), ..found })
}

/// A host to which passkeys are bound, other than that of the server's public address, if there are such: they don't work.
/// Those that are older than the column for it are not known.
///
/// # Errors
/// A fault.
pub fn passkeys_elsewhere(tx: &mut dyn Tx, site: Option<&str>) -> Result<Option<String>, Error> {
    Ok(tx.passkeys().other_host(&site.map_or_else(String::new, host_of))?)
}

fn require_one(passkeys: &[Passkey], id: PasskeyId) -> Result<(), FactorRefusal> {
    let is_there = passkeys.iter().any(|passkey| passkey.id == id);
    if is_there { Ok(()) } else { Err(FactorRefusal::NotSetUp) }
}

/// Uses a passkey that was shown, of a user who must be locked exclusively. `false` if it was used in this ceremony before, or
/// has been used or removed since it was checked.
///
/// # Errors
/// A fault.
pub(crate) fn use_passkey(
    tx: &mut dyn Tx,
    checked: &StoredPasskey,
    asserted: &Asserted,
) -> Result<bool, Error> {
    let now = tx.now();
    let found = tx.passkeys().stored(checked.id)?;
    let Some(found) = found.filter(|found| found.user == checked.user && found.record == checked.record)
    else {
        return Ok(false);
    };
    let Some(used) = found.used.with(asserted.mark) else { return Ok(false) };
    tx.passkeys().note_use(found.id, &asserted.record, &used, now)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
