//! What is to let a user into a group, and ends once they are in, or banned: an invitation, and a request to join.

use crate::admissions::tell_of_end;
use crate::error::Error;
use crate::events::{EndedJoinRequest, Event};
use crate::groups::model::Group;
use crate::groups::role_lookup::permitted_roles;
use crate::ids::{GroupId, UserId};
use crate::permissions::GroupPermission;
use crate::storage::{StorageFault, Tx};

/// Ends all that was to let a user into a group, which must be locked.
pub(super) fn end_ways_in(tx: &mut dyn Tx, actor: UserId, group: &Group, user: UserId) -> Result<(), Error> {
    if let Some(ended) = tx.invitations().remove_of(group.id, user)? {
        tell_of_end(tx, Some(actor), &[ended])?;
    }
    end_join_request(tx, Some(actor), group, user).map(drop)
}

/// Ends the invitations to a group that a member has made who leaves it.
pub(super) fn end_invitations_by(
    tx: &mut dyn Tx,
    actor: Option<UserId>,
    group: GroupId,
    inviter: UserId,
) -> Result<(), StorageFault> {
    let ended = tx.invitations().remove_by(group, inviter)?;
    tell_of_end(tx, actor, &ended)
}

/// Ends a user's request to join a group, which must be locked; `false` if there is none.
pub(crate) fn end_join_request(
    tx: &mut dyn Tx,
    actor: Option<UserId>,
    group: &Group,
    user: UserId,
) -> Result<bool, Error> {
    if !tx.join_requests().remove(group.id, user)? {
        return Ok(false);
    }
    let approvers = permitted_roles(tx, group, GroupPermission::ApproveRequests)?;
    tx.emit(actor, Event::JoinRequestEnded(EndedJoinRequest { group: group.id, user, approvers }));
    Ok(true)
}
