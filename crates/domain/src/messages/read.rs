//! Reading messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::groups::{Membership, SeqSpan, visible};
use crate::ids::{GroupId, MessageId, Seq};
use crate::messages::attach::attach;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{InThread, MessageView};
use crate::messages::readable::Readable;
use crate::messages::reply::{as_root, thread_under};
use crate::messages::repository::{MessageQuery, MessageRange};
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::storage::Tx;
use crate::text::TextBytes;

/// Which part of the messages of a group, or of the replies of a thread, to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// A run of numbers in one direction.
    Range(MessageRange),
    /// Up to half of the page above this number, the rest from it downwards.
    Around(Seq),
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// The newest first, whatever the direction of reading.
    pub items: Vec<MessageView>,
    /// Where reading goes on in its direction; `None` at the end.
    pub next: Option<MessageRange>,
}

impl TextBytes for MessagePage {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(MessageView::text_bytes).sum()
    }
}

/// Reads a page of a group's messages, as a member who may read.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn list(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    window: Window,
    limit: Limit,
) -> Result<MessagePage, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let (above, hidden) = (membership.readable_after(), membership.group.trimmed.hidden);
    let of = Messages { group, thread: None, above, hidden };
    let mut page = read_window(tx, actor, of, window, limit)?;
    attach(tx, actor, Readable::of(&membership), &mut page.items)?;
    Ok(page)
}

/// Reads a page of the replies to a message, as a member who may read it. Without replies, the page is empty.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`, `NotRoot` of
/// [`MessageRefusal`], or a fault.
pub fn list_replies(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    root: MessageId,
    window: Window,
    limit: Limit,
) -> Result<MessagePage, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let root = find_root(tx, actor, &membership, root)?;
    // Whoever may read the root may read all replies.
    let of = Messages { group, thread: Some(thread_under(&root.message)), above: Seq::ZERO, hidden: None };
    let mut page = read_window(tx, actor, of, window, limit)?;
    attach(tx, actor, Readable::of(&membership), &mut page.items)?;
    Ok(page)
}

/// The messages of a group, or the replies of a thread, that a member may read.
#[derive(Debug, Clone, Copy)]
struct Messages {
    group: GroupId,
    thread: Option<InThread>,
    above: Seq,
    hidden: Option<SeqSpan>,
}

fn read_window(
    tx: &mut dyn Tx,
    actor: &Actor,
    Messages { group, thread, above, hidden }: Messages,
    window: Window,
    limit: Limit,
) -> Result<MessagePage, Error> {
    let mut read = |run, limit: Limit| {
        let query = MessageQuery { group, thread, viewer: actor.id(), run, above, hidden, limit };
        tx.messages().list(&query).map(|rows| Page::from_lookahead(rows, limit))
    };
    Ok(match window {
        Window::Range(run @ MessageRange::Above(_)) => upwards(read(run, limit)?),
        Window::Range(run @ MessageRange::Below(_)) => downwards(read(run, limit)?),
        Window::Around(seq) => {
            let mut items = match limit.half() {
                Some(half) => upwards(read(MessageRange::Above(seq), half)?).items,
                None => Vec::new(),
            };
            let rest = limit.after(&items);
            let below = downwards(read(MessageRange::Below(Some(seq.next())), rest)?);
            items.extend(below.items);
            MessagePage { items, next: below.next }
        }
    })
}

fn upwards(mut page: Page<MessageView>) -> MessagePage {
    let next =
        page.more.then(|| page.items.last().map(|view| MessageRange::Above(view.message.seq))).flatten();
    page.items.reverse();
    MessagePage { items: page.items, next }
}

fn downwards(page: Page<MessageView>) -> MessagePage {
    let next = page
        .more
        .then(|| page.items.last().map(|view| MessageRange::Below(Some(view.message.seq))))
        .flatten();
    MessagePage { items: page.items, next }
}

/// Reads one message or its tombstone, as a member who may read.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal),
/// [`MessageRefusal::NotFound`], or a fault.
pub fn find(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    find_readable(tx, actor, &membership, id)
}

/// One message of a group, if this member of it may read it.
pub(super) fn find_readable(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    id: MessageId,
) -> Result<MessageView, Error> {
    let mut view = find_bare(tx, actor, membership, id)?;
    attach(tx, actor, Readable::of(membership), [&mut view])?;
    Ok(view)
}

/// A message of a group that can be the root of a thread, without what is stored beside it, if this member may read it.
///
/// # Errors
/// `NotFound`, `NotRoot` of [`MessageRefusal`], or a fault.
pub(crate) fn find_root(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    id: MessageId,
) -> Result<MessageView, Error> {
    Ok(as_root(find_bare(tx, actor, membership, id)?)?)
}

/// The same without what is stored beside it.
pub(super) fn find_bare(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    id: MessageId,
) -> Result<MessageView, Error> {
    let view = tx.messages().find(membership.group.id, id, actor.id())?;
    let readable = view.filter(|view| membership.has_in_history(view.message.history_seq()));
    Ok(readable.ok_or(MessageRefusal::NotFound)?)
}

#[cfg(test)]
mod tests;
