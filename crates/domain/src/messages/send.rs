//! Sending messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::groups::{Membership, lock_visible};
use crate::ids::{GroupId, MessageId, Seq};
use crate::messages::attach::attach;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{ClientId, MessageText, MessageView, NewMessage};
use crate::messages::read::find_readable;
use crate::messages::reply::{as_open_root, count_reply, thread_under};
use crate::permissions::GroupPermission;
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
    /// The message that it replies to, in the thread under that; `None` for a message of the group itself.
    pub thread: Option<MessageId>,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message, as it is now.
    pub view: MessageView,
    /// Whether it was there already, from an earlier request with the same client id.
    pub repeated: bool,
}

/// Sends a message, as a member who may send, or a reply, as one who may reply. With a client id that the author has used in the group
/// before, the message of that time comes back instead, whatever the text, and also where nothing can be sent now.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Muted`, `SlowMode` of
/// [`GroupRefusal`](crate::groups::GroupRefusal), for a reply `NotFound`, `NotRoot`, `Deleted` of [`MessageRefusal`], or
/// a fault.
pub fn send(tx: &mut dyn Tx, actor: &Actor, draft: &MessageDraft) -> Result<Sent, Error> {
    let membership = lock_visible(tx, actor, draft.group)?.into_membership()?;
    let root = match authorize(tx, actor, &membership, draft) {
        Ok(root) => root,
        Err(Error::Refused(refusal)) => {
            return find_earlier(tx, actor, &membership, draft)?.ok_or(Error::Refused(refusal));
        }
        Err(failure) => return Err(failure),
    };
    let last_seq = match &root {
        Some(root) => root.thread.as_ref().map_or(Seq::ZERO, |view| view.thread.last_seq),
        None => membership.group.last_seq,
    };
    let new = NewMessage {
        group: membership.group.id,
        thread: root.as_ref().map(|root| thread_under(&root.message)),
        seq: last_seq.next(),
        author: actor.id(),
        text: draft.text.clone(),
        client_id: draft.client_id.clone(),
        created_at: tx.now(),
    };
    match tx.messages().insert(&new)? {
        Unique::Stored(id) => {
            let message = new.into_message(id, actor.user.clone());
            tx.emit(Some(actor.id()), Event::MessageCreated(message.clone()));
            if let Some(root) = &root {
                count_reply(tx, &membership.group, root, &message)?;
            }
            Ok(Sent { view: MessageView::without_own_reactions(message), repeated: false })
        }
        // Only a draft with a client id can have been sent before.
        Unique::Taken => {
            find_earlier(tx, actor, &membership, draft)?.ok_or_else(|| MessageRefusal::NotFound.into())
        }
    }
}

/// The root of a reply that the actor may send now; `None` for a message that they may send.
fn authorize(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    draft: &MessageDraft,
) -> Result<Option<MessageView>, Error> {
    let Some(root) = draft.thread else {
        membership.require_to_send(GroupPermission::Send, tx.now())?;
        return Ok(None);
    };
    membership.require(GroupPermission::View)?;
    membership.require_to_send(GroupPermission::Reply, tx.now())?;
    let root = find_readable(tx, actor, membership, root)?;
    Ok(Some(as_open_root(root)?))
}

/// What the draft was sent as before, if it was. Its author may see it even where it is from before they came in again:
/// else they could never learn that it was sent. What others have added to it since is for who may read it there.
fn find_earlier(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    draft: &MessageDraft,
) -> Result<Option<Sent>, Error> {
    let Some(client_id) = &draft.client_id else { return Ok(None) };
    let mut earlier = tx.messages().find_by_client_id(draft.group, actor.id(), client_id)?;
    let may_read = membership.require(GroupPermission::ReadHistory).is_ok();
    let above = membership.readable_after();
    attach(tx, actor.id(), earlier.iter_mut().filter(|view| may_read && view.message.history_seq() > above))?;
    Ok(earlier.map(|view| Sent { view, repeated: true }))
}

#[cfg(test)]
mod tests;
