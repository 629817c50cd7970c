//! Sending messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, LiveEvents};
use crate::groups::{Membership, lock_visible};
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::messages::attach::{attach, attach_mentions};
use crate::messages::error::MessageRefusal;
use crate::messages::mentions::{self, Mentions, Writing};
use crate::messages::model::{Attachments, ClientId, InThread, MessageText, MessageView, NewMessage};
use crate::messages::quote::Quoted;
use crate::messages::read::{find_bare, find_readable, find_root};
use crate::messages::readable::Readable;
use crate::messages::reply::{as_open_root, count_reply, thread_under};
use crate::permissions::GroupPermission;
use crate::polls::{Choices, Poll, PollDraft, PollRefusal};
use crate::storage::{Tx, Unique};
use crate::text::TextBytes;

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
    /// The message of the group that it quotes.
    pub reply_to: Option<MessageId>,
    /// The poll that it is to be, about what the text asks.
    pub poll: Option<PollDraft>,
}

impl MessageDraft {
    /// Who is online in the group, if that matters to the draft, because it says `@here`.
    pub fn online(&self, live: &dyn LiveEvents) -> Vec<UserId> {
        online_for(self.group, [&self.text], live)
    }

    /// How many bytes of text it has.
    pub fn bytes(&self) -> usize {
        self.text.as_str().len() + self.poll.text_bytes()
    }
}

/// Who is online in a group, if that matters to texts for it, because one of them says `@here`.
pub(super) fn online_for<'t>(
    group: GroupId,
    texts: impl IntoIterator<Item = &'t MessageText>,
    live: &dyn LiveEvents,
) -> Vec<UserId> {
    if texts.into_iter().any(MessageText::says_here) { live.online_in(group) } else { Vec::new() }
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message, as it is now.
    pub view: MessageView,
    /// Whether it was there already, from an earlier request with the same client id.
    pub repeated: bool,
}

/// What a message refers to that may be sent now.
#[derive(Default)]
pub(super) struct References {
    /// The root of the thread that it goes to.
    pub(super) root: Option<MessageView>,
    /// The message that it quotes, and whether as a reply or in full.
    pub(super) quoted: Option<(Attachments, Quoted)>,
    /// The poll that it is.
    pub(super) poll: Option<Poll>,
}

impl References {
    fn attachments(&self) -> Attachments {
        let kinds = self.quoted.as_ref().map_or(Attachments::default(), |(kind, _)| *kind);
        if self.poll.is_some() { kinds.with(Attachments::POLL) } else { kinds }
    }
}

/// Sends a message, as a member who may send, or a reply, as one who may reply. It may quote any message of the group
/// that the actor may read, and be a poll, if the actor may create some. With a client id that the author has used in the group
/// before, the message of that time comes back instead, whatever the text, and also where nothing can be sent now.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `Muted`, `SlowMode` of
/// [`GroupRefusal`](crate::groups::GroupRefusal), for a reply or a quote `NotFound`, `Deleted`, for a reply `NotRoot` of
/// [`MessageRefusal`], `TooManyMentions`, for a poll [`PollRefusal::NoKey`] or an invalid time of its end, an invalid text that
/// is too long with its mentions, or a fault.
pub fn send(tx: &mut dyn Tx, actor: &Actor, draft: &MessageDraft) -> Result<Sent, Error> {
    send_with_online(tx, actor, draft, &[])
}

/// [`send`], where these users are online in the group: they are whom `@here` mentions.
///
/// # Errors
/// As `send`.
pub fn send_with_online(
    tx: &mut dyn Tx,
    actor: &Actor,
    draft: &MessageDraft,
    online: &[UserId],
) -> Result<Sent, Error> {
    let membership = lock_visible(tx, actor, draft.group)?.into_membership()?;
    match authorize(tx, actor, &membership, draft) {
        Ok(references) => store(tx, actor, &membership, (draft, online), references),
        Err(failure) => earlier_or(tx, actor, &membership, draft.client_id.as_ref(), failure),
    }
}

/// Stores a message that the actor may send, in a group that is locked, or finds the one that it was sent as before.
pub(super) fn store(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    (draft, online): (&MessageDraft, &[UserId]),
    references: References,
) -> Result<Sent, Error> {
    let new = number(tx, actor, membership, draft, &references);
    let history_seq = InThread::history_seq(new.thread, new.seq);
    let writing = Writing { history_seq, before: None, online };
    let mentions = match mentions::resolve(tx, actor, membership, &draft.text, &writing) {
        Ok(mentions) => mentions,
        Err(failure) => return earlier_or(tx, actor, membership, draft.client_id.as_ref(), failure),
    };
    let new = NewMessage { text: mentions.text.clone(), ..new };
    match tx.messages().insert(&new)? {
        Unique::Stored(id) => {
            let view = complete(tx, actor, membership, (new, id), (references, mentions))?;
            Ok(Sent { view, repeated: false })
        }
        // Only a draft with a client id can have been sent before.
        Unique::Taken => {
            let gone = MessageRefusal::NotFound.into();
            earlier_or(tx, actor, membership, draft.client_id.as_ref(), gone)
        }
    }
}

