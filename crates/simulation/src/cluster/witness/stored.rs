//! Judges what is stored, right after each commit, of what the commit was about.

use std::collections::BTreeSet;

use groupchat_domain::events::{Event, LoggedEvent};
use groupchat_domain::ids::{GroupId, Seq, UserId};
use groupchat_domain::permissions::{ServerPermission, ServerRights};
use groupchat_domain::storage::{StorageFault, Tx};

use crate::cluster::witness::{Verdict, Witness};

/// What something has been, each with the event from which on it was that.
pub(super) type Timeline = Vec<(i64, bool)>;

fn was(timeline: Option<&Timeline>, at: i64) -> bool {
    let so_far = timeline.into_iter().flatten().take_while(|(from, _)| *from <= at);
    so_far.last().is_some_and(|(_, it_was)| *it_was)
}

fn note(timeline: &mut Timeline, at: i64, is: bool) {
    if timeline.last().map(|(_, was)| *was) != Some(is) {
        timeline.push((at, is));
    }
}

impl Witness {
    /// Whether others than members could know of a group after this event.
    pub(super) fn was_listed(&self, group: GroupId, at: i64) -> bool {
        was(self.listed.get(&group), at)
    }

    /// Whether somebody managed the groups of the server after this event.
    pub(super) fn was_manager(&self, user: UserId, at: i64) -> bool {
        was(self.managers.get(&user), at)
    }

    /// Judges what these events, which were committed just now, were about: a group counts its members and numbers
    /// its messages right and has an owner, and the server has an admin.
    pub(in crate::cluster) fn judge_stored(&mut self, events: &[LoggedEvent], tx: &mut dyn Tx) -> Verdict {
        let (mut groups, mut users) = (BTreeSet::new(), BTreeSet::new());
        for logged in events {
            if !matches!(logged.event, Event::GroupDeleted(_)) {
                groups.extend(logged.event.ids().group);
            }
            users.extend(logged.event.ids().user);
            // A change of roles may be one of everybody's rights.
            if matches!(logged.event, Event::RolesUpdated(_)) {
                users.extend(self.managers.keys());
            }
        }
        let (fault, last) = (|fault: StorageFault| fault.to_string(), self.last());
        for group in groups {
            self.judge_group_stored(group, tx)?;
        }
        for user in &users {
            let rights = tx.server_roles().rights(*user).map_err(fault)?.unwrap_or(ServerRights::NONE);
            let manages = rights.allow(ServerPermission::ManageGroups);
            note(self.managers.entry(*user).or_default(), last, manages);
        }
        if !users.is_empty() && tx.accounts().count_admins().map_err(fault)? == 0 {
            return Err("no admin is left".to_owned());
        }
        Ok(())
    }

    fn judge_group_stored(&mut self, group: GroupId, tx: &mut dyn Tx) -> Verdict {
        let fault = |fault: StorageFault| fault.to_string();
        let found = tx.groups().find_many(&[group]).map_err(fault)?.pop();
        let Some(found) = found else {
            return if self.is_over(group) {
                Ok(())
            } else {
                Err(format!("group {group} is gone, and nobody was told"))
            };
        };
        if found.is_direct() {
            self.conversations.insert(group);
        }
        if self.is_over(group) {
            return Err(format!("group {group} is over and still there"));
        }
        let last = self.last();
        note(self.listed.entry(group).or_default(), last, found.visibility.is_listed());
        let members = self.members.entry(group).or_default();
        let last_seq = self.last_seq.get(&group).copied().unwrap_or(Seq::ZERO);
        if found.last_seq != last_seq {
            return Err(format!("the last message of group {group} is {last_seq}, not {}", found.last_seq));
        }
        if found.member_count != i64::try_from(members.len()).unwrap_or(-1) {
            return Err(format!("in group {group} are {members:?}, and it counts {}", found.member_count));
        }
        // Those whose account was deleted are about to leave, and then the group gets another owner.
        let is_settled = members.is_disjoint(&self.gone);
        if is_settled
            && !found.is_direct()
            && !members.is_empty()
            && tx.members().count_owners(group).map_err(fault)? == 0
        {
            return Err(format!("in group {group} are {members:?}, none of whom owns it"));
        }
        Ok(())
    }
}
