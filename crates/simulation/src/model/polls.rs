//! Polls and their ballots.

use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::polls::{
    Ballot, BallotId, Choices, FoundPoll, FoundVoters, MAX_BALLOTS_READ, Poll, PollPlace, PollRepository,
    PollView, VoterQuery,
};
use groupchat_domain::secrets::{SealError, Sealed, SecretKeyId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::state::Tables;
use crate::model::tx::{ModelTx, each_once};

/// Under what the model keeps a ballot in an anonymous poll: who needs no secrets keeps none.
fn secret(user: UserId) -> [u8; 32] {
    let mut voter = [0; 32];
    voter[..8].copy_from_slice(&user.get().to_be_bytes());
    voter
}

/// Whose ballot this is.
fn voter(ballot: BallotId) -> UserId {
    match ballot {
        BallotId::Open(user) => user,
        BallotId::Secret(voter) => {
            UserId::new(voter.iter().take(8).fold(0, |id, byte| id << 8 | i64::from(*byte)))
        }
    }
}

impl Tables {
    fn poll_view(&self, message: MessageId, viewer: UserId) -> Option<PollView> {
        let poll = self.polls.get(&message)?.clone();
        let id = if poll.anonymous { BallotId::Secret(secret(viewer)) } else { BallotId::Open(viewer) };
        let choices = self.ballots.get(&(message, viewer)).copied().unwrap_or_default();
        Some(PollView { poll, ballot: Some(Ballot { id, choices }) })
    }

    fn poll_place(&self, message: MessageId) -> Option<PollPlace> {
        let message = self.message(message)?;
        Some(PollPlace {
            message: message.id,
            group: message.group_id,
            history_seq: message.history_seq(),
            is_reply: message.thread.is_some(),
            author: message.author.id,
        })
    }

    /// Removes up to `limit` ballots in a poll; how many.
    pub(super) fn remove_ballots(&mut self, message: MessageId, limit: usize) -> usize {
        let first: Vec<_> =
            self.ballots.iter().map(|(key, _)| *key).filter(|(of, _)| *of == message).collect();
        self.ballots.remove_all(first.into_iter().take(limit))
    }
}

impl PollRepository for ModelTx<'_> {
    fn views(
        &mut self,
        messages: &[MessageId],
        viewer: UserId,
    ) -> Result<Vec<(MessageId, PollView)>, StorageFault> {
        let tables = self.read()?;
        let view = |message| Some((message, tables.poll_view(message, viewer)?));
        Ok(each_once(messages).filter_map(view).collect())
    }

    fn find_many(&mut self, messages: &[MessageId]) -> Result<Vec<(MessageId, Poll)>, StorageFault> {
        let tables = self.read()?;
        let poll = |message| Some((message, tables.polls.get(&message)?.clone()));
        Ok(each_once(messages).filter_map(poll).collect())
    }

    fn find(
        &mut self,
        group: GroupId,
        message: MessageId,
        viewer: UserId,
    ) -> Result<Option<FoundPoll>, StorageFault> {
        let tables = self.read()?;
        let found = tables.message(message).filter(|found| found.group_id == group);
        let Some((found, place)) = found.zip(tables.poll_place(message)) else { return Ok(None) };
        let view = tables.poll_view(message, viewer);
        Ok(Some(FoundPoll { place, is_deleted: found.is_deleted(), view }))
    }

    fn insert(&mut self, message: MessageId, poll: &Poll) -> Result<Result<(), SealError>, StorageFault> {
        let tables = self.write()?;
        if !tables.places.contains(&message) || tables.polls.contains(&message) {
            return Err(self.fail("a poll that is no message, or is one already"));
        }
        tables.polls.put(message, poll.clone());
        self.has_enqueued |= poll.due_at().is_some();
        Ok(Ok(()))
    }

    fn update(&mut self, message: MessageId, poll: &Poll) -> Result<(), StorageFault> {
        let tables = self.write()?;
        tables.polls.change(&message, |row| *row = Poll { options: row.options.clone(), ..poll.clone() });
        tables.polls.change(&message, |row| {
            for (option, counted) in row.options.iter_mut().zip(&poll.options) {
                option.votes = counted.votes;
                option.first_voters.clone_from(&counted.first_voters);
            }
        });
        Ok(())
    }

    fn wake(&mut self) -> Result<(), StorageFault> {
        self.write()?;
        self.has_enqueued = true;
        Ok(())
    }

    fn put_options(&mut self, message: MessageId, poll: &Poll) -> Result<(), StorageFault> {
        self.write()?.polls.change(&message, |row| row.options.clone_from(&poll.options));
        Ok(())
    }

    fn put_ballot(
        &mut self,
        message: MessageId,
        ballot: BallotId,
        choices: Choices,
    ) -> Result<(), StorageFault> {
        let (tables, user) = (self.write()?, voter(ballot));
        if !tables.polls.contains(&message) || !tables.users.contains(&user) {
            return Err(self.fail("a ballot of nobody, or in no poll"));
        }
        if choices.is_empty() {
            tables.ballots.remove(&(message, user));
        } else {
            tables.ballots.put((message, user), choices);
        }
        Ok(())
    }

    fn voters(&mut self, query: &VoterQuery) -> Result<FoundVoters, StorageFault> {
        let tables = self.read()?;
        let all = tables.ballots.iter().filter(|((of, _), _)| *of == query.message);
        let rest = all.filter(|((_, user), _)| query.after.is_none_or(|after| *user > after));
        let looked_at: Vec<_> = rest.take(usize::try_from(MAX_BALLOTS_READ).unwrap_or(0)).collect();
        let for_option = looked_at.iter().filter(|(_, choices)| choices.contain(query.option));
        let rows = query.limit.read(for_option.map(|((_, user), _)| Ok(tables.user_ref(*user))))?;
        // No poll of the simulation has more voters than are looked at.
        Ok(FoundVoters { rows, looked_up_to: None })
    }

    fn some_ballots(
        &mut self,
        message: MessageId,
        limit: i64,
    ) -> Result<Vec<(UserId, Choices)>, StorageFault> {
        let tables = self.read()?;
        let all = tables.ballots.iter().filter(|((of, _), _)| *of == message);
        let first = all.take(usize::try_from(limit).unwrap_or(0));
        Ok(first.map(|((_, user), choices)| (*user, *choices)).collect())
    }

    fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<PollPlace>, StorageFault> {
        let tables = self.read()?;
        let due = tables.polls.iter().filter(|(_, poll)| poll.is_due_at(now));
        let mut due: Vec<_> = due.map(|(message, poll)| (poll.due_at(), *message)).collect();
        due.sort_unstable();
        let first = due.into_iter().take(usize::try_from(limit).unwrap_or(0));
        Ok(first.filter_map(|(_, message)| tables.poll_place(message)).collect())
    }

    fn next_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>, StorageFault> {
        let tables = self.read()?;
        let next = |poll: &Poll| poll.due_at().map(|at| if poll.is_due_at(now) { at.min(now) } else { at });
        Ok(tables.polls.iter().filter_map(|(_, poll)| next(poll)).min())
    }

    fn remove(&mut self, message: MessageId) -> Result<(), StorageFault> {
        self.write()?.polls.remove(&message);
        Ok(())
    }

    fn purge_ballots(&mut self, message: MessageId, limit: i64) -> Result<bool, StorageFault> {
        let limit = usize::try_from(limit).unwrap_or(0);
        Ok(self.write()?.remove_ballots(message, limit) < limit)
    }

    fn keys_in_use(&mut self) -> Result<Vec<SecretKeyId>, StorageFault> {
        let secret = self.secrets(None, 1)?;
        Ok(secret.into_iter().map(|(_, sealed)| sealed.key).collect())
    }

    fn secrets(
        &mut self,
        after: Option<MessageId>,
        limit: i64,
    ) -> Result<Vec<(MessageId, Sealed)>, StorageFault> {
        let secret =
            self.read()?.polls.iter().filter(|(_, poll)| poll.anonymous).map(|(message, _)| *message);
        let rest = secret.filter(|message| after.is_none_or(|after| *message > after));
        let sealed = |message: MessageId| {
            let bytes = [Poll::context(message).as_bytes(), b"|"].concat();
            (message, Sealed { key: SecretKeyId::new(1), bytes })
        };
        Ok(rest.take(usize::try_from(limit).unwrap_or(0)).map(sealed).collect())
    }

    fn reseal(&mut self, _: MessageId, _: &Sealed, _: &Sealed) -> Result<bool, StorageFault> {
        self.write()?;
        Ok(true)
    }
}
