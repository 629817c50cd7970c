//! Listing invitations.

use crate::accounts::Actor;
use crate::admissions::issuer::{judge, shown};
use crate::admissions::model::{Invitation, IssuedInvitation, JudgedInvitation};
use crate::admissions::repository::{InvitationQuery, Invitations};
use crate::error::Error;
use crate::groups::managed;
use crate::ids::{GroupId, InvitationId};
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::storage::Tx;
use crate::text::TextBytes;

/// A page of the invitations to a group, the newest first, for those who may invite. It has those that don't let
/// anybody in any more, too, since they count.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn list_invitations(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    below: Option<InvitationId>,
    limit: Limit,
) -> Result<Page<JudgedInvitation>, Error> {
    let found = managed(tx, actor, group)?;
    found.authorize_at(tx, actor, GroupPermission::Invite, &found.group.scope().reading())?;
    let page = read(tx, Invitations::To(group), below, limit)?;
    Ok(Page { items: judge(tx, page.items)?, more: page.more })
}

/// The invitations among the next of a list that let the actor in, the newest first, and where the list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnInvitations {
    /// The invitations.
    pub items: Vec<Invitation>,
    /// The list goes on below this one; `None` at its end.
    pub next: Option<InvitationId>,
}

impl TextBytes for OwnInvitations {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(TextBytes::text_bytes).sum()
    }
}

/// A page of the actor's own invitations, the newest first. Those that don't let anybody in any more are left out, and
/// those by users whom the actor has blocked, so that a page may be empty before the end of the list.
///
/// # Errors
/// A fault.
pub fn list_own_invitations(
    tx: &mut dyn Tx,
    actor: &Actor,
    below: Option<InvitationId>,
    limit: Limit,
) -> Result<OwnInvitations, Error> {
    let page = read(tx, Invitations::Of(actor.id()), below, limit)?;
    let last = page.items.last().map(|issued| issued.invitation.id);
    let items = shown(tx, page.items)?;
    Ok(OwnInvitations { items, next: last.filter(|_| page.more) })
}

fn read(
    tx: &mut dyn Tx,
    of: Invitations,
    below: Option<InvitationId>,
    limit: Limit,
) -> Result<Page<IssuedInvitation>, Error> {
    Ok(Page::from_lookahead(tx.invitations().list(&InvitationQuery { of, below, limit })?, limit))
}

#[cfg(test)]
mod tests;
