//! Which messages of several groups somebody may read now.

use std::collections::{BTreeSet, HashMap};

use crate::accounts::Actor;
use crate::groups::{Membership, ReadCursor, Trimmed};
use crate::ids::{GroupId, Seq};
use crate::permissions::GroupPermission;
use crate::storage::{StorageFault, Tx};

/// Groups of which is known what somebody may read there: what comes after this number and is not about to be removed, if
/// anything.
#[derive(Debug, Default)]
pub(crate) struct Readable(HashMap<GroupId, Option<(Seq, Trimmed)>>);

/// What a member reads whose role allows it.
const fn history(membership: &Membership) -> (Seq, Trimmed) {
    (membership.readable_after(), membership.group.trimmed)
}

impl Readable {
    /// What the actor may read of these groups, as far as the session is for them: one query, or none where there are no groups.
    pub(crate) fn load(
        tx: &mut dyn Tx,
        actor: &Actor,
        groups: impl Iterator<Item = GroupId>,
    ) -> Result<Self, StorageFault> {
        Self::default().with(tx, actor, groups)
    }

    /// What a member may read of their group.
    pub(crate) fn of(membership: &Membership) -> Self {
        let may_read = membership.require(GroupPermission::ReadHistory).is_ok();
        Self(HashMap::from([(membership.group.id, may_read.then(|| history(membership)))]))
    }

    /// The same with what the actor may read of these groups: one query, or none where all of them are known.
    pub(crate) fn with(
        mut self,
        tx: &mut dyn Tx,
        actor: &Actor,
        groups: impl Iterator<Item = GroupId>,
    ) -> Result<Self, StorageFault> {
        let unknown: BTreeSet<_> = groups.filter(|group| !self.0.contains_key(group)).collect();
        if unknown.is_empty() {
            return Ok(self);
        }
        let groups: Vec<_> = unknown.into_iter().collect();
        self.0.extend(groups.iter().map(|group| (*group, None)));
        for found in tx.groups().find_visible_many(&groups, actor.id())? {
            if !actor.reaches(found.group.id) {
                continue;
            }
            if let Ok(membership) = found.into_membership_with(GroupPermission::ReadHistory) {
                self.0.insert(membership.group.id, Some(history(&membership)));
            }
        }
        Ok(self)
    }

    /// Adds what a member may read of their group, which is returned.
    pub(crate) fn add(&mut self, membership: &Membership) -> GroupId {
        self.0.extend(Self::of(membership).0);
        membership.group.id
    }

    /// Takes the unread mentions out of the cursor of a group in which nothing can be read.
    pub(crate) fn hide_mentions(&self, cursor: &mut ReadCursor) {
        if self.0.get(&cursor.group).copied().flatten().is_none() {
            cursor.state.unread_mentions = 0;
        }
    }

    /// Whether everybody has read the message of a group with this number, since those before it were removed for their age.
    pub(crate) fn is_read_by_all(&self, group: GroupId, seq: Seq) -> bool {
        let found = self.0.get(&group).copied().flatten();
        found.is_some_and(|(_, trimmed)| seq <= trimmed.upto)
    }

    /// Whether the message of a group with this number is among it.
    pub(crate) fn contains(&self, group: GroupId, seq: Seq) -> bool {
        let found = self.0.get(&group).copied().flatten();
        found.is_some_and(|(after, trimmed)| seq > after && !trimmed.hides(seq))
    }
}
