//! Ballots: those of open polls by their users, those of anonymous polls by a keyed hash.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::upsert::excluded;
use groupchat_domain::accounts::UserRef;
use groupchat_domain::ids::{MessageId, UserId};
use groupchat_domain::polls::{Ballot, BallotId, Choices, FoundVoters, MAX_BALLOTS_READ, Poll, VoterQuery};
use groupchat_domain::secrets::{SealError, Sealed};
use groupchat_domain::storage::StorageFault;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::rows::StoredPoll;
use super::voter_among::voter_among;
use crate::accounts::keys::random;
use crate::accounts::repository::UserRefRow;
use crate::connection::{on_backend, row_by_row};
use crate::schema::{poll_ballots, secret_ballots, users};
use crate::sql::{among, row_count};
use crate::tx::DbTx;

/// Under what the ballot of a user in an anonymous poll is stored: HMAC-SHA-256 (RFC 2104) of the user's id with the key of the
/// poll.
fn voter(key: &[u8], user: UserId) -> [u8; 32] {
    let mut hash = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    hash.update(&user.get().to_be_bytes());
    hash.finalize().into_bytes().into()
}

/// Ballots that are read up to the end of a page.
struct Read<'a> {
    query: &'a VoterQuery,
    rows: Vec<UserRef>,
    looked_at: i64,
    last: Option<UserId>,
}

impl Read<'_> {
    /// Whether the page goes on after this ballot.
    fn take(&mut self, user: UserRef, choices: i64) -> bool {
        self.looked_at += 1;
        self.last = Some(user.id);
        if Choices::from_stored(choices).contain(self.query.option) {
            self.rows.push(user);
        }
        row_count(self.rows.len()) < self.query.limit.with_lookahead()
    }
}

impl DbTx<'_> {
    /// A new key of an anonymous poll.
    pub(super) fn new_secret(&self, message: MessageId) -> Result<Sealed, SealError> {
        let key: [u8; 32] = random();
        self.sealer().ok_or(SealError::NoKey)?.seal(&Poll::context(message), &key)
    }

    /// Under what a user's ballot in an anonymous poll is stored; `None` where its key can't be read, which is logged.
    fn secret_voter(&self, message: MessageId, secret: &Sealed, user: UserId) -> Option<[u8; 32]> {
        let opened = self
            .sealer()
            .ok_or(SealError::NoKey)
            .and_then(|sealer| sealer.open(&Poll::context(message), secret));
        match opened {
            Ok(key) => Some(voter(&key, user)),
            Err(error) => {
                tracing::warn!(%message, %error, "the key of an anonymous poll can't be read");
                None
            }
        }
    }

    /// The user's ballots in these polls, with what was read of those that are not anonymous. One statement, and none unless a
    /// poll is anonymous.
    pub(super) fn own_ballots(
        &mut self,
        user: UserId,
        polls: &[(StoredPoll, Option<i64>)],
    ) -> Result<Vec<Option<Ballot>>, StorageFault> {
        let id_in = |(stored, _): &(StoredPoll, Option<i64>)| match &stored.secret {
            None => Some(BallotId::Open(user)),
            Some(secret) => self.secret_voter(stored.message, secret, user).map(BallotId::Secret),
        };
        let ids: Vec<_> = polls.iter().map(id_in).collect();
        let messages = polls.iter().map(|(stored, _)| stored.message);
        let secret = messages.zip(&ids).filter_map(|(message, id)| match id {
            Some(BallotId::Secret(voter)) => Some((message, *voter)),
            _ => None,
        });
        let found = self.secret_choices(secret.collect())?;
        let ballot = |((_, open), id): (&(StoredPoll, Option<i64>), Option<BallotId>)| {
            let id = id?;
            let choices = match &id {
                BallotId::Open(_) => *open,
                BallotId::Secret(voter) => found.get(&voter[..]).copied(),
            };
            Some(Ballot { id, choices: choices.map_or(Choices::NONE, Choices::from_stored) })
        };
        Ok(polls.iter().zip(ids).map(ballot).collect())
    }

    /// What ballots under these hashes choose, which differ from poll to poll.
    fn secret_choices(
        &mut self,
        ballots: Vec<(MessageId, [u8; 32])>,
    ) -> Result<HashMap<Vec<u8>, i64>, StorageFault> {
        if ballots.is_empty() {
            return Ok(HashMap::new());
        }
        let stored = secret_ballots::table
            .filter(among(secret_ballots::message_id, ballots.iter().map(|(message, _)| message.get())))
            .filter(voter_among(ballots.iter().map(|(_, voter)| *voter)))
            .select((secret_ballots::voter, secret_ballots::choices));
        let rows: Vec<(Vec<u8>, i64)> = on_backend!(self, |connection| stored.load(connection))?;
        Ok(rows.into_iter().collect())
    }

    pub(super) fn store_ballot(
        &mut self,
        message: MessageId,
        ballot: BallotId,
        choices: Choices,
    ) -> Result<(), StorageFault> {
        let (message, choices) = (message.get(), (!choices.is_empty()).then(|| choices.bits()));
        match (ballot, choices) {
            (BallotId::Open(user), Some(choices)) => {
                let row = diesel::insert_into(poll_ballots::table)
                    .values((
                        poll_ballots::message_id.eq(message),
                        poll_ballots::user_id.eq(user.get()),
                        poll_ballots::choices.eq(choices),
                    ))
                    .on_conflict((poll_ballots::message_id, poll_ballots::user_id))
                    .do_update()
                    .set(poll_ballots::choices.eq(excluded(poll_ballots::choices)));
                on_backend!(self, |connection| row.execute(connection))
            }
            (BallotId::Open(user), None) => {
                let row = poll_ballots::table.find((message, user.get()));
                on_backend!(self, |connection| diesel::delete(row).execute(connection))
            }
            (BallotId::Secret(voter), Some(choices)) => {
                let row = diesel::insert_into(secret_ballots::table)
                    .values((
                        secret_ballots::message_id.eq(message),
                        secret_ballots::voter.eq(voter.to_vec()),
                        secret_ballots::choices.eq(choices),
                    ))
                    .on_conflict((secret_ballots::message_id, secret_ballots::voter))
                    .do_update()
                    .set(secret_ballots::choices.eq(excluded(secret_ballots::choices)));
                on_backend!(self, |connection| row.execute(connection))
            }
            (BallotId::Secret(voter), None) => {
                let row = secret_ballots::table.find((message, voter.to_vec()));
                on_backend!(self, |connection| diesel::delete(row).execute(connection))
            }
        }
        .map(drop)
    }

    pub(super) fn first_ballots(
        &mut self,
        message: MessageId,
        limit: i64,
    ) -> Result<Vec<(UserId, Choices)>, StorageFault> {
        let ballots = poll_ballots::table
            .filter(poll_ballots::message_id.eq(message.get()))
            .order(poll_ballots::user_id)
            .limit(limit)
            .select((poll_ballots::user_id, poll_ballots::choices));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| ballots.load(connection))?;
        let ballot = |(user, choices)| (UserId::new(user), Choices::from_stored(choices));
        Ok(rows.into_iter().map(ballot).collect())
    }

    pub(super) fn voters_for(&mut self, query: &VoterQuery) -> Result<FoundVoters, StorageFault> {
        let ballots = poll_ballots::table
            .inner_join(users::table.on(users::id.eq(poll_ballots::user_id)))
            .filter(poll_ballots::message_id.eq(query.message.get()))
            .filter(poll_ballots::user_id.gt(query.after.map_or(i64::MIN, UserId::get)))
            .order(poll_ballots::user_id)
            .limit(MAX_BALLOTS_READ);
        let mut read = Read { query, rows: Vec::new(), looked_at: 0, last: None };
        on_backend!(self, |connection| {
            let ballots = ballots.select((UserRefRow::as_select(), poll_ballots::choices));
            let rows = row_by_row(connection, ballots)?;
            for row in rows {
                let (user, choices): (UserRefRow, i64) = row?;
                if !read.take(user.into(), choices) {
                    break;
                }
            }
            QueryResult::Ok(())
        })?;
        let may_go_on = read.looked_at >= MAX_BALLOTS_READ;
        Ok(FoundVoters { rows: read.rows, looked_up_to: read.last.filter(|_| may_go_on) })
    }
}

