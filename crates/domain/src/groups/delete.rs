//! Deleting groups.

use crate::accounts::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, RemovedGroup};
use crate::groups::access::lock_managed;
use crate::ids::GroupId;
use crate::jobs::Task;
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// Deletes a group: it is gone and its name free at once; a durable job
/// removes what it held.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn delete(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<(), Error> {
    let found = lock_managed(tx, actor, id)?;
    found.authorize(tx, actor, GroupPermission::DeleteGroup)?;
    let now = tx.now();
    tx.groups().mark_deleted(id, now)?;
    tx.jobs().enqueue(Task::PurgeGroup(id), now)?;
    tx.emit(Some(actor.id()), Event::GroupDeleted(RemovedGroup::of(&found.group)));
    tx.record(AuditEntry::by(actor, AuditAction::GroupDeleted).within(id));
    Ok(())
}

#[cfg(test)]
mod tests;
