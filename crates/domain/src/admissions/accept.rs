//! Accepting and declining invitations.

use crate::accounts::Actor;
use crate::admissions::end::remove;
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::issuer::judge;
use crate::admissions::model::{EndedInvitation, IssuedInvitation};
use crate::error::Error;
use crate::events::Event;
use crate::groups::{GroupRefusal, Member, Quotas, admit, lock_to_grow};
use crate::ids::{GroupId, InvitationId};
use crate::permissions::RoleTitle;
use crate::storage::{Tx, Unique};

/// Accepts an invitation: the actor comes into the group with the role that it gives, by the rules of now. Also returns
/// the group.
///
/// # Errors
/// [`AdmissionRefusal::InvitationNotFound`], also where it doesn't let anybody in any more,
/// [`GroupRefusal::QuotaExceeded`], [`GroupRefusal::AlreadyMember`], or a fault.
pub fn accept(
    tx: &mut dyn Tx,
    actor: &Actor,
    id: InvitationId,
    quotas: &Quotas,
) -> Result<(GroupId, Member), Error> {
    let issued = lock(tx, actor, id)?;
    lock_to_grow(tx, issued.invitation.invited_by.id, actor.id())?;
    let (group, title) = (issued.group.clone(), issued.gift.as_ref().map(|gift| gift.title.clone()));
    require_valid(tx, issued)?;
    let title: RoleTitle = title.ok_or(AdmissionRefusal::InvitationNotFound)?;
    remove(tx, id)?;
    tx.emit(Some(actor.id()), Event::InvitationAccepted(EndedInvitation { id, user: actor.id() }));
    match admit(tx, actor.id(), &group, actor.user.clone(), title, quotas)? {
        Unique::Stored(member) => Ok((group.id, member)),
        Unique::Taken => Err(GroupRefusal::AlreadyMember.into()),
    }
}

/// Declines an invitation.
///
/// # Errors
/// [`AdmissionRefusal::InvitationNotFound`], also where it doesn't let anybody in any more, or a fault.
pub fn decline(tx: &mut dyn Tx, actor: &Actor, id: InvitationId) -> Result<(), Error> {
    let issued = lock(tx, actor, id)?;
    require_valid(tx, issued)?;
    remove(tx, id)?;
    tx.emit(Some(actor.id()), Event::InvitationDeclined(EndedInvitation { id, user: actor.id() }));
    Ok(())
}

/// The actor's invitation, read again once its group is locked.
fn lock(tx: &mut dyn Tx, actor: &Actor, id: InvitationId) -> Result<IssuedInvitation, Error> {
    let group = find(tx, actor, id)?.group.id;
    tx.groups().lock(group)?;
    find(tx, actor, id)
}

fn find(tx: &mut dyn Tx, actor: &Actor, id: InvitationId) -> Result<IssuedInvitation, Error> {
    let found = tx.invitations().find(id)?.filter(|issued| issued.invitation.user.id == actor.id());
    Ok(found.ok_or(AdmissionRefusal::InvitationNotFound)?)
}

fn require_valid(tx: &mut dyn Tx, issued: IssuedInvitation) -> Result<(), Error> {
    let is_valid = judge(tx, vec![issued])?.iter().all(|judged| judged.is_valid);
    if is_valid { Ok(()) } else { Err(AdmissionRefusal::InvitationNotFound.into()) }
}

#[cfg(test)]
mod tests;
