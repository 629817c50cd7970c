//! Deciding on requests to join a group.

use crate::accounts::Actor;
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::join_request::JoinRequest;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::groups::{
    Member, MemberQuery, Newcomer, Quotas, admit_newcomer, authorize_gift, end_join_request, lock_managed,
    lock_to_grow, managed,
};
use crate::ids::{GroupId, UserId};
use crate::paging::{NamePosition, Page};
use crate::permissions::{GroupPermission, RoleName};
use crate::storage::Tx;

/// Lets a user in who has asked to join, as somebody who may approve requests. Where nobody is left in the group, the
/// user becomes its owner.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Banned`, `AlreadyMember`, `QuotaExceeded` of
/// [`GroupRefusal`](crate::groups::GroupRefusal), [`AdmissionRefusal::JoinRequestNotFound`], or a fault.
pub fn approve_request(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
    quotas: &Quotas,
) -> Result<Member, Error> {
    let found = lock_managed(tx, actor, group)?;
    lock_to_grow(tx, actor.id(), user)?;
    let role = authorize_gift(tx, actor, &found, GroupPermission::ApproveRequests, &RoleName::MEMBER)?;
    let request = tx.join_requests().find(group, user)?.ok_or(AdmissionRefusal::JoinRequestNotFound)?;
    let newcomer = Newcomer::let_in(request.user, role, actor.id(), &found.group);
    let member = admit_newcomer(tx, actor.id(), &found.group, newcomer, quotas)?;
    let approved = AuditEntry::by(actor, AuditAction::RequestApproved).to(user).within(group);
    tx.record(approved.with_role(&member.role.name));
    Ok(member)
}

/// Refuses a request to join a group, as somebody who may approve requests, or withdraws the actor's own.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal),
/// [`AdmissionRefusal::JoinRequestNotFound`], or a fault.
pub fn end_request(tx: &mut dyn Tx, actor: &Actor, group: GroupId, user: UserId) -> Result<(), Error> {
    let found = lock_managed(tx, actor, group)?;
    if user != actor.id() {
        found.authorize(tx, actor, GroupPermission::ApproveRequests)?;
    }
    if !end_join_request(tx, Some(actor.id()), &found.group, user)? {
        return Err(AdmissionRefusal::JoinRequestNotFound.into());
    }
    let is_own = user == actor.id();
    let action = if is_own { AuditAction::RequestWithdrawn } else { AuditAction::RequestRefused };
    tx.record(AuditEntry::by(actor, action).to(user).within(group));
    Ok(())
}

/// A page of the requests to join a group, by name, for those who may approve them.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn list_requests(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &MemberQuery,
) -> Result<Page<NamePosition<JoinRequest>>, Error> {
    let found = managed(tx, actor, query.group)?;
    found.authorize_at(tx, actor, GroupPermission::ApproveRequests, &found.group.scope().reading())?;
    Ok(Page::from_lookahead(tx.join_requests().list(query)?, query.limit))
}

/// Ends up to `limit` requests of a user who is deleted; `true` once none is left. Those to join a deleted group end
/// without a word: that it was deleted was told.
pub(crate) fn end_requests_of_user(tx: &mut dyn Tx, user: UserId, limit: i64) -> Result<bool, Error> {
    let groups = tx.join_requests().groups_of(user, limit)?;
    for id in &groups {
        tx.groups().lock(*id)?;
        match tx.groups().find_many(&[*id])?.pop() {
            Some(group) => end_join_request(tx, None, &group, user)?,
            None => tx.join_requests().remove(*id, user)?,
        };
    }
    Ok(groups.is_empty())
}

#[cfg(test)]
mod tests;
