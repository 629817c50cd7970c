//! Who votes for what.

use crate::accounts::{Actor, UserRef};
use crate::error::Error;
use crate::groups::visible;
use crate::ids::{GroupId, MessageId, UserId};
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::polls::error::PollRefusal;
use crate::polls::load::find;
use crate::polls::options::OptionId;
use crate::polls::repository::VoterQuery;
use crate::storage::Tx;
use crate::text::TextBytes;

/// The most ballots that a page looks at: however few vote for an option, it costs no more.
pub const MAX_BALLOTS_READ: i64 = 1_000;

/// A page of voters. It may have fewer than asked for, or none, and go on all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoterPage {
    /// In the order of their ids.
    pub items: Vec<UserRef>,
    /// After whom the list goes on; `None` at the end.
    pub next: Option<UserId>,
}

impl TextBytes for VoterPage {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(TextBytes::text_bytes).sum()
    }
}

/// Lists who votes for an option of a poll that is not anonymous, as a member who may read it and is shown its results.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`, `Deleted` of
/// [`MessageRefusal`](crate::messages::MessageRefusal), `NoPoll`, `Anonymous`, `UnknownOption`, `ResultsHidden` of
/// [`PollRefusal`], or a fault.
pub fn list_voters(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, message, option): (GroupId, MessageId, OptionId),
    after: Option<UserId>,
    limit: Limit,
) -> Result<VoterPage, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let view = find(tx, actor, &membership, message)?.into_poll()?.view;
    if view.poll.anonymous {
        return Err(PollRefusal::Anonymous.into());
    }
    if !view.poll.has_option(option) {
        return Err(PollRefusal::UnknownOption.into());
    }
    let has_voted = view.choices().is_some_and(|choices| !choices.is_empty());
    if !view.poll.shows_results(has_voted) {
        return Err(PollRefusal::ResultsHidden.into());
    }
    let found = tx.polls().voters(&VoterQuery { message, option, after, limit })?;
    let page = Page::from_lookahead(found.rows, limit);
    let last = page.items.last().map(|user| user.id).filter(|_| page.more);
    Ok(VoterPage { items: page.items, next: last.or(found.looked_up_to) })
}

#[cfg(test)]
mod tests;
