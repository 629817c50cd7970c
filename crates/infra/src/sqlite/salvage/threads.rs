//! Threads: what follows from the messages, and who follows and has read them.

use diesel::prelude::*;

use super::Salvage;
use crate::schema::{thread_members, threads};

/// What threads count follows from their replies. SQLite takes the columns that are not aggregated from the row of the
/// greatest number.
const COUNT_REPLIES: &str = "INSERT INTO threads \
    (root_id, group_id, root_seq, reply_count, last_seq, last_reply_id, last_reply_at) \
    SELECT thread_id, group_id, root_seq, count(text), max(seq), id, created_at \
    FROM messages WHERE thread_id IS NOT NULL GROUP BY thread_id, group_id, root_seq \
    ON CONFLICT (root_id) DO UPDATE SET reply_count = excluded.reply_count, last_seq = excluded.last_seq, \
        last_reply_id = excluded.last_reply_id, last_reply_at = excluded.last_reply_at";

const MARK_ROOTS: &str =
    "UPDATE messages SET attachments = attachments | 1 WHERE id IN (SELECT root_id FROM threads)";

/// Who has replied follows the thread, and has read up to there.
const ADD_AUTHORS: &str = "INSERT INTO thread_members (root_id, user_id, following, read_seq, seen_reply_id) \
    SELECT thread_id, author_id, 1, max(seq), max(id) FROM messages WHERE thread_id IS NOT NULL \
    GROUP BY thread_id, author_id ON CONFLICT DO NOTHING";

const FORGET_PLACES: &str = "UPDATE thread_members SET place = NULL WHERE place IS NOT NULL";

/// The first five authors have the places.
const GIVE_PLACES: &str = "UPDATE thread_members SET place = found.place FROM ( \
    SELECT thread_id, author_id, row_number() OVER (PARTITION BY thread_id ORDER BY min(seq)) AS place \
    FROM messages WHERE thread_id IS NOT NULL GROUP BY thread_id, author_id) AS found \
    WHERE found.place <= 5 AND root_id = thread_id AND user_id = author_id";

/// Numbers may have moved up, where replies are lost.
const LIMIT_CURSORS: &str = "UPDATE thread_members \
    SET read_seq = (SELECT last_seq FROM threads WHERE threads.root_id = thread_members.root_id) \
    WHERE read_seq > (SELECT last_seq FROM threads WHERE threads.root_id = thread_members.root_id)";

impl Salvage<'_> {
    /// Makes threads follow from the messages that are there now, and brings who follows or has read them and is not
    /// known yet. Of those who are known, what they follow and have read stays as it was.
    pub(super) fn bring_threads(&mut self) -> QueryResult<()> {
        diesel::sql_query(COUNT_REPLIES).execute(self.target)?;
        diesel::sql_query(MARK_ROOTS).execute(self.target)?;
        let roots: Vec<i64> = threads::table.select(threads::root_id).load(self.target)?;
        for mut member in
            roots.into_iter().flat_map(|root| self.source.thread_members(root)).collect::<Vec<_>>()
        {
            (member.place, member.read_position) = (None, None);
            let insert = diesel::insert_into(thread_members::table).values(member).on_conflict_do_nothing();
            self.attempt(|target| insert.execute(target))?;
        }
        for statement in [ADD_AUTHORS, FORGET_PLACES, GIVE_PLACES, LIMIT_CURSORS] {
            diesel::sql_query(statement).execute(self.target)?;
        }
        Ok(())
    }
}
