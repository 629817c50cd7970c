//! What messages said before they were edited.

use std::collections::{BTreeSet, HashMap};

use crate::accounts::Actor;
use crate::error::Error;
use crate::groups::visible;
use crate::ids::{GroupId, MessageId, UserId, Version};
use crate::messages::earlier_text::EarlierText;
use crate::messages::edit_repository::EditQuery;
use crate::messages::marks::{MarkTarget, find_marks};
use crate::messages::model::MessageText;
use crate::messages::names::{DELETED, with_names};
use crate::messages::read::find_bare;
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// Reads a page of the earlier texts of a message, with names in the place of the ids of users, the newest first: those before
/// the given version, or the first. For
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
    let mut page = Page::from_lookahead(tx.edits().list(&query)?, limit);
    show_names(tx, &mut page.items)?;
    Ok(page)
}

/// How many users are looked up for a page. Further ids are shown as they are stored.
const MAX_LOOKED_UP: usize = 500;

/// Puts the names of today in the place of ids: one query, and none where nobody is mentioned.
fn show_names(tx: &mut dyn Tx, texts: &mut [EarlierText]) -> Result<(), Error> {
    let mut ids = BTreeSet::new();
    for mark in texts.iter().flat_map(|earlier| find_marks(earlier.text.as_str())) {
        if let MarkTarget::Id(user) = mark.of
            && ids.len() < MAX_LOOKED_UP
        {
            ids.insert(user);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let found = tx.accounts().find_many(&ids.iter().copied().collect::<Vec<_>>())?;
    let found: HashMap<_, _> = found.iter().map(|user| (user.id, user.username.as_str())).collect();
    let name_of = |id: UserId| ids.contains(&id).then(|| found.get(&id).copied().unwrap_or(DELETED));
    for earlier in texts {
        let shown = with_names(earlier.text.as_str(), MessageText::MAX_LENGTH, name_of);
        earlier.text = MessageText::from_stored(shown);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
