use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, RemovedGroup};
use crate::groups::GroupRefusal;
use crate::testing::told;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE,
    assert_hands_faults_on, lacks, me,
};

fn deletes(caller: GroupCaller) -> MockTx {
    let mut tx = MockTx::new().called_by(caller);
    tx.groups.expect_mark_deleted().with(eq(GROUP), eq(NOW)).times(1).returning(|_, _| Ok(()));
    let purge = Task::PurgeGroup(GROUP);
    tx.jobs.expect_enqueue().with(eq(purge), eq(NOW)).times(1).returning(|_, _| Ok(()));
    tx
}

#[test]
fn owners_and_server_admins_delete_a_group_and_a_job_empties_it() {
    for caller in [OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE] {
        let mut tx = deletes(caller);
        assert_eq!(delete(&mut tx, &me(), GROUP), Ok(()), "{caller:?}");
        assert_eq!(
            tx.emitted,
            [(Audience::All, Some(ME), Event::GroupDeleted(RemovedGroup::logged(GROUP, Audience::All)))]
        );
        assert_eq!(told(&tx.recorded), ["group.deleted in 7"]);
    }
}

#[test]
fn nobody_else_does() {
    for (caller, refusal) in [
        (OUTSIDER, GroupRefusal::MembersOnly),
        (MEMBER, lacks(GroupPermission::DeleteGroup)),
        (ADMIN, lacks(GroupPermission::DeleteGroup)),
    ] {
        let mut tx = MockTx::new().called_by(caller);
        assert_eq!(delete(&mut tx, &me(), GROUP), Err(refusal.into()), "{caller:?}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_group_that_is_not_there_can_t_be_deleted() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    assert_eq!(delete(&mut tx, &me(), GROUP), Err(GroupRefusal::NotFound.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| deletes(SERVER_ADMIN), |tx| delete(tx, &me(), GROUP));
}
