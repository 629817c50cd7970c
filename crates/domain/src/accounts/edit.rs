//! Editing users: by themselves and by admins.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{
    DisplayName, Email, Password, PasswordHash, PresenceSetting, ReceiptSetting, User, Username,
};
use crate::accounts::new_password::{hash_chosen, known_of};
use crate::accounts::permit::reject_tokens;
use crate::accounts::ports::{HashCaller, PasswordHasher};
use crate::accounts::repository::LockStrength;
use crate::accounts::rights::{LockedUser, check_over, lock_for_change, require_another_admin};
use crate::accounts::session::Actor;
use crate::accounts::sessions::{self, Ending};
use crate::accounts::suspension;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, UserUpdate};
use crate::ids::UserId;
use crate::permissions::ServerPermission;
use crate::storage::{Credential, Storage, Tx, Unique, WritePurpose, Writing};
use crate::validation::{Violation, ViolationCode};

/// What users may change about themselves. `None` keeps a value, `Some(None)` clears it.
#[derive(Debug, Clone, Default)]
pub struct ProfileChanges {
    /// The name shown to others.
    pub display_name: Option<Option<DisplayName>>,
    /// The e-mail address.
    pub email: Option<Option<Email>>,
    /// Whether others may see the user's presence.
    pub presence: Option<PresenceSetting>,
    /// Whether others may see how far the user has read.
    pub receipts: Option<ReceiptSetting>,
}

/// What others with `manage_users` may change about a user. `None` keeps a value.
#[derive(Debug, Clone, Default)]
pub struct UserChanges {
    /// The name to sign in with.
    pub username: Option<Username>,
    /// The name shown to others.
    pub display_name: Option<Option<DisplayName>>,
    /// The e-mail address.
    pub email: Option<Option<Email>>,
    /// Whether the user is a server admin.
    pub is_admin: Option<bool>,
    /// A new password. It ends the user's sessions.
    pub password: Option<Password>,
    /// Whether the user can't sign in for now. It ends the user's sessions.
    pub suspended: Option<bool>,
}

impl UserChanges {
    /// The changes to credentials or rights that this contains, for this user.
    fn of_credentials(&self, user: &User) -> impl Iterator<Item = CredentialChange> {
        [
            self.username.as_ref().map(|_| CredentialChange::Username),
            self.is_admin.map(|_| CredentialChange::ServerAdmin),
            self.password.as_ref().map(|_| CredentialChange::PasswordOf(user.id)),
            self.email
                .as_ref()
                .filter(|email| **email != user.email)
                .map(|_| CredentialChange::EmailOf(user.id)),
            self.suspended.map(|_| CredentialChange::Suspension),
        ]
        .into_iter()
        .flatten()
    }
}

/// Changes the actor's own profile.
///
/// # Errors
/// [`AccountRefusal::InsufficientScope`] of a token that changes the address, a fault, or
/// [`AccountRefusal::Unauthenticated`] if the account was deleted at this moment.
pub fn edit_self(tx: &mut dyn Tx, actor: &Actor, changes: &ProfileChanges) -> Result<User, Error> {
    edit_self_if(tx, actor, changes, |_, _| Ok(()))
}

/// The same, if the user may get another address, should it be one.
pub(super) fn edit_self_if(
    tx: &mut dyn Tx,
    actor: &Actor,
    changes: &ProfileChanges,
    may_move: impl Fn(&mut dyn Tx, &Actor) -> Result<(), Error>,
) -> Result<User, Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    let user = tx.accounts().find(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    if changes.email.as_ref().is_some_and(|email| *email != user.email) {
        reject_tokens(actor)?;
        may_move(tx, actor)?;
    }
    let mut changed = user.clone();
    changed.display_name = changes.display_name.clone().unwrap_or(changed.display_name);
    changed.email = changes.email.clone().unwrap_or(changed.email);
    changed.presence = changes.presence.unwrap_or(changed.presence);
    changed.receipts = changes.receipts.unwrap_or(changed.receipts);
    let saved = save(tx, Some(actor.id()), &user, changed)?;
    record_edit(tx, AuditEntry::by(actor, AuditAction::UserEdited), &user, &saved);
    Ok(saved)
}

