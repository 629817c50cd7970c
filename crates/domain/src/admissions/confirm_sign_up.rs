//! The second half of signing up where addresses are confirmed: the code from the mail.

use crate::accounts::{
    AccountRefusal, AttemptPool, Begun, ClientInfo, DeviceName, LoggedIn, NewUser, PasswordAttempt,
    PendingAccount, SessionDraft, SessionSecrets, Username, Welcome, begin_session, store_new_user,
    valid_confirmations,
};
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::sign_up::{SignUpOpening, SignUpPorts};
use crate::audit::{AuditAction, AuditEntry};
use crate::codes::{CodeHash, SecretCode};
use crate::error::Error;
use crate::storage::{Access, Caller, Mode, Tx};

/// A code that confirms an address, and the session that its account gets.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The code.
    pub code: SecretCode,
    /// Another username, if the one that was asked for first is taken.
    pub username: Option<Username>,
    /// Whether the session gets a refresh token.
    pub refresh: bool,
    /// The name of the device.
    pub device_name: Option<DeviceName>,
    /// Where the request came from.
    pub client: ClientInfo,
}

/// Makes the account that a code stands for, and signs in. The code works once; it stays if the username is taken.
///
/// # Errors
/// [`AdmissionRefusal::SignUpClosed`], [`AdmissionRefusal::ConfirmationNotFound`], `UsernameTaken`, `TooManyAttempts` of
/// [`AccountRefusal`], or a fault.
pub async fn confirm_sign_up(ports: SignUpPorts<'_>, shown: Confirmation) -> Result<LoggedIn, Error> {
    if ports.opening == SignUpOpening::Closed {
        return Err(AdmissionRefusal::SignUpClosed.into());
    }
    let attempt = PasswordAttempt::SignUp(shown.client.network());
    let taken = ports.login.attempts.take(&attempt);
    taken.map_err(|retry_after| AccountRefusal::TooManyAttempts { retry_after })?;
    let outcome = run(&ports, shown).await;
    let counts = matches!(&outcome, Err(error) if is_guess(error));
    if !counts {
        ports.login.attempts.refund(&attempt, AttemptPool::Usual);
    }
    outcome
}

/// Whether it may be a guess at codes, or at who is here.
fn is_guess(error: &Error) -> bool {
    *error == Error::from(AdmissionRefusal::ConfirmationNotFound)
        || *error == Error::from(AccountRefusal::UsernameTaken)
}

async fn run(ports: &SignUpPorts<'_>, shown: Confirmation) -> Result<LoggedIn, Error> {
    let code = ports.codes.digest_code(&shown.code);
    let caller = Caller::Network(shown.client.network());
    // Looked up first by a read, so that made-up codes don't occupy the writer.
    let look = Access { mode: Mode::Read, caller };
    ports.login.storage.run(look, move |tx| find(tx, &code).map(drop)).await?;
    let secrets = SessionSecrets::draw(ports.login.keys, shown.refresh);
    let session = ports.login.draft(secrets.hashes(), None, shown.device_name, shown.client);
    let (welcome, username) = (ports.welcome.clone(), shown.username);
    let store = Access { mode: Mode::Write, caller };
    let confirming = move |tx: &mut dyn Tx| confirm(tx, &code, username.as_ref(), &*welcome, &session);
    let begun = ports.login.storage.run(store, confirming).await?;
    Ok(secrets.of(begun, None))
}

fn find(tx: &mut dyn Tx, code: &CodeHash) -> Result<PendingAccount, Error> {
    let valid = valid_confirmations(tx.now());
    let found = tx.pending_accounts().find(code, valid)?;
    found.ok_or_else(|| AdmissionRefusal::ConfirmationNotFound.into())
}

fn confirm(
    tx: &mut dyn Tx,
    code: &CodeHash,
    username: Option<&Username>,
    welcome: &dyn Welcome,
    session: &SessionDraft,
) -> Result<Begun, Error> {
    welcome.prepare(tx, &[])?;
    let account = find(tx, code)?;
    if !tx.pending_accounts().remove(code)? {
        return Err(AdmissionRefusal::ConfirmationNotFound.into());
    }
    let new = NewUser {
        username: username.cloned().unwrap_or(account.username),
        display_name: account.display_name,
        email: Some(account.email),
        is_admin: false,
        password: account.password,
        created_at: tx.now(),
    };
    let user = store_new_user(tx, None, new)?;
    let signed_up = AuditEntry { action: AuditAction::SignedUp, ..session.entry.clone() };
    tx.record(signed_up.to(user.id));
    welcome.welcome(tx, &user)?;
    begin_session(tx, user, session)
}

#[cfg(test)]
mod tests;
