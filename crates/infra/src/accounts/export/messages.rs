//! What a user has written, and the reactions and votes that they have given.
//!
//! Messages are found by the numbers that authors have in groups. Earlier texts, reactions and votes have no index by user: all of
//! them are gone through, a bounded number for each page.

use diesel::prelude::*;
use groupchat_domain::accounts::{ExportPage, ExportPosition, ExportRow};
use groupchat_domain::polls::Choices;
use groupchat_domain::storage::StorageFault;

use super::{ROWS, row, time, time_if};
use crate::connection::on_backend;
use crate::schema::{author_runs, groups, memberships, message_edits, messages, poll_ballots, reactions};
use crate::sql::keys::among_pairs;
use crate::tx::DbTx;

/// Runs of a page, each of some 20 messages of up to 10,000 characters.
const RUNS: i64 = 10;
/// Earlier texts of a page.
const TEXTS: usize = 100;
/// Reactions, of anybody, that a page goes through.
const REACTIONS: i64 = 2_000;

/// A group whose messages have all been exported.
const DONE: i64 = i64::MAX;

/// A run: the number of its thread, or 0, its first number, and all of them.
type Run = (i64, i64, String);

type MessageRow = ((i64, Option<i64>, i64, i64), (Option<String>, i64, Option<i64>, Option<String>));

fn shown(group: i64, row_of: MessageRow) -> ExportRow {
    let ((id, thread, _, seq), (client_id, created_at, edited_at, text)) = row_of;
    row()
        .with("id", id)
        .with("group_id", group)
        .with("thread_id", thread)
        .with("seq", seq)
        .with("client_id", client_id)
        .with("created_at", time(created_at))
        .with("edited_at", time_if(edited_at))
        .with("text", text)
}

