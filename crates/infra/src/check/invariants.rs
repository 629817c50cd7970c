//! Stored numbers that follow from other rows.

use super::{CheckOutcome, Finding, number};
use crate::connection::Connection;

/// Something that must be true of all stored data.
pub(crate) struct Invariant {
    /// The name of the check.
    pub(crate) check: &'static str,
    /// A query that counts violations, as `number`.
    pub(crate) offenders: &'static str,
    /// The detail if there are none.
    pub(crate) holds: &'static str,
    /// The detail after the number if there are some.
    pub(crate) broken: &'static str,
}

impl Invariant {
    /// Checks it.
    pub(crate) fn check(&self, connection: &mut Connection<'_>) -> Finding {
        let found = number(connection, self.offenders).map(|offenders| match offenders {
            0 => (CheckOutcome::Passed, self.holds.to_owned()),
            offenders => (CheckOutcome::Failed, format!("{offenders} {}", self.broken)),
        });
        Finding::from_query(self.check, found)
    }
}

/// The same as `message_numbers` for a file from before there were threads.
pub(crate) const MESSAGE_NUMBERS_BEFORE_THREADS: Invariant = Invariant {
    check: "message_numbers",
    offenders: "SELECT count(*) AS number FROM groups \
        LEFT JOIN (SELECT group_id, count(*) AS stored, max(seq) AS highest FROM messages GROUP BY group_id) \
            AS counted ON group_id = id \
        WHERE deleted_at IS NULL AND (last_seq <> coalesce(highest, 0) OR last_seq <> coalesce(stored, 0))",
    holds: "the messages of every group are numbered from 1 to its last number without gaps",
    broken: "groups have messages that don't match their last number",
};

/// Counts the rows of a table whose users are deleted. Those of who was just deleted wait for the job.
macro_rules! of_deleted_users {
    ($table:literal) => {
        concat!(
            "SELECT count(*) AS number FROM ",
            $table,
            " AS own JOIN users ON users.id = own.user_id WHERE users.deleted_at IS NOT NULL ",
            "AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'end_memberships' AND subject_id = users.id)",
        )
    };
}

