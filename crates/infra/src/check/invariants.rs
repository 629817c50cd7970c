//! The numbers that are kept in one place and follow from others.

use super::{Finding, Outcome, number};
use crate::connection::Connection;

/// Something that must be true of all that is stored.
pub(crate) struct Invariant {
    /// The name of the check.
    pub(crate) check: &'static str,
    /// A query that counts, as `number`, what does not agree.
    pub(crate) offenders: &'static str,
    /// What is said where nothing was counted.
    pub(crate) holds: &'static str,
    /// What is said, after the number, where something was.
    pub(crate) broken: &'static str,
}

impl Invariant {
    /// Looks whether it holds.
    pub(crate) fn check(&self, connection: &mut Connection<'_>) -> Finding {
        let found = number(connection, self.offenders).map(|offenders| match offenders {
            0 => (Outcome::Passed, self.holds.to_owned()),
            offenders => (Outcome::Failed, format!("{offenders} {}", self.broken)),
        });
        Finding::from_query(self.check, found)
    }
}

/// Those that every database takes in the same words. Groups and messages that are marked as deleted are left out:
/// they are emptied bit by bit.
pub(crate) const INVARIANTS: [Invariant; 4] = [
    Invariant {
        check: "message_numbers",
        offenders: "SELECT count(*) AS number FROM groups \
            LEFT JOIN (SELECT group_id, count(*) AS stored, max(seq) AS highest FROM messages GROUP BY group_id) \
                AS counted ON group_id = id \
            WHERE deleted_at IS NULL AND (last_seq <> coalesce(highest, 0) OR last_seq <> coalesce(stored, 0))",
        holds: "every group's messages are numbered from 1 to its last number without a gap",
        broken: "groups whose messages and last number don't agree",
    },
    Invariant {
        check: "member_counts",
        offenders: "SELECT count(*) AS number FROM groups WHERE deleted_at IS NULL AND member_count <> \
            (SELECT count(*) FROM memberships WHERE group_id = groups.id)",
        holds: "every group has as many members as it says",
        broken: "groups with other than the number of members that they say",
    },
    Invariant {
        check: "read_cursors",
        offenders: "SELECT count(*) AS number FROM memberships JOIN groups ON groups.id = group_id \
            WHERE deleted_at IS NULL AND read_seq > last_seq",
        holds: "nobody has read further than their group's last message",
        broken: "members who have read further than their group's last message",
    },
    Invariant {
        check: "like_counts",
        offenders: "SELECT count(*) AS number FROM messages JOIN groups ON groups.id = group_id \
            LEFT JOIN (SELECT message_id, count(*) AS stored FROM reactions WHERE emoji = '👍' \
                       GROUP BY message_id) AS counted ON message_id = messages.id \
            WHERE groups.deleted_at IS NULL AND messages.deleted_at IS NULL AND likes <> coalesce(stored, 0)",
        holds: "every message has as many likes as it says",
        broken: "messages with other than the number of likes that they say",
    },
];
