//! Making, listing and revoking invite links.

use crate::accounts::Actor;
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::invite_link::{
    InviteLink, InviteLinkQuery, JudgedLink, LINK_LIFETIME, MAX_INVITE_LINKS, MAX_LINK_LIFETIME,
    MAX_MADE_INVITE_LINKS, MaxUses, NewInviteLink,
};
use crate::admissions::issuer::judge;
use crate::admissions::model::Note;
use crate::admissions::repository::Counted;
use crate::audit::{AuditAction, AuditEntry};
use crate::codes::CodeHash;
use crate::error::Error;
use crate::groups::{Candidate, GroupRefusal, Quota, authorize_gift, lock_candidate, lock_managed, managed};
use crate::ids::{GroupId, InviteLinkId, UserId};
use crate::paging::Page;
use crate::permissions::{GroupPermission, RoleName};
use crate::storage::Tx;
use crate::time::Timestamp;
use crate::validation::{FieldError, Violation, ViolationCode, in_future};

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDraft {
    /// The role that users get.
    pub role: RoleName,
    /// How many users it lets in; `None` for any number.
    pub max_uses: Option<MaxUses>,
    /// When it ends; `None` for [`LINK_LIFETIME`] from now.
    pub expires_at: Option<Timestamp>,
    /// What its maker writes to those who may invite.
    pub note: Option<Note>,
}

/// When a link or an invite ends that is made now.
pub(super) fn end_of(expires_at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, FieldError> {
    let end = expires_at.unwrap_or_else(|| now.plus(LINK_LIFETIME));
    let checked = in_future(Some(end), now).and_then(|()| {
        if end <= now.plus(MAX_LINK_LIFETIME) {
            return Ok(());
        }
        let days = MAX_LINK_LIFETIME.as_secs() / (24 * 3600);
        Err(Violation::new(ViolationCode::OutOfRange, format!("must be within {days} days from now")))
    });
    checked.map(|()| end).map_err(|violation| violation.in_field("expires_at"))
}

/// Makes a link to a group with a code of this hash, as somebody who may invite, and, for another role than `member`,
/// manage roles.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Direct`, `QuotaExceeded` of [`GroupRefusal`], an invalid `role`
/// that the group doesn't have or `expires_at` that is past or too far away, or a fault.
pub fn create_link(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    draft: &LinkDraft,
    code: CodeHash,
) -> Result<JudgedLink, Error> {
    let found = lock_managed(tx, actor, group)?;
    lock_candidate(tx, actor, &Candidate::Id(actor.id()))?;
    let role = authorize_gift(tx, actor, &found, GroupPermission::Invite, &draft.role)?;
    let now = tx.now();
    let expires_at = end_of(draft.expires_at, now)?;
    check_limits(tx, group, actor.id())?;
    let LinkDraft { max_uses, note, .. } = draft.clone();
    let role = role.title.name;
    let new = NewInviteLink {
        group,
        created_by: actor.id(),
        code,
        role: role.clone(),
        note: note.clone(),
        max_uses,
        created_at: now,
        expires_at,
    };
    let id = tx.invite_links().insert(&new)?;
    tx.record(AuditEntry::by(actor, AuditAction::LinkCreated).within(found.group.id).about(id.get()));
    let (group, created_by) = ((&found.group).into(), actor.user.clone());
    let link =
        InviteLink { id, group, created_by, role, note, max_uses, uses: 0, created_at: now, expires_at };
    Ok(JudgedLink { link, is_valid: true })
}

/// Rejects one link too many. The group and the maker are locked.
fn check_limits(tx: &mut dyn Tx, group: GroupId, maker: UserId) -> Result<(), Error> {
    for (of, quota, limit) in [
        (Counted::To(group), Quota::InviteLinks, MAX_INVITE_LINKS),
        (Counted::By(maker), Quota::MadeInviteLinks, MAX_MADE_INVITE_LINKS),
    ] {
        if tx.invite_links().count(of, limit)? >= limit {
            return Err(GroupRefusal::QuotaExceeded { quota, limit }.into());
        }
    }
    Ok(())
}

/// A page of the links to a group, the newest first, for those who may invite. It has those that don't let anybody in any
/// more, too, since they count. Nothing shows their codes.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Direct` of [`GroupRefusal`], or a fault.
pub fn list_links(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &InviteLinkQuery,
) -> Result<Page<JudgedLink>, Error> {
    let found = managed(tx, actor, query.group)?;
    found.authorize_at(tx, actor, GroupPermission::Invite, &found.group.scope().reading())?;
    let page = Page::from_lookahead(tx.invite_links().list(query)?, query.limit);
    Ok(Page { items: judge(tx, page.items)?, more: page.more })
}

/// Ends a link to a group, as somebody who may invite.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Direct` of [`GroupRefusal`],
/// [`AdmissionRefusal::LinkNotFound`], or a fault.
pub fn revoke_link(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: InviteLinkId) -> Result<(), Error> {
    let found = lock_managed(tx, actor, group)?;
    found.authorize(tx, actor, GroupPermission::Invite)?;
    if !tx.invite_links().remove(group, id)? {
        return Err(AdmissionRefusal::LinkNotFound.into());
    }
    tx.record(AuditEntry::by(actor, AuditAction::LinkRevoked).within(group).about(id.get()));
    Ok(())
}

#[cfg(test)]
mod tests;
