//! Finding groups and members.

use crate::accounts::{Actor, require_on_server};
use crate::error::Error;
use crate::groups::access::{managed, unseen};
use crate::groups::model::{GroupView, Member};
use crate::groups::repository::{GroupQuery, MemberQuery};
use crate::ids::GroupId;
use crate::paging::{NamePosition, Page};
use crate::permissions::{GroupPermission, ServerPermission};
use crate::storage::Tx;

/// One group, as the actor may see it. Those who manage groups see every one, but what is said in it only
/// as members.
///
/// # Errors
/// [`GroupRefusal::NotFound`](crate::groups::GroupRefusal::NotFound), or a fault.
pub fn find(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<GroupView, Error> {
    match tx.groups().view(id, actor.id())? {
        Some(view) => Ok(view),
        None => Ok(GroupView::new(unseen(tx, actor, id)?, None, None)),
    }
}

/// A page of the groups that the actor, who is the query's viewer, may see. All there are, and those without an owner,
/// are for those who manage groups.
///
/// # Errors
/// [`AccountRefusal::NotPermitted`](crate::accounts::AccountRefusal::NotPermitted), or a fault.
pub fn list(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &GroupQuery,
) -> Result<Page<NamePosition<GroupView>>, Error> {
    if query.all || query.ownerless {
        require_on_server(tx, actor, ServerPermission::ManageGroups)?;
    }
    Ok(Page::from_lookahead(tx.groups().list(query)?, query.limit))
}

/// A page of a group's members. Whoever may see the group may see who is in it.
///
/// # Errors
/// [`GroupRefusal::NotFound`](crate::groups::GroupRefusal::NotFound), or a fault.
pub fn list_members(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &MemberQuery,
) -> Result<Page<NamePosition<Member>>, Error> {
    managed(tx, actor, query.group)?.authorize(tx, actor, GroupPermission::View)?;
    Ok(Page::from_lookahead(tx.members().list(query)?, query.limit))
}

#[cfg(test)]
mod tests;
