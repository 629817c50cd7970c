//! When users who are offline were last seen.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::ids::{GroupId, UserId};
use crate::time::Timestamp;

/// How many users are kept per group: those who were seen last.
const MAX_KEPT_PER_GROUP: usize = 100;

/// When users who are offline were last seen, by the groups that they share with others.
#[derive(Debug, Default)]
pub(super) struct LastSeen {
    users: HashMap<UserId, Seen>,
    /// Sorted, the user seen longest ago first.
    in_group: HashMap<GroupId, BTreeSet<(Timestamp, UserId)>>,
}

#[derive(Debug)]
struct Seen {
    at: Timestamp,
    groups: HashSet<GroupId>,
}

impl LastSeen {
    /// Records a user who has gone offline.
    pub(super) fn note(&mut self, user: UserId, at: Timestamp, groups: impl IntoIterator<Item = GroupId>) {
        self.forget(user);
        self.users.insert(user, Seen { at, groups: HashSet::new() });
        for group in groups {
            self.enter(group, user);
        }
    }

    /// Applies that an offline user was added to a group.
    pub(super) fn enter(&mut self, group: GroupId, user: UserId) {
        let Some(seen) = self.users.get_mut(&user) else { return };
        seen.groups.insert(group);
        let there = self.in_group.entry(group).or_default();
        there.insert((seen.at, user));
        if there.len() > MAX_KEPT_PER_GROUP
            && let Some((_, first)) = there.pop_first()
        {
            self.leave(group, first);
        }
    }

    /// Applies that a user left a group.
    pub(super) fn leave(&mut self, group: GroupId, user: UserId) {
        let Some(seen) = self.users.get_mut(&user) else { return };
        seen.groups.remove(&group);
        let at = seen.at;
        if seen.groups.is_empty() {
            self.users.remove(&user);
        }
        if let Some(there) = self.in_group.get_mut(&group) {
            there.remove(&(at, user));
            if there.is_empty() {
                self.in_group.remove(&group);
            }
        }
    }

    /// Forgets a user who is back, hides or was deleted.
    pub(super) fn forget(&mut self, user: UserId) {
        let groups = self.users.get(&user).map(|seen| seen.groups.clone()).unwrap_or_default();
        for group in groups {
            self.leave(group, user);
        }
        self.users.remove(&user);
    }

    /// Forgets a deleted group.
    pub(super) fn forget_group(&mut self, group: GroupId) {
        for (_, user) in self.in_group.remove(&group).unwrap_or_default() {
            self.leave(group, user);
        }
    }

    /// The users who were last seen in any of these groups, and when. A user may occur twice.
    pub(super) fn in_groups(&self, groups: &[GroupId]) -> impl Iterator<Item = (UserId, Timestamp)> {
        let there = groups.iter().filter_map(|group| self.in_group.get(group)).flatten();
        there.map(|(at, user)| (*user, *at))
    }

    /// Whether nothing is kept.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.in_group.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserId = UserId::new(1);
    const BOB: UserId = UserId::new(2);
    const CHESS: GroupId = GroupId::new(7);
    const POKER: GroupId = GroupId::new(8);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    /// The users that are kept, each once, and when they were last seen.
    fn seen_in(seen: &LastSeen, groups: &[GroupId]) -> Vec<(UserId, Timestamp)> {
        let mut all: Vec<_> = seen.in_groups(groups).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn two() -> LastSeen {
        let mut seen = LastSeen::default();
        seen.note(ANN, at(1), [CHESS, POKER]);
        seen.note(BOB, at(2), [CHESS]);
        seen
    }

    #[test]
    fn a_user_is_kept_once_in_each_group() {
        let seen = two();
        assert_eq!(seen_in(&seen, &[CHESS, POKER]), [(ANN, at(1)), (BOB, at(2))]);
        assert_eq!(seen_in(&seen, &[POKER]), [(ANN, at(1))]);
        assert_eq!(seen_in(&seen, &[]), []);
    }

    #[test]
    fn the_latest_time_counts() {
        let mut seen = two();
        seen.note(ANN, at(9), [POKER]);
        assert_eq!(seen_in(&seen, &[CHESS, POKER]), [(ANN, at(9)), (BOB, at(2))]);
        assert_eq!(seen_in(&seen, &[CHESS]), [(BOB, at(2))]);
    }

    #[test]
    fn it_follows_the_memberships() {
        let mut seen = two();
        seen.enter(POKER, BOB);
        seen.leave(POKER, ANN);
        assert_eq!(seen_in(&seen, &[POKER]), [(BOB, at(2))]);
        seen.forget_group(CHESS);
        assert_eq!(seen_in(&seen, &[CHESS, POKER]), [(BOB, at(2))]);
        seen.leave(POKER, BOB);
        seen.enter(CHESS, UserId::new(3));
        assert!(seen.is_empty(), "{seen:?}");
    }

    #[test]
    fn nothing_is_kept_of_a_forgotten_user() {
        let mut seen = two();
        seen.note(UserId::new(3), at(3), []);
        for user in 1..=4 {
            seen.forget(UserId::new(user));
        }
        assert!(seen.is_empty(), "{seen:?}");
    }

    #[test]
    fn a_large_group_keeps_those_who_were_seen_last() {
        let mut seen = LastSeen::default();
        for number in 1..=150 {
            seen.note(UserId::new(number), at(number), [CHESS]);
        }
        let kept: Vec<_> = seen_in(&seen, &[CHESS]).into_iter().map(|(user, _)| user.get()).collect();
        assert_eq!(kept, (51..=150).collect::<Vec<_>>());
        assert_eq!(seen.users.len(), MAX_KEPT_PER_GROUP);
    }
}
