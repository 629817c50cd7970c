//! The second half of a login: the ticket of its first half, and a code.

use std::sync::Arc;

use crate::accounts::error::AccountRefusal;
use crate::accounts::login::LoginPorts;
use crate::accounts::model::{User, Username};
use crate::accounts::new_session::{self, Begun, LoggedIn, SessionDraft, SessionSecrets};
use crate::accounts::ports::FailedLogin;
use crate::accounts::repository::LockStrength;
use crate::accounts::session::{ClientInfo, KeyHash, Secret};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::factors::{
    Checked, FactorCodes, FactorRefusal, HalfLogin, TypedCode, Verifier, count_wrong_code, limited,
    valid_span, verify_code,
};
use crate::ids::UserId;
use crate::secrets::Sealer;
use crate::storage::{Access, Caller, Mode, Tx};

/// The ports that the second half of a login needs.
#[derive(Clone)]
pub struct SecondFactorPorts<'a> {
    /// What every login needs.
    pub login: LoginPorts<'a>,
    /// Checks codes.
    pub codes: Arc<dyn FactorCodes>,
    /// Reads secrets.
    pub sealer: Arc<dyn Sealer>,
}

/// Finishes a login with a code: its session begins, as the first half has asked for it, on the device that is shown. The ticket is used up then. A few
/// wrong codes end it, and guesses are limited for each account, whatever the tickets.
///
/// # Errors
/// [`AccountRefusal::TicketInvalid`] if the ticket is unknown, used or expired, or the password has changed since;
/// [`FactorRefusal::InvalidCode`], [`AccountRefusal::TooManyAttempts`], [`FactorRefusal::NoKey`], or a fault.
pub async fn login_with_code(
    ports: SecondFactorPorts<'_>,
    ticket: Secret,
    code: TypedCode,
    device: Option<Secret>,
    client: ClientInfo,
) -> Result<LoggedIn, Error> {
    let SecondFactorPorts { login, codes, sealer } = ports;
    let ticket = login.keys.digest(ticket.reveal());
    // Looked up first by a read, so that made-up tickets don't occupy the writer.
    let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
    let found = login.storage.run(look, move |tx| find(tx, &ticket)).await?;
    let Found { half: HalfLogin { user, refresh, device_name, .. }, username } = found;
    let secrets = SessionSecrets::draw(login.keys, refresh);
    let address = client.address;
    let draft = login.draft(secrets.hashes(), login.read_device(device.as_ref()), device_name, client);
    let verifier = Verifier::new(&codes, &sealer, &code);
    let finishing = {
        let verifier = verifier.clone();
        let access = Access { mode: Mode::Write, caller: Caller::User(user) };
        login.storage.run(access, move |tx| finish(tx, user, &ticket, &verifier, &draft))
    };
    match limited(login.attempts, &verifier, user, finishing).await? {
        Some(begun) => Ok(secrets.of(begun, device)),
        None => {
            login.journal.failed(FailedLogin { address, username: Some(&username) });
            Err(FactorRefusal::InvalidCode.into())
        }
    }
}

/// Half a login, and whose it is.
pub(super) struct Found {
    pub(super) half: HalfLogin,
    pub(super) username: Username,
}

pub(super) fn find(tx: &mut dyn Tx, ticket: &KeyHash) -> Result<Found, Error> {
    let valid = valid_span(tx.now());
    let half = tx.half_logins().find(ticket, valid)?.ok_or(AccountRefusal::TicketInvalid)?;
    let user = tx.accounts().find(half.user)?.ok_or(AccountRefusal::TicketInvalid)?;
    Ok(Found { half, username: user.username })
}

/// Begins the session if the code is right. A wrong one is counted.
fn finish(
    tx: &mut dyn Tx,
    user: UserId,
    ticket: &KeyHash,
    verifier: &Verifier,
    draft: &SessionDraft,
) -> Result<Checked<Begun>, Error> {
    // Of several at once, the later ones see what the first has done.
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    let (account, half) = proven(tx, user, ticket)?;
    let entry = AuditEntry { action: AuditAction::SecondFactor, ..draft.entry.clone() }.to(user);
    if !verify_code(tx, verifier, user, &entry)? {
        count_wrong_code(tx, ticket, &half)?;
        return Ok(Checked::Wrong);
    }
    tx.half_logins().remove(ticket)?;
    new_session::begin_session(tx, account, draft).map(Checked::Right)
}

/// The user, if the first half still holds: the ticket is good, and the password is the one that was right.
pub(super) fn proven(tx: &mut dyn Tx, user: UserId, ticket: &KeyHash) -> Result<(User, HalfLogin), Error> {
    let valid = valid_span(tx.now());
    let half = tx.half_logins().find(ticket, valid)?.filter(|half| half.user == user);
    let half = half.ok_or(AccountRefusal::TicketInvalid)?;
    let account = tx.accounts().find(user)?.ok_or(AccountRefusal::TicketInvalid)?;
    if tx.accounts().password(user)?.as_ref() != Some(&half.proven) {
        return Err(AccountRefusal::TicketInvalid.into());
    }
    Ok((account, half))
}

#[cfg(test)]
mod tests;
