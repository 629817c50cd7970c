//! Making, listing and revoking invites to the server.

use std::collections::BTreeSet;

use crate::accounts::{Actor, CredentialChange, LockStrength, check, require_change, rights_held, rights_of};
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::invite_link::MaxUses;
use crate::admissions::links::end_of;
use crate::admissions::model::Note;
use crate::admissions::server_invite::{
    InviteGroups, JudgedServerInvite, MAX_SERVER_INVITES, NewServerInvite, ServerInvite, ServerInviteQuery,
};
use crate::audit::{AuditAction, AuditEntry};
use crate::codes::CodeHash;
use crate::error::Error;
use crate::groups::{GroupRefusal, Quota, authorize_gift, lock_managed};
use crate::ids::{ServerInviteId, UserId};
use crate::paging::{Limit, Page};
use crate::permissions::{GroupPermission, RoleName, ServerPermission, ServerRights, ServerScope};
use crate::storage::{StorageFault, Tx};
use crate::time::Timestamp;

/// What an invite is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerInviteDraft {
    /// How many users it lets in; `None` for any number.
    pub max_uses: Option<MaxUses>,
    /// When it ends; `None` for [`LINK_LIFETIME`](super::LINK_LIFETIME) from now.
    pub expires_at: Option<Timestamp>,
    /// The groups that those who are invited come into.
    pub groups: InviteGroups,
    /// What its maker writes to those who see it.
    pub note: Option<Note>,
}

/// Makes an invite with a code of this hash, as somebody who may invite to the server, and to each of its groups.
///
/// # Errors
/// `NotPermitted`, `ProvisionedKey` of [`AccountRefusal`](crate::accounts::AccountRefusal), `NotFound`, `MembersOnly`,
/// `RoleTooLow`, `Archived`, `Direct`, `QuotaExceeded` of [`GroupRefusal`], an `expires_at` that is past or too far away,
/// or a fault.
pub fn create_server_invite(
    tx: &mut dyn Tx,
    actor: &Actor,
    draft: &ServerInviteDraft,
    code: CodeHash,
) -> Result<JudgedServerInvite, Error> {
    // In the order of their ids, and before users.
    let mut found = Vec::new();
    for group in draft.groups.ids() {
        found.push(lock_managed(tx, actor, *group)?);
    }
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    require_change(tx, actor, CredentialChange::Invite)?;
    for group in &found {
        authorize_gift(tx, actor, group, GroupPermission::Invite, &RoleName::MEMBER)?;
    }
    let now = tx.now();
    let expires_at = end_of(draft.expires_at, now)?;
    if tx.server_invites().count(actor.id(), MAX_SERVER_INVITES)? >= MAX_SERVER_INVITES {
        let (quota, limit) = (Quota::ServerInvites, MAX_SERVER_INVITES);
        return Err(GroupRefusal::QuotaExceeded { quota, limit }.into());
    }
    let ServerInviteDraft { max_uses, groups, note, .. } = draft.clone();
    let new = NewServerInvite {
        created_by: actor.id(),
        code,
        groups: groups.clone(),
        note: note.clone(),
        max_uses,
        created_at: now,
        expires_at,
    };
    let id = tx.server_invites().insert(&new)?;
    tx.record(AuditEntry::by(actor, AuditAction::InviteCreated).about(id.get()));
    let created_by = actor.user.clone();
    let invite =
        ServerInvite { id, created_by, groups, note, max_uses, uses: 0, created_at: now, expires_at };
    Ok(JudgedServerInvite { invite, is_valid: true })
}

/// A page of invites, the newest first: those that the actor has made, or all for who manages users. It has those that
/// don't let anybody in any more, too, since they count. Nothing shows their codes.
///
/// # Errors
/// [`AccountRefusal::NotPermitted`](crate::accounts::AccountRefusal::NotPermitted), or a fault.
pub fn list_server_invites(
    tx: &mut dyn Tx,
    actor: &Actor,
    below: Option<ServerInviteId>,
    limit: Limit,
) -> Result<Page<JudgedServerInvite>, Error> {
    let rights = rights_held(tx, actor)?;
    let query = ServerInviteQuery { by: within_reach(actor, &rights)?, below, limit };
    let page = Page::from_lookahead(tx.server_invites().list(&query)?, limit);
    Ok(Page { items: judge(tx, page.items)?, more: page.more })
}

/// Ends an invite that the actor has made, or anybody's for who manages users.
///
/// # Errors
/// [`AccountRefusal::NotPermitted`](crate::accounts::AccountRefusal::NotPermitted), [`AdmissionRefusal::InviteNotFound`],
/// or a fault.
pub fn revoke_server_invite(tx: &mut dyn Tx, actor: &Actor, id: ServerInviteId) -> Result<(), Error> {
    let rights = rights_of(tx, actor)?;
    let by = within_reach(actor, &rights)?;
    if !tx.server_invites().remove(id, by)? {
        return Err(AdmissionRefusal::InviteNotFound.into());
    }
    tx.record(AuditEntry::by(actor, AuditAction::InviteRevoked).about(id.get()));
    Ok(())
}

/// Whose invites somebody with these rights may see and end: `None` for everybody's.
fn within_reach(actor: &Actor, rights: &ServerRights) -> Result<Option<UserId>, Error> {
    if rights.allow(ServerPermission::ManageUsers) {
        return Ok(None);
    }
    check(rights, ServerPermission::InviteUsers, &ServerScope::NOBODY)?;
    Ok(Some(actor.id()))
}

/// Says of each whether somebody can sign up by it now: it has not ended, and its maker may still invite.
fn judge(tx: &mut dyn Tx, invites: Vec<ServerInvite>) -> Result<Vec<JudgedServerInvite>, StorageFault> {
    let now = tx.now();
    let open = invites.iter().filter(|invite| !invite.has_ended(now));
    let makers: BTreeSet<_> = open.map(|invite| invite.created_by.id).collect();
    let inviters = inviters_among(tx, &Vec::from_iter(makers))?;
    let judge = |invite: ServerInvite| {
        let is_valid = !invite.has_ended(now) && inviters.contains(&invite.created_by.id);
        JudgedServerInvite { invite, is_valid }
    };
    Ok(invites.into_iter().map(judge).collect())
}

/// Those of these users who may invite to the server.
fn inviters_among(tx: &mut dyn Tx, users: &[UserId]) -> Result<BTreeSet<UserId>, StorageFault> {
    if users.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all = tx.server_roles().rights_of(users)?;
    let inviters = all.into_iter().filter(|(_, rights)| rights.allow(ServerPermission::InviteUsers));
    Ok(inviters.map(|(user, _)| user).collect())
}

/// The invite of a code, if somebody can sign up by it now.
///
/// # Errors
/// [`AdmissionRefusal::InviteNotFound`], or a fault.
pub(super) fn find_valid(tx: &mut dyn Tx, code: &CodeHash) -> Result<ServerInvite, Error> {
    let found = tx.server_invites().find(code)?.ok_or(AdmissionRefusal::InviteNotFound)?;
    let judged = judge(tx, vec![found])?;
    let valid = judged.into_iter().find(|judged| judged.is_valid).map(|judged| judged.invite);
    valid.ok_or_else(|| AdmissionRefusal::InviteNotFound.into())
}

#[cfg(test)]
mod tests;
