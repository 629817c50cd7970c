//! Signing up: people make themselves an account, by an invite or, where the server lets everybody, without one.

use std::sync::Arc;

use crate::accounts::{
    AccountRefusal, AttemptPool, Begun, ClientInfo, DeviceName, Email, HashCaller, LockStrength, LoggedIn,
    LoginPorts, MailOrder, MailQueue, PasswordAttempt, PasswordHash, PendingAccount, SessionDraft,
    SessionSecrets, User, UserDraft, Welcome, begin_session, current_rights, store_user,
};
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::server_invite::ServerInvite;
use crate::admissions::server_invites::find_valid;
use crate::audit::{AuditAction, AuditEntry};
use crate::codes::{CodeHash, SecretCode, SecretCodes};
use crate::error::Error;
use crate::groups::{Inviter, Quotas, let_in_invited};
use crate::permissions::ServerPermission;
use crate::storage::{Access, Caller, Mode, Tx};
use crate::validation::{Violation, ViolationCode};

/// The ports and the rules that signing up needs.
#[derive(Clone)]
pub struct SignUpPorts<'a> {
    /// What every login needs.
    pub login: LoginPorts<'a>,
    /// Hashes the code of the invite.
    pub codes: &'a dyn SecretCodes,
    /// What comes with a new account.
    pub welcome: Arc<dyn Welcome>,
    /// Takes the mail with the code that confirms an address.
    pub mails: &'a dyn MailQueue,
    /// Who can sign up without an invite.
    pub opening: SignUpOpening,
    /// How large groups may be, and how many groups somebody may be in.
    pub quotas: Quotas,
}

/// Who can sign up without an invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignUpOpening {
    /// Nobody.
    #[default]
    Closed,
    /// Whoever shows that the e-mail address is theirs, by a code that it gets.
    Confirmed,
    /// Everybody.
    Open,
}

/// What comes of signing up.
#[derive(Debug, Clone)]
pub enum SignedUp {
    /// There is an account, and a session of it.
    Complete(Box<LoggedIn>),
    /// There will be an account once somebody sends the code that the address gets.
    Unconfirmed,
}

/// Who signs up, and from where.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The account. Nobody makes themselves an admin.
    pub draft: UserDraft,
    /// The code of the invite.
    pub invite: Option<SecretCode>,
    /// Whether the session gets a refresh token.
    pub refresh: bool,
    /// The name of the device.
    pub device_name: Option<DeviceName>,
    /// Where the request came from.
    pub client: ClientInfo,
}

/// Makes an account and signs in, or has the address confirmed first. Who has an invite also comes into its groups, as far as its maker may still let them in and
/// there is room. The response to a wrong code is the same for all codes.
///
/// # Errors
/// [`AdmissionRefusal::SignUpClosed`], [`AdmissionRefusal::InviteNotFound`], `UsernameTaken`, `TooManyAttempts`, `MailOff`
/// of [`AccountRefusal`], a missing address, a password that is easy to guess, busy, or a fault.
pub async fn sign_up(ports: SignUpPorts<'_>, wanted: SignUp) -> Result<SignedUp, Error> {
    let to_confirm = match ports.opening {
        _ if wanted.invite.is_some() => None,
        SignUpOpening::Closed => return Err(AdmissionRefusal::SignUpClosed.into()),
        SignUpOpening::Confirmed => Some(address_to_confirm(&ports, &wanted.draft)?),
        SignUpOpening::Open => None,
    };
    let attempt = PasswordAttempt::SignUp(wanted.client.network());
    let taken = ports.login.attempts.take(&attempt);
    taken.map_err(|retry_after| AccountRefusal::TooManyAttempts { retry_after })?;
    let is_invited = wanted.invite.is_some();
    let outcome = run(&ports, wanted, to_confirm).await;
    let counts = match &outcome {
        Ok(_) => !is_invited,
        // Strangers must not find out who is here.
        Err(error) if *error == Error::from(AccountRefusal::UsernameTaken) => !is_invited,
        Err(error) => *error == Error::from(AdmissionRefusal::InviteNotFound),
    };
    if !counts {
        ports.login.attempts.refund(&attempt, AttemptPool::Usual);
    }
    outcome
}

/// The address that gets the code.
fn address_to_confirm(ports: &SignUpPorts<'_>, draft: &UserDraft) -> Result<Email, Error> {
    if !ports.mails.is_on() {
        return Err(AccountRefusal::MailOff.into());
    }
    draft.email.clone().ok_or_else(|| {
        let violation = Violation::new(ViolationCode::Required, "must be given, since it is to be confirmed");
        violation.in_field("email").into()
    })
}

