//! Loading over REST what a client shows: several requests, between which anything may happen.

use std::collections::BTreeMap;
use std::sync::Arc;

use groupchat_domain::accounts::{self, Actor, User, UserQuery};
use groupchat_domain::admissions;
use groupchat_domain::groups::{self, GroupKind, GroupQuery, ListedMember, MemberQuery};
use groupchat_domain::ids::{GroupId, InvitationId, UserId};
use groupchat_domain::messages::{self, MessageRange, Window};
use groupchat_domain::paging::{Limit, NameCursor, NamePosition, Page};
use groupchat_domain::storage::{Credential, Storage, Tx};
use groupchat_domain::{Error, Refusal};

use crate::cluster::replica::{LoadedGroup, ShownRoles};
use crate::cluster::storage::Moment;
use crate::commands::Answer;

/// What was loaded.
pub(super) enum Loaded {
    /// Everything.
    All(Vec<User>, ShownRoles, Vec<LoadedGroup>, BTreeMap<InvitationId, UserId>),
    /// One group, if it is there.
    Group(GroupId, Option<Box<LoadedGroup>>),
}

/// What a request was answered.
pub(super) struct Seen {
    /// The last event when it ran.
    pub(super) at: i64,
    /// The group that was asked about.
    pub(super) group: Option<GroupId>,
    pub(super) answer: Answer,
}

/// What came of loading, and what each request was answered.
pub(super) type Finished = (Result<Loaded, Error>, Vec<Seen>);

/// Loads what a client shows, and keeps what it was answered.
pub(super) struct Loader {
    storage: Arc<dyn Storage>,
    who: Credential,
    moment: Moment,
    seen: Vec<Seen>,
}

/// How many entries a client asks for at once.
fn page_size(rows: i64) -> Limit {
    Limit::parse(rows).unwrap_or(Limit::DEFAULT)
}

/// Where a list goes on.
fn next<T>(page: &Page<NamePosition<T>>) -> Option<NameCursor> {
    page.items.last().filter(|_| page.more).map(|last| last.position.clone())
}

impl Loader {
    pub(super) const fn new(storage: Arc<dyn Storage>, who: Credential, moment: Moment) -> Self {
        Self { storage, who, moment, seen: Vec::new() }
    }

    async fn read<T: Clone + Into<Answer> + Send + 'static>(
        &mut self,
        group: Option<GroupId>,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let read = self.storage.read_as(self.who, work).await?;
        self.seen.push(Seen { at: self.moment.get(), group, answer: read.clone().into() });
        Ok(read)
    }

    /// Loads everything.
    pub(super) async fn load_all(mut self) -> Finished {
        let loaded = self.all().await;
        (loaded, self.seen)
    }

    /// Loads one group.
    pub(super) async fn load_one(mut self, group: GroupId) -> Finished {
        let loaded = self.group(group).await;
        (loaded.map(|loaded| Loaded::Group(group, loaded.map(Box::new))), self.seen)
    }

    async fn all(&mut self) -> Result<Loaded, Error> {
        let (mut users, mut after) = (Vec::new(), None);
        loop {
            let query = UserQuery { search: None, after, limit: page_size(8) };
            let page = self.read(None, move |tx, actor| accounts::list_users(tx, actor, &query)).await?;
            after = next(&page);
            users.extend(page.items.into_iter().map(|placed| placed.entry));
            if after.is_none() {
                break;
            }
        }
        let all = self.read(None, accounts::list_server_roles).await?;
        let of_user =
            self.read(None, |tx, actor| accounts::list_roles_of_user(tx, actor, actor.id())).await?;
        let roles = ShownRoles { all, of_user };
        let mut groups = Vec::new();
        for kind in GroupKind::ALL {
            let mut after = None;
            loop {
                let from = after.take();
                let page =
                    self.read(None, move |tx, actor| list_groups(tx, actor, kind, from.clone())).await?;
                after = next(&page);
                groups.extend(page.items.into_iter().map(|placed| placed.entry));
                if after.is_none() {
                    break;
                }
            }
        }
        let mut loaded = Vec::new();
        for view in groups {
            let id = view.group.id;
            let nothing = LoadedGroup { view, members: Vec::new(), messages: Vec::new(), more: false };
            if nothing.view.standing.is_none() {
                loaded.push(nothing);
            } else {
                loaded.extend(self.group(id).await?);
            }
        }
        let invitations = self.invitations().await?;
        Ok(Loaded::All(users, roles, loaded, invitations))
    }

    /// Loads the invitations of the user, page by page.
    async fn invitations(&mut self) -> Result<BTreeMap<InvitationId, UserId>, Error> {
        let (mut invitations, mut below) = (BTreeMap::new(), None);
        loop {
            let list = move |tx: &mut dyn Tx, actor: &Actor| {
                admissions::list_own_invitations(tx, actor, below, page_size(8))
            };
            let page = self.read(None, list).await?;
            invitations.extend(page.items.iter().map(|invitation| (invitation.id, invitation.invited_by.id)));
            below = page.next;
            if below.is_none() {
                return Ok(invitations);
            }
        }
    }

    /// Loads a group and what its members see; only the group for one who is not among them any more, and nothing if
    /// it is gone.
    async fn group(&mut self, group: GroupId) -> Result<Option<LoadedGroup>, Error> {
        let view = match self.read(Some(group), move |tx, actor| groups::find(tx, actor, group)).await {
            Err(Error::Refused(Refusal::Group(_))) => return Ok(None),
            view => view?,
        };
        let is_private = !view.group.visibility.is_listed();
        let mut loaded = LoadedGroup { view, members: Vec::new(), messages: Vec::new(), more: false };
        if loaded.view.standing.is_none() {
            // Server admins see private groups by themselves, but not in their lists.
            return Ok(Some(loaded).filter(|_| !is_private));
        }
        let members = self.read(Some(group), move |tx, actor| list_members(tx, actor, group)).await;
        let window = Window::Range(MessageRange::Below(None));
        let list = move |tx: &mut dyn Tx, actor: &Actor| {
            messages::list(tx, actor, group, window, page_size(SHOWN_MESSAGES))
        };
        let page = self.read(Some(group), list).await;
        match (members, page) {
            (Ok(members), Ok(page)) => {
                loaded.members = members
                    .items
                    .into_iter()
                    .map(|NamePosition { entry, .. }| (entry.member.user.id, entry.member.role.name))
                    .collect();
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
}

fn list_groups(
    tx: &mut dyn Tx,
    actor: &Actor,
    kind: GroupKind,
    after: Option<NameCursor>,
) -> Result<Page<NamePosition<groups::GroupView>>, Error> {
    groups::list(tx, actor, &GroupQuery { kind, after, ..GroupQuery::of(actor.id(), page_size(8)) })
}

/// How many messages of a group a client shows.
pub(super) const SHOWN_MESSAGES: i64 = 12;

fn list_members(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
) -> Result<Page<NamePosition<ListedMember>>, Error> {
    groups::list_members(tx, actor, &MemberQuery { group, search: None, after: None, limit: page_size(50) })
}
