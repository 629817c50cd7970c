//! Accepting and declining invitations.

use crate::accounts::Actor;
use crate::admissions::end::remove;
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::issuer::require_valid;
use crate::admissions::model::{EndedInvitation, IssuedInvitation};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::groups::{Member, Newcomer, Quotas, admit_newcomer, lock_to_grow};
use crate::ids::{GroupId, InvitationId};
use crate::storage::Tx;

/// Accepts an invitation: the actor comes into the group with the role that it gives, by the rules of now. Also returns
/// the group.
///
/// # Errors
/// [`AdmissionRefusal::InvitationNotFound`], also where it doesn't let anybody in any more,
/// `QuotaExceeded`, `AlreadyMember` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn accept(
    tx: &mut dyn Tx,
    actor: &Actor,
    id: InvitationId,
    quotas: &Quotas,
) -> Result<(GroupId, Member), Error> {
    let issued = lock(tx, actor, id)?;
    lock_to_grow(tx, issued.invitation.invited_by.id, actor.id())?;
    require_valid(tx, &issued, AdmissionRefusal::InvitationNotFound)?;
    let IssuedInvitation { group, gift, invitation, .. } = issued;
    let role = gift.ok_or(AdmissionRefusal::InvitationNotFound)?;
    remove(tx, id)?;
    tx.emit(Some(actor.id()), Event::InvitationAccepted(EndedInvitation { id, user: actor.id() }));
    let newcomer = Newcomer::let_in(actor.user.clone(), role, invitation.invited_by.id, &group);
    let member = admit_newcomer(tx, actor.id(), &group, newcomer, quotas)?;
    let accepted = AuditEntry::by(actor, AuditAction::InvitationAccepted).within(group.id).about(id.get());
    tx.record(accepted.with_role(&member.role.name));
    Ok((group.id, member))
}

/// Declines an invitation.
///
/// # Errors
/// [`AdmissionRefusal::InvitationNotFound`], also where it doesn't let anybody in any more, or a fault.
pub fn decline(tx: &mut dyn Tx, actor: &Actor, id: InvitationId) -> Result<(), Error> {
    let issued = lock(tx, actor, id)?;
    require_valid(tx, &issued, AdmissionRefusal::InvitationNotFound)?;
    remove(tx, id)?;
    tx.emit(Some(actor.id()), Event::InvitationDeclined(EndedInvitation { id, user: actor.id() }));
    let declined = AuditEntry::by(actor, AuditAction::InvitationDeclined);
    tx.record(declined.within(issued.group.id).about(id.get()));
    Ok(())
}

/// The actor's invitation, read again once its group is locked. One by somebody whom the actor has blocked is not there.
fn lock(tx: &mut dyn Tx, actor: &Actor, id: InvitationId) -> Result<IssuedInvitation, Error> {
    let group = find(tx, actor, id)?.group.id;
    tx.groups().lock(group)?;
    find(tx, actor, id)
}

fn find(tx: &mut dyn Tx, actor: &Actor, id: InvitationId) -> Result<IssuedInvitation, Error> {
    let found = tx.invitations().find(id)?.filter(|issued| issued.invitation.user.id == actor.id());
    let issued = found.ok_or(AdmissionRefusal::InvitationNotFound)?;
    if tx.blocks().find(actor.id(), issued.invitation.invited_by.id)?.is_some() {
        return Err(AdmissionRefusal::InvitationNotFound.into());
    }
    Ok(issued)
}

#[cfg(test)]
mod tests;
