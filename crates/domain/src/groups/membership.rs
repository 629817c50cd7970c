//! How members come into a group: added by others, or joining by themselves.

use crate::accounts::{AccountRefusal, Actor, LockStrength, Unique, User, UserRef, Username, UsernameKey};
use crate::error::Error;
use crate::events::{Audience, Event};
use crate::groups::access::lock_visible;
use crate::groups::error::GroupRefusal;
use crate::groups::model::{Group, Member, NewMembership, Role};
use crate::ids::{GroupId, UserId};
use crate::storage::Tx;

/// Whom to add: by id, or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// The user with this id.
    Id(UserId),
    /// The user with this name, compared without regard to case.
    Username(UsernameKey),
    /// A name that no user can have.
    Nobody,
}

impl Candidate {
    /// Whoever has this name, as somebody typed it. Only what could be a name is folded: other text may be long.
    pub fn named(text: &str) -> Self {
        Username::parse(text).map_or(Self::Nobody, |name| Self::Username(name.key()))
    }
}

/// Adds a user to a group. Any member may; only owners and server admins give a role above `member`.
///
/// # Errors
/// [`GroupRefusal::NotFound`], [`AccountRefusal::UserNotFound`], [`GroupRefusal::MembersOnly`],
/// [`GroupRefusal::RoleTooLow`], [`GroupRefusal::AlreadyMember`], or a fault.
pub fn add_member(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    candidate: &Candidate,
    role: Role,
) -> Result<Member, Error> {
    let found = lock_visible(tx, actor, group)?;
    let user = lock_candidate(tx, actor, candidate)?;
    let least = if role == Role::Member { Role::Member } else { Role::Owner };
    found.require(tx, actor, least)?;
    match add(tx, actor, &found.group, user.as_ref(), role)? {
        Unique::Stored(member) => Ok(member),
        Unique::Taken => Err(GroupRefusal::AlreadyMember.into()),
    }
}

/// Joins a public group. Joining twice changes nothing.
///
/// # Errors
/// [`GroupRefusal::NotFound`], or a fault.
pub fn join(tx: &mut dyn Tx, actor: &Actor, group: GroupId) -> Result<(Member, bool), Error> {
    let found = lock_visible(tx, actor, group)?;
    lock_candidate(tx, actor, &Candidate::Id(actor.id()))?;
    match add(tx, actor, &found.group, actor.user.clone(), Role::Member)? {
        Unique::Stored(member) => Ok((member, true)),
        Unique::Taken => {
            let member = tx.members().find(group, actor.id())?.ok_or(GroupRefusal::MemberNotFound)?;
            Ok((member, false))
        }
    }
}

/// The user, locked so that their account can't be deleted while they get a membership. The actor, whose
/// rights are read later, is locked along with them, since users are locked in the order of their ids.
fn lock_candidate(tx: &mut dyn Tx, actor: &Actor, candidate: &Candidate) -> Result<User, Error> {
    let id = match candidate {
        Candidate::Id(id) => *id,
        Candidate::Nobody => return Err(AccountRefusal::UserNotFound.into()),
        Candidate::Username(name) => {
            tx.accounts().find_by_username(name)?.ok_or(AccountRefusal::UserNotFound)?.id
        }
    };
    tx.accounts().lock(&[actor.id(), id], LockStrength::Shared)?;
    Ok(tx.accounts().find(id)?.ok_or(AccountRefusal::UserNotFound)?)
}

/// Stores a membership and tells of it. What was said before counts as read.
pub(super) fn add(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: &Group,
    user: UserRef,
    role: Role,
) -> Result<Unique<Member>, Error> {
    let joined_at = tx.now();
    let membership = NewMembership {
        group: group.id,
        user: user.id,
        role,
        joined_at,
        read_seq: group.last_seq,
        since_event: tx.next_event_id()?,
    };
    if tx.members().insert(&membership)? == Unique::Taken {
        return Ok(Unique::Taken);
    }
    let member = Member { user, role, joined_at };
    tx.emit(Audience::Group(group.id), Some(actor.id()), Event::MemberAdded(group.id, member.clone()));
    Ok(Unique::Stored(member))
}

#[cfg(test)]
mod tests;
