//! Finding users. Every signed-in user can see all users; e-mail addresses are visible only to the user and to
//! those who manage users.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{User, UserRef};
use crate::accounts::repository::UserQuery;
use crate::accounts::rights::may;
use crate::accounts::session::Actor;
use crate::error::Error;
use crate::ids::UserId;
use crate::paging::{NamePosition, Page};
use crate::permissions::ServerPermission;
use crate::storage::{StorageFault, Tx};

/// The actor's own account.
///
/// # Errors
/// A fault, or [`AccountRefusal::Unauthenticated`] if the account was deleted at this moment.
pub fn find_self(tx: &mut dyn Tx, actor: &Actor) -> Result<User, Error> {
    Ok(tx.accounts().find(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?)
}

/// These users as they are now; of those whose accounts are gone, the ids. One query, and none for nobody.
pub(crate) fn find_refs(
    tx: &mut dyn Tx,
    ids: &BTreeSet<UserId>,
) -> Result<BTreeMap<UserId, UserRef>, StorageFault> {
    let gone = |id| UserRef { id, username: None, display_name: None };
    let mut users: BTreeMap<_, _> = ids.iter().map(|&id| (id, gone(id))).collect();
    if !users.is_empty() {
        let found = tx.accounts().find_many(&ids.iter().copied().collect::<Vec<_>>())?;
        users.extend(found.iter().map(|user| (user.id, user.as_ref())));
    }
    Ok(users)
}

/// One user, as the actor may see it.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], or a fault.
pub fn find_user(tx: &mut dyn Tx, actor: &Actor, id: UserId) -> Result<User, Error> {
    let mut user = tx.accounts().find(id)?.ok_or(AccountRefusal::UserNotFound)?;
    if id != actor.id() && user.email.is_some() && !may(tx, actor, ServerPermission::ManageUsers)? {
        user.email = None;
    }
    Ok(user)
}

/// A page of users, as the actor may see them.
///
/// # Errors
/// A fault.
pub fn list_users(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &UserQuery,
) -> Result<Page<NamePosition<User>>, Error> {
    let mut page = Page::from_lookahead(tx.accounts().list(query)?, query.limit);
    if !may(tx, actor, ServerPermission::ManageUsers)? {
        let others =
            page.items.iter_mut().map(|placed| &mut placed.entry).filter(|user| user.id != actor.id());
        others.for_each(|user| user.email = None);
    }
    Ok(page)
}

#[cfg(test)]
mod tests;
