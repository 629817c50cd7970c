//! Polls.

use diesel::dsl::{auto_type, min};
use diesel::prelude::*;
use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::polls::{
    BallotId, Choices, FoundPoll, FoundVoters, Poll, PollPlace, PollRepository, PollView, TELL_EVERY,
    VoterQuery,
};
use groupchat_domain::secrets::{SealError, Sealed, SecretKeyId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::ballots;
use super::rows::{PollRow, StoredPoll, counts_of, key_of, options_column, voters_of};
use crate::connection::on_backend;
use crate::messages::repository::PlaceRow;
use crate::schema::{messages, poll_ballots, polls};
use crate::sql::{among, row_count};
use crate::tx::DbTx;

/// How far ahead a time may be at which another server has told votes.
const TOLD_EVERY_MICROS: i64 = TELL_EVERY.as_micros() as i64;

/// The message that a poll is.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct AskingRow {
    id: i64,
    author_id: i64,
    deleted_at: Option<i64>,
    #[diesel(embed)]
    place: PlaceRow,
}

impl From<AskingRow> for PollPlace {
    fn from(row: AskingRow) -> Self {
        Self {
            message: MessageId::new(row.id),
            group: row.place.group(),
            history_seq: row.place.history_seq(),
            is_reply: row.place.thread().is_some(),
            author: UserId::new(row.author_id),
        }
    }
}

/// That a ballot is this viewer's in this poll.
#[auto_type(no_type_alias)]
fn is_own(viewer: i64) -> _ {
    poll_ballots::message_id.eq(polls::message_id).and(poll_ballots::user_id.eq(viewer))
}

/// That a poll has votes which wait since a time that has not come yet: only a clock that was ahead can have told the last ones.
#[auto_type(no_type_alias)]
fn is_of_wrong_clock(now: i64) -> _ {
    let not_before: i64 = now.saturating_add(TOLD_EVERY_MICROS);
    polls::is_untold.and(polls::told_at.ge(not_before))
}

impl DbTx<'_> {
    /// Polls with the viewer's ballots.
    fn as_views(
        &mut self,
        viewer: UserId,
        polls: Vec<(StoredPoll, Option<i64>)>,
    ) -> Result<Vec<(MessageId, PollView)>, StorageFault> {
        let ballots = self.own_ballots(viewer, &polls)?;
        let view = |((stored, _), ballot): ((StoredPoll, Option<i64>), _)| {
            (stored.message, PollView { poll: stored.poll, ballot })
        };
        Ok(polls.into_iter().zip(ballots).map(view).collect())
    }
}