/// Changes a user on behalf of somebody who manages users and may do no less than this one. Only admins make admins. A
/// new password ends all sessions of the user, and so does a suspension. One's own password is changed with
/// [`change_password`](super::change_password).
///
/// # Errors
/// An invalid `suspended`, which is of the actor,
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::NotPermitted`], [`AccountRefusal::UsernameTaken`],
/// [`AccountRefusal::LastAdmin`], [`AccountRefusal::ProvisionedKey`], [`AccountRefusal::IsBot`],
/// [`AccountRefusal::CurrentPasswordRequired`], busy, or a fault.
pub async fn edit_user(
    storage: &dyn Storage,
    hasher: &dyn PasswordHasher,
    who: Credential,
    id: UserId,
    changes: UserChanges,
) -> Result<User, Error> {
    let mut hash = None;
    if let Some(password) = &changes.password {
        let (admin, known) = storage.read_as(who, move |tx, actor| may_set_password(tx, actor, id)).await?;
        let known = known.into_iter().chain(changes.username.as_ref().map(|name| name.as_str().to_owned()));
        let (caller, known) = (HashCaller::User(admin), known.collect());
        hash = Some(hash_chosen(hasher, caller, "password", password.clone(), known).await?);
    }
    let suspends = changes.suspended == Some(true);
    let purpose = if suspends { WritePurpose::Secure } else { WritePurpose::Grow };
    let writing = Writing::new(who, purpose);
    storage.write_as(writing, move |tx, actor| apply(tx, actor, id, &changes, hash.as_ref())).await
}

/// The actor, if they may set the user's password, and what guessers know of the user.
pub(super) fn may_set_password(
    tx: &mut dyn Tx,
    actor: &Actor,
    id: UserId,
) -> Result<(UserId, Vec<String>), Error> {
    let user = tx.accounts().find(id)?.ok_or(AccountRefusal::UserNotFound)?;
    let rights = credentials::require(tx, actor, CredentialChange::PasswordOf(id))?;
    check_over(tx, &rights, id, ServerPermission::ManageUsers)?;
    credentials::require_person(&user)?;
    Ok((actor.id(), known_of(&user)))
}

fn apply(
    tx: &mut dyn Tx,
    actor: &Actor,
    id: UserId,
    changes: &UserChanges,
    password: Option<&PasswordHash>,
) -> Result<User, Error> {
    let LockedUser { user, by } = lock_for_change(tx, actor, id, ServerPermission::ManageUsers)?;
    for change in changes.of_credentials(&user) {
        credentials::authorize(actor, &by, change)?;
    }
    if changes.suspended == Some(true) && id == actor.id() {
        let violation = Violation::new(ViolationCode::OutOfRange, "must not be true for yourself");
        return Err(violation.in_field("suspended").into());
    }
    let mut changed = user.clone();
    changed.display_name = changes.display_name.clone().unwrap_or(changed.display_name);
    changed.email = changes.email.clone().unwrap_or(changed.email);
    changed.username = changes.username.clone().unwrap_or(changed.username);
    changed.is_admin = changes.is_admin.unwrap_or(changed.is_admin);
    changed.suspended = changes.suspended.unwrap_or(changed.suspended);
    if password.is_some() {
        credentials::require_person(&user)?;
    }
    let saved = save_locked(tx, Some(actor.id()), &user, changed)?;
    suspension::settle(tx, Some(actor.id()), (&user, &saved), |action| AuditEntry::by(actor, action))?;
    if let Some(hash) = password {
        tx.accounts().set_password(id, hash)?;
        tx.known_devices().forget(id, None)?;
        sessions::end(tx, Some(actor.id()), id, Ending::AllAndTokens)?;
        tx.record(AuditEntry::by(actor, AuditAction::PasswordChanged).to(id));
    }
    record_edit(tx, AuditEntry::by(actor, AuditAction::UserEdited), &user, &saved);
    Ok(saved)
}

/// Records which fields of a user were changed, if any were. A suspension has an entry of its own.
pub(crate) fn record_edit(tx: &mut dyn Tx, entry: AuditEntry, before: &User, after: &User) {
    let changed = [
        ("username", before.username != after.username),
        ("display_name", before.display_name != after.display_name),
        ("email", before.email != after.email),
        ("is_admin", before.is_admin != after.is_admin),
        ("owner_id", before.owner != after.owner),
        ("presence", before.presence != after.presence),
        ("receipts", before.receipts != after.receipts),
    ];
    let fields: Vec<_> =
        changed.iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| *name).collect();
    if !fields.is_empty() {
        tx.record(entry.to(before.id).of_fields(&fields));
    }
}

/// Stores a changed user. The user and the set of server admins must be locked.
pub(crate) fn save_locked(
    tx: &mut dyn Tx,
    by: Option<UserId>,
    before: &User,
    changed: User,
) -> Result<User, Error> {
    if before.is_active_admin() && !changed.is_active_admin() {
        require_another_admin(tx)?;
    }
    save(tx, by, before, changed)
}

/// Stores a changed user and emits an event, unless nothing changed.
fn save(tx: &mut dyn Tx, by: Option<UserId>, before: &User, mut changed: User) -> Result<User, Error> {
    if changed == *before {
        return Ok(changed);
    }
    if changed.is_admin || changed.email.is_some() {
        credentials::require_person(&changed)?;
    }
    changed.version = before.version.next();
    match tx.accounts().update(&changed)? {
        Unique::Taken => Err(AccountRefusal::UsernameTaken.into()),
        Unique::Stored(()) => {
            tx.emit(by, Event::UserUpdated(UserUpdate::between(before, &changed)));
            Ok(changed)
        }
    }
}

#[cfg(test)]
mod tests;
