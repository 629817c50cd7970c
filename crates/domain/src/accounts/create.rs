//! Creating users: by an admin, by the operator, and the very first one.

use std::sync::Arc;

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{DisplayName, Email, NewUser, Password, PasswordHash, User, Username};
use crate::accounts::new_password::{hash_chosen, known};
use crate::accounts::ports::{ApiKeys, HashCaller, IssuedKey, PasswordHasher};
use crate::accounts::session::{Actor, ClientInfo, NewSession, PROVISIONED_LIFETIME, Secret, SessionKind};
use crate::accounts::welcome::Welcome;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::ids::UserId;
use crate::storage::{Access, Caller, Credential, Mode, Storage, Tx, Unique};

/// A user to create.
#[derive(Debug, Clone)]
pub struct UserDraft {
    /// The name to sign in with.
    pub username: Username,
    /// The name shown to others.
    pub display_name: Option<DisplayName>,
    /// The address, visible to the user and admins.
    pub email: Option<Email>,
    /// Whether the user is a server admin.
    pub is_admin: bool,
    /// The first password.
    pub password: Password,
}

impl UserDraft {
    /// Hashes the password, unless it is easy to guess.
    pub(crate) async fn hash_password(
        &self,
        hasher: &dyn PasswordHasher,
        caller: HashCaller,
    ) -> Result<PasswordHash, Error> {
        let known = known(&self.username, self.display_name.as_ref(), self.email.as_ref());
        hash_chosen(hasher, caller, "password", self.password.clone(), known).await
    }
}

/// A user that was created.
#[derive(Debug, Clone)]
pub struct CreatedUser {
    /// The user.
    pub user: User,
    /// A key, so that a provisioning script can act for the user at once. Admins get none.
    pub key: Option<Secret>,
}

const OPERATOR: Access = Access { mode: Mode::Write, caller: Caller::System };

/// Creates a user on behalf of somebody who manages users, or an admin on behalf of an admin.
///
/// # Errors
/// [`AccountRefusal::NotPermitted`], [`AccountRefusal::ProvisionedKey`], [`AccountRefusal::UsernameTaken`], busy, or a
/// fault.
pub async fn create(
    storage: &dyn Storage,
    hasher: &dyn PasswordHasher,
    keys: &dyn ApiKeys,
    welcome: Arc<dyn Welcome>,
    who: Credential,
    draft: UserDraft,
) -> Result<CreatedUser, Error> {
    let (username, is_admin) = (draft.username.key(), draft.is_admin);
    // Checked twice: here, so that nobody makes the server hash in vain, and again when the user is stored.
    let creator = storage
        .read_as(who, move |tx, actor| {
            authorize(tx, actor, is_admin)?;
            match tx.accounts().find_by_username(&username)? {
                Some(_) => Err(AccountRefusal::UsernameTaken.into()),
                None => Ok(actor.id()),
            }
        })
        .await?;
    let password = draft.hash_password(hasher, HashCaller::User(creator)).await?;
    let key = (!draft.is_admin).then(|| keys.issue());
    storage
        .write_as(who, move |tx, actor| {
            welcome.prepare(tx, &[])?;
            authorize(tx, actor, is_admin)?;
            let user = store(tx, Some(actor.id()), &draft, &password)?;
            if let Some(key) = &key {
                provision(tx, user.id, key)?;
            }
            welcome.welcome(tx, &user)?;
            tx.record(AuditEntry::by(actor, AuditAction::UserCreated).to(user.id));
            Ok(CreatedUser { user, key: key.as_ref().map(|key| key.secret.clone()) })
        })
        .await
}

/// Rejects actors who may not create such a user.
fn authorize(tx: &mut dyn Tx, actor: &Actor, is_admin: bool) -> Result<(), Error> {
    let rights = credentials::require(tx, actor, CredentialChange::NewAccount)?;
    if is_admin {
        credentials::authorize(actor, &rights, CredentialChange::ServerAdmin)?;
    }
    Ok(())
}

/// Creates a user on behalf of the operator, who needs no key.
///
/// # Errors
/// [`AccountRefusal::UsernameTaken`], busy, or a fault.
pub async fn create_by_operator(
    storage: &dyn Storage,
    hasher: &dyn PasswordHasher,
    welcome: Arc<dyn Welcome>,
    draft: UserDraft,
) -> Result<User, Error> {
    let password = draft.hash_password(hasher, HashCaller::System).await?;
    let create = move |tx: &mut dyn Tx| {
        welcome.prepare(tx, &[])?;
        let user = store(tx, None, &draft, &password)?;
        welcome.welcome(tx, &user)?;
        tx.record(AuditEntry::by_operator(AuditAction::UserCreated).to(user.id));
        Ok(user)
    };
    storage.run(OPERATOR, create).await
}

/// Creates the user `admin` with a random password if there has never been a user. Returns the password.
///
/// # Errors
/// Busy, or a fault.
pub async fn create_first_admin(
    storage: &dyn Storage,
    hasher: &dyn PasswordHasher,
    keys: &dyn ApiKeys,
) -> Result<Option<(User, Password)>, Error> {
    let look = Access { mode: Mode::Read, caller: Caller::System };
    if storage.run(look, |tx| Ok(tx.accounts().any_ever()?)).await? {
        return Ok(None);
    }
    let draft = UserDraft {
        username: Username::from_stored("admin".to_owned()),
        display_name: None,
        email: None,
        is_admin: true,
        password: keys.generate_password(),
    };
    let password = draft.password.clone();
    let hash = hasher.hash(HashCaller::System, password.clone()).await?;
    let created = storage
        .run(OPERATOR, move |tx| {
            // Two servers may start at the same time.
            tx.accounts().lock_admins()?;
            if tx.accounts().any_ever()? {
                return Ok(None);
            }
            let user = store(tx, None, &draft, &hash)?;
            tx.record(AuditEntry::by_server(AuditAction::UserCreated).to(user.id));
            Ok(Some(user))
        })
        .await?;
    Ok(created.map(|user| (user, password)))
}

/// Stores a user, and tells of it.
///
/// # Errors
/// [`AccountRefusal::UsernameTaken`], or a fault.
pub(crate) fn store(
    tx: &mut dyn Tx,
    actor: Option<UserId>,
    draft: &UserDraft,
    password: &PasswordHash,
) -> Result<User, Error> {
    let new = NewUser {
        username: draft.username.clone(),
        display_name: draft.display_name.clone(),
        email: draft.email.clone(),
        is_admin: draft.is_admin,
        password: password.clone(),
        created_at: tx.now(),
    };
    store_new(tx, actor, new)
}

/// The same of a user whose draft is gone.
///
/// # Errors
/// [`AccountRefusal::UsernameTaken`], or a fault.
pub(crate) fn store_new(tx: &mut dyn Tx, actor: Option<UserId>, new: NewUser) -> Result<User, Error> {
    let Unique::Stored(id) = tx.accounts().insert(&new)? else {
        return Err(AccountRefusal::UsernameTaken.into());
    };
    let user = new.into_user(id);
    tx.emit(actor, Event::UserCreated(user.without_private_fields()));
    Ok(user)
}

fn provision(tx: &mut dyn Tx, user: UserId, key: &IssuedKey) -> Result<(), Error> {
    let now = tx.now();
    tx.sessions().insert(&NewSession {
        user,
        kind: SessionKind::Provisioned,
        key: key.hash,
        created_at: now,
        expires_at: now.plus(PROVISIONED_LIFETIME),
        client: ClientInfo::default(),
        name: None,
        refresh: None,
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;
