//! Receipts: who has read a message.

use crate::accounts::{AccountRefusal, Actor, ReceiptSetting, UserRef};
use crate::error::Error;
use crate::groups::{Group, GroupRefusal, Visibility, visible};
use crate::ids::{GroupId, Seq, UserId};
use crate::messages::read_state::check_seq;
use crate::paging::{Limit, Page};
use crate::permissions::{GroupPermission, Role};
use crate::storage::Tx;
use crate::text::TextBytes;

/// The most members that a page looks at: however few of them have read something, it costs no more.
pub const MAX_LOOKED_AT: i64 = 1_000;

/// Which readers to list: members of a group who show how far they have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderQuery {
    /// The group.
    pub group: GroupId,
    /// Who can find the group, on which depends what roles allow.
    pub visibility: Visibility,
    /// Only those who have read up to this number.
    pub seq: Seq,
    /// Only users with a higher id.
    pub after: Option<UserId>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

/// Somebody who has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Who it is.
    pub user: UserRef,
    /// The number up to which they have read.
    pub read_seq: Seq,
    /// The number of the group's newest message when they came in.
    pub joined_seq: Seq,
    /// Their role in the group.
    pub role: Role,
}

impl TextBytes for Reader {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes()
    }
}

/// Readers that were found among some of the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundReaders {
    /// In the order of their ids; one more than the limit if there are more.
    pub rows: Vec<Reader>,
    /// The last member who was looked at, if there are others after them.
    pub looked_up_to: Option<UserId>,
}

/// A page of readers. It may have fewer than asked for, or none, and go on all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderPage {
    /// In the order of their ids.
    pub items: Vec<Reader>,
    /// Where the list goes on; `None` at the end.
    pub next: Option<ReaderPlace>,
}

/// A place in a list of readers, which stays that of the message that its first page was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderPlace {
    /// The number of the message.
    pub seq: Seq,
    /// The last user who was looked at.
    pub user: UserId,
}

impl TextBytes for ReaderPage {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(TextBytes::text_bytes).sum()
    }
}

/// Lists who has read a group up to a message, the newest one unless another is given, as a member who may read that
/// message and shows how far they have read. Left out is who doesn't show it, and who can't read the message.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `ReceiptsOff`, `ReceiptsHidden` of [`GroupRefusal`], an invalid `seq` of no
/// message that the actor may read, or a fault.
pub fn list_readers(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    seq: Option<Seq>,
    after: Option<UserId>,
    limit: Limit,
) -> Result<ReaderPage, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    if !membership.group.shows_receipts() {
        return Err(GroupRefusal::ReceiptsOff.into());
    }
    if !shows_receipts(tx, actor)? {
        return Err(GroupRefusal::ReceiptsHidden.into());
    }
    let (first, last) = (membership.readable_after().next(), membership.group.last_seq);
    let seq = match seq {
        Some(seq) => {
            check_seq(seq, first, "group's", last)?;
            seq
        }
        None if last >= first => last,
        // There is nothing that the actor could read.
        None => return Ok(ReaderPage { items: Vec::new(), next: None }),
    };
    let visibility = membership.group.visibility;
    let found = tx.read_cursors().readers(&ReaderQuery { group, visibility, seq, after, limit })?;
    Ok(as_page(found, &membership.group, seq, limit))
}

fn as_page(found: FoundReaders, group: &Group, seq: Seq, limit: Limit) -> ReaderPage {
    let mut page = Page::from_lookahead(found.rows, limit);
    let last = page.items.last().map(|reader| reader.user.id).filter(|_| page.more);
    page.items.retain(|reader| group.lets_read(&reader.role, reader.joined_seq, seq));
    let next = last.or(found.looked_up_to);
    ReaderPage { items: page.items, next: next.map(|user| ReaderPlace { seq, user }) }
}

/// How far these members of a group have read, as far as they show it and may read messages at all; nobody where the group
/// has no receipts, or the actor doesn't show theirs.
///
/// # Errors
/// A fault.
pub(crate) fn read_seqs(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: &Group,
    members: &[UserId],
) -> Result<Vec<(UserId, Seq)>, Error> {
    if members.is_empty() || !group.shows_receipts() || !shows_receipts(tx, actor)? {
        return Ok(Vec::new());
    }
    let mut shown = tx.read_cursors().shown(group.id, group.visibility, members)?;
    shown.retain(|reader| group.lets_read_some(&reader.role));
    Ok(shown.into_iter().map(|reader| (reader.user.id, reader.read_seq)).collect())
}

/// Whether the actor shows others how far they have read.
fn shows_receipts(tx: &mut dyn Tx, actor: &Actor) -> Result<bool, Error> {
    let user = tx.accounts().find(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    Ok(user.receipts == ReceiptSetting::Shown)
}

#[cfg(test)]
mod tests;
