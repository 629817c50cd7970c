//! Whether the event log tells the state: replaying it from the beginning yields what is stored.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::snapshot::Snapshot;

/// Queries that count what disagrees, each with what that is. The log must go back to the beginning of the database.
const DISAGREEMENTS: [(&str, &str); 15] = [
    (
        "messages whose version is not the number of events about them",
        "SELECT count(*) AS number FROM messages \
         WHERE version <> (SELECT count(*) FROM events WHERE message_id = messages.id \
                AND type LIKE 'message.%') \
            OR NOT EXISTS (SELECT 1 FROM events WHERE message_id = messages.id AND type = 'message.created')",
    ),
    (
        "events about messages that are not stored",
        "SELECT count(*) AS number FROM events \
         WHERE message_id IS NOT NULL AND message_id NOT IN (SELECT id FROM messages)",
    ),
    (
        "messages that are deleted without an event, or not deleted in spite of one",
        "SELECT count(*) AS number FROM messages WHERE (deleted_at IS NOT NULL) <> \
            EXISTS (SELECT 1 FROM events WHERE message_id = messages.id AND type = 'message.deleted')",
    ),
    (
        "messages with other likes than their events say",
        "SELECT count(*) AS number FROM messages WHERE deleted_at IS NULL AND likes <> \
            (SELECT coalesce(sum((type = 'message.liked') - (type = 'message.unliked')), 0) FROM events \
             WHERE message_id = messages.id)",
    ),
    (
        "messages with other reactions than their events say",
        "SELECT count(*) AS number FROM messages JOIN \
            (SELECT message_id, emoji, sum((type = 'message.reacted') - (type = 'message.unreacted')) AS given \
             FROM events WHERE emoji IS NOT NULL GROUP BY message_id, emoji) AS told ON message_id = messages.id \
         WHERE deleted_at IS NULL \
            AND (given <> (SELECT count(*) FROM reactions WHERE reactions.message_id = messages.id \
                    AND reactions.emoji = told.emoji) \
                OR (given > 0) <> (instr(coalesce(messages.reactions, ''), told.emoji || ':' || given) > 0))",
    ),
    (
        "polls that are closed without an event, or open in spite of one",
        "SELECT count(*) AS number FROM polls JOIN messages ON messages.id = polls.message_id \
            JOIN groups ON groups.id = group_id \
         WHERE groups.deleted_at IS NULL AND (closed_at IS NOT NULL) <> \
            EXISTS (SELECT 1 FROM events WHERE events.message_id = polls.message_id AND type = 'poll.closed')",
    ),
    (
        "polls with votes that nobody is told of, or is to be told of",
        "SELECT count(*) AS number FROM polls WHERE voters > 0 AND NOT EXISTS (SELECT 1 FROM events \
            WHERE events.message_id = polls.message_id AND type = 'poll.voted')",
    ),
    (
        "messages that are pinned, but not by their last event about that, or the reverse",
        "SELECT count(*) AS number FROM messages WHERE deleted_at IS NULL AND (pin_seq IS NOT NULL) <> coalesce( \
            (SELECT type = 'message.pinned' FROM events WHERE message_id = messages.id \
                AND type IN ('message.pinned', 'message.unpinned') ORDER BY id DESC LIMIT 1), 0)",
    ),
    (
        "messages with other earlier texts than one for each edit, or with some in spite of being deleted",
        "SELECT count(*) AS number FROM messages WHERE \
            (SELECT count(*) FROM message_edits WHERE message_edits.message_id = messages.id) <> \
            CASE WHEN deleted_at IS NULL \
                THEN (SELECT count(*) FROM events WHERE message_id = messages.id AND type = 'message.updated') \
                ELSE 0 END",
    ),
    (
        "threads with other replies than the events say",
        "SELECT count(*) AS number FROM threads JOIN groups ON groups.id = group_id \
         WHERE groups.deleted_at IS NULL AND (threads.last_seq, reply_count) <> \
            (SELECT sum(type = 'message.created'), sum((type = 'message.created') - (type = 'message.deleted')) \
             FROM events JOIN messages ON messages.id = message_id WHERE thread_id = root_id)",
    ),
    (
        "mentions that their last event doesn't tell of",
        "SELECT count(*) AS number FROM mentions JOIN groups ON groups.id = mentions.group_id \
         WHERE groups.deleted_at IS NULL AND is_told <> coalesce( \
            (SELECT type = 'mention.created' FROM events WHERE events.message_id = mentions.message_id \
                AND events.user_id = mentions.user_id AND type LIKE 'mention.%' ORDER BY id DESC LIMIT 1), 0)",
    ),
    (
        "memberships that their last event doesn't tell of",
        "SELECT count(*) AS number FROM memberships WHERE coalesce( \
            (SELECT type = 'member.removed' FROM events WHERE events.group_id = memberships.group_id \
                AND events.user_id = memberships.user_id AND type IN ('member.added', 'member.removed') \
             ORDER BY id DESC LIMIT 1), 1)",
    ),
    (
        "members who came and didn't leave, but are not there",
        "SELECT count(*) AS number FROM events AS added JOIN groups ON groups.id = added.group_id \
         WHERE type = 'member.added' AND groups.deleted_at IS NULL \
            AND NOT EXISTS (SELECT 1 FROM memberships \
                WHERE memberships.group_id = added.group_id AND memberships.user_id = added.user_id) \
            AND NOT EXISTS (SELECT 1 FROM events AS removed WHERE removed.id > added.id \
                AND removed.type = 'member.removed' AND removed.group_id = added.group_id \
                AND removed.user_id = added.user_id)",
    ),
    (
        "groups that were created, changed or deleted without an event",
        "SELECT count(*) AS number FROM groups WHERE \
            (deleted_at IS NULL AND version <> 1 + (SELECT count(*) FROM events \
                WHERE group_id = groups.id AND type = 'group.updated')) \
            OR NOT EXISTS (SELECT 1 FROM events WHERE group_id = groups.id AND type = 'group.created') \
            OR (deleted_at IS NOT NULL) <> \
                EXISTS (SELECT 1 FROM events WHERE group_id = groups.id AND type = 'group.deleted')",
    ),
    (
        "users who were created or deleted without an event",
        "SELECT count(*) AS number FROM users WHERE \
            NOT EXISTS (SELECT 1 FROM events WHERE user_id = users.id AND type = 'user.created') \
            OR (deleted_at IS NOT NULL) <> \
                EXISTS (SELECT 1 FROM events WHERE user_id = users.id AND type = 'user.deleted')",
    ),
];

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(connection: &mut SqliteConnection, query: &str) -> QueryResult<i64> {
    diesel::sql_query(query).get_result(connection).map(|Number { number }| number)
}

