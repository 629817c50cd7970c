//! Adding an option to a poll.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::ids::{GroupId, MessageId};
use crate::messages::MessageRefusal;
use crate::permissions::GroupPermission;
use crate::polls::error::PollRefusal;
use crate::polls::load::lock;
use crate::polls::model::OptionsBy;
use crate::polls::options::OptionText;
use crate::polls::view::PollView;
use crate::storage::Tx;

/// Adds an option to a poll: as its author, as long as nobody has voted, or, where members add options, as any who may write
/// where it is, until it is closed. One that is there already changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Muted`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `Deleted`, `NotAuthor` of [`MessageRefusal`], `NoPoll`, `Closed`, `HasVotes`, `TooManyOptions` of [`PollRefusal`], or a fault.
pub fn add_option(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    text: &OptionText,
) -> Result<PollView, Error> {
    let (found, membership) = lock(tx, actor, group, id)?;
    membership.require(GroupPermission::ReadHistory)?;
    let writing = if found.place.is_reply { GroupPermission::Reply } else { GroupPermission::Send };
    membership.require(writing)?;
    let mut loaded = found.into_poll()?;
    let poll = &mut loaded.view.poll;
    let is_by_author = poll.options_by == OptionsBy::Author;
    if is_by_author && loaded.place.author != actor.id() {
        return Err(MessageRefusal::NotAuthor.into());
    }
    poll.require_open(tx.now())?;
    if is_by_author && poll.was_voted_on() {
        return Err(PollRefusal::HasVotes.into());
    }
    if poll.add(text)? {
        tx.polls().put_options(loaded.place.message, &loaded.view.poll)?;
        tx.emit(Some(actor.id()), Event::PollUpdated(loaded.update()));
    }
    Ok(loaded.view)
}

#[cfg(test)]
mod tests;
