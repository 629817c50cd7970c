//! Loading over REST what a client shows: several requests, between which anything may happen.

use std::sync::Arc;

use groupchat_domain::accounts::{self, Actor, User, UserQuery};
use groupchat_domain::groups::{self, GroupQuery, Member, MemberQuery};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::messages::{self, MessageRange, Window};
use groupchat_domain::paging::{Limit, NameCursor, NamePosition, Page};
use groupchat_domain::permissions::RoleName;
use groupchat_domain::storage::{Credential, Storage, Tx};
use groupchat_domain::{Error, Refusal};

use crate::cluster::replica::LoadedGroup;

/// What was loaded.
pub(super) enum Loaded {
    /// Everything.
    All(Vec<User>, Vec<LoadedGroup>),
    /// One group, if it is there.
    Group(GroupId, Option<Box<LoadedGroup>>),
}

/// How many entries a client asks for at once.
fn page_size(rows: i64) -> Limit {
    Limit::parse(rows).unwrap_or(Limit::DEFAULT)
}

/// Where a list goes on.
fn next<T>(page: &Page<NamePosition<T>>) -> Option<NameCursor> {
    page.items.last().filter(|_| page.more).map(|last| last.position.clone())
}

/// Loads everything.
pub(super) async fn load_all(storage: Arc<dyn Storage>, who: Credential) -> Result<Loaded, Error> {
    let (mut users, mut after) = (Vec::new(), None);
    loop {
        let query = UserQuery { search: None, after, limit: page_size(8) };
        let page = storage.read_as(who, move |tx, actor| accounts::list_users(tx, actor, &query)).await?;
        after = next(&page);
        users.extend(page.items.into_iter().map(|placed| placed.entry));
        if after.is_none() {
            break;
        }
    }
    let (mut groups, mut after) = (Vec::new(), None);
    loop {
        let from = after.take();
        let page = storage.read_as(who, move |tx, actor| list_groups(tx, actor, from.clone())).await?;
        after = next(&page);
        groups.extend(page.items.into_iter().map(|placed| placed.entry));
        if after.is_none() {
            break;
        }
    }
    let mut loaded = Vec::new();
    for view in groups {
        let id = view.group.id;
        let nothing = LoadedGroup { view, members: Vec::new(), messages: Vec::new(), more: false };
        if nothing.view.standing.is_none() {
            loaded.push(nothing);
        } else {
            loaded.extend(load_group(&storage, who, id).await?);
        }
    }
    Ok(Loaded::All(users, loaded))
}

fn list_groups(
    tx: &mut dyn Tx,
    actor: &Actor,
    after: Option<NameCursor>,
) -> Result<Page<NamePosition<groups::GroupView>>, Error> {
    let (viewer, limit) = (actor.id(), page_size(8));
    groups::list(tx, actor, &GroupQuery { viewer, search: None, mine: false, ownerless: false, after, limit })
}

/// Loads one group.
pub(super) async fn load_one(
    storage: Arc<dyn Storage>,
    who: Credential,
    group: GroupId,
) -> Result<Loaded, Error> {
    Ok(Loaded::Group(group, load_group(&storage, who, group).await?.map(Box::new)))
}

/// Loads a group and what its members see; only the group for one who is not among them any more, and nothing if it is
/// gone.
async fn load_group(
    storage: &Arc<dyn Storage>,
    who: Credential,
    group: GroupId,
) -> Result<Option<LoadedGroup>, Error> {
    let view = match storage.read_as(who, move |tx, actor| groups::find(tx, actor, group)).await {
        Err(Error::Refused(Refusal::Group(_))) => return Ok(None),
        view => view?,
    };
    let mut loaded = LoadedGroup { view, members: Vec::new(), messages: Vec::new(), more: false };
    if loaded.view.standing.is_none() {
        return Ok(Some(loaded));
    }
    let members = storage.read_as(who, move |tx, actor| list_members(tx, actor, group)).await;
    let window = Window::Range(MessageRange::Below(None));
    let page = storage
        .read_as(who, move |tx, actor| messages::list(tx, actor, group, window, page_size(SHOWN_MESSAGES)))
        .await;
    match (members, page) {
        (Ok(members), Ok(page)) => {
            loaded.members = members;
            (loaded.more, loaded.messages) = (page.next.is_some(), page.items);
            Ok(Some(loaded))
        }
        // Removed meanwhile, or the group was deleted: events say so.
        (Err(Error::Refused(Refusal::Group(_))), _) | (_, Err(Error::Refused(Refusal::Group(_)))) => {
            loaded.view.standing = None;
            Ok(Some(loaded))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// How many messages of a group a client shows.
pub(super) const SHOWN_MESSAGES: i64 = 12;

fn list_members(tx: &mut dyn Tx, actor: &Actor, group: GroupId) -> Result<Vec<(UserId, RoleName)>, Error> {
    let query = MemberQuery { group, search: None, after: None, limit: page_size(50) };
    let page = groups::list_members(tx, actor, &query)?;
    let member = |placed: NamePosition<Member>| (placed.entry.user.id, placed.entry.role.name);
    Ok(page.items.into_iter().map(member).collect())
}
