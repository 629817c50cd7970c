//! Taking a snapshot.

use std::collections::{BTreeSet, HashMap};

use crate::accounts::{Actor, find_refs};
use crate::admissions::list_own_invitations;
use crate::error::Error;
use crate::events::{Cursor, log_state};
use crate::groups::GroupView;
use crate::messages::{FollowedQuery, name_in_excerpts};
use crate::paging::Limit;
use crate::storage::Tx;
use crate::sync::changes::Changes;
use crate::sync::model::{GroupOverview, MAX_GROUPS, MAX_INVITATIONS, Snapshot};
use crate::sync::repository::{OverviewQuery, StoredOverview};

/// What the actor's client shows first, as it is now; since an earlier moment only what has changed, unless the log can't
/// tell. A number of queries that doesn't depend on that of groups. Whoever has a session for some groups only is told of
/// these, and of no invitations.
///
/// # Errors
/// A fault.
pub fn take(tx: &mut dyn Tx, actor: &Actor, since: Option<&Cursor>) -> Result<Snapshot, Error> {
    let log = log_state(tx)?;
    let changes = match since {
        Some(cursor) => Changes::since(tx, actor, cursor, &log)?,
        None => None,
    };
    let mut direct = tx.overviews().direct(actor.id(), MAX_GROUPS.into())?;
    direct.retain(|group| actor.reaches(*group));
    let only = match &changes {
        Some(changes) => Some(changes.groups.iter().copied().filter(|group| actor.reaches(*group)).collect()),
        None => actor.token_groups().map(|groups| groups.ids().to_vec()),
    };
    let mut stored = match only {
        Some::<Vec<_>>(none) if none.is_empty() => Vec::new(),
        only => {
            let limit = i64::from(MAX_GROUPS) + 1;
            tx.overviews().list(&OverviewQuery { viewer: actor.id(), only, limit })?
        }
    };
    let has_more_groups = stored.len() > usize::from(MAX_GROUPS);
    stored.truncate(MAX_GROUPS.into());
    let groups = overviews(tx, actor, stored)?;
    let has_changed = |part: fn(&Changes) -> bool| changes.as_ref().is_none_or(part);
    let me = if has_changed(|changes| changes.me) { tx.accounts().find(actor.id())? } else { None };
    let invitations = match has_changed(|changes| changes.invitations) {
        true if actor.token_groups().is_none() => {
            let limit = Limit::parse(MAX_INVITATIONS.into()).unwrap_or(Limit::DEFAULT);
            Some(list_own_invitations(tx, actor, None, limit)?.items)
        }
        _ => None,
    };
    let users = match &changes {
        Some(changes) => find_refs(tx, &changes.users)?.into_values().collect(),
        None => Vec::new(),
    };
    let is_whole = changes.is_none();
    let left_groups = changes.map(|changes| changes.left.into_iter().collect()).unwrap_or_default();
    let cursor = log.now();
    Ok(Snapshot { cursor, is_whole, me, users, groups, has_more_groups, left_groups, invitations, direct })
}

/// The groups as the actor may see them, with what is stored elsewhere.
fn overviews(
    tx: &mut dyn Tx,
    actor: &Actor,
    stored: Vec<StoredOverview>,
) -> Result<Vec<GroupOverview>, Error> {
    let mut overviews: Vec<_> = stored.into_iter().map(overview).collect();
    if overviews.is_empty() {
        return Ok(overviews);
    }
    add_unread_threads(tx, actor, &mut overviews)?;
    add_drafts(tx, actor, &mut overviews)?;
    let direct: Vec<_> = overviews
        .iter()
        .map(|of| &of.view.group)
        .filter(|group| group.is_direct())
        .map(|group| group.id)
        .collect();
    if !direct.is_empty() {
        let mut people: HashMap<_, Vec<_>> = HashMap::new();
        for (group, user) in tx.overviews().people(actor.id(), &direct)? {
            people.entry(group).or_default().push(user);
        }
        for overview in &mut overviews {
            overview.people = people.remove(&overview.view.group.id).unwrap_or_default();
        }
    }
    let latest = overviews.iter_mut().filter_map(|overview| overview.latest.as_mut());
    name_in_excerpts(tx, latest.map(|latest| &mut latest.message))?;
    Ok(overviews)
}

fn overview(stored: StoredOverview) -> GroupOverview {
    let StoredOverview { group, standing, unread_mentions, latest } = stored;
    let active_at = latest.as_ref().map_or(group.created_at, |latest| latest.created_at);
    let latest = latest
        .filter(|latest| group.lets_read(&standing.role, standing.joined_seq, latest.message.history_seq));
    let view = GroupView::new(group, Some(standing), None).mentioning(unread_mentions);
    GroupOverview { view, latest, active_at, unread_threads: 0, people: Vec::new(), drafts: Vec::new() }
}

/// Counts the unread threads that the actor follows in each group, as far as they may be read.
fn add_unread_threads(tx: &mut dyn Tx, actor: &Actor, overviews: &mut [GroupOverview]) -> Result<(), Error> {
    let followed = tx.threads().followed(&FollowedQuery { user: actor.id(), unread: true, before: None })?;
    let groups: BTreeSet<_> = followed.iter().map(|thread| thread.group).collect();
    for overview in overviews.iter_mut().filter(|overview| groups.contains(&overview.view.group.id)) {
        let GroupView { group, standing: Some(standing), .. } = &overview.view else { continue };
        let here = followed.iter().filter(|thread| thread.group == group.id);
        let readable =
            here.filter(|thread| group.lets_read(&standing.role, standing.joined_seq, thread.root_seq));
        overview.unread_threads = i64::try_from(readable.count()).unwrap_or(i64::MAX);
    }
    Ok(())
}

/// Adds the actor's drafts.
fn add_drafts(tx: &mut dyn Tx, actor: &Actor, overviews: &mut [GroupOverview]) -> Result<(), Error> {
    let mut drafts: HashMap<_, Vec<_>> = HashMap::new();
    for draft in tx.drafts().outlines(actor.id())? {
        drafts.entry(draft.place.group).or_default().push(draft);
    }
    for overview in overviews {
        overview.drafts = drafts.remove(&overview.view.group.id).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
