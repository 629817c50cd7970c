//! Banning: who is banned from a group is removed from it, and comes in by no way.

use std::time::Duration;

use crate::accounts::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{BanUpdate, EndedBan, Event};
use crate::groups::access::{lock_managed, managed};
use crate::groups::change_role::require_another_owner;
use crate::groups::error::{GroupRefusal, Quota};
use crate::groups::membership::{Candidate, lock_candidate};
use crate::groups::remove_member::remove;
use crate::groups::repository::MemberQuery;
use crate::groups::restriction::{Ban, MAX_BANS, RestrictionDraft};
use crate::groups::role_lookup::permitted_roles;
use crate::groups::ways_in::end_ways_in;
use crate::ids::{GroupId, UserId};
use crate::paging::{NamePosition, Page};
use crate::permissions::{BuiltInRole, GroupPermission, Shortfall};
use crate::storage::Tx;

/// How many ended bans one command removes.
const REMOVE_BATCH: i64 = 500;

/// How long a ban is kept after its end: if the clock was set wrong, it is set right before the ban is gone.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Bans a user from a group, as somebody who may: a member of a lower rank, who is removed, or somebody who is not in
/// the group, whose invitation and request to join end. A ban that is there already gets this reason and this end. A ban
/// with an end is over then, without a job or an event.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `LastOwner`, `QuotaExceeded` of [`GroupRefusal`],
/// [`UserNotFound`](crate::accounts::AccountRefusal::UserNotFound), an `until` that is not in the future, or a fault.
pub fn ban(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
    draft: &RestrictionDraft,
) -> Result<Ban, Error> {
    let found = lock_managed(tx, actor, group)?;
    let target = lock_candidate(tx, actor, &Candidate::Id(user))?;
    let member = tx.members().find(group, user)?;
    let rank = member.as_ref().map(|member| member.role.rank);
    let scope = found.group.scope();
    let scope = rank.map_or(scope, |rank| scope.over(rank));
    found.authorize_at(tx, actor, GroupPermission::BanMembers, &scope)?;
    if user == actor.id() {
        return Err(GroupRefusal::RoleTooLow(Shortfall::Outranked).into());
    }
    draft.check(tx.now())?;
    if member.as_ref().is_some_and(|member| member.role.name == BuiltInRole::Owner) {
        require_another_owner(tx, group)?;
    }
    let before = tx.bans().find(group, user)?;
    if before.is_none() && tx.bans().count(group, MAX_BANS)? >= MAX_BANS {
        return Err(GroupRefusal::QuotaExceeded { quota: Quota::Bans, limit: MAX_BANS }.into());
    }
    let RestrictionDraft { reason, until } = draft.clone();
    let now = tx.now();
    let ban = match &before {
        Some(before) if (&before.reason, before.until) == (&reason, until) => return Ok(before.clone()),
        Some(before) => Ban { reason, until, terms_at: now, ..before.clone() },
        None => {
            let (user, banned_by) = (target.as_ref(), actor.id());
            Ban { user, reason, until, banned_by, created_at: now, terms_at: now }
        }
    };
    tx.bans().put(group, &ban)?;
    if member.is_some() {
        remove(tx, Some(actor.id()), group, user)?;
    } else {
        end_ways_in(tx, actor.id(), &found.group, user)?;
    }
    let moderators = permitted_roles(tx, &found.group, GroupPermission::BanMembers)?;
    let is_told = member.is_some() || found.group.visibility.is_listed();
    let update = BanUpdate::of(group, ban.clone(), moderators, is_told);
    let event = if before.is_some() { Event::BanUpdated(update) } else { Event::BanCreated(update) };
    tx.emit(Some(actor.id()), event);
    tx.record(AuditEntry::by(actor, AuditAction::MemberBanned).to(user).within(group));
    Ok(ban)
}

/// Ends a user's ban from a group, as somebody who may ban. Where there is none, this changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`], or a fault.
pub fn unban(tx: &mut dyn Tx, actor: &Actor, group: GroupId, user: UserId) -> Result<(), Error> {
    let found = lock_managed(tx, actor, group)?;
    found.authorize(tx, actor, GroupPermission::BanMembers)?;
    if tx.bans().find(group, user)?.is_none() {
        return Ok(());
    }
    tx.bans().remove(group, user)?;
    let moderators = permitted_roles(tx, &found.group, GroupPermission::BanMembers)?;
    let ended = EndedBan::of(group, user, moderators, found.group.visibility.is_listed());
    tx.emit(Some(actor.id()), Event::BanEnded(ended));
    tx.record(AuditEntry::by(actor, AuditAction::MemberUnbanned).to(user).within(group));
    Ok(())
}

/// A page of those who are banned from a group, for those who may ban.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`], or a fault.
pub fn list_bans(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &MemberQuery,
) -> Result<Page<NamePosition<Ban>>, Error> {
    let found = managed(tx, actor, query.group)?;
    found.authorize_at(tx, actor, GroupPermission::BanMembers, &found.group.scope().reading())?;
    Ok(Page::from_lookahead(tx.bans().list(query)?, query.limit))
}

/// Removes a batch of bans that ended a day ago. Nothing finds them any more. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_ended_bans(tx: &mut dyn Tx) -> Result<bool, Error> {
    let long_ago = tx.now().minus(KEPT);
    let removed = tx.bans().remove_ended(long_ago, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