/// The invariants with the same SQL on both databases. Deleted groups and messages, and messages that are being removed for their
/// age (`hidden_from`), are left out, because they are emptied step by step.
pub(crate) const INVARIANTS: [Invariant; 33] = [
    Invariant {
        check: "message_numbers",
        offenders: "SELECT count(*) AS number FROM groups \
            LEFT JOIN (SELECT group_id, count(*) AS stored, max(seq) AS highest FROM messages \
                       JOIN groups ON groups.id = group_id WHERE root_seq = 0 AND seq > trimmed_seq GROUP BY group_id) \
                AS counted ON group_id = id \
            WHERE deleted_at IS NULL \
            AND (last_seq <> coalesce(highest, trimmed_seq) OR last_seq - trimmed_seq <> coalesce(stored, 0))",
        holds: "the messages of every group are numbered up to its last number without gaps, from 1 or from where they were removed for their age",
        broken: "groups have messages that don't match their last number",
    },
    // Those that are exempt, and those that are being removed.
    Invariant {
        check: "trimmed",
        offenders: "SELECT (SELECT count(*) FROM groups \
                LEFT JOIN (SELECT group_id, count(*) AS stored FROM messages JOIN groups ON groups.id = group_id \
                           WHERE root_seq = 0 AND seq <= trimmed_seq \
                           AND NOT (hidden_from IS NOT NULL AND seq BETWEEN hidden_from AND hidden_to) GROUP BY group_id) \
                    AS counted ON group_id = id \
                WHERE deleted_at IS NULL AND kept_count <> coalesce(stored, 0)) \
            + (SELECT count(*) FROM (SELECT group_id, root_seq FROM messages WHERE root_seq > 0 \
                    GROUP BY group_id, root_seq) AS replied \
                JOIN groups ON groups.id = replied.group_id \
                LEFT JOIN messages AS roots ON roots.group_id = replied.group_id AND roots.root_seq = 0 \
                    AND roots.seq = replied.root_seq \
                WHERE groups.deleted_at IS NULL AND roots.id IS NULL) AS number",
        holds: "of the messages that were removed for their age, only those are there that are exempt, and no replies to others",
        broken: "groups have another number of messages than they keep where all others were removed, or replies to what was removed",
    },
    Invariant {
        check: "message_order",
        offenders: "SELECT count(*) AS number FROM (SELECT created_at, ordered_at, \
                seq = 1 OR seq = lag(seq) OVER numbered + 1 AS follows, \
                lag(coalesce(ordered_at, created_at)) OVER numbered AS latest, \
                lag(coalesce(ordered_at + 1, created_at)) OVER numbered AS begins \
                FROM messages WINDOW numbered AS (PARTITION BY group_id, root_seq ORDER BY seq)) AS ordered \
            WHERE follows AND ordered_at IS DISTINCT FROM CASE WHEN created_at < begins THEN latest END",
        holds: "every message that is out of the order by time is known to be",
        broken: "messages are wrong about their place in the order by time",
    },
    Invariant {
        check: "authored",
        offenders: "SELECT count(*) AS number FROM groups \
            LEFT JOIN (SELECT group_id, count(*) AS stored FROM messages GROUP BY group_id) \
                AS counted ON counted.group_id = id \
            LEFT JOIN (SELECT group_id, sum(length(seqs) - length(replace(seqs, ' ', '')) + 1) AS found FROM ( \
                    SELECT group_id, seqs FROM author_runs \
                    UNION ALL SELECT group_id, recent_seqs FROM memberships WHERE recent_seqs IS NOT NULL) AS runs \
                GROUP BY group_id) AS authored ON authored.group_id = id \
            WHERE deleted_at IS NULL AND coalesce(stored, 0) <> coalesce(found, 0)",
        holds: "every message is found by its author",
        broken: "groups have messages that are not found by their author",
    },
    Invariant {
        check: "member_counts",
        offenders: "SELECT count(*) AS number FROM groups WHERE deleted_at IS NULL AND member_count <> \
            (SELECT count(*) FROM memberships WHERE group_id = groups.id)",
        holds: "the member count of every group is correct",
        broken: "groups have a wrong member count",
    },
    Invariant {
        check: "roles",
        offenders: "SELECT count(*) AS number FROM memberships JOIN groups ON groups.id = memberships.group_id \
            WHERE deleted_at IS NULL AND role NOT IN ('owner', 'admin', 'member', 'readonly') \
            AND NOT EXISTS (SELECT 1 FROM group_roles \
                            WHERE group_roles.group_id = memberships.group_id AND name = role)",
        holds: "every member has a role that the group has",
        broken: "members have a role that their group doesn't have",
    },
    Invariant {
        check: "bans",
        offenders: "SELECT count(*) AS number FROM group_bans JOIN memberships \
            ON memberships.group_id = group_bans.group_id AND memberships.user_id = group_bans.user_id \
            WHERE group_bans.until IS NULL",
        holds: "nobody who is banned from a group for good is in it",
        broken: "members are banned from their group for good",
    },
    // Those of what was just deleted wait for its job.
    Invariant {
        check: "invitations",
        offenders: "SELECT count(*) AS number FROM invitations JOIN groups ON groups.id = invitations.group_id \
            JOIN users ON users.id = invitations.user_id JOIN users AS makers ON makers.id = invitations.invited_by \
            WHERE groups.kind <> 'group' \
            OR groups.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE subject_id = groups.id) \
            OR users.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE subject_id = users.id) \
            OR makers.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE subject_id = makers.id) \
            OR groups.deleted_at IS NULL AND EXISTS (SELECT 1 FROM memberships \
                WHERE memberships.group_id = groups.id AND memberships.user_id = users.id) \
            OR EXISTS (SELECT 1 FROM group_bans WHERE group_bans.group_id = groups.id \
                AND group_bans.user_id = users.id AND until IS NULL)",
        holds: "every invitation is by a user, to another one, who is neither in its group nor banned from it",
        broken: "invitations are of deleted users or groups, or of members or banned users",
    },
    Invariant {
        check: "join_requests",
        offenders: "SELECT count(*) AS number FROM join_requests JOIN groups ON groups.id = join_requests.group_id \
            JOIN users ON users.id = join_requests.user_id \
            WHERE groups.kind <> 'group' \
            OR groups.deleted_at IS NULL AND groups.visibility = 'private' \
            OR groups.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE subject_id = groups.id) \
            OR users.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE subject_id = users.id) \
            OR groups.deleted_at IS NULL AND EXISTS (SELECT 1 FROM memberships \
                WHERE memberships.group_id = groups.id AND memberships.user_id = users.id) \
            OR EXISTS (SELECT 1 FROM group_bans WHERE group_bans.group_id = groups.id \
                AND group_bans.user_id = users.id AND until IS NULL)",
        holds: "every request to join is of a user who is neither in the group nor banned from it, and sees it",
        broken: "requests to join are of deleted users or groups, of members or banned users, or to private groups",
    },
    Invariant {
        check: "invite_links",
        offenders: "SELECT count(*) AS number FROM invite_links JOIN groups ON groups.id = invite_links.group_id \
            JOIN users ON users.id = invite_links.created_by \
            WHERE groups.kind <> 'group' \
            OR users.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE subject_id = users.id) \
            OR groups.deleted_at IS NULL AND role NOT IN ('owner', 'admin', 'member', 'readonly') \
                AND NOT EXISTS (SELECT 1 FROM group_roles \
                    WHERE group_roles.group_id = groups.id AND group_roles.name = role)",
        holds: "every invite link is by a user, into a group, and gives a role that the group has",
        broken: "invite links are of deleted users, into no group, or give a role that the group doesn't have",
    },
    Invariant {
        check: "suspended",
        offenders: "SELECT count(*) AS number FROM sessions JOIN users ON users.id = user_id \
            WHERE users.suspended AND kind <> 'token'",
        holds: "no suspended user has a session",
        broken: "sessions are of suspended users",
    },
    Invariant {
        check: "server_invites",
        offenders: "SELECT count(*) AS number FROM server_invites JOIN users ON users.id = created_by \
            WHERE users.deleted_at IS NOT NULL OR uses > max_uses",
        holds: "every invite to the server is by a user, and used no more often than it may be",
        broken: "invites to the server are of deleted users, or used more often than they may be",
    },
    Invariant {
        check: "server_roles",
        offenders: "SELECT count(*) AS number FROM user_roles JOIN users ON users.id = user_id \
            WHERE users.deleted_at IS NOT NULL",
        holds: "no deleted user has a role on the server",
        broken: "roles on the server belong to deleted users",
    },
    Invariant {
        check: "read_cursors",
        offenders: "SELECT count(*) AS number FROM memberships JOIN groups ON groups.id = group_id \
            WHERE deleted_at IS NULL AND read_seq > last_seq",
        holds: "no read cursor is beyond the last message of its group",
        broken: "members have a read cursor beyond the last message of their group",
    },
    Invariant {
        check: "joined_seqs",
        offenders: "SELECT count(*) AS number FROM memberships JOIN groups ON groups.id = group_id \
            WHERE deleted_at IS NULL AND joined_seq > last_seq",
        holds: "no member joined after a message that has not been sent yet",
        broken: "members joined after messages that their group doesn't have",
    },
    Invariant {
        check: "like_counts",
        offenders: "SELECT count(*) AS number FROM messages JOIN groups ON groups.id = group_id \
            LEFT JOIN (SELECT message_id, count(*) AS stored FROM reactions WHERE emoji = '👍' \
                       GROUP BY message_id) AS counted ON message_id = messages.id \
            WHERE groups.deleted_at IS NULL AND messages.deleted_at IS NULL \
            AND (CASE messages.root_seq WHEN 0 THEN messages.seq ELSE messages.root_seq END \
                BETWEEN hidden_from AND hidden_to) IS NOT TRUE \
            AND likes <> coalesce(stored, 0)",
        holds: "the like count of every message is correct",
        broken: "messages have a wrong like count",
    },
    // `🎉:3 👍 ❤️:1`. Each count of stored reactions is in it, and it has no other; likes are counted above.
    Invariant {
        check: "reaction_counts",
        offenders: "SELECT count(*) AS number FROM \
            (SELECT messages.id AS id FROM messages JOIN groups ON groups.id = group_id \
             JOIN (SELECT message_id, emoji, count(*) AS stored FROM reactions WHERE emoji <> '👍' \
                   GROUP BY message_id, emoji) AS counted ON message_id = messages.id \
             WHERE groups.deleted_at IS NULL AND messages.deleted_at IS NULL \
             AND (CASE messages.root_seq WHEN 0 THEN messages.seq ELSE messages.root_seq END \
                BETWEEN hidden_from AND hidden_to) IS NOT TRUE \
             AND replace(' ' || coalesce(reactions, '') || ' ', ' ' || emoji || ':' || stored || ' ', '') \
                 = ' ' || coalesce(reactions, '') || ' ' \
             UNION SELECT messages.id FROM messages JOIN groups ON groups.id = group_id \
             WHERE groups.deleted_at IS NULL AND reactions IS NOT NULL \
             AND (CASE messages.root_seq WHEN 0 THEN messages.seq ELSE messages.root_seq END \
                BETWEEN hidden_from AND hidden_to) IS NOT TRUE \
             AND length(reactions) - length(replace(reactions, ':', '')) <> \
                 (SELECT count(DISTINCT emoji) FROM reactions WHERE message_id = messages.id AND emoji <> '👍')) \
            AS offenders",
        holds: "the counts of reactions to every message are correct",
        broken: "messages have wrong counts of reactions",
    },
    Invariant {
        check: "replies",
        offenders: "SELECT count(*) AS number FROM messages JOIN groups ON groups.id = messages.group_id \
            LEFT JOIN threads ON threads.root_id = messages.thread_id AND threads.group_id = messages.group_id \
                AND threads.root_seq = messages.root_seq \
            WHERE groups.deleted_at IS NULL AND messages.thread_id IS NOT NULL AND threads.root_id IS NULL",
        holds: "every reply is in a thread of its group",
        broken: "replies are in no thread of their group",
    },
    Invariant {
        check: "threads",
        offenders: "SELECT count(*) AS number FROM threads JOIN groups ON groups.id = threads.group_id \
            LEFT JOIN messages AS roots ON roots.id = threads.root_id AND roots.thread_id IS NULL \
                AND roots.group_id = threads.group_id AND roots.seq = threads.root_seq \
                AND (roots.attachments & 1) = 1 \
            LEFT JOIN (SELECT thread_id, count(*) AS stored, count(text) AS living, max(seq) AS highest, \
                              max(id) AS newest FROM messages WHERE thread_id IS NOT NULL GROUP BY thread_id) \
                AS counted ON counted.thread_id = threads.root_id \
            WHERE groups.deleted_at IS NULL \
            AND (threads.root_seq BETWEEN hidden_from AND hidden_to) IS NOT TRUE AND (roots.id IS NULL OR reply_count <> coalesce(living, 0) \
                OR threads.last_seq <> coalesce(stored, 0) OR threads.last_seq <> coalesce(highest, 0) \
                OR last_reply_id <> coalesce(newest, 0))",
        holds: "every thread counts its replies, which are numbered from 1 without gaps",
        broken: "threads don't match their root or their replies",
    },
    Invariant {
        check: "thread_members",
        offenders: "SELECT count(*) AS number FROM threads JOIN groups ON groups.id = threads.group_id \
            LEFT JOIN (SELECT root_id, count(place) AS shown, max(place) AS last_place, max(read_seq) AS furthest \
                       FROM thread_members GROUP BY root_id) AS members ON members.root_id = threads.root_id \
            WHERE groups.deleted_at IS NULL \
            AND (threads.root_seq BETWEEN hidden_from AND hidden_to) IS NOT TRUE AND (coalesce(shown, 0) < 1 OR shown <> last_place OR furthest > threads.last_seq)",
        holds: "every thread has participants, and no read cursor beyond its last reply",
        broken: "threads have no participants, or read cursors beyond their last reply",
    },
    Invariant {
        check: "edits",
        offenders: "SELECT count(*) AS number FROM \
            (SELECT message_id, count(*) AS stored, max(version) AS newest FROM message_edits GROUP BY message_id) \
                AS earlier \
            LEFT JOIN messages ON messages.id = message_id \
            LEFT JOIN groups ON groups.id = group_id \
            WHERE messages.id IS NULL OR groups.deleted_at IS NULL \
                AND (messages.text IS NULL OR edited_at IS NULL OR newest >= messages.version OR stored > 100)",
        holds: "every earlier text is of a message that was edited since and is not deleted",
        broken: "messages have too many earlier texts, or some without having been edited, or in spite of being deleted",
    },
    // What was forwarded may be from a message that is gone.
    Invariant {
        check: "quotes",
        offenders: "SELECT count(*) AS number FROM messages JOIN groups ON groups.id = messages.group_id \
            LEFT JOIN message_quotes ON message_quotes.message_id = messages.id \
            LEFT JOIN messages AS quoted ON quoted.id = message_quotes.quoted_id \
                AND quoted.group_id = messages.group_id \
            WHERE groups.deleted_at IS NULL \
            AND (CASE messages.root_seq WHEN 0 THEN messages.seq ELSE messages.root_seq END \
                BETWEEN hidden_from AND hidden_to) IS NOT TRUE \
            AND ((messages.attachments & 4) = 4 AND quoted.id IS NULL \
                    AND coalesce(message_quotes.quoted_id, 0) NOT BETWEEN 1 AND groups.trimmed_id \
                OR (messages.attachments & 8) = 8 AND message_quotes.message_id IS NULL \
                OR (messages.attachments & 12) = 12 \
                OR message_quotes.message_id IS NOT NULL \
                    AND ((messages.attachments & 12) = 0 OR messages.deleted_at IS NOT NULL))",
        holds: "every message that quotes one says so, and replies to one of its group, unless that was removed for its age",
        broken: "messages quote what they don't say, or reply to what is not in their group",
    },
    // The options, and the bits of choices, are in the same order as the counts: `3 0 1`.
    Invariant {
        check: "polls",
        offenders: "SELECT count(*) AS number FROM messages JOIN groups ON groups.id = messages.group_id \
            LEFT JOIN (SELECT *, length(counts) - length(replace(counts, ' ', '')) + 1 AS size FROM polls) AS polls \
                ON polls.message_id = messages.id \
            LEFT JOIN (SELECT message_id, count(*) AS stored, max(choices) AS highest, \
                sum((choices >> 0) & 1) || ' ' || sum((choices >> 1) & 1) || ' ' || sum((choices >> 2) & 1) || ' ' || sum((choices >> 3) & 1) || ' ' || \
                sum((choices >> 4) & 1) || ' ' || sum((choices >> 5) & 1) || ' ' || sum((choices >> 6) & 1) || ' ' || sum((choices >> 7) & 1) || ' ' || \
                sum((choices >> 8) & 1) || ' ' || sum((choices >> 9) & 1) || ' ' || sum((choices >> 10) & 1) || ' ' || sum((choices >> 11) & 1) || ' ' || \
                sum((choices >> 12) & 1) || ' ' || sum((choices >> 13) & 1) || ' ' || sum((choices >> 14) & 1) || ' ' || sum((choices >> 15) & 1) || ' ' || \
                sum((choices >> 16) & 1) || ' ' || sum((choices >> 17) & 1) || ' ' || sum((choices >> 18) & 1) || ' ' || sum((choices >> 19) & 1) || ' ' AS counted \
                FROM (SELECT message_id, choices FROM poll_ballots \
                      UNION ALL SELECT message_id, choices FROM secret_ballots) AS ballots \
                GROUP BY message_id) AS ballots ON ballots.message_id = messages.id \
            WHERE groups.deleted_at IS NULL \
            AND (CASE messages.root_seq WHEN 0 THEN messages.seq ELSE messages.root_seq END \
                BETWEEN hidden_from AND hidden_to) IS NOT TRUE \
            AND (polls.message_id IS NOT NULL OR (messages.attachments & 128) = 128) \
            AND (polls.message_id IS NULL OR (messages.attachments & 128) = 0 OR messages.deleted_at IS NOT NULL \
                OR size <> length(options) - length(replace(options, '\n', '')) + 1 \
                OR voters <> coalesce(stored, 0) OR coalesce(highest, 0) >= (1 << size) \
                OR substr(coalesce(counted, '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 '), 1, length(counts) + 1) <> counts || ' ' \
                OR key_id IS NULL AND EXISTS (SELECT 1 FROM secret_ballots \
                    WHERE secret_ballots.message_id = polls.message_id) \
                OR key_id IS NOT NULL AND EXISTS (SELECT 1 FROM poll_ballots \
                    WHERE poll_ballots.message_id = polls.message_id))",
        holds: "every poll counts its votes",
        broken: "polls have wrong counts of votes, or votes of another kind, or messages say wrongly that they are polls",
    },
    Invariant {
        check: "mentions",
        offenders: "SELECT count(*) AS number FROM mentions JOIN groups ON groups.id = mentions.group_id \
            LEFT JOIN messages ON messages.id = mentions.message_id AND messages.group_id = mentions.group_id \
                AND messages.root_seq = mentions.root_seq AND messages.seq = mentions.seq \
                AND messages.author_id = mentions.author_id \
                AND messages.deleted_at IS NULL AND (messages.attachments & 80) <> 0 \
            WHERE groups.deleted_at IS NULL AND messages.id IS NULL",
        holds: "every mention is in a message that is there",
        broken: "mentions are in no message, or in another place than it",
    },
    Invariant {
        check: "group_mentions",
        offenders: "SELECT count(*) AS number FROM group_mentions JOIN groups ON groups.id = group_mentions.group_id \
            LEFT JOIN messages ON messages.id = group_mentions.message_id \
                AND messages.group_id = group_mentions.group_id AND messages.root_seq = group_mentions.root_seq \
                AND messages.seq = group_mentions.seq AND messages.author_id = group_mentions.author_id \
                AND messages.deleted_at IS NULL AND (messages.attachments & 32) <> 0 \
            WHERE groups.deleted_at IS NULL AND messages.id IS NULL",
        holds: "every mention of all members is in a message that is there",
        broken: "mentions of all members are in no message, or in another place than it",
    },
    Invariant {
        check: "drafts",
        offenders: "SELECT count(*) AS number FROM drafts JOIN groups ON groups.id = drafts.group_id \
            WHERE groups.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM memberships \
                WHERE memberships.group_id = drafts.group_id AND memberships.user_id = drafts.user_id)",
        holds: "every draft is of a member of its group",
        broken: "drafts are of users who are not in the group",
    },
    Invariant {
        check: "bookmarks",
        offenders: of_deleted_users!("bookmarks"),
        holds: "every bookmark is of a user who is there",
        broken: "bookmarks are of deleted users",
    },
    Invariant {
        check: "reminders",
        offenders: of_deleted_users!("reminders"),
        holds: "every reminder is of a user who is there",
        broken: "reminders are of deleted users",
    },
    Invariant {
        check: "scheduled",
        offenders: of_deleted_users!("scheduled_messages"),
        holds: "every scheduled message is of a user who is there",
        broken: "scheduled messages are of deleted users",
    },
    Invariant {
        check: "bots",
        offenders: "SELECT count(*) AS number FROM users AS bots \
            LEFT JOIN users AS owners ON owners.id = bots.owner_id \
            WHERE bots.owner_id IS NOT NULL AND (owners.id IS NULL OR owners.owner_id IS NOT NULL \
            OR owners.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs \
                WHERE kind = 'end_bots' AND subject_id = owners.id) \
            OR EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = bots.id AND sessions.kind <> 'token'))",
        holds: "every bot has tokens only, and an owner who is a person",
        broken: "bots have other sessions than tokens, or an owner who is none or is deleted",
    },
    // Whether secrets can be read is for the server's `check`, which has the keys.
    Invariant {
        check: "factors",
        offenders: "SELECT (SELECT count(*) FROM recovery_codes \
                LEFT JOIN totp ON totp.user_id = recovery_codes.user_id WHERE confirmed_at IS NULL \
                AND NOT EXISTS (SELECT 1 FROM passkeys WHERE passkeys.user_id = recovery_codes.user_id)) \
            + (SELECT count(*) FROM totp JOIN users ON users.id = user_id WHERE deleted_at IS NOT NULL) \
            + (SELECT count(*) FROM passkeys JOIN users ON users.id = user_id WHERE deleted_at IS NOT NULL) AS number",
        holds: "every second factor is of a user who is there, and every recovery code of one who has another",
        broken: "second factors are of deleted users, or recovery codes of users without another factor",
    },
    // Whether the hashes are right is for `audit verify`.
    Invariant {
        check: "audit_log",
        offenders: "SELECT count(*) AS number FROM audit_state \
            WHERE newest - pruned <> (SELECT count(*) FROM audit_log) \
            OR newest > pruned AND NOT EXISTS (SELECT 1 FROM audit_log \
                WHERE audit_log.seq = audit_state.newest AND audit_log.hash = audit_state.newest_hash)",
        holds: "the audit log is numbered without gaps and ends with the entry that is noted as its newest",
        broken: "audit logs lack entries, or have others than noted",
    },
    // A page that was written and is an old one again has rows with valid checksums. Each change of a message increases
    // its version and emits an event.
    Invariant {
        check: "logged_messages",
        offenders: "SELECT count(*) AS number FROM \
            (SELECT message_id, group_id, count(*) AS changes FROM events \
             WHERE message_id IS NOT NULL AND type LIKE 'message.%' GROUP BY message_id, group_id) AS logged \
            JOIN groups ON groups.id = logged.group_id LEFT JOIN messages ON messages.id = logged.message_id \
            WHERE groups.deleted_at IS NULL \
            AND (messages.id IS NULL AND logged.message_id > groups.trimmed_id OR messages.version < changes)",
        holds: "every message has all changes that the event log records",
        broken: "messages lack changes that the event log records, or are missing",
    },
];
