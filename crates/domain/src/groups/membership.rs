//! Adding members to a group, and letting in those who come by another way.

use crate::accounts::{
    AccountRefusal, Actor, LockStrength, User, UserRef, Username, UsernameKey, lock_in_order, may,
};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{AddedMember, Event, GroupUpdate};
use crate::groups::access::lock_managed;
use crate::groups::ban_check::refuse_banned;
use crate::groups::error::GroupRefusal;
use crate::groups::gift::authorize_gift;
use crate::groups::model::{Group, Member, NewMembership, Visibility};
use crate::groups::quota::Quotas;
use crate::groups::senders::tell_sender;
use crate::groups::settings::MemberSettings;
use crate::groups::succession::ensure_owner;
use crate::groups::ways_in::end_ways_in;
use crate::ids::{GroupId, UserId};
use crate::permissions::{BuiltInRole, GroupPermission, Role, RoleName, ServerPermission};
use crate::storage::{Tx, Unique};

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

/// Adds a user to a group, as somebody who may add members, and, for another role than `member`, manage roles. Where
/// nobody is left in the group, the user becomes its owner, whatever the role.
///
/// # Errors
/// [`GroupRefusal::NotFound`], [`AccountRefusal::UserNotFound`], also if the user has blocked the actor,
/// [`GroupRefusal::MembersOnly`],
/// [`GroupRefusal::RoleTooLow`], [`GroupRefusal::Archived`], [`GroupRefusal::AlreadyMember`],
/// [`GroupRefusal::Banned`], [`GroupRefusal::QuotaExceeded`], an invalid `role` that the group doesn't have, or a
/// fault.
pub fn add_member(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    candidate: &Candidate,
    role: &RoleName,
    quotas: &Quotas,
) -> Result<Member, Error> {
    let found = lock_managed(tx, actor, group)?;
    let user = lock_candidate(tx, actor, candidate)?;
    let role = authorize_gift(tx, actor, &found, GroupPermission::AddMembers, role)?;
    refuse_blocked(tx, actor, group, user.id)?;
    let newcomer = Newcomer::let_in(user.as_ref(), role, actor.id(), &found.group);
    let member = admit_newcomer(tx, actor.id(), &found.group, newcomer, quotas)?;
    let added = AuditEntry::by(actor, AuditAction::MemberAdded).to(user.id).within(group);
    tx.record(added.with_role(&member.role.name));
    Ok(member)
}

/// Rejects who adds somebody by whom they are blocked, as if that account were gone. Those who manage the groups of the
/// server put people into groups whatever they think of each other.
fn refuse_blocked(tx: &mut dyn Tx, actor: &Actor, group: GroupId, user: UserId) -> Result<(), Error> {
    let is_blocked = !blocked_by_any(tx, actor, &[user])?.is_empty();
    // A member stays one, whomever they have blocked.
    if !is_blocked || tx.members().find(group, user)?.is_some() {
        return Ok(());
    }
    Err(AccountRefusal::UserNotFound.into())
}

/// Those of these users who have blocked the actor, so that the actor can't add them.
pub(super) fn blocked_by_any(tx: &mut dyn Tx, actor: &Actor, users: &[UserId]) -> Result<Vec<UserId>, Error> {
    let pairs: Vec<_> = users.iter().map(|user| (*user, actor.id())).collect();
    let blocks = tx.blocks().find_many(&pairs)?;
    if blocks.is_empty() || may(tx, actor, ServerPermission::ManageGroups)? {
        return Ok(Vec::new());
    }
    Ok(blocks.into_iter().map(|(user, _)| user).collect())
}

/// The user, locked so that their account can't be deleted while they get a membership, and their memberships can be
/// counted. The actor, whose rights are read later, is locked along with them, since users are locked in the order of
/// their ids.
pub(crate) fn lock_candidate(tx: &mut dyn Tx, actor: &Actor, candidate: &Candidate) -> Result<User, Error> {
    let id = match candidate {
        Candidate::Id(id) => *id,
        Candidate::Nobody => return Err(AccountRefusal::UserNotFound.into()),
        Candidate::Username(name) => {
            tx.accounts().find_by_username(name)?.ok_or(AccountRefusal::UserNotFound)?.id
        }
    };
    lock_to_grow(tx, actor.id(), id)?;
    Ok(tx.accounts().find(id)?.ok_or(AccountRefusal::UserNotFound)?)
}

