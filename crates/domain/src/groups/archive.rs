//! Archiving groups: members still read them, and nobody changes them.

use crate::accounts::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::groups::access::lock_managed;
use crate::groups::edit::store_change;
use crate::groups::find::find;
use crate::groups::model::{Group, GroupView};
use crate::ids::GroupId;
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// Archives a group, as somebody who may. Archiving it again changes nothing: the first time stays.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn archive(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<GroupView, Error> {
    set_archived(tx, actor, id, true)
}

/// Restores an archived group, as somebody who may. One that is not archived stays as it is.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn restore(tx: &mut dyn Tx, actor: &Actor, id: GroupId) -> Result<GroupView, Error> {
    set_archived(tx, actor, id, false)
}

fn set_archived(tx: &mut dyn Tx, actor: &Actor, id: GroupId, archived: bool) -> Result<GroupView, Error> {
    let found = lock_managed(tx, actor, id)?;
    found.authorize(tx, actor, GroupPermission::ArchiveGroup)?;
    if found.group.archived_at.is_some() != archived {
        let archived_at = archived.then(|| tx.now());
        let group = Group { archived_at, ..found.group.clone() };
        store_change(tx, actor, &found.group, group)?;
        let action = if archived { AuditAction::GroupArchived } else { AuditAction::GroupRestored };
        tx.record(AuditEntry::by(actor, action).within(id));
    }
    find(tx, actor, id)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::events::{Audience, Event, GroupUpdate};
    use crate::groups::error::GroupRefusal;
    use crate::permissions::BuiltInRole;
    use crate::storage::Unique;
    use crate::testing::told;
    use crate::testing::{
        ADMIN, EARLIER, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OUTSIDER, OWNER, SERVER_ADMIN,
        SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, lacks, me, standing,
    };

    type Change = fn(&mut dyn Tx, &Actor, GroupId) -> Result<GroupView, Error>;

    fn archived(at: crate::time::Timestamp) -> Group {
        Group { archived_at: Some(at), ..group() }
    }

    /// What the group looks like in the end.
    fn shows(mut tx: MockTx, group: Group) -> (MockTx, GroupView) {
        let shown = GroupView::new(group, Some(standing(BuiltInRole::Admin)), None);
        let view = shown.clone();
        tx.groups
            .expect_view()
            .with(eq(GROUP), eq(ME))
            .times(1)
            .returning(move |_, _| Ok(Some(view.clone())));
        (tx, shown)
    }

    fn stores(mut tx: MockTx, group: Group) -> MockTx {
        let update = tx.groups.expect_update().withf(move |stored| *stored == group).times(1);
        update.returning(|_| Ok(Unique::Stored(())));
        tx
    }

    fn by(caller: GroupCaller, found: Group) -> MockTx {
        MockTx::new().called_by_in(caller, found)
    }

    #[test]
    fn admins_owners_and_server_admins_archive_and_restore() {
        let version = group().version.next();
        let cases: [(Change, Group, Group); 2] = [
            (archive, group(), Group { version, ..archived(NOW) }),
            (restore, archived(EARLIER), Group { version, ..group() }),
        ];
        for (change, before, after) in cases {
            for caller in [ADMIN, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE] {
                let tx = stores(by(caller, before.clone()), after.clone());
                let (mut tx, shown) = shows(tx, after.clone());
                assert_eq!(change(&mut tx, &me(), GROUP), Ok(shown), "{caller:?}");
                assert_eq!(
                    tx.emitted,
                    [(Audience::All, Some(ME), Event::GroupUpdated(GroupUpdate::of(after.clone())))]
                );
                let action = if after.archived_at.is_some() { "group.archived" } else { "group.restored" };
                assert_eq!(told(&tx.recorded), [format!("{action} in 7")]);
            }
            for (caller, refusal) in
                [(OUTSIDER, GroupRefusal::MembersOnly), (MEMBER, lacks(GroupPermission::ArchiveGroup))]
            {
                let mut tx = by(caller, before.clone());
                assert_eq!(change(&mut tx, &me(), GROUP), Err(refusal.into()), "{caller:?}");
            }
        }
    }

    #[test]
    fn what_is_so_already_stays() {
        let cases: [(Change, Group); 2] = [(archive, archived(EARLIER)), (restore, group())];
        for (change, found) in cases {
            let (mut tx, shown) = shows(by(ADMIN, found.clone()), found);
            assert_eq!(change(&mut tx, &me(), GROUP), Ok(shown));
            assert_eq!(tx.emitted, []);
        }
    }

    #[test]
    fn faults_are_returned() {
        let after = Group { version: group().version.next(), ..archived(NOW) };
        let prepare = || shows(stores(by(ADMIN, group()), after.clone()), after.clone()).0;
        assert_hands_faults_on(prepare, |tx| archive(tx, &me(), GROUP));
    }
}
