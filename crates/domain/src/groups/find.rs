//! Finding groups and members.

use crate::accounts::{Actor, require_server_admin};
use crate::error::Error;
use crate::groups::access::visible;
use crate::groups::error::GroupRefusal;
use crate::groups::model::{GroupView, Member};
use crate::groups::repository::{GroupQuery, MemberQuery};
use crate::ids::GroupId;
use crate::paging::{NamePosition, Page};
use crate::storage::Tx;

/// One group, as the actor may see it.
///
/// # Errors
/// [`GroupRefusal::NotFound`], or a fault.
pub fn find(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<GroupView, Error> {
    Ok(tx.groups().view(id, actor.id())?.ok_or(GroupRefusal::NotFound)?)
}

/// A page of the groups that the actor, who is the query's viewer, may see. Those without an owner are for server
/// admins to look for.
///
/// # Errors
/// [`AccountRefusal::AdminOnly`](crate::accounts::AccountRefusal::AdminOnly), or a fault.
pub fn list(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &GroupQuery,
) -> Result<Page<NamePosition<GroupView>>, Error> {
    if query.ownerless {
        require_server_admin(tx, actor)?;
    }
    Ok(Page::from_lookahead(tx.groups().list(query)?, query.limit))
}

/// A page of a group's members. Whoever may see the group may see who is in it.
///
/// # Errors
/// [`GroupRefusal::NotFound`], or a fault.
pub fn list_members(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &MemberQuery,
) -> Result<Page<NamePosition<Member>>, Error> {
    visible(tx, actor, query.group)?;
    Ok(Page::from_lookahead(tx.members().list(query)?, query.limit))
}

#[cfg(test)]
mod tests;