impl PollRepository for DbTx<'_> {
    fn views(
        &mut self,
        messages: &[MessageId],
        viewer: UserId,
    ) -> Result<Vec<(MessageId, PollView)>, StorageFault> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let found = polls::table
            .left_join(poll_ballots::table.on(is_own(viewer.get())))
            .filter(among(polls::message_id, messages.iter().map(|id| id.get())));
        let rows: Vec<(PollRow, Option<i64>)> = on_backend!(self, |connection| found
            .select((PollRow::as_select(), poll_ballots::choices.nullable()))
            .load(connection))?;
        self.as_views(viewer, rows.into_iter().map(|(row, open)| (row.into(), open)).collect())
    }

    fn find_many(&mut self, messages: &[MessageId]) -> Result<Vec<(MessageId, Poll)>, StorageFault> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let found = polls::table.filter(among(polls::message_id, messages.iter().map(|id| id.get())));
        let rows: Vec<PollRow> =
            on_backend!(self, |connection| found.select(PollRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(StoredPoll::from).map(|stored| (stored.message, stored.poll)).collect())
    }

    fn find(
        &mut self,
        group: GroupId,
        message: MessageId,
        viewer: UserId,
    ) -> Result<Option<FoundPoll>, StorageFault> {
        let found =
            messages::table
                .left_join(polls::table.on(polls::message_id.eq(messages::id)))
                .left_join(poll_ballots::table.on(
                    poll_ballots::message_id.eq(messages::id).and(poll_ballots::user_id.eq(viewer.get())),
                ))
                .filter(messages::id.eq(message.get()))
                .filter(messages::group_id.eq(group.get()));
        let row: Option<(AskingRow, Option<PollRow>, Option<i64>)> = on_backend!(self, |connection| found
            .select((
                AskingRow::as_select(),
                Option::<PollRow>::as_select(),
                poll_ballots::choices.nullable()
            ))
            .first(connection)
            .optional())?;
        let Some((place, poll, open)) = row else { return Ok(None) };
        let is_deleted = place.deleted_at.is_some();
        let polls = poll.map(|poll| (poll.into(), open)).into_iter().collect();
        let view = self.as_views(viewer, polls)?.pop().map(|(_, view)| view);
        Ok(Some(FoundPoll { place: place.into(), is_deleted, view }))
    }

    fn insert(&mut self, message: MessageId, poll: &Poll) -> Result<Result<(), SealError>, StorageFault> {
        let secret = match poll.anonymous.then(|| self.new_secret(message)).transpose() {
            Ok(secret) => secret,
            Err(error) => return Ok(Err(error)),
        };
        let due_at = poll.due_at();
        let row = diesel::insert_into(polls::table).values((
            polls::message_id.eq(message.get()),
            polls::options.eq(options_column(poll)),
            polls::counts.eq(counts_of(poll)),
            polls::first_voters.eq(voters_of(poll)),
            polls::max_choices.eq(poll.max_choices),
            polls::results.eq(poll.results.as_str()),
            polls::options_by.eq(poll.options_by.as_str()),
            polls::closes_at.eq(poll.closes_at.map(Timestamp::as_micros)),
            polls::closed_at.eq(poll.closed_at.map(Timestamp::as_micros)),
            polls::voters.eq(poll.voters),
            polls::told_at.eq(poll.told_at.map(Timestamp::as_micros)),
            polls::is_untold.eq(poll.is_untold),
            polls::due_at.eq(due_at.map(Timestamp::as_micros)),
            polls::key_id.eq(secret.as_ref().map(|secret| i64::from(secret.key.get()))),
            polls::secret.eq(secret.map(|secret| secret.bytes)),
        ));
        on_backend!(self, |connection| row.execute(connection))?;
        if due_at.is_some() {
            self.wake()?;
        }
        Ok(Ok(()))
    }

    fn update(&mut self, message: MessageId, poll: &Poll) -> Result<(), StorageFault> {
        let due_at = poll.due_at();
        let row = diesel::update(polls::table.find(message.get())).set((
            polls::counts.eq(counts_of(poll)),
            polls::first_voters.eq(voters_of(poll)),
            polls::closed_at.eq(poll.closed_at.map(Timestamp::as_micros)),
            polls::voters.eq(poll.voters),
            polls::told_at.eq(poll.told_at.map(Timestamp::as_micros)),
            polls::is_untold.eq(poll.is_untold),
            polls::due_at.eq(due_at.map(Timestamp::as_micros)),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn wake(&mut self) -> Result<(), StorageFault> {
        self.note_job();
        Ok(())
    }

    fn put_options(&mut self, message: MessageId, poll: &Poll) -> Result<(), StorageFault> {
        let row = diesel::update(polls::table.find(message.get()))
            .set((polls::options.eq(options_column(poll)), polls::counts.eq(counts_of(poll))));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn put_ballot(
        &mut self,
        message: MessageId,
        ballot: BallotId,
        choices: Choices,
    ) -> Result<(), StorageFault> {
        self.store_ballot(message, ballot, choices)
    }

    fn voters(&mut self, query: &VoterQuery) -> Result<FoundVoters, StorageFault> {
        self.voters_for(query)
    }

    fn some_ballots(
        &mut self,
        message: MessageId,
        limit: i64,
    ) -> Result<Vec<(UserId, Choices)>, StorageFault> {
        self.first_ballots(message, limit)
    }

    fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<PollPlace>, StorageFault> {
        let due = polls::table
            .inner_join(messages::table.on(messages::id.eq(polls::message_id)))
            .filter(polls::due_at.is_not_null())
            .filter(polls::due_at.le(now.as_micros()))
            .order((polls::due_at, polls::message_id))
            .limit(limit);
        let mut rows: Vec<AskingRow> =
            on_backend!(self, |connection| due.select(AskingRow::as_select()).load(connection))?;
        let rest = limit - row_count(rows.len());
        if rest > 0 {
            let of_wrong_clock = polls::table
                .inner_join(messages::table.on(messages::id.eq(polls::message_id)))
                .filter(is_of_wrong_clock(now.as_micros()))
                .filter(polls::due_at.gt(now.as_micros()))
                .order(polls::told_at)
                .limit(rest);
            let others: Vec<AskingRow> = on_backend!(self, |connection| of_wrong_clock
                .select(AskingRow::as_select())
                .load(connection))?;
            rows.extend(others);
        }
        Ok(rows.into_iter().map(PollPlace::from).collect())
    }

    fn next_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>, StorageFault> {
        let next = polls::table.filter(polls::due_at.is_not_null()).select(min(polls::due_at));
        let next: Option<i64> = on_backend!(self, |connection| next.first(connection))?;
        let next = next.map(Timestamp::from_micros);
        if next.is_none_or(|at| at <= now) {
            return Ok(next);
        }
        let of_wrong_clock = polls::table.filter(is_of_wrong_clock(now.as_micros()));
        let told: Option<Option<i64>> = on_backend!(self, |connection| of_wrong_clock
            .select(polls::told_at)
            .order(polls::told_at.desc())
            .first(connection)
            .optional())?;
        Ok(if told.is_some() { Some(now) } else { next })
    }

    fn remove(&mut self, message: MessageId) -> Result<(), StorageFault> {
        let poll = polls::table.find(message.get());
        on_backend!(self, |connection| diesel::delete(poll).execute(connection)).map(drop)
    }

    fn purge_ballots(&mut self, message: MessageId, limit: i64) -> Result<bool, StorageFault> {
        Ok(ballots::purge_ballots(self, &[message.get()], limit)? < limit)
    }

    fn keys_in_use(&mut self) -> Result<Vec<SecretKeyId>, StorageFault> {
        let used = polls::table.filter(polls::key_id.is_not_null()).select(polls::key_id).distinct();
        let ids: Vec<Option<i64>> = on_backend!(self, |connection| used.load(connection))?;
        Ok(ids.into_iter().flatten().map(key_of).collect())
    }

    fn secrets(
        &mut self,
        after: Option<MessageId>,
        limit: i64,
    ) -> Result<Vec<(MessageId, Sealed)>, StorageFault> {
        let stored = polls::table
            .filter(polls::key_id.is_not_null())
            .filter(polls::message_id.gt(after.map_or(0, MessageId::get)))
            .order(polls::message_id)
            .limit(limit)
            .select((polls::message_id, polls::key_id.assume_not_null(), polls::secret.assume_not_null()));
        let rows: Vec<(i64, i64, Vec<u8>)> = on_backend!(self, |connection| stored.load(connection))?;
        let sealed = |(message, key, bytes)| (MessageId::new(message), Sealed { key: key_of(key), bytes });
        Ok(rows.into_iter().map(sealed).collect())
    }

    fn reseal(&mut self, message: MessageId, old: &Sealed, new: &Sealed) -> Result<bool, StorageFault> {
        let same = polls::table.find(message.get()).filter(polls::secret.eq(old.bytes.as_slice()));
        let update = diesel::update(same)
            .set((polls::secret.eq(new.bytes.as_slice()), polls::key_id.eq(i64::from(new.key.get()))));
        on_backend!(self, |connection| update.execute(connection)).map(|rows| rows > 0)
    }
}
