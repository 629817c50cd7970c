//! What was recovered from a damaged database, as the command line shows it.

use std::fmt;

use groupchat_infra::sqlite::Salvaged;
use serde::Serialize;

/// What was recovered, and what was lost.
#[derive(Debug, Serialize)]
pub(crate) struct ShownSalvage {
    users: u64,
    tokens: u64,
    suspended: u64,
    groups: u64,
    memberships: u64,
    messages: u64,
    changed_messages: u64,
    recorded_changes: u64,
    damaged: u64,
    orphaned: u64,
    lost_messages: u64,
    lost: Vec<LostMessages>,
}

/// Consecutive messages that are lost, by the numbers that they had.
#[derive(Debug, Serialize)]
struct LostMessages {
    group: i64,
    first: i64,
    last: i64,
}

impl From<Salvaged> for ShownSalvage {
    fn from(salvaged: Salvaged) -> Self {
        let lost_messages = salvaged.lost_messages();
        let Salvaged { users, tokens, suspended, groups, memberships, messages, .. } = salvaged;
        let Salvaged { changed_messages, recorded_changes, damaged, orphaned, lost, .. } = salvaged;
        let of_group = |(group, ranges): (i64, Vec<std::ops::RangeInclusive<i64>>)| {
            ranges.into_iter().map(move |range| LostMessages {
                group,
                first: *range.start(),
                last: *range.end(),
            })
        };
        let lost = lost.into_iter().flat_map(of_group).collect();
        Self {
            users,
            tokens,
            suspended,
            groups,
            memberships,
            messages,
            changed_messages,
            recorded_changes,
            damaged,
            orphaned,
            lost_messages,
            lost,
        }
    }
}

impl fmt::Display for ShownSalvage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { users, tokens, suspended, groups, memberships, messages, changed_messages, .. } = self;
        let Self { recorded_changes, damaged, orphaned, lost_messages, lost, .. } = self;
        write!(
            f,
            "recovered {users} users, {tokens} tokens, {groups} groups, {memberships} memberships, {messages} messages, \
             {changed_messages} changes of messages and {recorded_changes} other changes\n\
             not recovered: {damaged} damaged rows or parts of tables, {orphaned} rows that belong to them\n\
             lost messages: {lost_messages}"
        )?;
        if *suspended > 0 {
            write!(f, "\nsuspended: {suspended} users who may have had a second factor that is lost")?;
        }
        lost.iter().try_for_each(|lost| {
            let LostMessages { group, first, last } = lost;
            if first == last {
                write!(f, "\n  group {group}, number {first}")
            } else {
                write!(f, "\n  group {group}, numbers {first} to {last}")
            }
        })
    }
}
