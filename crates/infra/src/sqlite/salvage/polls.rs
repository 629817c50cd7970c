//! Polls and their ballots.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use groupchat_domain::polls::{Choices, FIRST_VOTERS, OptionId, OptionText};

use super::Salvage;
use crate::polls::{counts_column, stored_voters, voters_column};
use crate::rows::polls::Row;
use crate::schema::{poll_ballots, polls, secret_ballots};

/// Deleted messages are no polls.
const FORGET_DELETED: [&str; 4] = [
    "DELETE FROM polls WHERE message_id IN (SELECT id FROM messages WHERE deleted_at IS NOT NULL)",
    "DELETE FROM poll_ballots WHERE message_id NOT IN (SELECT message_id FROM polls)",
    "DELETE FROM secret_ballots WHERE message_id NOT IN (SELECT message_id FROM polls)",
    "UPDATE messages SET attachments = attachments & ~128 WHERE deleted_at IS NOT NULL AND attachments & 128",
];

const ALL: &str = "SELECT id FROM messages WHERE attachments & 128";

/// A poll that is lost leaves a plain message.
const FORGET_LOST: &str = "UPDATE messages SET attachments = attachments & ~128 \
    WHERE attachments & 128 AND id NOT IN (SELECT message_id FROM polls)";

#[derive(QueryableByName)]
struct Message {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

impl Salvage<'_> {
    /// Brings the polls that the messages are that are there now, and the ballots of all polls, as far as they can be read, and
    /// counts them. What a poll of the backup asks stays as it was: options may have been added, and it may have been closed.
    pub(super) fn bring_polls(&mut self) -> QueryResult<()> {
        for statement in FORGET_DELETED {
            diesel::sql_query(statement).execute(self.target)?;
        }
        for Message { id } in diesel::sql_query(ALL).load(self.target)? {
            let found = self.source.poll(id).filter(is_whole);
            let known = polls::table.find(id).first::<Row>(self.target).optional()?;
            self.report.damaged += u64::from(found.is_none());
            match (found, known) {
                (Some(found), None) => {
                    let insert = diesel::insert_into(polls::table).values(found);
                    self.attempt(|target| insert.execute(target))?;
                }
                (Some(found), Some(known)) => self.complete_poll(&known, found)?,
                (None, _) => {}
            }
            self.bring_ballots(id)?;
            self.count_ballots(id)?;
        }
        diesel::sql_query(FORGET_LOST).execute(self.target)?;
        Ok(())
    }

    fn complete_poll(&mut self, known: &Row, found: Row) -> QueryResult<()> {
        let is_longer = found.options.starts_with(&format!("{}\n", known.options));
        let options = if is_longer { found.options } else { known.options.clone() };
        // Those who don't vote for an option are left out afterwards.
        let first_voters = found.first_voters.filter(|_| known.key_id.is_none());
        let update = diesel::update(polls::table.find(known.message_id))
            .set((
                polls::options.eq(options),
                polls::closed_at.eq(known.closed_at.or(found.closed_at)),
                // That there ever was a vote.
                polls::told_at.eq(known.told_at.or(found.told_at)),
                polls::first_voters.eq(first_voters.or_else(|| known.first_voters.clone())),
                polls::due_at.eq(None::<i64>),
            ))
            .execute(self.target)?;
        debug_assert_eq!(update, 1, "it was just read");
        Ok(())
    }

    /// Replaces the ballots in a poll by those of the damaged database, if these can be read.
    fn bring_ballots(&mut self, poll: i64) -> QueryResult<()> {
        let (open, secret) = (self.source.ballots(poll), self.source.secret_ballots(poll));
        let (Some(open), Some(secret)) = (open, secret) else {
            self.report.damaged += 1;
            return Ok(());
        };
        diesel::delete(poll_ballots::table.filter(poll_ballots::message_id.eq(poll))).execute(self.target)?;
        diesel::delete(secret_ballots::table.filter(secret_ballots::message_id.eq(poll)))
            .execute(self.target)?;
        for ballot in open {
            self.attempt(|target| diesel::insert_into(poll_ballots::table).values(ballot).execute(target))?;
        }
        for ballot in secret {
            self.attempt(|target| diesel::insert_into(secret_ballots::table).values(ballot).execute(target))?;
        }
        Ok(())
    }

    /// Counts the ballots in a poll. Those that choose what it doesn't have, or are not of its kind, are damage and go.
    fn count_ballots(&mut self, poll: i64) -> QueryResult<()> {
        let Some(row) = polls::table.find(poll).first::<Row>(self.target).optional()? else {
            return Ok(());
        };
        let size = row.options.split('\n').count();
        let open = poll_ballots::table.filter(poll_ballots::message_id.eq(poll));
        let secret = secret_ballots::table.filter(secret_ballots::message_id.eq(poll));
        if row.key_id.is_some() {
            diesel::delete(open).execute(self.target)?;
        } else {
            diesel::delete(secret).execute(self.target)?;
        }
        let beyond = 1_i64 << size;
        diesel::delete(open.filter(poll_ballots::choices.ge(beyond))).execute(self.target)?;
        diesel::delete(secret.filter(secret_ballots::choices.ge(beyond))).execute(self.target)?;
        let of_users: Vec<(i64, i64)> = open
            .order(poll_ballots::user_id)
            .select((poll_ballots::user_id, poll_ballots::choices))
            .load(self.target)?;
        let mut found: Vec<i64> = of_users.iter().map(|(_, choices)| *choices).collect();
        found.extend(secret.select(secret_ballots::choices).load::<i64>(self.target)?);
        let first = stored_voters(row.first_voters.as_deref());
        let first = (0..size).map(|index| first_voters(first.get(index), &of_users, OptionId::at(index)));
        let votes = |option: OptionId| {
            found.iter().filter(|choices| Choices::from_stored(**choices).contain(option)).count() as i64
        };
        let counts = counts_column((0..size).map(|index| votes(OptionId::at(index))));
        diesel::update(polls::table.find(poll))
            .set((
                polls::counts.eq(counts),
                polls::first_voters.eq(voters_column(first)),
                polls::voters.eq(found.len() as i64),
                polls::is_untold.eq(false),
                polls::due_at.eq(row.closes_at.filter(|_| row.closed_at.is_none())),
            ))
            .execute(self.target)
            .map(drop)
    }
}

/// The first voters for an option: those of before who still vote for it, and then others, in no order that would be known.
fn first_voters(before: Option<&Vec<i64>>, ballots: &[(i64, i64)], option: OptionId) -> Vec<i64> {
    let vote = |(user, choices): &(i64, i64)| Choices::from_stored(*choices).contain(option).then_some(*user);
    let votes: Vec<i64> = ballots.iter().filter_map(vote).collect();
    let mut first: Vec<i64> =
        before.into_iter().flatten().copied().filter(|user| votes.contains(user)).collect();
    first.extend(votes.iter().filter(|user| !before.is_some_and(|before| before.contains(user))));
    first.truncate(FIRST_VOTERS);
    first
}

/// Whether a poll has options as they are stored. Polls have no checksum that would tell.
fn is_whole(poll: &Row) -> bool {
    let is_option = |line: &str| OptionText::parse(line).is_ok_and(|text| text.as_str() == line);
    let size = poll.options.split('\n').count();
    (2..=20).contains(&size) && poll.options.split('\n').all(is_option)
}
