//! What messages said before they were edited.

use crate::accounts::Actor;
use crate::error::Error;
use crate::groups::visible;
use crate::ids::{GroupId, MessageId, Version};
use crate::messages::earlier_text::EarlierText;
use crate::messages::edit_repository::EditQuery;
use crate::messages::read::find_bare;
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// Reads a page of the earlier texts of a message, the newest first: those before the given version, or the first. For
/// its author, and for members who may delete anybody's messages, also in an archived group. A deleted message has none.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Direct` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound` of
/// [`MessageRefusal`](crate::messages::MessageRefusal), or a fault.
pub fn list_history(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    before: Option<Version>,
    limit: Limit,
) -> Result<Page<EarlierText>, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let message = find_bare(tx, actor, &membership, id)?.message;
    if message.author.id != actor.id() {
        membership.require_to_read(GroupPermission::DeleteAny)?;
    }
    if message.is_deleted() || message.edited_at.is_none() {
        return Ok(Page { items: Vec::new(), more: false });
    }
    let query = EditQuery { message: id, before, limit };
    Ok(Page::from_lookahead(tx.edits().list(&query)?, limit))
}

#[cfg(test)]
mod tests;
