//! Sending messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::groups::lock_visible;
use crate::ids::GroupId;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{ClientId, MessageText, MessageView, NewMessage};
use crate::storage::{Tx, Unique};

/// A message that somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDraft {
    /// The group it goes to.
    pub group: GroupId,
    /// Its text.
    pub text: MessageText,
    /// The name that the sender gives it, so that a repeat stores it once.
    pub client_id: Option<ClientId>,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message, as it is now.
    pub view: MessageView,
    /// Whether it was there already, from an earlier request with the same client id.
    pub repeated: bool,
}

/// Sends a message, as a member who may. With a client id that the author has used in the group
/// before, the message of that time comes back instead, whatever the text, and also where nothing can be sent now.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Muted`, `SlowMode` of
/// [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn send(tx: &mut dyn Tx, actor: &Actor, draft: &MessageDraft) -> Result<Sent, Error> {
    let membership = lock_visible(tx, actor, draft.group)?.into_membership()?;
    if let Err(refusal) = membership.require_to_send(tx.now()) {
        return find_earlier(tx, actor, draft)?.ok_or_else(|| refusal.into());
    }
    let group = membership.group;
    let new = NewMessage {
        group: group.id,
        seq: group.last_seq.next(),
        author: actor.id(),
        text: draft.text.clone(),
        client_id: draft.client_id.clone(),
        created_at: tx.now(),
    };
    match tx.messages().insert(&new)? {
        Unique::Stored(id) => {
            let message = new.into_message(id, actor.user.clone());
            tx.emit(Some(actor.id()), Event::MessageCreated(message.clone()));
            Ok(Sent { view: MessageView::without_own_reactions(message), repeated: false })
        }
        // Only a draft with a client id can have been sent before.
        Unique::Taken => find_earlier(tx, actor, draft)?.ok_or_else(|| MessageRefusal::NotFound.into()),
    }
}

/// What the draft was sent as before, if it was. Its author may see it even where it is from before they came in again:
/// else they could never learn that it was sent.
fn find_earlier(tx: &mut dyn Tx, actor: &Actor, draft: &MessageDraft) -> Result<Option<Sent>, Error> {
    let Some(client_id) = &draft.client_id else { return Ok(None) };
    let earlier = tx.messages().find_by_client_id(draft.group, actor.id(), client_id)?;
    Ok(earlier.map(|view| Sent { view, repeated: true }))
}

#[cfg(test)]
mod tests;