/// Compares the log with everything else. A state that was compared before is not compared again. A database that is
/// older than its log is left alone.
///
/// # Errors
/// The failure of a statement.
pub(crate) fn disagreements(
    connection: &mut SqliteConnection,
    snapshot: &Snapshot,
) -> QueryResult<Vec<String>> {
    static AGREED: Mutex<Option<HashSet<Snapshot>>> = Mutex::new(None);
    let agreed = || AGREED.lock().unwrap_or_else(PoisonError::into_inner);
    let begins = "SELECT count(*) AS number FROM events WHERE id = 1 AND type = 'user.created'";
    if agreed().get_or_insert_default().contains(snapshot) || number(connection, begins)? == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (what, query) in DISAGREEMENTS {
        let count = number(connection, query)?;
        if count > 0 {
            found.push(format!("{count} {what}"));
        }
    }
    if found.is_empty() {
        agreed().get_or_insert_default().insert(snapshot.clone());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use groupchat_testing::Dice;

    use super::*;
    use crate::crashes::Stage;
    use crate::scene::Scene;
    use crate::server::database;
    use crate::snapshot::connect;

    /// Changes that nobody has emitted an event for, and events that nothing stands for.
    const TAMPERING: [&str; 12] = [
        "UPDATE messages SET version = version + 1 WHERE id = 1",
        "UPDATE messages SET likes = likes + 1 WHERE deleted_at IS NULL",
        "INSERT INTO message_edits SELECT id, 90, 'another', 1 FROM messages WHERE id = 1",
        "UPDATE threads SET last_seq = last_seq + 1",
        "UPDATE messages SET pin_seq = 99, pinned_at = 1, pinned_by = 1 WHERE deleted_at IS NULL AND pin_seq IS NULL \
            AND id = (SELECT max(id) FROM messages WHERE pin_seq IS NULL AND deleted_at IS NULL)",
        "UPDATE mentions SET is_named = 1, is_told = 1 - is_told",
        "DELETE FROM memberships WHERE user_id = 3",
        "DELETE FROM events WHERE type = 'member.added' AND user_id = 3",
        "DELETE FROM events WHERE type = 'message.created' AND id = \
            (SELECT max(id) FROM events WHERE type = 'message.created')",
        "UPDATE groups SET version = version + 1",
        "UPDATE groups SET deleted_at = 1 WHERE id = 1",
        "DELETE FROM events WHERE type = 'user.created' AND user_id = 2",
    ];

    #[test]
    fn a_log_that_disagrees_is_noticed() {
        let stage = Stage::new();
        let server = stage.start();
        let mut scene = Scene::create(&server);
        stage.work(&server, &mut scene, 30, &mut Dice::new(1));
        let mut connection = connect(&database(stage.folder()));
        let mut look = |change: &str| {
            connection.batch_execute(&format!("BEGIN; {change}")).unwrap();
            let snapshot = Snapshot::of(&mut connection).unwrap();
            let found = disagreements(&mut connection, &snapshot).unwrap();
            connection.batch_execute("ROLLBACK").unwrap();
            found
        };
        assert_eq!(look(""), Vec::<String>::new());
        for change in TAMPERING {
            assert_ne!(look(change), Vec::<String>::new(), "{change}");
        }
    }
}
