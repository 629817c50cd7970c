//! Finding groups and members.

use std::collections::HashMap;

use crate::accounts::{Actor, require_on_server};
use crate::error::Error;
use crate::groups::access::{managed, reached, unseen};
use crate::groups::model::{GroupView, ListedMember, Member, VisibleGroup};
use crate::groups::repository::{GroupQuery, MemberQuery};
use crate::ids::GroupId;
use crate::messages::{Readable, attach, read_seqs};
use crate::paging::{NamePosition, Page};
use crate::permissions::{GroupPermission, ServerPermission};
use crate::storage::Tx;

/// One group, as the actor may see it. Those who manage groups see every one, but what is said in it only
/// as members.
///
/// # Errors
/// [`GroupRefusal::NotFound`](crate::groups::GroupRefusal::NotFound), or a fault.
pub fn find(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<GroupView, Error> {
    match tx.groups().view(reached(actor, id), actor.id())? {
        Some(mut view) => {
            attach(tx, actor, Readable::default(), &mut view.last_message)?;
            Ok(view)
        }
        None => Ok(GroupView::new(unseen(tx, actor, id)?, None, None)),
    }
}

/// A page of the groups that the actor, who is the query's viewer, may see, as far as the session is for them. All there are, and those without an owner,
/// are for those who manage groups. In the list of all,
/// each is shown with its owner.
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
    let query = &GroupQuery { only: actor.token_groups().cloned(), ..query.clone() };
    let mut page = Page::from_lookahead(tx.groups().list(query)?, query.limit);
    if query.all && !page.items.is_empty() {
        let ids: Vec<_> = page.items.iter().map(|placed| placed.entry.group.id).collect();
        let owners: HashMap<_, _> = tx.members().first_owners(&ids)?.into_iter().collect();
        for view in page.items.iter_mut().map(|placed| &mut placed.entry) {
            view.owner = owners.get(&view.group.id).cloned();
        }
    }
    attach(
        tx,
        actor,
        Readable::default(),
        page.items.iter_mut().filter_map(|row| row.entry.last_message.as_mut()),
    )?;
    Ok(page)
}

/// A page of a group's members. Whoever may see the group may see who is in it, and members who may read see how far
/// others have read, where the group and those show it.
///
/// # Errors
/// [`GroupRefusal::NotFound`](crate::groups::GroupRefusal::NotFound), or a fault.
pub fn list_members(
    tx: &mut dyn Tx,
    actor: &Actor,
    query: &MemberQuery,
) -> Result<Page<NamePosition<ListedMember>>, Error> {
    let found = managed(tx, actor, query.group)?;
    found.authorize(tx, actor, GroupPermission::View)?;
    let mut page = Page::from_lookahead(tx.members().list(query)?, query.limit);
    hide_mute_reasons(tx, actor, &found, &mut page.items)?;
    let ids: Vec<_> = page.items.iter().map(|placed| placed.entry.user.id).collect();
    let read: HashMap<_, _> = match found.into_membership_with(GroupPermission::ReadHistory) {
        Ok(membership) => read_seqs(tx, actor, &membership.group, &ids)?.into_iter().collect(),
        Err(_) => HashMap::new(),
    };
    let listed = |NamePosition { entry: member, position }: NamePosition<Member>| {
        let read_seq = read.get(&member.user.id).copied();
        NamePosition { entry: ListedMember { member, read_seq }, position }
    };
    Ok(Page { items: page.items.into_iter().map(listed).collect(), more: page.more })
}

/// Takes the reasons of mutes out, but for the actor's own and unless the actor may mute.
fn hide_mute_reasons(
    tx: &mut dyn Tx,
    actor: &Actor,
    found: &VisibleGroup,
    members: &mut [NamePosition<Member>],
) -> Result<(), Error> {
    let is_others = |member: &Member| {
        let reason = member.mute.as_ref().and_then(|mute| mute.reason.as_ref());
        reason.is_some() && member.user.id != actor.id()
    };
    // Rights on the server are read only where there is something to hide.
    if !members.iter().any(|placed| is_others(&placed.entry))
        || found.allows(tx, actor, GroupPermission::MuteMembers, &found.group.scope().reading())?
    {
        return Ok(());
    }
    for placed in members.iter_mut().filter(|placed| is_others(&placed.entry)) {
        placed.entry = placed.entry.clone().without_mute_reason();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
