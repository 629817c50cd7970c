//! The groups that somebody comes into with a new account, by the invite of somebody else.

use crate::accounts::User;
use crate::error::Error;
use crate::groups::default_groups::room_in;
use crate::groups::gift::may_let_in;
use crate::groups::membership::{Newcomer, admit};
use crate::groups::model::Group;
use crate::groups::quota::Quotas;
use crate::groups::role_lookup::role_to_give;
use crate::ids::{GroupId, UserId};
use crate::permissions::{GroupPermission, Role, RoleName, Who};
use crate::storage::Tx;

/// Who has invited somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inviter {
    /// Who it is.
    pub(crate) id: UserId,
    /// Whether they manage the groups of the server now.
    pub(crate) manages_groups: bool,
}

/// Lets a new user into a group, as a plain member. The group and both users are locked. A group that takes nobody, or into
/// which the inviter may let nobody any more, is passed over: it keeps nobody from getting an account.
///
/// # Errors
/// A fault.
pub(crate) fn let_in_invited(
    tx: &mut dyn Tx,
    user: &User,
    group: GroupId,
    inviter: Inviter,
    quotas: &Quotas,
) -> Result<(), Error> {
    let Ok(group) = room_in(tx, group, quotas)? else { return Ok(()) };
    let Some(role) = role_by(tx, &group, inviter)? else { return Ok(()) };
    if !quotas.allow_another(tx, user.id)? {
        return Ok(());
    }
    let newcomer = Newcomer::let_in(user.as_ref(), role, inviter.id, &group);
    // Not stored if it is one of the groups of all new users.
    admit(tx, inviter.id, &group, newcomer, &Quotas::UNLIMITED).map(drop)
}

/// The role of plain members, if the inviter may let somebody in with it now.
fn role_by(tx: &mut dyn Tx, group: &Group, inviter: Inviter) -> Result<Option<Role>, Error> {
    let issuer = match tx.members().find(group.id, inviter.id)? {
        Some(member) => Some(role_to_give(tx, group, &member.role.name)?),
        None => None,
    };
    let who = Who { manages_groups: inviter.manages_groups, ..Who::with_role(issuer.as_ref()) };
    let role = role_to_give(tx, group, &RoleName::MEMBER)?;
    Ok(may_let_in(&who, GroupPermission::Invite, &group.scope(), &role).then_some(role))
}
