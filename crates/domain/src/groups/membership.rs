//! Adding members to a group, and letting in those who come by another way.

use crate::accounts::{
    AccountRefusal, Actor, LockStrength, User, UserRef, Username, UsernameKey, lock_in_order,
};
use crate::error::Error;
use crate::events::{AddedMember, Event, GroupUpdate};
use crate::groups::access::lock_managed;
use crate::groups::ban_check::refuse_banned;
use crate::groups::error::GroupRefusal;
use crate::groups::gift::authorize_gift;
use crate::groups::model::{Group, Member, NewMembership, Visibility};
use crate::groups::quota::Quotas;
use crate::groups::role_lookup::find_role;
use crate::groups::senders::tell_sender;
use crate::groups::settings::MemberSettings;
use crate::groups::succession::ensure_owner;
use crate::groups::ways_in::end_ways_in;
use crate::ids::{GroupId, UserId};
use crate::permissions::{BuiltInRole, GroupPermission, RoleName, RoleTitle};
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
/// [`GroupRefusal::NotFound`], [`AccountRefusal::UserNotFound`], [`GroupRefusal::MembersOnly`],
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
    let newcomer = Newcomer::let_in(user.as_ref(), role.title, actor.id(), &found.group);
    admit_newcomer(tx, actor.id(), &found.group, newcomer, quotas)
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
    role: RoleTitle,
    as_admin: bool,
}

impl Newcomer {
    /// Somebody who needs nobody's decision: the creator of a group, for example.
    pub(super) fn new(user: UserRef, role: impl Into<RoleTitle>) -> Self {
        Self { user, role: role.into(), as_admin: false }
    }

    /// Somebody whom `decider` lets in. Who decides on themselves, where not everybody may come in, does so by managing
    /// all groups: the members are told.
    pub(crate) fn let_in(user: UserRef, role: impl Into<RoleTitle>, decider: UserId, group: &Group) -> Self {
        let as_admin = user.id == decider && group.visibility != Visibility::Public;
        Self { user, role: role.into(), as_admin }
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
    let Newcomer { user, role, as_admin } = newcomer;
    refuse_banned(tx, group.id, user.id)?;
    // A direct conversation has no owner.
    let is_led = role.name == BuiltInRole::Owner || group.is_direct() || ensure_owner(tx, group.id)?;
    let role = if is_led { role } else { BuiltInRole::Owner.into() };
    let joined_at = tx.now();
    let membership = NewMembership {
        group: group.id,
        user: user.id,
        role: role.name.clone(),
        joined_at,
        read_seq: group.last_seq,
        joined_seq: group.last_seq,
        since_event: tx.next_event_id()?,
        as_admin,
    };
    if tx.members().insert(&membership)? == Unique::Taken {
        return Ok(Unique::Taken);
    }
    quotas.check_added(tx, group, user.id, &role.name)?;
    let (joined_seq, settings) = (group.last_seq, MemberSettings::default());
    // Who leaves and comes again is still muted.
    let mute = tx.mutes().find(group.id, user.id)?;
    let member = Member { user, role, joined_at, joined_seq, as_admin, settings, mute };
    let added = AddedMember { group: group.id, member: member.clone(), history: group.history };
    tx.emit(Some(actor), Event::MemberAdded(added));
    if !group.visibility.is_listed() {
        let group = Group { member_count: group.member_count + 1, ..group.clone() };
        tx.emit(Some(actor), Event::GroupCreated(GroupUpdate::shown_to(group, member.user.id)));
    }
    // Owners may do everything, and a direct conversation has no roles.
    if !group.is_direct()
        && member.role.name != BuiltInRole::Owner
        && let Some(role) = find_role(tx, group, member.role.name.clone())?
    {
        tell_sender(tx, actor, group, &role)?;
    }
    Ok(Unique::Stored(member))
}

#[cfg(test)]
mod tests;
