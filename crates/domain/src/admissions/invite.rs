//! Inviting users to a group, and taking invitations back.

use crate::accounts::Actor;
use crate::admissions::end::{remove, tell_of_end};
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::model::{
    Invitation, IssuedInvitation, JudgedInvitation, NewInvitation, Note, SentInvitation,
};
use crate::admissions::repository::Counted;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::groups::{
    Candidate, GroupRefusal, Quota, VisibleGroup, authorize_gift, lock_candidate, lock_managed, refuse_banned,
};
use crate::ids::{GroupId, InvitationId, UserId};
use crate::permissions::{GroupPermission, RoleName};
use crate::storage::Tx;
use crate::time::Timestamp;
use crate::validation::in_future;

/// How many invitations to a group there can be.
pub const MAX_INVITATIONS: u32 = 1_000;

/// How many invitations that a user has made there can be, to all groups together.
pub const MAX_SENT_INVITATIONS: u32 = 500;

/// Whom to invite, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationDraft {
    /// Who is invited.
    pub candidate: Candidate,
    /// The role that the user gets.
    pub role: RoleName,
    /// What the inviter writes.
    pub note: Option<Note>,
    /// Until when it can be accepted; `None` for no end.
    pub expires_at: Option<Timestamp>,
}

/// Invites a user to a group, as somebody who may invite, and, for another role than `member`, manage roles. A user who
/// has blocked the actor doesn't learn of it, and the actor doesn't learn that. Whoever is
/// invited already gets this invitation in the place of the other one, unless they would lose somebody else's to one that
/// they don't see; the same one again changes nothing. Also says whether it is the first.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `AlreadyMember`, `Banned`, `QuotaExceeded` of
/// [`GroupRefusal`],
/// [`UserNotFound`](crate::accounts::AccountRefusal::UserNotFound), an invalid `role` that the group doesn't have or
/// `expires_at` in the past, or a fault.
pub fn invite(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    draft: &InvitationDraft,
) -> Result<(JudgedInvitation, bool), Error> {
    let found = lock_managed(tx, actor, group)?;
    let user = lock_candidate(tx, actor, &draft.candidate)?;
    let role = authorize_gift(tx, actor, &found, GroupPermission::Invite, &draft.role)?;
    let now = tx.now();
    in_future(draft.expires_at, now).map_err(|violation| violation.in_field("expires_at"))?;
    if tx.members().find(group, user.id)?.is_some() {
        return Err(GroupRefusal::AlreadyMember.into());
    }
    refuse_banned(tx, group, user.id)?;
    let issued = tx.invitations().find_of(group, user.id)?;
    let before = issued.as_ref().map(|issued| &issued.invitation);
    if let Some(same) = before.filter(|before| is_same(before, actor.id(), draft)) {
        return Ok((JudgedInvitation { invitation: same.clone(), is_valid: true }, false));
    }
    if let Some(ended) = &issued {
        authorize_end(tx, actor, &found, ended)?;
    }
    check_limits(tx, actor.id(), group, before)?;
    let is_blocked = tx.blocks().find(user.id, actor.id())?.is_some();
    let kept = before.filter(|before| is_blocked && before.invited_by.id != actor.id());
    let id = match kept {
        Some(others) => others.id,
        None => tx.invitations().put(&NewInvitation {
            group,
            user: user.id,
            invited_by: actor.id(),
            role: role.title.name.clone(),
            note: draft.note.clone(),
            created_at: now,
            expires_at: draft.expires_at,
        })?,
    };
    let invitation = Invitation {
        id,
        group: (&found.group).into(),
        user: user.as_ref(),
        invited_by: actor.user.clone(),
        role: role.title.name,
        note: draft.note.clone(),
        created_at: now,
        expires_at: draft.expires_at,
    };
    // Also if nobody learns of it: it must not tell who has blocked whom.
    let invited = AuditEntry::by(actor, AuditAction::InvitationCreated).to(user.id).within(group);
    tx.record(invited.about(id.get()));
    if !is_blocked {
        tx.emit(Some(actor.id()), Event::InvitationCreated(invitation.clone()));
    }
    Ok((JudgedInvitation { invitation, is_valid: true }, before.is_none()))
}

/// Whether the inviter has made this very invitation before.
fn is_same(before: &Invitation, inviter: UserId, draft: &InvitationDraft) -> bool {
    before.invited_by.id == inviter
        && (&before.role, &before.note, before.expires_at) == (&draft.role, &draft.note, draft.expires_at)
}

/// Rejects the end of somebody else's invitation by whoever could not make it.
fn authorize_end(
    tx: &mut dyn Tx,
    actor: &Actor,
    found: &VisibleGroup,
    ended: &IssuedInvitation,
) -> Result<(), Error> {
    if ended.invitation.invited_by.id == actor.id() {
        return Ok(());
    }
    match &ended.gift {
        Some(gift) => authorize_gift(tx, actor, found, GroupPermission::Invite, &gift.title.name).map(drop),
        None => found.authorize(tx, actor, GroupPermission::Invite),
    }
}

/// Rejects one invitation too many. The group and the inviter are locked.
fn check_limits(
    tx: &mut dyn Tx,
    inviter: UserId,
    group: GroupId,
    before: Option<&Invitation>,
) -> Result<(), Error> {
    if before.is_none() && tx.invitations().count(Counted::To(group), MAX_INVITATIONS)? >= MAX_INVITATIONS {
        return Err(GroupRefusal::QuotaExceeded { quota: Quota::Invitations, limit: MAX_INVITATIONS }.into());
    }
    let is_own = before.is_some_and(|before| before.invited_by.id == inviter);
    let sent = Counted::By(inviter);
    if !is_own && tx.invitations().count(sent, MAX_SENT_INVITATIONS)? >= MAX_SENT_INVITATIONS {
        let (quota, limit) = (Quota::SentInvitations, MAX_SENT_INVITATIONS);
        return Err(GroupRefusal::QuotaExceeded { quota, limit }.into());
    }
    Ok(())
}

/// Takes an invitation to a group back: one's own, or, as somebody who could make it, another's.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`], [`AdmissionRefusal::InvitationNotFound`], or
/// a fault.
pub fn withdraw(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: InvitationId) -> Result<(), Error> {
    let found = lock_managed(tx, actor, group)?;
    let Some(issued) = tx.invitations().find(id)?.filter(|issued| issued.group.id == group) else {
        found.authorize(tx, actor, GroupPermission::Invite)?;
        return Err(AdmissionRefusal::InvitationNotFound.into());
    };
    authorize_end(tx, actor, &found, &issued)?;
    remove(tx, id)?;
    let withdrawn = AuditEntry::by(actor, AuditAction::InvitationWithdrawn).to(issued.invitation.user.id);
    tx.record(withdrawn.within(group).about(id.get()));
    let (user, invited_by) = (issued.invitation.user.id, issued.invitation.invited_by.id);
    Ok(tell_of_end(tx, Some(actor.id()), &[SentInvitation { id, user, invited_by }])?)
}

#[cfg(test)]
mod tests;
