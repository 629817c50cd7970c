//! Groups that every new user is put into, as the operator has set.

use std::fmt;
use std::sync::Arc;

use crate::accounts::{User, Welcome};
use crate::error::Error;
use crate::groups::error::{GroupRefusal, Quota};
use crate::groups::membership::add;
use crate::groups::model::Group;
use crate::groups::quota::Quotas;
use crate::ids::GroupId;
use crate::permissions::BuiltInRole;
use crate::storage::Tx;

/// Says which default groups a new user was not put into.
#[cfg_attr(test, mockall::automock)]
pub trait GroupJournal: Send + Sync {
    /// A new user was not put into a group, for this reason.
    fn skipped(&self, group: GroupId, reason: GroupRefusal);
}

/// Puts new users into groups, as plain members, as if they had joined. A group that is not there, archived or full is
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
    fn prepare(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        for id in &self.ids {
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
                    self.journal.skipped(*id, GroupRefusal::QuotaExceeded { quota, limit });
                }
                Ok(group) => {
                    let role = BuiltInRole::Member.into();
                    add(tx, user.id, &group, user.as_ref(), role, &Quotas::UNLIMITED)?;
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
) -> Result<Vec<(GroupId, GroupRefusal)>, Error> {
    let mut unusable = Vec::new();
    for id in ids {
        if let Err(reason) = room_in(tx, *id, quotas)? {
            unusable.push((*id, reason));
        }
    }
    Ok(unusable)
}

/// The group, if it takes one more member.
fn room_in(tx: &mut dyn Tx, id: GroupId, quotas: &Quotas) -> Result<Result<Group, GroupRefusal>, Error> {
    let found = tx.groups().find_many(&[id])?.pop().filter(|group| !group.is_direct());
    Ok(match found {
        None => Err(GroupRefusal::NotFound),
        Some(group) if group.archived_at.is_some() => Err(GroupRefusal::Archived),
        Some(group) if group.member_count >= i64::from(quotas.members) => {
            Err(GroupRefusal::QuotaExceeded { quota: Quota::Members, limit: quotas.members })
        }
        Some(group) => Ok(group),
    })
}

#[cfg(test)]
mod tests;
