//! Groups that every new user is put into, as the operator has set.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::accounts::{User, Welcome};
use crate::error::Error;
use crate::groups::error::{GroupRefusal, Quota};
use crate::groups::membership::{Newcomer, add};
use crate::groups::model::Group;
use crate::groups::quota::Quotas;
use crate::groups::role_lookup::role_to_give;
use crate::groups::succession::is_led;
use crate::ids::GroupId;
use crate::permissions::RoleName;
use crate::storage::Tx;

/// Says which default groups a new user was not put into.
#[cfg_attr(test, mockall::automock)]
pub trait GroupJournal: Send + Sync {
    /// A new user was not put into a group, for this reason.
    fn skipped(&self, group: GroupId, reason: SkipReason);
}

/// Why new users are not put into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// Nobody can join it.
    #[error(transparent)]
    Refused(#[from] GroupRefusal),
    /// Nobody is left in it. Whoever joins such a group becomes its owner; whoever only gets an account must not.
    #[error("nobody is left in the group to own it")]
    Empty,
}

/// Puts new users into groups, as plain members. A group that is not there, archived, full or without an owner is
/// skipped: it keeps nobody from getting an account.
#[derive(Clone)]
pub struct DefaultGroups {
    ids: Vec<GroupId>,
    quotas: Quotas,
    journal: Arc<dyn GroupJournal>,
}

impl fmt::Debug for DefaultGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultGroups").field("ids", &self.ids).finish_non_exhaustive()
    }
}

impl DefaultGroups {
    /// These groups.
    pub fn new(ids: &[GroupId], quotas: Quotas, journal: Arc<dyn GroupJournal>) -> Self {
        let mut ids = ids.to_vec();
        // In the order in which groups are locked.
        ids.sort_unstable();
        ids.dedup();
        Self { ids, quotas, journal }
    }
}

impl Welcome for DefaultGroups {
    fn prepare(&self, tx: &mut dyn Tx, further: &[GroupId]) -> Result<(), Error> {
        let all: BTreeSet<_> = self.ids.iter().chain(further).collect();
        for id in all {
            tx.groups().lock(*id)?;
        }
        Ok(())
    }

    fn welcome(&self, tx: &mut dyn Tx, user: &User) -> Result<(), Error> {
        let mut joined = 0;
        for id in &self.ids {
            match room_in(tx, *id, &self.quotas)? {
                Ok(_) if joined >= self.quotas.memberships => {
                    let (quota, limit) = (Quota::Memberships, self.quotas.memberships);
                    self.journal.skipped(*id, GroupRefusal::QuotaExceeded { quota, limit }.into());
                }
                Ok(group) => {
                    let role = role_to_give(tx, &group, &RoleName::MEMBER)?;
                    let newcomer = Newcomer::new(user.as_ref(), role);
                    add(tx, user.id, &group, newcomer, &Quotas::UNLIMITED)?;
                    joined += 1;
                }
                Err(reason) => self.journal.skipped(*id, reason),
            }
        }
        Ok(())
    }
}

/// Those of the default groups that nobody can be put into now, with the reasons.
///
/// # Errors
/// A fault.
pub fn unusable_defaults(
    tx: &mut dyn Tx,
    ids: &[GroupId],
    quotas: &Quotas,
) -> Result<Vec<(GroupId, SkipReason)>, Error> {
    let mut unusable = Vec::new();
    for id in ids {
        if let Err(reason) = room_in(tx, *id, quotas)? {
            unusable.push((*id, reason));
        }
    }
    Ok(unusable)
}

/// The group, if it takes one more member.
pub(super) fn room_in(
    tx: &mut dyn Tx,
    id: GroupId,
    quotas: &Quotas,
) -> Result<Result<Group, SkipReason>, Error> {
    let found = tx.groups().find_many(&[id])?.pop().filter(|group| !group.is_direct());
    let refusal = match found {
        None => GroupRefusal::NotFound,
        Some(group) if group.archived_at.is_some() => GroupRefusal::Archived,
        Some(group) if group.member_count >= i64::from(quotas.members) => {
            GroupRefusal::QuotaExceeded { quota: Quota::Members, limit: quotas.members }
        }
        Some(_) if !is_led(tx, id)? => return Ok(Err(SkipReason::Empty)),
        Some(group) => return Ok(Ok(group)),
    };
    Ok(Err(refusal.into()))
}

#[cfg(test)]
mod tests;