/// The draft under the next number of its group, or of its thread.
fn number(
    tx: &dyn Tx,
    actor: &Actor,
    membership: &Membership,
    draft: &MessageDraft,
    references: &References,
) -> NewMessage {
    let last_seq = match &references.root {
        Some(root) => root.thread.as_ref().map_or(Seq::ZERO, |view| view.thread.last_seq),
        None => membership.group.last_seq,
    };
    NewMessage {
        group: membership.group.id,
        thread: references.root.as_ref().map(|root| thread_under(&root.message)),
        seq: last_seq.next(),
        author: actor.id(),
        text: draft.text.clone(),
        client_id: draft.client_id.clone(),
        created_at: tx.now(),
        attachments: references.attachments(),
    }
}

/// Stores what else is to be stored of a message that is stored under this id, and tells of it.
fn complete(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    (new, id): (NewMessage, MessageId),
    (references, mentions): (References, Mentions),
) -> Result<MessageView, Error> {
    let mut message = new.into_message(id, actor.user.clone());
    let quoted = references.quoted.map(|(_, quoted)| quoted);
    if let Some(quoted) = &quoted {
        tx.quotes().put(id, quoted.id)?;
        message.name_quoted(quoted.id);
    }
    let choices = references.poll.is_some().then_some(Choices::NONE);
    let voters = references.poll.as_ref().filter(|poll| poll.shows_voters(false)).map(|_| Vec::new());
    if let Some(poll) = references.poll {
        tx.polls().insert(id, &poll)?.map_err(|_| PollRefusal::NoKey)?;
        message.poll = Some(Box::new(poll));
    }
    mentions::store(tx, &mut message, &mentions)?;
    tx.emit(Some(actor.id()), Event::MessageCreated(message.clone()));
    if let Some(root) = &references.root {
        count_reply(tx, &membership.group, root, &message)?;
    }
    mentions::tell(tx, actor, &message, &mentions)?;
    let unreachable = mentions.unreachable;
    Ok(MessageView { quoted, choices, voters, unreachable, ..MessageView::without_own_reactions(message) })
}

/// What a draft that the actor may send now refers to.
fn authorize(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    draft: &MessageDraft,
) -> Result<References, Error> {
    let root = match draft.thread {
        None => {
            membership.require_to_send(GroupPermission::Send, tx.now())?;
            None
        }
        Some(root) => {
            membership.require(GroupPermission::View)?;
            membership.require_to_send(GroupPermission::Reply, tx.now())?;
            let root = find_readable(tx, actor, membership, root)?;
            Some(as_open_root(root)?)
        }
    };
    let quoted = match draft.reply_to {
        None => None,
        Some(quoted) => {
            membership.require(GroupPermission::ReadHistory)?;
            let mut quoted = find_bare(tx, actor, membership, quoted)?.message;
            if quoted.is_deleted() {
                return Err(MessageRefusal::Deleted.into());
            }
            attach_mentions(tx, [&mut quoted])?;
            Some((Attachments::QUOTE, quoted.as_quoted()))
        }
    };
    if let Some(poll) = &draft.poll {
        membership.require(GroupPermission::CreatePolls)?;
        poll.require_to_close_in_time(tx.now())?;
    }
    Ok(References { root, quoted, poll: draft.poll.as_ref().map(Poll::from) })
}

/// Rejects a draft that refers to what the actor can't reply to or quote now, as far as that doesn't depend on the time at which
/// it is sent.
///
/// # Errors
/// `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`, `NotRoot` of [`MessageRefusal`], or a fault.
pub(crate) fn require_references(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    draft: &MessageDraft,
) -> Result<(), Error> {
    if let Some(root) = draft.thread {
        membership.require(GroupPermission::View)?;
        find_root(tx, actor, membership, root)?;
    }
    if let Some(quoted) = draft.reply_to {
        membership.require(GroupPermission::ReadHistory)?;
        find_bare(tx, actor, membership, quoted)?;
    }
    Ok(())
}

/// What was sent before with this client id, if anything was. Its author may see it even where it is from before they came in again:
/// else they could never learn that it was sent. What others have added to it since, and what it quotes, is for who may
/// read it there.
fn find_earlier(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    client_id: Option<&ClientId>,
) -> Result<Option<Sent>, Error> {
    let Some(client_id) = client_id else { return Ok(None) };
    let mut earlier = tx.messages().find_by_client_id(membership.group.id, actor.id(), client_id)?;
    let may_read = membership.require(GroupPermission::ReadHistory).is_ok();
    let is_readable = |seq| may_read && membership.has_in_history(seq);
    let readable = earlier.iter_mut().filter(|view| is_readable(view.message.history_seq()));
    attach(tx, actor, Readable::of(membership), readable)?;
    Ok(earlier.map(|view| Sent { view, repeated: true }))
}

/// What was sent before with this client id, instead of a refusal.
///
/// # Errors
/// The refusal if nothing was sent with it, or a fault.
pub(super) fn earlier_or(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    client_id: Option<&ClientId>,
    failure: Error,
) -> Result<Sent, Error> {
    match failure {
        Error::Refused(refusal) => {
            find_earlier(tx, actor, membership, client_id)?.ok_or(Error::Refused(refusal))
        }
        failure => Err(failure),
    }
}

#[cfg(test)]
mod tests;
