//! Joining a group, or asking for it.

use crate::accounts::{Actor, may};
use crate::admissions::join_request::{
    CountedRequests, JoinRequest, MAX_JOIN_REQUESTS, MAX_SENT_JOIN_REQUESTS,
};
use crate::admissions::model::Note;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, JoinRequestUpdate};
use crate::groups::{
    Candidate, Group, GroupRefusal, Member, Newcomer, Quota, Quotas, Visibility, admit, lock_candidate,
    lock_managed, permitted_roles, refuse_banned, role_to_give,
};
use crate::ids::{GroupId, UserId};
use crate::permissions::{GroupPermission, RoleName, ServerPermission};
use crate::storage::{Tx, Unique};

/// What came of joining a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// The actor is a member from now on.
    Now(Member),
    /// The actor was a member before.
    Before(Member),
    /// The group is closed, and the actor has asked to join it.
    Requested(JoinRequest),
}

/// Joins a public group: as its owner where nobody is left in it, else as a member. Joining twice changes nothing.
/// Those who manage groups join any, and its members see that. Of a closed group, others ask to become a member, with a message to those who
/// decide; asking twice changes nothing, not even the message.
///
/// # Errors
/// `NotFound`, `Banned`, `Archived`, `QuotaExceeded` of [`GroupRefusal`], or a fault.
pub fn join(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    message: Option<&Note>,
    quotas: &Quotas,
) -> Result<Joined, Error> {
    let found = lock_managed(tx, actor, group)?;
    lock_candidate(tx, actor, &Candidate::Id(actor.id()))?;
    let is_open = found.group.visibility == Visibility::Public || found.standing.is_some();
    if !is_open && !may(tx, actor, ServerPermission::ManageGroups)? {
        return ask(tx, actor, &found.group, message).map(Joined::Requested);
    }
    if found.standing.is_none() && found.group.archived_at.is_some() {
        return Err(GroupRefusal::Archived.into());
    }
    let role = role_to_give(tx, &found.group, &RoleName::MEMBER)?;
    let newcomer = Newcomer::let_in(actor.user.clone(), role, actor.id(), &found.group);
    match admit(tx, actor.id(), &found.group, newcomer, quotas)? {
        Unique::Stored(member) => {
            let joined = AuditEntry::by(actor, AuditAction::MemberJoined).to(actor.id()).within(group);
            tx.record(joined.with_role(&member.role.name));
            Ok(Joined::Now(member))
        }
        Unique::Taken => {
            let member = tx.members().find(group, actor.id())?.ok_or(GroupRefusal::MemberNotFound)?;
            Ok(Joined::Before(member))
        }
    }
}

/// The actor's request to join a closed group, which is locked, as is the actor.
fn ask(tx: &mut dyn Tx, actor: &Actor, group: &Group, message: Option<&Note>) -> Result<JoinRequest, Error> {
    // Somebody who managed all groups when the group was looked for, and does no more.
    if !group.visibility.is_listed() {
        return Err(GroupRefusal::NotFound.into());
    }
    refuse_banned(tx, group.id, actor.id())?;
    if group.archived_at.is_some() {
        return Err(GroupRefusal::Archived.into());
    }
    if let Some(request) = tx.join_requests().find(group.id, actor.id())? {
        return Ok(request);
    }
    check_limits(tx, group.id, actor.id())?;
    let request = JoinRequest { user: actor.user.clone(), message: message.cloned(), created_at: tx.now() };
    tx.join_requests().insert(group.id, &request)?;
    let approvers = permitted_roles(tx, group, GroupPermission::ApproveRequests)?;
    let update = JoinRequestUpdate { group: group.id, request: request.clone(), approvers };
    tx.emit(Some(actor.id()), Event::JoinRequestCreated(update));
    tx.record(AuditEntry::by(actor, AuditAction::RequestCreated).to(actor.id()).within(group.id));
    Ok(request)
}

/// Rejects one request too many. The group and the user are locked.
fn check_limits(tx: &mut dyn Tx, group: GroupId, user: UserId) -> Result<(), Error> {
    for (of, quota, limit) in [
        (CountedRequests::To(group), Quota::JoinRequests, MAX_JOIN_REQUESTS),
        (CountedRequests::Of(user), Quota::SentJoinRequests, MAX_SENT_JOIN_REQUESTS),
    ] {
        if tx.join_requests().count(of, limit)? >= limit {
            return Err(GroupRefusal::QuotaExceeded { quota, limit }.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