/// Locks a user who is to be in more groups, or to own more, and the one by whose rights.
pub(crate) fn lock_to_grow(tx: &mut dyn Tx, decider: UserId, user: UserId) -> Result<(), Error> {
    let mut locks = vec![(user, LockStrength::Exclusive)];
    if decider != user {
        locks.push((decider, LockStrength::Shared));
    }
    Ok(lock_in_order(tx, &mut locks)?)
}

/// Somebody who comes into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Newcomer {
    user: UserRef,
    role: Role,
    as_admin: bool,
    /// Whether the group is known to have an owner, so that nobody need ask.
    is_led: bool,
}

impl Newcomer {
    /// Somebody who needs nobody's decision: the creator of a group, for example.
    pub(super) fn new(user: UserRef, role: Role) -> Self {
        Self { user, role, as_admin: false, is_led: false }
    }

    /// Somebody whom `decider` lets in. Who decides on themselves, where not everybody may come in, does so by managing
    /// all groups: the members are told.
    pub(crate) fn let_in(user: UserRef, role: Role, decider: UserId, group: &Group) -> Self {
        let as_admin = user.id == decider && group.visibility != Visibility::Public;
        Self { user, role, as_admin, is_led: false }
    }

    /// Who it is.
    pub(super) const fn user_id(&self) -> UserId {
        self.user.id
    }

    /// The same, for a group that is known to have an owner, or is not.
    pub(super) fn where_led(self, is_led: bool) -> Self {
        Self { is_led, ..self }
    }
}

/// Lets a user into a group: stores the membership, and ends what else was to let them in. Every way into a group ends
/// here, except those of who can't have been invited: the creator, and new users. `group` is the group as it was
/// before, locked, as is the user.
pub(crate) fn admit(
    tx: &mut dyn Tx,
    actor: UserId,
    group: &Group,
    newcomer: Newcomer,
    quotas: &Quotas,
) -> Result<Unique<Member>, Error> {
    let admitted = add(tx, actor, group, newcomer, quotas)?;
    if let Unique::Stored(member) = &admitted {
        end_ways_in(tx, actor, group, member.user.id)?;
    }
    Ok(admitted)
}

/// [`admit`] for whoever must not be in the group already.
pub(crate) fn admit_newcomer(
    tx: &mut dyn Tx,
    actor: UserId,
    group: &Group,
    newcomer: Newcomer,
    quotas: &Quotas,
) -> Result<Member, Error> {
    match admit(tx, actor, group, newcomer, quotas)? {
        Unique::Stored(member) => Ok(member),
        Unique::Taken => Err(GroupRefusal::AlreadyMember.into()),
    }
}

/// Stores a membership and tells of it, unless the user is banned: every way in ends here. The new member of a private
/// group, who did not see it before, is also told of the group. What was said before counts as read. `group` is the
/// group as it was before, locked, as is the user.
pub(super) fn add(
    tx: &mut dyn Tx,
    actor: UserId,
    group: &Group,
    newcomer: Newcomer,
    quotas: &Quotas,
) -> Result<Unique<Member>, Error> {
    let Newcomer { user, role, as_admin, is_led } = newcomer;
    refuse_banned(tx, group.id, user.id)?;
    // A direct conversation has no owner.
    let needs_none = is_led || role.title.name == BuiltInRole::Owner || group.is_direct();
    let is_led = needs_none || ensure_owner(tx, group.id)?;
    let is_private = !group.visibility.is_listed();
    let role = if is_led { role } else { Role::unchanged(BuiltInRole::Owner, is_private) };
    let joined_at = tx.now();
    let membership = NewMembership {
        group: group.id,
        user: user.id,
        role: role.title.name.clone(),
        joined_at,
        read_seq: group.last_seq,
        joined_seq: group.last_seq,
        since_event: tx.next_event_id()?,
        as_admin,
    };
    if tx.members().insert(&membership)? == Unique::Taken {
        return Ok(Unique::Taken);
    }
    quotas.check_added(tx, group, user.id, &role.title.name)?;
    let (joined_seq, settings) = (group.last_seq, MemberSettings::default());
    // Who leaves and comes again is still muted.
    let mute = tx.mutes().find(group.id, user.id)?;
    let member = Member { user, role: role.title.clone(), joined_at, joined_seq, as_admin, settings, mute };
    let added = AddedMember { group: group.id, member: member.clone(), history: group.history };
    tx.emit(Some(actor), Event::MemberAdded(added));
    if is_private {
        let group = Group { member_count: group.member_count + 1, ..group.clone() };
        tx.emit(Some(actor), Event::GroupCreated(GroupUpdate::shown_to(group, member.user.id)));
    }
    tell_sender(tx, actor, group, &role)?;
    Ok(Unique::Stored(member))
}

#[cfg(test)]
mod tests;
