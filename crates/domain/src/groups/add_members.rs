//! Adding many users to a group at once.

use std::collections::{HashMap, HashSet};

use crate::accounts::{AccountRefusal, Actor, LockStrength, UserRef, lock_in_order};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::{Error, Refusal};
use crate::groups::access::lock_managed;
use crate::groups::error::GroupRefusal;
use crate::groups::gift::authorize_gift;
use crate::groups::membership::{Newcomer, admit_newcomer, blocked_by_any};
use crate::groups::model::{Group, Member};
use crate::groups::quota::Quotas;
use crate::ids::{GroupId, UserId};
use crate::permissions::{GroupPermission, RoleName};
use crate::storage::Tx;
use crate::validation::{Violation, ViolationCode};

/// Whom to add at once: 1 to 200 users, each once, in the order in which they were named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch(Vec<UserId>);

impl Batch {
    /// The most there may be.
    pub const MOST: usize = 200;

    /// These users. One who is named twice counts once.
    ///
    /// # Errors
    /// [`ViolationCode::Required`] if there is none, [`ViolationCode::OutOfRange`] if there are too many or a number is
    /// no id.
    pub fn parse(ids: &[i64]) -> Result<Self, Violation> {
        if ids.len() > Self::MOST {
            return Err(Violation::new(ViolationCode::OutOfRange, "must name at most 200 users"));
        }
        let mut users = ids.iter().map(|id| UserId::parse(*id)).collect::<Result<Vec<_>, _>>()?;
        if users.is_empty() {
            return Err(Violation::new(ViolationCode::Required, "must name somebody"));
        }
        let mut named = HashSet::new();
        users.retain(|user| named.insert(*user));
        Ok(Self(users))
    }

    /// The users.
    pub fn ids(&self) -> &[UserId] {
        &self.0
    }
}

/// What came of adding one of many users: the new member, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Whom to add.
    pub user: UserId,
    /// What came of it.
    pub outcome: Result<Member, Refusal>,
}

/// Adds users to a group as plain members, each like [`add_member`](super::add_member), all in one transaction. Returns
/// what came of each, in the order in which they were named. Who can't be added keeps none of the others out.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Direct` of [`GroupRefusal`], or a fault.
pub fn add_members(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    batch: &Batch,
    quotas: &Quotas,
) -> Result<Vec<Addition>, Error> {
    let found = lock_managed(tx, actor, group)?;
    lock_to_grow(tx, actor, batch)?;
    let role = authorize_gift(tx, actor, &found, GroupPermission::AddMembers, &RoleName::MEMBER)?;
    let mut candidates = candidates(tx, &found.group, batch)?;
    for blocker in blocked_by_any(tx, actor, batch.ids())? {
        // A member stays one, whomever they have blocked.
        if let Some(Some(_)) = candidates.get(&blocker) {
            candidates.remove(&blocker);
        }
    }
    let (mut group, mut is_led) = (found.group, false);
    let mut additions = Vec::with_capacity(batch.ids().len());
    for id in batch.ids() {
        let outcome = match candidates.get(id) {
            None => Err(AccountRefusal::UserNotFound.into()),
            Some(None) => Err(GroupRefusal::AlreadyMember.into()),
            Some(Some(user)) => {
                let newcomer = Newcomer::let_in(user.clone(), role.clone(), actor.id(), &group);
                try_to_admit(tx, actor, &group, newcomer.where_led(is_led), quotas)?
            }
        };
        if let Ok(member) = &outcome {
            let added = AuditEntry::by(actor, AuditAction::MemberAdded).to(*id).within(group.id);
            tx.record(added.with_role(&member.role.name));
        }
        // The first who comes in finds an owner there, or becomes it.
        is_led |= outcome.is_ok();
        group.member_count += i64::from(outcome.is_ok());
        additions.push(Addition { user: *id, outcome });
    }
    Ok(additions)
}

/// Lets one user in, or returns why not. The transaction goes on, so a membership beyond a quota of the user, which is
/// checked once the membership is stored, is removed again. A full group stores nothing.
fn try_to_admit(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: &Group,
    newcomer: Newcomer,
    quotas: &Quotas,
) -> Result<Result<Member, Refusal>, Error> {
    if let Err(full) = quotas.check_room(group) {
        return Ok(Err(full.into()));
    }
    let user = newcomer.user_id();
    match admit_newcomer(tx, actor.id(), group, newcomer, quotas) {
        Ok(member) => Ok(Ok(member)),
        Err(Error::Refused(refusal)) => {
            if let Refusal::Group(GroupRefusal::QuotaExceeded { .. }) = refusal {
                tx.members().remove(group.id, user)?;
            }
            Ok(Err(refusal))
        }
        Err(fault) => Err(fault),
    }
}

/// Locks all users, who are to be in one more group each, and the actor.
fn lock_to_grow(tx: &mut dyn Tx, actor: &Actor, batch: &Batch) -> Result<(), Error> {
    let mut locks: Vec<_> = batch.ids().iter().map(|user| (*user, LockStrength::Exclusive)).collect();
    if !batch.ids().contains(&actor.id()) {
        locks.push((actor.id(), LockStrength::Shared));
    }
    Ok(lock_in_order(tx, &mut locks)?)
}

/// The users who have an account: `None` of those who are in the group already. Both are read for all users at once.
fn candidates(
    tx: &mut dyn Tx,
    group: &Group,
    batch: &Batch,
) -> Result<HashMap<UserId, Option<UserRef>>, Error> {
    let users = tx.accounts().find_many(batch.ids())?;
    let pairs: Vec<_> = users.iter().map(|user| (group.id, user.id)).collect();
    let members = tx.members().find_many(&pairs)?;
    let members: HashSet<_> = members.iter().map(|(_, member)| member.user.id).collect();
    let candidate = |user: &UserRef| Some(user.clone()).filter(|user| !members.contains(&user.id));
    Ok(users.iter().map(|user| (user.id, candidate(&user.as_ref()))).collect())
}

#[cfg(test)]
mod tests;
