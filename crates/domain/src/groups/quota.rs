//! The limits on groups: how many a user can own or be in, and how many members a group can have.

use crate::error::Error;
use crate::groups::error::{GroupRefusal, Quota};
use crate::groups::model::Group;
use crate::ids::UserId;
use crate::permissions::{BuiltInRole, RoleName};
use crate::storage::Tx;

/// The limits. Only growth is rejected: what is above a limit already stays and works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Groups that a user may own.
    pub owned_groups: u32,
    /// Groups that a user may be in.
    pub memberships: u32,
    /// Members that a group may have.
    pub members: u32,
    /// Direct conversations that a user may have started or written in. Others that they are in don't count, and none
    /// counts among the memberships: else somebody could keep others out of conversations and groups by talking to
    /// them.
    pub direct_conversations: u32,
}

impl Default for Quotas {
    /// Each group that one is in is looked after in each of one's connections. A group may have everybody of a
    /// large company in it.
    fn default() -> Self {
        Self { owned_groups: 500, memberships: 1_000, members: 50_000, direct_conversations: 1_000 }
    }
}

impl Quotas {
    /// No limits, for programs that fill a database.
    pub const UNLIMITED: Self = Self {
        owned_groups: u32::MAX,
        memberships: u32::MAX,
        members: u32::MAX,
        direct_conversations: u32::MAX,
    };

    /// Rejects a membership that was stored a moment ago, if it is one too many: for the group as it was before,
    /// which is locked, or for the user, who is locked exclusively.
    pub(super) fn check_added(
        &self,
        tx: &mut dyn Tx,
        group: &Group,
        user: UserId,
        role: &RoleName,
    ) -> Result<(), Error> {
        if group.is_direct() {
            return Ok(());
        }
        self.check_room(group)?;
        if has_more(tx, user, None, self.memberships)? {
            return Err(exceeded(Quota::Memberships, self.memberships));
        }
        if *role == BuiltInRole::Owner { self.check_owner(tx, user) } else { Ok(()) }
    }

    /// Whether a user, who is locked exclusively, may be in one more group.
    pub(super) fn allow_another(&self, tx: &mut dyn Tx, user: UserId) -> Result<bool, Error> {
        match self.memberships.checked_sub(1) {
            Some(one_less) => Ok(!has_more(tx, user, None, one_less)?),
            None => Ok(false),
        }
    }

    /// Rejects one more member of a group, which is locked, if it has as many as it may. Reads nothing.
    pub(super) fn check_room(&self, group: &Group) -> Result<(), GroupRefusal> {
        if group.is_direct() || group.member_count < i64::from(self.members) {
            return Ok(());
        }
        Err(GroupRefusal::QuotaExceeded { quota: Quota::Members, limit: self.members })
    }

    /// Rejects a direct conversation that a user, who is locked exclusively, started a moment ago, if it is one too many.
    pub(super) fn check_started(&self, tx: &mut dyn Tx, user: UserId) -> Result<(), Error> {
        let limit = self.direct_conversations;
        let Some(one_more) = limit.checked_add(1) else { return Ok(()) };
        if tx.members().count_direct(user, one_more)? > limit {
            return Err(exceeded(Quota::DirectConversations, limit));
        }
        Ok(())
    }

    /// Rejects that a user, who is locked exclusively, became the owner of a group a moment ago, if it is one too
    /// many.
    pub(super) fn check_owner(&self, tx: &mut dyn Tx, user: UserId) -> Result<(), Error> {
        if has_more(tx, user, Some(BuiltInRole::Owner), self.owned_groups)? {
            return Err(exceeded(Quota::OwnedGroups, self.owned_groups));
        }
        Ok(())
    }
}

fn has_more(tx: &mut dyn Tx, user: UserId, role: Option<BuiltInRole>, limit: u32) -> Result<bool, Error> {
    // Where there is no limit, nothing is counted.
    let Some(one_more) = limit.checked_add(1) else { return Ok(false) };
    Ok(tx.members().count_groups(user, role, one_more)? > limit)
}

fn exceeded(quota: Quota, limit: u32) -> Error {
    GroupRefusal::QuotaExceeded { quota, limit }.into()
}

#[cfg(test)]
mod tests;
