//! Whether an invitation or an invite link still lets anybody in. It does as long as the one who made it could make it
//! again: they may invite, and give its role.

use std::collections::BTreeSet;

use crate::admissions::error::AdmissionRefusal;
use crate::admissions::invite_link::{IssuedLink, JudgedLink};
use crate::admissions::model::{Invitation, IssuedInvitation, JudgedInvitation};
use crate::error::Error;
use crate::groups::{Group, may_let_in};
use crate::ids::UserId;
use crate::permissions::{GroupPermission, Role, ServerPermission, Who};
use crate::storage::{StorageFault, Tx};
use crate::time::Timestamp;

/// What somebody has issued to let others in, and what decides whether it still does.
pub(crate) trait Issued {
    /// The same with the verdict.
    type Judged;

    /// Who has made it.
    fn maker(&self) -> UserId;

    /// The group, the role that the maker has there now, and the role that it gives, as far as there are any.
    fn terms(&self) -> (&Group, Option<&Role>, Option<&Role>);

    /// Whether it is over whatever its maker may do.
    fn has_ended(&self, now: Timestamp) -> bool;

    /// Says whether it lets somebody in.
    fn judged(self, is_valid: bool) -> Self::Judged;
}

impl Issued for IssuedInvitation {
    type Judged = JudgedInvitation;

    fn maker(&self) -> UserId {
        self.invitation.invited_by.id
    }

    fn terms(&self) -> (&Group, Option<&Role>, Option<&Role>) {
        (&self.group, self.issuer.as_ref(), self.gift.as_ref())
    }

    fn has_ended(&self, now: Timestamp) -> bool {
        self.invitation.expires_at.is_some_and(|end| end <= now)
    }

    fn judged(self, is_valid: bool) -> JudgedInvitation {
        JudgedInvitation { invitation: self.invitation, is_valid }
    }
}

impl Issued for IssuedLink {
    type Judged = JudgedLink;

    fn maker(&self) -> UserId {
        self.link.created_by.id
    }

    fn terms(&self) -> (&Group, Option<&Role>, Option<&Role>) {
        (&self.group, self.issuer.as_ref(), self.gift.as_ref())
    }

    fn has_ended(&self, now: Timestamp) -> bool {
        self.link.expires_at <= now || self.link.max_uses.is_some_and(|max| self.link.uses >= max.get())
    }

    fn judged(self, is_valid: bool) -> JudgedLink {
        JudgedLink { link: self.link, is_valid }
    }
}

/// Whether it lets somebody in, if its maker manages the groups of the server or not.
fn is_valid_by(issued: &impl Issued, manages_groups: bool) -> bool {
    let (group, issuer, gift) = issued.terms();
    let who = Who { manages_groups, ..Who::with_role(issuer) };
    gift.is_some_and(|gift| may_let_in(&who, GroupPermission::Invite, &group.scope(), gift))
}

/// Whether it makes a difference whether its maker manages the groups of the server.
fn depends_on_maker(issued: &impl Issued, now: Timestamp) -> bool {
    !issued.has_ended(now) && !is_valid_by(issued, false) && is_valid_by(issued, true)
}

/// Whether it lets somebody in. Those of the makers who manage the groups of the server are known, as far as it makes a
/// difference.
fn is_valid_now(issued: &impl Issued, managers: &BTreeSet<UserId>, now: Timestamp) -> bool {
    !issued.has_ended(now) && is_valid_by(issued, managers.contains(&issued.maker()))
}

/// Those of these users who manage the groups of the server.
fn managers_among(tx: &mut dyn Tx, users: &[UserId]) -> Result<BTreeSet<UserId>, StorageFault> {
    if users.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all = tx.server_roles().rights_of(users)?;
    let managers = all.into_iter().filter(|(_, rights)| rights.allow(ServerPermission::ManageGroups));
    Ok(managers.map(|(user, _)| user).collect())
}

/// Says of each whether it lets somebody in now. Rights on the server are read only where they make a difference.
pub(crate) fn judge<I: Issued>(tx: &mut dyn Tx, issued: Vec<I>) -> Result<Vec<I::Judged>, StorageFault> {
    let now = tx.now();
    let depending = issued.iter().filter(|one| depends_on_maker(*one, now));
    let makers = BTreeSet::from_iter(depending.map(Issued::maker));
    let managers = managers_among(tx, &Vec::from_iter(makers))?;
    let judge = |one: I| {
        let is_valid = is_valid_now(&one, &managers, now);
        one.judged(is_valid)
    };
    Ok(issued.into_iter().map(judge).collect())
}

/// The invitations that the invited learn of: those that let them in, and that are not made by somebody whom they have
/// blocked. Others than the invited are not told of a block, so to them those are valid.
pub(crate) fn shown(tx: &mut dyn Tx, issued: Vec<IssuedInvitation>) -> Result<Vec<Invitation>, StorageFault> {
    let judged = judge(tx, issued)?.into_iter().filter(|judged| judged.is_valid);
    let valid: Vec<_> = judged.map(|judged| judged.invitation).collect();
    if valid.is_empty() {
        return Ok(valid);
    }
    let pair = |invitation: &Invitation| (invitation.user.id, invitation.invited_by.id);
    let blocked = tx.blocks().find_many(&valid.iter().map(pair).collect::<Vec<_>>())?;
    Ok(valid.into_iter().filter(|invitation| !blocked.contains(&pair(invitation))).collect())
}

/// Rejects what lets nobody in any more, as if it were not there.
pub(crate) fn require_valid(
    tx: &mut dyn Tx,
    issued: &impl Issued,
    missing: AdmissionRefusal,
) -> Result<(), Error> {
    let now = tx.now();
    let maker = depends_on_maker(issued, now).then(|| issued.maker());
    let managers = managers_among(tx, maker.as_slice())?;
    if is_valid_now(issued, &managers, now) { Ok(()) } else { Err(missing.into()) }
}
