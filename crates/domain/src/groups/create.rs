//! Creating groups.

use crate::accounts::{AccountRefusal, Actor, LockStrength, check};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, GroupUpdate};
use crate::groups::error::GroupRefusal;
use crate::groups::membership::{Newcomer, add};
use crate::groups::model::{
    Description, Group, GroupName, GroupView, History, NewGroup, Standing, Visibility,
};
use crate::groups::quota::Quotas;
use crate::groups::settings::MemberSettings;
use crate::ids::{Seq, Version};
use crate::permissions::{BuiltInRole, Role, ServerPermission, ServerScope};
use crate::storage::{Tx, Unique};

/// A group that somebody wants to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDraft {
    /// The group's name.
    pub name: GroupName,
    /// What it is about.
    pub description: Option<Description>,
    /// Who can find it.
    pub visibility: Visibility,
    /// Which messages its members read.
    pub history: History,
}

impl GroupDraft {
    /// A public group with this name, whose members read all messages.
    pub const fn named(name: GroupName) -> Self {
        Self { name, description: None, visibility: Visibility::Public, history: History::All }
    }
}

/// Creates a group, as somebody who may; the actor becomes its owner.
///
/// # Errors
/// [`AccountRefusal::NotPermitted`], [`GroupRefusal::NameTaken`], [`GroupRefusal::QuotaExceeded`], or a fault.
pub fn create(
    tx: &mut dyn Tx,
    actor: &Actor,
    draft: &GroupDraft,
    quotas: &Quotas,
) -> Result<GroupView, Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    let rights = tx.server_roles().rights(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    let rights = actor.limit(rights);
    check(&rights, ServerPermission::CreateGroups, &ServerScope::NOBODY)?;
    if !draft.visibility.is_listed() {
        check(&rights, ServerPermission::CreatePrivateGroups, &ServerScope::NOBODY)?;
    }
    let new = NewGroup {
        name: draft.name.clone(),
        description: draft.description.clone(),
        visibility: draft.visibility,
        history: draft.history,
        created_at: tx.now(),
    };
    let Unique::Stored(id) = tx.groups().insert(&new)? else {
        return Err(GroupRefusal::NameTaken.into());
    };
    let empty = new.into_group(id);
    let group = Group { member_count: 1, ..empty.clone() };
    if group.visibility.is_listed() {
        tx.emit(Some(actor.id()), Event::GroupCreated(GroupUpdate::of(group.clone())));
    }
    let role = Role::unchanged(BuiltInRole::Owner, !group.visibility.is_listed());
    add(tx, actor.id(), &empty, Newcomer::new(actor.user.clone(), role.clone()), quotas)?;
    tx.record(AuditEntry::by(actor, AuditAction::GroupCreated).within(id));
    let standing = Standing {
        role,
        read_seq: Seq::ZERO,
        read_version: Version::FIRST,
        joined_seq: Seq::ZERO,
        settings: MemberSettings::default(),
        last_sent_at: tx.now(),
        is_closed: false,
        muted_until: None,
    };
    Ok(GroupView::new(group, Some(standing), None))
}

#[cfg(test)]
mod tests;
