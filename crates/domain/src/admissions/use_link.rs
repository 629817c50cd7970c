//! Using invite links: looking at where one leads, and coming in.

use crate::accounts::{AccountRefusal, Actor, AttemptPool, LoginRateLimiter, PasswordAttempt};
use crate::admissions::error::AdmissionRefusal;
use crate::admissions::invite_link::IssuedLink;
use crate::admissions::issuer::require_valid;
use crate::admissions::model::InvitedGroup;
use crate::audit::{AuditAction, AuditEntry};
use crate::codes::{CodeHash, SecretCode, SecretCodes};
use crate::error::{Error, Refusal};
use crate::groups::{
    Group, GroupRefusal, Member, Newcomer, Quotas, admit_newcomer, lock_to_grow, refuse_banned,
};
use crate::ids::GroupId;
use crate::storage::{Credential, Storage, Tx};

/// The ports that using a link needs.
#[derive(Clone, Copy)]
pub struct LinkPorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Hashes the codes that callers send.
    pub codes: &'a dyn SecretCodes,
    /// Limits how many wrong codes callers send.
    pub attempts: &'a dyn LoginRateLimiter,
}

/// Who has come in by a link, or was in the group before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The group.
    pub group: GroupId,
    /// The member.
    pub member: Member,
    /// Whether the link was used: members spend no use.
    pub is_new: bool,
}

/// Where a link leads that still lets somebody in: the group's name and size, and nothing else of a private one.
///
/// # Errors
/// [`AdmissionRefusal::LinkNotFound`], also where it lets nobody in any more and for whoever is banned from a private
/// group, [`AccountRefusal::TooManyAttempts`], or a fault.
pub async fn look_up_link(
    ports: LinkPorts<'_>,
    who: Credential,
    code: &SecretCode,
) -> Result<InvitedGroup, Error> {
    let attempt = take_attempt(ports, who).await?;
    let hash = ports.codes.digest_code(code);
    let outcome = ports.storage.read_as(who, move |tx, actor| look_up(tx, actor, &hash)).await;
    settle(ports, &attempt, outcome)
}

/// Comes into a group by a link, with the role that it gives, by the rules of now. Members stay what they are.
///
/// # Errors
/// [`AdmissionRefusal::LinkNotFound`], also where it lets nobody in any more and for whoever is banned from a private
/// group, [`GroupRefusal::Banned`], [`GroupRefusal::QuotaExceeded`], [`AccountRefusal::TooManyAttempts`], or a fault.
pub async fn accept_link(
    ports: LinkPorts<'_>,
    who: Credential,
    code: &SecretCode,
    quotas: Quotas,
) -> Result<Admitted, Error> {
    let attempt = take_attempt(ports, who).await?;
    let hash = ports.codes.digest_code(code);
    let outcome = ports.storage.write_as(who, move |tx, actor| accept(tx, actor, &hash, &quotas)).await;
    settle(ports, &attempt, outcome)
}

/// Takes an attempt at a code from the caller and from the network.
async fn take_attempt(ports: LinkPorts<'_>, who: Credential) -> Result<PasswordAttempt, Error> {
    let user = ports.storage.read_as(who, |_, actor| Ok(actor.id())).await?;
    let counted = PasswordAttempt::LinkCode { network: who.network, user };
    match ports.attempts.take(&counted) {
        Ok(_) => Ok(counted),
        Err(retry_after) => Err(AccountRefusal::TooManyAttempts { retry_after }.into()),
    }
}

/// Returns the attempt unless the code was wrong.
fn settle<T>(ports: LinkPorts<'_>, attempt: &PasswordAttempt, outcome: Result<T, Error>) -> Result<T, Error> {
    let wrong = Error::from(AdmissionRefusal::LinkNotFound);
    if outcome.as_ref().err() != Some(&wrong) {
        ports.attempts.refund(attempt, AttemptPool::Usual);
    }
    outcome
}

fn look_up(tx: &mut dyn Tx, actor: &Actor, code: &CodeHash) -> Result<InvitedGroup, Error> {
    let issued = find(tx, code)?;
    require_valid(tx, &issued, AdmissionRefusal::LinkNotFound)?;
    match refuse_banned_by_link(tx, actor, &issued.group) {
        // Who is banned from a listed group sees it all the same.
        Ok(()) | Err(Error::Refused(Refusal::Group(GroupRefusal::Banned(_)))) => Ok(issued.link.group),
        Err(error) => Err(error),
    }
}

fn accept(tx: &mut dyn Tx, actor: &Actor, code: &CodeHash, quotas: &Quotas) -> Result<Admitted, Error> {
    let group = find(tx, code)?.group.id;
    tx.groups().lock(group)?;
    let issued = find(tx, code)?;
    lock_to_grow(tx, issued.link.created_by.id, actor.id())?;
    if let Some(member) = tx.members().find(group, actor.id())? {
        return Ok(Admitted { group, member, is_new: false });
    }
    require_valid(tx, &issued, AdmissionRefusal::LinkNotFound)?;
    refuse_banned_by_link(tx, actor, &issued.group)?;
    let role = issued.gift.ok_or(AdmissionRefusal::LinkNotFound)?;
    if !tx.invite_links().spend(issued.link.id)? {
        return Err(AdmissionRefusal::LinkNotFound.into());
    }
    let newcomer = Newcomer::let_in(actor.user.clone(), role, issued.link.created_by.id, &issued.group);
    let member = admit_newcomer(tx, actor.id(), &issued.group, newcomer, quotas)?;
    let used = AuditEntry::by(actor, AuditAction::LinkUsed).within(group).about(issued.link.id.get());
    tx.record(used.with_role(&member.role.name));
    Ok(Admitted { group, member, is_new: true })
}

fn find(tx: &mut dyn Tx, code: &CodeHash) -> Result<IssuedLink, Error> {
    Ok(tx.invite_links().find(code)?.ok_or(AdmissionRefusal::LinkNotFound)?)
}

/// Rejects whoever is banned. To them, a private group does not exist, and neither does a link to it.
fn refuse_banned_by_link(tx: &mut dyn Tx, actor: &Actor, group: &Group) -> Result<(), Error> {
    match refuse_banned(tx, group.id, actor.id()) {
        Err(Error::Refused(_)) if !group.visibility.is_listed() => Err(AdmissionRefusal::LinkNotFound.into()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests;