impl DbTx<'_> {
    /// Group by group, and in each the messages of the group before those of its threads. A position is a group, and the run
    /// in it that was the last.
    pub(super) fn own_messages(
        &mut self,
        user: i64,
        after: Option<ExportPosition>,
    ) -> Result<ExportPage, StorageFault> {
        let ExportPosition([group, root_seq, first_seq]) = after.unwrap_or(ExportPosition([0, DONE, 0]));
        if root_seq == DONE {
            let next = self.next_group(user, group)?.map(ExportPosition);
            return Ok(ExportPage { rows: Vec::new(), next });
        }
        let mut runs = self.further_runs(user, group, root_seq, first_seq)?;
        let next = match runs.last() {
            Some((root_seq, first_seq, _)) if runs.len() >= RUNS as usize => [group, *root_seq, *first_seq],
            // The newest are no run yet. They are read in the same transaction as the last runs, since they may become one.
            _ => {
                runs.extend(self.newest(user, group)?.map(|seqs| (0, 0, seqs)));
                [group, DONE, 0]
            }
        };
        let numbers = runs.iter().flat_map(|(root_seq, _, seqs)| {
            seqs.split(' ').filter_map(|seq| seq.parse().ok()).map(|seq| (*root_seq, seq))
        });
        let rows = self.messages_at(user, group, numbers.collect())?;
        Ok(ExportPage { rows, next: Some(ExportPosition(next)) })
    }

    /// The next group that the user may have written in, or as far as it was looked for.
    fn next_group(&mut self, user: i64, after: i64) -> Result<Option<[i64; 3]>, StorageFault> {
        let next =
            groups::table.filter(groups::id.gt(after)).order(groups::id).limit(ROWS).select(groups::id);
        let next: Vec<i64> = on_backend!(self, |connection| next.load(connection))?;
        let (Some(first), Some(last)) = (next.first().copied(), next.last().copied()) else {
            return Ok(None);
        };
        let written = author_runs::table
            .filter(crate::sql::among::among(author_runs::group_id, next.iter().copied()))
            .filter(author_runs::author_id.eq(user))
            .order(author_runs::group_id)
            .select(author_runs::group_id)
            .limit(1);
        let joined = memberships::table
            .filter(memberships::user_id.eq(user))
            .filter(memberships::group_id.ge(first))
            .filter(memberships::group_id.le(last))
            .filter(memberships::recent_seqs.is_not_null())
            .order(memberships::group_id)
            .select(memberships::group_id)
            .limit(1);
        let written: Option<i64> = on_backend!(self, |connection| written.first(connection).optional())?;
        let joined: Option<i64> = on_backend!(self, |connection| joined.first(connection).optional())?;
        Ok(Some(match written.into_iter().chain(joined).min() {
            Some(group) => [group, -1, 0],
            None => [last, DONE, 0],
        }))
    }

    fn further_runs(
        &mut self,
        user: i64,
        group: i64,
        root_seq: i64,
        first_seq: i64,
    ) -> Result<Vec<Run>, StorageFault> {
        let columns = (author_runs::root_seq, author_runs::first_seq, author_runs::seqs);
        let same = author_runs::table
            .filter(author_runs::group_id.eq(group))
            .filter(author_runs::author_id.eq(user))
            .filter(author_runs::root_seq.eq(root_seq))
            .filter(author_runs::first_seq.gt(first_seq))
            .order(author_runs::first_seq)
            .limit(RUNS)
            .select(columns);
        let mut runs: Vec<Run> = on_backend!(self, |connection| same.load(connection))?;
        let room = RUNS.saturating_sub(i64::try_from(runs.len()).unwrap_or(RUNS));
        if room > 0 {
            let later = author_runs::table
                .filter(author_runs::group_id.eq(group))
                .filter(author_runs::author_id.eq(user))
                .filter(author_runs::root_seq.gt(root_seq))
                .order((author_runs::root_seq, author_runs::first_seq))
                .limit(room)
                .select(columns);
            let later: Vec<Run> = on_backend!(self, |connection| later.load(connection))?;
            runs.extend(later);
        }
        Ok(runs)
    }

    fn newest(&mut self, user: i64, group: i64) -> Result<Option<String>, StorageFault> {
        let newest = memberships::table.find((group, user)).select(memberships::recent_seqs);
        let newest: Option<Option<String>> =
            on_backend!(self, |connection| newest.first(connection).optional())?;
        Ok(newest.flatten())
    }

    fn messages_at(
        &mut self,
        user: i64,
        group: i64,
        numbers: Vec<(i64, i64)>,
    ) -> Result<Vec<ExportRow>, StorageFault> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let written = messages::table
            .filter(messages::group_id.eq(group))
            .filter(among_pairs((messages::root_seq, messages::seq), numbers))
            .filter(messages::author_id.eq(user))
            .filter(messages::deleted_at.is_null())
            .order((messages::root_seq, messages::seq))
            .select((
                (messages::id, messages::thread_id, messages::root_seq, messages::seq),
                (messages::client_id, messages::created_at, messages::edited_at, messages::text),
            ));
        let rows: Vec<MessageRow> = on_backend!(self, |connection| written.load(connection))?;
        Ok(rows.into_iter().map(|row| shown(group, row)).collect())
    }

    pub(super) fn earlier_texts(
        &mut self,
        user: i64,
        message: i64,
        version: i64,
    ) -> Result<ExportPage, StorageFault> {
        let next = message_edits::table
            .inner_join(messages::table.on(messages::id.eq(message_edits::message_id)))
            .filter(message_edits::message_id.ge(message))
            .filter(message_edits::message_id.gt(message).or(message_edits::version.gt(version)))
            .order((message_edits::message_id, message_edits::version))
            .limit(ROWS)
            .select((message_edits::message_id, message_edits::version, messages::author_id));
        let found: Vec<(i64, i64, i64)> = on_backend!(self, |connection| next.load(connection))?;
        let own: Vec<_> = found.iter().filter(|(_, _, author)| *author == user).take(TEXTS).collect();
        let end = found.last().filter(|_| found.len() >= ROWS as usize);
        let next = if own.len() < TEXTS { end } else { own.last().copied() };
        let next = next.map(|(message, version, _)| ExportPosition([*message, *version, 0]));
        let own: Vec<_> = own.into_iter().map(|(message, version, _)| (*message, *version)).collect();
        if own.is_empty() {
            return Ok(ExportPage { rows: Vec::new(), next });
        }
        let texts = message_edits::table
            .filter(among_pairs((message_edits::message_id, message_edits::version), own))
            .order((message_edits::message_id, message_edits::version))
            .select((
                message_edits::message_id,
                message_edits::version,
                message_edits::written_at,
                message_edits::text,
            ));
        let texts: Vec<(i64, i64, i64, String)> = on_backend!(self, |connection| texts.load(connection))?;
        let show = |(message, version, written_at, text): (i64, i64, i64, String)| {
            row()
                .with("message_id", message)
                .with("version", version)
                .with("written_at", time(written_at))
                .with("text", text)
        };
        Ok(ExportPage { rows: texts.into_iter().map(show).collect(), next })
    }

    /// One row for each option that the user votes for. Votes in anonymous polls are not known to be theirs.
    pub(super) fn own_votes(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let end = poll_ballots::table
            .filter(poll_ballots::message_id.gt(after))
            .order(poll_ballots::message_id)
            .offset(REACTIONS)
            .limit(1)
            .select(poll_ballots::message_id);
        let end: Option<i64> = on_backend!(self, |connection| end.first(connection).optional())?;
        let given = poll_ballots::table
            .filter(poll_ballots::message_id.gt(after))
            .filter(poll_ballots::message_id.le(end.unwrap_or(i64::MAX)))
            .filter(poll_ballots::user_id.eq(user))
            .order(poll_ballots::message_id)
            .select((poll_ballots::message_id, poll_ballots::choices));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| given.load(connection))?;
        let show = |(message, choices): (i64, i64)| {
            let chosen = Choices::from_stored(choices).iter();
            chosen.map(move |option| row().with("message_id", message).with("option_id", option.get()))
        };
        let next = end.map(|message| ExportPosition([message, 0, 0]));
        Ok(ExportPage { rows: rows.into_iter().flat_map(show).collect(), next })
    }

    pub(super) fn own_reactions(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let end = reactions::table
            .filter(reactions::message_id.gt(after))
            .order(reactions::message_id)
            .offset(REACTIONS)
            .limit(1)
            .select(reactions::message_id);
        let end: Option<i64> = on_backend!(self, |connection| end.first(connection).optional())?;
        let given = reactions::table
            .filter(reactions::message_id.gt(after))
            .filter(reactions::message_id.le(end.unwrap_or(i64::MAX)))
            .filter(reactions::user_id.eq(user))
            .order((reactions::message_id, reactions::emoji))
            .select((reactions::message_id, reactions::emoji, reactions::created_at));
        let rows: Vec<(i64, String, i64)> = on_backend!(self, |connection| given.load(connection))?;
        let show = |(message, emoji, at): (i64, String, i64)| {
            row().with("message_id", message).with("emoji", emoji).with("created_at", time(at))
        };
        let next = end.map(|message| ExportPosition([message, 0, 0]));
        Ok(ExportPage { rows: rows.into_iter().map(show).collect(), next })
    }
}
