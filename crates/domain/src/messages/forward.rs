//! Forwarding messages to other groups, or to the same one.

use crate::accounts::Actor;
use crate::error::Error;
use crate::groups::{VisibleGroup, lock_visible};
use crate::ids::{GroupId, MessageId};
use crate::messages::attach::attach_mentions;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{Attachments, ClientId, Message, MessageText};
use crate::messages::names::{name_among, with_names};
use crate::messages::read::find_bare;
use crate::messages::send::{MessageDraft, References, Sent, earlier_or, store};
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// A message that somebody wants to forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardDraft {
    /// The group it is in.
    pub from: GroupId,
    /// The message.
    pub message: MessageId,
    /// The group it goes to.
    pub to: GroupId,
    /// The name that the sender gives the new message, so that a repeat stores it once.
    pub client_id: Option<ClientId>,
}

/// Sends the text that a message has now, with the names of whom it mentions, to another group, as a member who may read it where it is and may send where it
/// goes. Of a poll that is its question. Only who may read it there is told where it is from. A client id counts as for [`send`](crate::messages::send).
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Muted`, `SlowMode` of
/// [`GroupRefusal`](crate::groups::GroupRefusal), of either group; `NotFound`, `Deleted` of [`MessageRefusal`], or a fault.
pub fn forward(tx: &mut dyn Tx, actor: &Actor, draft: &ForwardDraft) -> Result<Sent, Error> {
    let (from, to) = lock_both(tx, actor, draft.from, draft.to)?;
    let source = from.and_then(|from| find_source(tx, actor, from, draft.message));
    let membership = match to.and_then(|to| Ok(to.into_membership()?)) {
        Ok(membership) => membership,
        // What is wrong with the message that was asked for comes first.
        Err(failure) => return Err(source.err().unwrap_or(failure)),
    };
    let permitted = source.and_then(|source| {
        membership.require_to_send(GroupPermission::Send, tx.now())?;
        Ok(source)
    });
    let (message, text) = match permitted {
        Ok(source) => source,
        Err(failure) => return earlier_or(tx, actor, &membership, draft.client_id.as_ref(), failure),
    };
    let client_id = draft.client_id.clone();
    let new = MessageDraft { group: draft.to, text, client_id, thread: None, reply_to: None, poll: None };
    let quoted = Some((Attachments::FORWARD, message.as_quoted()));
    store(tx, actor, &membership, (&new, &[]), References { root: None, quoted, poll: None })
}

/// Both groups, locked in the order of their ids: what is forwarded is there until it has been, and so are the rights to it.
fn lock_both(tx: &mut dyn Tx, actor: &Actor, from: GroupId, to: GroupId) -> Result<(Locked, Locked), Error> {
    if from <= to {
        let from = lock(tx, actor, from)?;
        Ok((from, lock(tx, actor, to)?))
    } else {
        let to = lock(tx, actor, to)?;
        Ok((lock(tx, actor, from)?, to))
    }
}

/// A group that is locked, or why it was refused.
type Locked = Result<VisibleGroup, Error>;

/// After a refusal, the other group is still looked at; a fault ends all.
fn lock(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<Locked, Error> {
    match lock_visible(tx, actor, id) {
        Err(Error::Refused(refusal)) => Ok(Err(Error::Refused(refusal))),
        locked => locked.map(Ok),
    }
}

/// The message in its group, if the actor may read it there, and its text.
fn find_source(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: VisibleGroup,
    id: MessageId,
) -> Result<(Message, MessageText), Error> {
    let membership = group.into_membership_with(GroupPermission::ReadHistory)?;
    let mut message = find_bare(tx, actor, &membership, id)?.message;
    attach_mentions(tx, [&mut message])?;
    let text = message.text.as_ref().ok_or(MessageRefusal::Deleted)?;
    // Where it goes, nobody is mentioned by it.
    let text = with_names(text.as_str(), MessageText::MAX_LENGTH, name_among(&message.mentioned));
    Ok((message, MessageText::from_stored(text)))
}

#[cfg(test)]
mod tests;
