//! Sending what is due.

use crate::accounts::{AccountRefusal, Actor, FactorPolicy, Reach, permit};
use crate::error::{Error, Refusal};
use crate::events::{Event, OwnSchedule, SentScheduled};
use crate::ids::{MessageId, UserId};
use crate::messages::send_with_online;
use crate::scheduled::model::{Failure, NewScheduled, Scheduled, ScheduledId};
use crate::storage::{Access, Caller, Mode, Storage, Tx};

/// What sending takes besides the database.
pub(crate) struct Sending<'a> {
    /// The database.
    pub(crate) storage: &'a dyn Storage,
    /// What a refusal is called where clients are told of it.
    pub(crate) name_of: &'a (dyn Fn(&Refusal) -> &'static str + Send + Sync),
}

const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };

/// Sends a message that is due, as its author and where these are online, once: in the transaction that removes it. What is
/// refused stays, with the reason, and the author is told. One that somebody else has sent meanwhile is left alone. Returns the
/// message, if it was sent here and is new.
///
/// # Errors
/// A fault.
pub(crate) async fn send_due(
    sending: &Sending<'_>,
    id: ScheduledId,
    online: Vec<UserId>,
) -> Result<Option<MessageId>, Error> {
    let policy = sending.storage.factor_policy();
    match sending.storage.run(WRITE, move |tx| send(tx, id, &online, policy)).await {
        Err(Error::Refused(refusal)) => {
            let (code, detail) = ((sending.name_of)(&refusal).to_owned(), refusal.to_string());
            sending.storage.run(WRITE, move |tx| fail(tx, id, &code, &detail)).await?;
            Ok(None)
        }
        outcome => outcome,
    }
}

fn send(
    tx: &mut dyn Tx,
    id: ScheduledId,
    online: &[UserId],
    policy: FactorPolicy,
) -> Result<Option<MessageId>, Error> {
    let now = tx.now();
    let Some(Scheduled { new, .. }) = tx.scheduled().take(id, now)? else { return Ok(None) };
    let Some(actor) = author(tx, &new, policy)? else { return Ok(None) };
    let sent = send_with_online(tx, &actor, &new.draft, online)?;
    let (user, group, message) = (new.user, new.draft.group, sent.view.message.id);
    tx.emit(Some(user), Event::ScheduledSent(SentScheduled { user, group, message }));
    Ok(Some(message).filter(|_| !sent.repeated))
}

/// The author as they are now, as far as they may act; `None` if the account is deleted.
fn author(tx: &mut dyn Tx, new: &NewScheduled, policy: FactorPolicy) -> Result<Option<Actor>, Error> {
    if tx.accounts().find(new.user)?.is_none() {
        return Ok(None);
    }
    let now = tx.now();
    let actor = match new.token {
        None => tx.sessions().acting(new.user)?.ok_or(AccountRefusal::Suspended)?,
        Some(token) => tx.sessions().holder(token, now)?.ok_or(AccountRefusal::Unauthenticated)?,
    };
    let holder = actor.factor.owner.unwrap_or(actor.id());
    let lacks_factor = policy.requires_of(actor.factor) && !tx.factors().has_any(holder)?;
    permit(&actor, Mode::Write, Reach::USUAL.in_groups(), lacks_factor)?;
    Ok(Some(actor))
}

fn fail(tx: &mut dyn Tx, id: ScheduledId, code: &str, detail: &str) -> Result<(), Error> {
    let failure = Failure { code: code.to_owned(), detail: detail.to_owned(), at: tx.now() };
    if let Some((user, group)) = tx.scheduled().fail(id, &failure)? {
        tx.emit(None, Event::ScheduledFailed(OwnSchedule { user, group }));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