async fn run(ports: &SignUpPorts<'_>, wanted: SignUp, to_confirm: Option<Email>) -> Result<SignedUp, Error> {
    let network = wanted.client.network();
    let code = wanted.invite.as_ref().map(|code| ports.codes.digest_code(code));
    let name = wanted.draft.username.key();
    let access = |mode| Access { mode, caller: Caller::Network(network) };
    // Checked twice: here, so that nobody makes the server hash in vain, and again when the user is stored.
    let wished = name.clone();
    let look = move |tx: &mut dyn Tx| {
        if let Some(code) = &code {
            find_valid(tx, code)?;
        }
        match tx.accounts().find_by_username(&wished)? {
            Some(_) => Err(AccountRefusal::UsernameTaken.into()),
            None => Ok(()),
        }
    };
    ports.login.storage.run(access(Mode::Read), look).await?;
    let caller = HashCaller::SignIn { network, account: name, is_known: false };
    let password = wanted.draft.hash_password(ports.login.hasher, caller).await?;
    if let Some(email) = to_confirm {
        let UserDraft { username, display_name, .. } = wanted.draft;
        let account = Box::new(PendingAccount { username, display_name, email, password });
        let order = MailOrder::ConfirmAccount { account, client: wanted.client };
        return match ports.mails.order(order) {
            Ok(()) => Ok(SignedUp::Unconfirmed),
            Err(retry_after) => Err(Error::Busy { retry_after }),
        };
    }
    let secrets = SessionSecrets::draw(ports.login.keys, wanted.refresh);
    let session = ports.login.draft(secrets.hashes(), None, wanted.device_name, wanted.client);
    let (welcome, quotas) = (ports.welcome.clone(), ports.quotas);
    let signing_up = SigningUp { draft: wanted.draft, password, code, session, welcome, quotas };
    let begun = ports.login.storage.run(access(Mode::Write), move |tx| signing_up.store(tx)).await?;
    Ok(SignedUp::Complete(Box::new(secrets.of(begun, None))))
}

/// An account that may be stored.
struct SigningUp {
    draft: UserDraft,
    password: PasswordHash,
    code: Option<CodeHash>,
    session: SessionDraft,
    welcome: Arc<dyn Welcome>,
    quotas: Quotas,
}

impl SigningUp {
    fn store(&self, tx: &mut dyn Tx) -> Result<Begun, Error> {
        let invite = self.spend_invite(tx)?;
        let user = store_user(tx, None, &self.draft, &self.password)?;
        let signed_up = AuditEntry { action: AuditAction::SignedUp, ..self.session.entry.clone() };
        let signed_up = signed_up.to(user.id);
        tx.record(match &invite {
            Some(invite) => signed_up.about(invite.id.get()),
            None => signed_up,
        });
        self.welcome.welcome(tx, &user)?;
        if let Some(invite) = &invite {
            self.let_into_groups(tx, &user, invite)?;
        }
        begin_session(tx, user, &self.session)
    }

    /// Locks the groups that the user will come into, and counts a use of the invite, if there is one. Its maker is locked, so
    /// that what they may do stays.
    fn spend_invite(&self, tx: &mut dyn Tx) -> Result<Option<ServerInvite>, Error> {
        let Some(code) = &self.code else {
            self.welcome.prepare(tx, &[])?;
            return Ok(None);
        };
        // Neither its groups nor its maker ever change.
        let found = find_valid(tx, code)?;
        self.welcome.prepare(tx, found.groups.ids())?;
        tx.accounts().lock(&[found.created_by.id], LockStrength::Shared)?;
        let invite = find_valid(tx, code)?;
        if tx.server_invites().spend(invite.id)? {
            return Ok(Some(invite));
        }
        Err(AdmissionRefusal::InviteNotFound.into())
    }

    /// Lets a new user into the groups of an invite, which are locked, by the rights that its maker has now. A group that
    /// takes nobody keeps nobody from getting an account.
    fn let_into_groups(&self, tx: &mut dyn Tx, user: &User, invite: &ServerInvite) -> Result<(), Error> {
        let manages_groups = current_rights(tx, invite.created_by.id)?.allow(ServerPermission::ManageGroups);
        let inviter = Inviter { id: invite.created_by.id, manages_groups };
        for group in invite.groups.ids() {
            let_in_invited(tx, user, *group, inviter, &self.quotas)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
