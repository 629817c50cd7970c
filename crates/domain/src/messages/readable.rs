//! Which messages of several groups somebody may read now.

use std::collections::{BTreeSet, HashMap};

use crate::accounts::Actor;
use crate::ids::{GroupId, Seq};
use crate::permissions::GroupPermission;
use crate::storage::{StorageFault, Tx};

/// The groups that somebody may read messages of, each with the number of the last message before those.
pub(crate) struct Readable(HashMap<GroupId, Seq>);

impl Readable {
    /// What the actor may read of these groups: one query, or none where there are no groups.
    pub(crate) fn load(
        tx: &mut dyn Tx,
        actor: &Actor,
        groups: impl Iterator<Item = GroupId>,
    ) -> Result<Self, StorageFault> {
        let groups: Vec<_> = BTreeSet::from_iter(groups).into_iter().collect();
        if groups.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let found = tx.groups().find_visible_many(&groups, actor.id())?;
        let memberships = found
            .into_iter()
            .filter_map(|group| group.into_membership_with(GroupPermission::ReadHistory).ok());
        let after = memberships.map(|membership| (membership.group.id, membership.readable_after()));
        Ok(Self(after.collect()))
    }

    /// Whether the message of a group with this number is among it.
    pub(crate) fn contains(&self, group: GroupId, seq: Seq) -> bool {
        self.0.get(&group).is_some_and(|after| seq > *after)
    }
}
