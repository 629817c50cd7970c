//! Whether an invitation still lets anybody in. It does as long as the one who made it could make it again: they may
//! invite, and give its role.

use std::collections::BTreeSet;

use crate::accounts::current_rights;
use crate::admissions::model::{IssuedInvitation, JudgedInvitation};
use crate::groups::may_let_in;
use crate::permissions::{GroupPermission, ServerPermission, Who};
use crate::storage::{StorageFault, Tx};
use crate::time::Timestamp;

impl IssuedInvitation {
    fn has_expired(&self, now: Timestamp) -> bool {
        self.invitation.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it lets its user in, if the inviter manages the groups of the server or not.
    fn is_valid_by(&self, manages_groups: bool) -> bool {
        let who = Who { manages_groups, ..Who::with_role(self.issuer.as_ref()) };
        let scope = self.group.scope();
        self.gift.as_ref().is_some_and(|gift| may_let_in(&who, GroupPermission::Invite, &scope, gift))
    }
}

/// Says of each invitation whether it lets its user in now. Rights on the server are read only where they make a
/// difference.
pub(crate) fn judge(
    tx: &mut dyn Tx,
    issued: Vec<IssuedInvitation>,
) -> Result<Vec<JudgedInvitation>, StorageFault> {
    let now = tx.now();
    let depends = |issued: &&IssuedInvitation| {
        !issued.has_expired(now) && !issued.is_valid_by(false) && issued.is_valid_by(true)
    };
    let issuers: BTreeSet<_> =
        issued.iter().filter(depends).map(|issued| issued.invitation.invited_by.id).collect();
    let mut managers = BTreeSet::new();
    for issuer in issuers {
        if current_rights(tx, issuer)?.allow(ServerPermission::ManageGroups) {
            managers.insert(issuer);
        }
    }
    let judge = |issued: IssuedInvitation| {
        let manages = managers.contains(&issued.invitation.invited_by.id);
        let is_valid = !issued.has_expired(now) && issued.is_valid_by(manages);
        JudgedInvitation { invitation: issued.invitation, is_valid }
    };
    Ok(issued.into_iter().map(judge).collect())
}
