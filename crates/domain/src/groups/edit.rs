//! Editing groups.

use crate::accounts::{Actor, may, require_on_server};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, GroupUpdate, RemovedGroup};
use crate::groups::access::lock_managed;
use crate::groups::error::GroupRefusal;
use crate::groups::find::find;
use crate::groups::model::{
    Description, Group, GroupName, GroupView, History, Topic, Visibility, VisibleGroup,
};
use crate::groups::retention::RetentionChange;
use crate::groups::slow_mode::SlowMode;
use crate::ids::GroupId;
use crate::permissions::{GroupPermission, ServerPermission};
use crate::storage::{Tx, Unique};

/// What can be changed of a group. `None` keeps, `Some(None)` clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupChanges {
    /// The group's name.
    pub name: Option<GroupName>,
    /// What it is about.
    pub description: Option<Option<Description>>,
    /// Who can find it.
    pub visibility: Option<Visibility>,
    /// Which messages its members read.
    pub history: Option<History>,
    /// What it talks about at the moment.
    pub topic: Option<Option<Topic>>,
    /// How long members wait between their messages.
    pub slow_mode: Option<SlowMode>,
    /// Whether members see how far others have read.
    pub receipts: Option<Option<bool>>,
    /// How long messages stay.
    pub retention: Option<RetentionChange>,
}

impl GroupChanges {
    fn apply(&self, to: &Group) -> Group {
        let mut group = to.clone();
        if let Some(name) = &self.name {
            group.name = Some(name.clone());
        }
        if let Some(description) = &self.description {
            group.description.clone_from(description);
        }
        if let Some(topic) = &self.topic {
            group.topic.clone_from(topic);
        }
        group.visibility = self.visibility.unwrap_or(group.visibility);
        group.history = self.history.unwrap_or(group.history);
        group.slow_mode = self.slow_mode.unwrap_or(group.slow_mode);
        group.receipts = self.receipts.unwrap_or(group.receipts);
        group.retention = self.retention.map_or(group.retention, |change| change.to);
        group
    }
}

/// Changes a group, as somebody who may edit it, and, to make it private, create private groups. Whoever manages the server
/// changes how long messages stay, of each group that they see; others do so within bounds.
///
/// # Errors
/// [`GroupRefusal::NotFound`], [`GroupRefusal::MembersOnly`], [`GroupRefusal::RoleTooLow`],
/// [`GroupRefusal::Archived`], [`GroupRefusal::NameTaken`],
/// [`AccountRefusal::NotPermitted`](crate::accounts::AccountRefusal::NotPermitted), an invalid `retention_days`, or a fault.
pub fn edit(tx: &mut dyn Tx, actor: &Actor, id: GroupId, changes: &GroupChanges) -> Result<GroupView, Error> {
    let found = lock_managed(tx, actor, id)?;
    authorize(tx, actor, &found, changes)?;
    let group = changes.apply(&found.group);
    if found.group.visibility.is_listed() && !group.visibility.is_listed() {
        require_on_server(tx, actor, ServerPermission::CreatePrivateGroups)?;
    }
    if group != found.group {
        record(tx, actor, &found.group, &group);
        store_change(tx, actor, &found.group, group)?;
    }
    find(tx, actor, id)
}

/// Rejects changes that the actor may not make.
fn authorize(
    tx: &mut dyn Tx,
    actor: &Actor,
    found: &VisibleGroup,
    changes: &GroupChanges,
) -> Result<(), Error> {
    let Some(retention) = changes.retention.filter(|change| change.to != found.group.retention) else {
        return found.authorize(tx, actor, GroupPermission::EditGroup);
    };
    let others = GroupChanges { retention: None, ..changes.clone() };
    let outside = retention.to.and_then(|days| retention.within.check(days).err());
    let may_edit = found.authorize(tx, actor, GroupPermission::EditGroup);
    if may_edit.is_ok() && outside.is_none() {
        return Ok(());
    }
    // Only where it makes a difference, since it is read.
    let is_alone = others == GroupChanges::default() && found.group.archived_at.is_none();
    let may_manage = (may_edit.is_ok() || is_alone) && may(tx, actor, ServerPermission::ManageServer)?;
    match (may_manage, outside) {
        (true, _) => Ok(()),
        (false, Some(violation)) if may_edit.is_ok() => Err(violation.in_field("retention_days").into()),
        (false, _) => may_edit,
    }
}

/// Records which fields of a group are changed.
fn record(tx: &mut dyn Tx, actor: &Actor, before: &Group, after: &Group) {
    let changed = [
        ("name", before.name != after.name),
        ("description", before.description != after.description),
        ("visibility", before.visibility != after.visibility),
        ("history", before.history != after.history),
        ("topic", before.topic != after.topic),
        ("slow_mode", before.slow_mode != after.slow_mode),
        ("receipts", before.receipts != after.receipts),
        ("retention", before.retention != after.retention),
    ];
    let fields: Vec<_> =
        changed.iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| *name).collect();
    tx.record(AuditEntry::by(actor, AuditAction::GroupEdited).within(before.id).of_fields(&fields));
}

/// Stores a changed group, or one whose roles have changed, as its next version. Whoever still sees it learns how it is
/// now, others that they see it, or no longer. One can't ask to join what is private: requests end.
///
/// # Errors
/// [`GroupRefusal::NameTaken`], or a fault.
pub(super) fn store_change(
    tx: &mut dyn Tx,
    actor: &Actor,
    before: &Group,
    after: Group,
) -> Result<(), Error> {
    let after = Group { version: before.version.next(), ..after };
    if tx.groups().update(&after)? == Unique::Taken {
        return Err(GroupRefusal::NameTaken.into());
    }
    tx.emit(Some(actor.id()), Event::GroupUpdated(GroupUpdate::between(before, after.clone())));
    match (before.visibility.is_listed(), after.visibility.is_listed()) {
        (true, false) => {
            // Who has asked to join learns that the group is hidden: of each request there need be no word.
            tx.join_requests().remove_all(after.id)?;
            tx.emit(Some(actor.id()), Event::GroupHidden(RemovedGroup::hidden(after.id)));
        }
        (false, true) => tx.emit(Some(actor.id()), Event::GroupCreated(GroupUpdate::of(after))),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