/// Removes up to `limit` ballots in what these messages are or were. Returns how many.
pub(crate) fn purge_ballots(tx: &mut DbTx<'_>, messages: &[i64], limit: i64) -> Result<i64, StorageFault> {
    let open = poll_ballots::table
        .filter(among(poll_ballots::message_id, messages.iter().copied()))
        .select((poll_ballots::message_id, poll_ballots::user_id))
        .limit(limit);
    let open: Vec<(i64, i64)> = on_backend!(tx, |connection| open.load(connection))?;
    for key in &open {
        let ballot = poll_ballots::table.find(*key);
        on_backend!(tx, |connection| diesel::delete(ballot).execute(connection))?;
    }
    let removed = row_count(open.len());
    if removed >= limit {
        return Ok(removed);
    }
    let secret = secret_ballots::table
        .filter(among(secret_ballots::message_id, messages.iter().copied()))
        .select((secret_ballots::message_id, secret_ballots::voter))
        .limit(limit - removed);
    let secret: Vec<(i64, Vec<u8>)> = on_backend!(tx, |connection| secret.load(connection))?;
    for (message, voter) in &secret {
        let ballot = secret_ballots::table.find((*message, voter.as_slice()));
        on_backend!(tx, |connection| diesel::delete(ballot).execute(connection))?;
    }
    Ok(removed + row_count(secret.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// They stay the same for ever, since rows are stored under them.
    #[test]
    fn a_ballot_follows_from_the_key_and_the_user() {
        let (key, user) = ([7; 32], UserId::new(3));
        assert_eq!(voter(&key, user), voter(&key, user));
        assert_ne!(voter(&key, user), voter(&key, UserId::new(4)));
        assert_ne!(voter(&key, user), voter(&[8; 32], user));
        let stored = crate::hex::hexadecimal(&voter(&key, user));
        assert_eq!(stored, "7202c3651aee40d93484ba79c955b2aa40acfafe73102d445a89c8f665bb69f3");
    }
}
