//! Direct conversations: of exactly these people, who stay the same, without a name and without roles.

use crate::accounts::{AccountRefusal, Actor, LockStrength, User, UserRef, check};
use crate::error::Error;
use crate::groups::direct_key::{DirectKey, People};
use crate::groups::error::GroupRefusal;
use crate::groups::membership::{Newcomer, add};
use crate::groups::model::{GroupView, NewDirect};
use crate::groups::quota::Quotas;
use crate::ids::GroupId;
use crate::messages::{Readable, attach};
use crate::permissions::{BuiltInRole, Role, ServerPermission, ServerScope};
use crate::storage::{Tx, Unique};
use crate::validation::{Violation, ViolationCode};

/// The direct conversation of the actor with these people: the one there is, also if it is closed, or else a new one.
/// Returns whether it is new.
///
/// Whether somebody has blocked the actor, or been blocked, or has no account, is answered alike.
///
/// # Errors
/// [`GroupRefusal::DirectClosed`], [`GroupRefusal::QuotaExceeded`], [`AccountRefusal::NotPermitted`], an invalid
/// `user_ids` that names the actor, or a fault.
pub fn start_direct(
    tx: &mut dyn Tx,
    actor: &Actor,
    people: &People,
    quotas: &Quotas,
) -> Result<(GroupView, bool), Error> {
    let others = people.ids();
    if others.contains(&actor.id()) {
        let violation = Violation::new(ViolationCode::OutOfRange, "must not name yourself");
        return Err(violation.in_field("user_ids").into());
    }
    let key = DirectKey::of(actor.id(), others);
    if let Some(id) = tx.groups().find_direct(&key)? {
        return Ok((view(tx, actor, id)?, false));
    }
    // Those who start a conversation at once are locked by both, and so come one after the other.
    tx.accounts().lock(key.people(), LockStrength::Exclusive)?;
    if let Some(id) = tx.groups().find_direct(&key)? {
        return Ok((view(tx, actor, id)?, false));
    }
    let rights = tx.server_roles().rights(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    let rights = actor.limit(rights);
    check(&rights, ServerPermission::StartDirect, &ServerScope::NOBODY)?;
    // Both are read whatever the first says: the refusal takes as long in each case.
    let present = tx.accounts().find_many(key.people())?;
    let is_blocked = tx.blocks().any_between(actor.id(), others)?;
    if is_blocked || present.len() < key.people().len() {
        return Err(GroupRefusal::DirectClosed.into());
    }
    let mut people: Vec<_> = present.iter().map(User::as_ref).collect();
    people.sort_unstable_by_key(|user| user.id);
    let id = store(tx, actor, &key, people, quotas)?;
    Ok((view(tx, actor, id)?, true))
}

fn store(
    tx: &mut dyn Tx,
    actor: &Actor,
    key: &DirectKey,
    people: Vec<UserRef>,
    quotas: &Quotas,
) -> Result<GroupId, Error> {
    let new = NewDirect { key: key.clone(), created_at: tx.now() };
    let Unique::Stored(id) = tx.groups().insert_direct(&new)? else {
        // Whoever has the key holds the locks on its people.
        return Err(GroupRefusal::NotFound.into());
    };
    let mut group = new.to_group(id);
    for user in people {
        add(tx, actor.id(), &group, Newcomer::new(user, Role::unchanged(BuiltInRole::Member, true)), quotas)?;
        group.member_count += 1;
    }
    tx.members().note_started(id, actor.id())?;
    quotas.check_started(tx, actor.id())?;
    Ok(id)
}

fn view(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<GroupView, Error> {
    let mut view = tx.groups().view(id, actor.id())?.ok_or(GroupRefusal::NotFound)?;
    attach(tx, actor, Readable::default(), &mut view.last_message)?;
    Ok(view)
}

#[cfg(test)]
mod tests;
