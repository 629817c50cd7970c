//! Reading the messages of one author, or of a span of time.

use std::time::Duration;

use crate::accounts::Actor;
use crate::error::Error;
use crate::groups::{Trimmed, visible};
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::messages::attach::attach;
use crate::messages::model::{InThread, MessageView};
use crate::messages::read::{Window, find_bare};
use crate::messages::readable::Readable;
use crate::messages::reply::{as_root, thread_under};
use crate::messages::repository::MessageRange;
use crate::messages::time_order::{TimePlace, TimeQuery, TimeRange};
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::storage::{StorageFault, Tx};
use crate::text::TextBytes;
use crate::time::Timestamp;

/// Which messages to read of a group, or of a thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only those of this author.
    pub author: Option<UserId>,
    /// Only those sent at this time or later.
    pub since: Option<Timestamp>,
    /// Only those sent before this time.
    pub until: Option<Timestamp>,
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterStart {
    /// At a message of the group, or of the thread, whether the filter leaves it out or not.
    At(Window),
    /// Where the page before has ended.
    Next(TimeRange),
}

/// A page of messages in the order by time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredPage {
    /// The latest first, whatever the direction of reading.
    pub items: Vec<MessageView>,
    /// Where reading goes on in its direction; `None` at the end.
    pub next: Option<TimeRange>,
}

impl TextBytes for FilteredPage {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(MessageView::text_bytes).sum()
    }
}

/// Reads a page of those messages of a group, or replies to a root of it, that a filter selects, as a member who may read
/// them: in the order by time, so that the database finds them by an index. Where the member reads only what came in
/// after they did, a page also has no messages that were sent much before that: such were imported since.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), for a thread `NotFound`,
/// `NotRoot` of [`MessageRefusal`](crate::messages::MessageRefusal), or a fault.
pub fn list_filtered(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, root): (GroupId, Option<MessageId>),
    filter: &MessageFilter,
    start: FilterStart,
    limit: Limit,
) -> Result<FilteredPage, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let (thread, above, trimmed) = match root {
        // Whoever may read the root may read all replies.
        Some(root) => {
            let root = as_root(find_bare(tx, actor, &membership, root)?)?;
            (Some(thread_under(&root.message)), Seq::ZERO, Trimmed::NOTHING)
        }
        None => (None, membership.readable_after(), membership.group.trimmed),
    };
    let selected = Selected::load(tx, (group, thread), actor.id(), filter, (above, trimmed))?;
    let mut page = match start {
        FilterStart::Next(run) => selected.read(tx, run, limit)?,
        FilterStart::At(Window::Range(MessageRange::Above(seq))) => {
            let place = selected.place(tx, seq)?;
            selected.read(tx, TimeRange::Above(place), limit)?
        }
        FilterStart::At(Window::Range(MessageRange::Below(seq))) => {
            let place = seq.map_or(Ok(TimePlace::END), |seq| selected.place(tx, seq))?;
            selected.read(tx, TimeRange::Below(place), limit)?
        }
        FilterStart::At(Window::Around(seq)) => selected.read_around(tx, seq, limit)?,
    };
    attach(tx, actor, Readable::of(&membership), &mut page.items)?;
    Ok(page)
}

/// How much earlier than a member came in a message can seem to have been sent that came in later: it waited for its turn,
/// or the clock of another server is behind.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60 * 60);

/// The messages that a filter selects, and that the viewer may read.
struct Selected {
    group: GroupId,
    thread: Option<InThread>,
    viewer: UserId,
    author: Option<UserId>,
    above: Seq,
    /// What was removed of what it selects from.
    trimmed: Trimmed,
    after: TimePlace,
    before: TimePlace,
}

impl Selected {
    fn load(
        tx: &mut dyn Tx,
        (group, thread): (GroupId, Option<InThread>),
        viewer: UserId,
        filter: &MessageFilter,
        (above, trimmed): (Seq, Trimmed),
    ) -> Result<Self, StorageFault> {
        let since = filter.since.map_or(TimePlace::START, TimePlace::before_all_at);
        let before = filter.until.map_or(TimePlace::END, TimePlace::before_all_at);
        // Without this, a page would go through all that came in before, to find that nothing of it may be read.
        let joined_at = match above {
            Seq::ZERO => None,
            _ => tx.members().find(group, viewer)?.map(|member| member.joined_at),
        };
        let readable = joined_at.map(|at| TimePlace::before_all_at(at.minus(CLOCK_DIFFERENCE)));
        let after = readable.map_or(since, |readable| since.max(readable));
        Ok(Self { group, thread, viewer, author: filter.author, above, trimmed, after, before })
    }

    /// The place of the message with this number: the beginning if the viewer may not read it or it was removed, the end if
    /// there is none yet.
    fn place(&self, tx: &mut dyn Tx, seq: Seq) -> Result<TimePlace, StorageFault> {
        if seq <= self.above {
            return Ok(TimePlace::START);
        }
        let at = tx.messages().sent_at(self.group, self.thread, seq)?;
        let without = if seq <= self.trimmed.upto { TimePlace::START } else { TimePlace::END };
        Ok(at.map_or(without, |at| TimePlace { at, seq }))
    }

    fn read(&self, tx: &mut dyn Tx, run: TimeRange, limit: Limit) -> Result<FilteredPage, StorageFault> {
        let (after, before, ascending) = match run {
            TimeRange::Below(place) => (self.after, self.before.min(place), false),
            TimeRange::Above(place) => (self.after.max(place), self.before, true),
        };
        if after >= before {
            return Ok(FilteredPage { items: Vec::new(), next: None });
        }
        let Self { group, thread, viewer, author, above, .. } = *self;
        let hidden = self.trimmed.hidden;
        let query =
            TimeQuery { group, thread, viewer, author, after, before, ascending, above, hidden, limit };
        let Page { mut items, more } = Page::from_lookahead(tx.messages().list_by_time(&query)?, limit);
        let last = items.last().filter(|_| more).map(|view| TimePlace::of(&view.message));
        let next = last.map(if ascending { TimeRange::Above } else { TimeRange::Below });
        if ascending {
            items.reverse();
        }
        Ok(FilteredPage { items, next })
    }

    /// Up to half of the page after the message with this number, and the rest from it downwards.
    fn read_around(&self, tx: &mut dyn Tx, seq: Seq, limit: Limit) -> Result<FilteredPage, StorageFault> {
        let place = self.place(tx, seq)?;
        let mut items = match limit.half() {
            Some(half) => self.read(tx, TimeRange::Above(place), half)?.items,
            None => Vec::new(),
        };
        let rest = limit.after(&items);
        let from = if place == TimePlace::END { place } else { place.next() };
        let below = self.read(tx, TimeRange::Below(from), rest)?;
        items.extend(below.items);
        Ok(FilteredPage { items, next: below.next })
    }
}

#[cfg(test)]
mod tests;
