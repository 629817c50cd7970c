use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::Scope as TokenScope;
use crate::groups::model::Visibility;
use crate::permissions::{BuiltInRole, Rank, Shortfall};
use crate::testing::{
    ADMIN, EARLIER, GROUP, GroupCaller, ME, MEMBER, MockTx, OUTRANKED, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, assert_hands_faults_on, direct, group, lacks, me, my_group_token, standing,
};

fn seen_by(caller: GroupCaller) -> VisibleGroup {
    VisibleGroup { group: group(), standing: caller.role.map(standing) }
}

#[test]
fn a_group_is_locked_before_it_is_read() {
    let mut tx = MockTx::new().locks_group(Some(group()), MEMBER.role);
    assert_eq!(lock_visible(&mut tx, &me(), GROUP), Ok(seen_by(MEMBER)));
}

#[test]
fn to_a_token_for_other_groups_a_group_is_one_that_does_not_exist() {
    const ELSEWHERE: GroupId = GroupId::new(8);
    let not_found = || Err(GroupRefusal::NotFound.into());
    let token = my_group_token(TokenScope::Admin);
    assert!(visible(&mut MockTx::new().finds_group(Some(group()), MEMBER.role), &token, GROUP).is_ok());
    let finds_nothing = || {
        let mut tx = MockTx::new().may_manage(true);
        tx.groups.expect_lock_visible().with(eq(NOWHERE), eq(ME)).returning(|_, _| Ok(false));
        tx.groups.expect_find_visible().with(eq(NOWHERE), eq(ME)).returning(|_, _| Ok(None));
        tx.groups.expect_find_many().withf(|ids| ids == [NOWHERE]).returning(|_| Ok(Vec::new()));
        tx
    };
    let mut unasked = MockTx::new();
    unasked.groups.expect_lock_visible().with(eq(NOWHERE), eq(ME)).returning(|_, _| Ok(false));
    unasked.groups.expect_find_visible().with(eq(NOWHERE), eq(ME)).returning(|_, _| Ok(None));
    assert_eq!(visible(&mut unasked, &token, ELSEWHERE), not_found());
    assert_eq!(lock_visible(&mut unasked, &token, ELSEWHERE), not_found());
    assert_eq!(managed(&mut finds_nothing(), &token, ELSEWHERE), not_found());
    assert_eq!(lock_managed(&mut finds_nothing(), &token, ELSEWHERE), not_found());
}

#[test]
fn a_group_that_the_actor_may_not_know_of_is_not_found() {
    let not_found = Err(GroupRefusal::NotFound.into());
    let mut tx = MockTx::new().locks_group(None, None);
    assert_eq!(lock_visible(&mut tx, &me(), GROUP), not_found);
    let mut tx = MockTx::new().finds_group(None, None);
    assert_eq!(visible(&mut tx, &me(), GROUP), not_found);
}

#[test]
fn server_admins_manage_groups_that_they_don_t_see() {
    let hidden = Group { visibility: Visibility::Private, ..group() };
    for (is_admin, exists) in [(true, true), (true, false), (false, true)] {
        let mut tx = MockTx::new().locks_group(None, None);
        let (mut order, is_shown) = (Sequence::new(), is_admin && exists);
        let found: Vec<_> = exists.then(|| hidden.clone()).into_iter().collect();
        // Once without a lock, which nobody may wait for who may not know of the group, and once under it.
        for is_locked in [false, true] {
            let times = usize::from(is_shown || !is_locked);
            if is_locked {
                let lock = tx.groups.expect_lock().with(eq(GROUP)).times(times).in_sequence(&mut order);
                lock.returning(|_| Ok(()));
                let find = tx.groups.expect_find_visible().times(times).in_sequence(&mut order);
                find.returning(|_, _| Ok(None));
            }
            let rights = tx.server_roles.expect_rights().with(eq(ME)).times(times).in_sequence(&mut order);
            rights.returning(move |_| Ok(Some(crate::testing::rights(is_admin))));
            let (times, found) = (usize::from(is_admin) * times, found.clone());
            let find = tx.groups.expect_find_many().times(times).in_sequence(&mut order);
            find.returning(move |_| Ok(found.clone()));
        }
        let expected = if is_shown {
            Ok(VisibleGroup { group: hidden.clone(), standing: None })
        } else {
            Err(GroupRefusal::NotFound.into())
        };
        assert_eq!(lock_managed(&mut tx, &me(), GROUP), expected, "{is_admin} {exists}");
    }
    let mut tx = MockTx::new().locks_group(Some(group()), MEMBER.role);
    assert_eq!(lock_managed(&mut tx, &me(), GROUP), Ok(seen_by(MEMBER)), "rights on the server don't matter");
}

#[test]
fn only_members_have_a_membership_server_admins_not_excepted() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let expected = Ok(Membership { group: group(), standing: standing(caller.role.unwrap()) });
        assert_eq!(seen_by(caller).into_membership(), expected, "{caller:?}");
    }
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let refusal = Err(GroupRefusal::MembersOnly);
        assert_eq!(seen_by(caller).into_membership(), refusal, "{caller:?}");
    }
}

#[test]
fn a_membership_allows_what_the_role_allows_whatever_the_rights_on_the_server() {
    let membership = |caller| seen_by(caller).into_membership_with(GroupPermission::Pin);
    for caller in [ADMIN, OWNER] {
        assert_eq!(membership(caller), seen_by(caller).into_membership(), "{caller:?}");
    }
    for caller in [MEMBER, SERVER_ADMIN_INSIDE] {
        assert_eq!(membership(caller), Err(lacks(GroupPermission::Pin)), "{caller:?}");
    }
    assert_eq!(membership(SERVER_ADMIN), Err(GroupRefusal::MembersOnly));
}

#[test]
fn a_role_that_allows_it_needs_no_rights_on_the_server() {
    for (caller, permission) in [
        (MEMBER, GroupPermission::AddMembers),
        (ADMIN, GroupPermission::EditGroup),
        (OWNER, GroupPermission::DeleteGroup),
        // Everybody sees a public group.
        (OUTSIDER, GroupPermission::View),
    ] {
        // A look at the accounts would fail.
        let outcome = seen_by(caller).authorize(&mut MockTx::new(), &me(), permission);
        assert_eq!(outcome, Ok(()), "{caller:?} {permission:?}");
    }
}

#[test]
fn who_manages_a_group_is_told_that_it_is_archived_and_nobody_else_is() {
    let archived = Group { archived_at: Some(EARLIER), ..group() };
    for (caller, refusal) in [
        (OUTSIDER, GroupRefusal::MembersOnly),
        (MEMBER, lacks(GroupPermission::EditGroup)),
        (SERVER_ADMIN, GroupRefusal::Archived),
        (SERVER_ADMIN_INSIDE, GroupRefusal::Archived),
    ] {
        let found = VisibleGroup { group: archived.clone(), standing: caller.role.map(standing) };
        let mut tx = MockTx::new().reads_rights(caller.server_admin);
        let outcome = found.authorize(&mut tx, &me(), GroupPermission::EditGroup);
        assert_eq!(outcome, Err(refusal.into()), "{caller:?}");
    }
}

#[test]
fn where_they_make_a_difference_rights_on_the_server_are_read_under_a_lock() {
    use GroupPermission::{AddMembers, DeleteGroup, EditGroup};
    for (caller, permission, refusal) in [
        (OUTSIDER, AddMembers, Some(GroupRefusal::MembersOnly)),
        (OUTSIDER, DeleteGroup, Some(GroupRefusal::MembersOnly)),
        (MEMBER, EditGroup, Some(lacks(EditGroup))),
        (ADMIN, DeleteGroup, Some(lacks(DeleteGroup))),
        (SERVER_ADMIN, AddMembers, None),
        (SERVER_ADMIN, DeleteGroup, None),
        (SERVER_ADMIN_INSIDE, DeleteGroup, None),
    ] {
        let mut tx = MockTx::new().reads_rights(caller.server_admin);
        let outcome = seen_by(caller).authorize(&mut tx, &me(), permission);
        assert_eq!(outcome.err(), refusal.map(Error::from), "{caller:?} {permission:?}");
    }
}

#[test]
fn reading_and_writing_need_no_look_at_rights_on_the_server() {
    for (caller, refusal) in [
        (OUTSIDER, GroupRefusal::MembersOnly),
        (SERVER_ADMIN, GroupRefusal::MembersOnly),
        (SERVER_ADMIN_INSIDE, lacks(GroupPermission::DeleteAny)),
    ] {
        let outcome = seen_by(caller).authorize(&mut MockTx::new(), &me(), GroupPermission::DeleteAny);
        assert_eq!(outcome, Err(refusal.into()), "{caller:?}");
    }
}

#[test]
fn an_act_on_somebody_depends_on_their_rank() {
    let (group, permission) = (group(), GroupPermission::RemoveMembers);
    let scope = group.scope().over(Rank::OWNER);
    for (caller, refusal) in [(ADMIN, Some(OUTRANKED)), (SERVER_ADMIN_INSIDE, None)] {
        let mut tx = MockTx::new().reads_rights(caller.server_admin);
        let outcome = seen_by(caller).authorize_at(&mut tx, &me(), permission, &scope);
        assert_eq!(outcome.err(), refusal.map(Error::from), "{caller:?}");
    }
    let outcome = seen_by(OWNER).authorize_at(&mut MockTx::new(), &me(), permission, &scope);
    assert_eq!(outcome, Ok(()));
}

#[test]
fn an_actor_whose_account_is_gone_has_no_rights_on_the_server() {
    let mut tx = MockTx::new().reads_these_rights(None);
    let outcome = seen_by(OUTSIDER).authorize(&mut tx, &me(), GroupPermission::EditGroup);
    assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()));
}

#[test]
fn a_refusal_names_the_permission_that_is_missing() {
    let text = GroupRefusal::RoleTooLow(Shortfall::Lacks(GroupPermission::Pin)).to_string();
    assert_eq!(text, "your role in the group does not allow this: it lacks the permission pin");
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || MockTx::new().locks_group(Some(group()), None).reads_rights(true),
        |tx| lock_visible(tx, &me(), GROUP)?.authorize(tx, &me(), GroupPermission::DeleteGroup),
    );
}

#[test]
fn server_admins_don_t_know_of_direct_conversations() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(true);
    tx.groups.expect_find_many().times(1).returning(|_| Ok(vec![direct()]));
    assert_eq!(lock_managed(&mut tx, &me(), GROUP), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn in_a_direct_conversation_nobody_has_other_rights_than_the_rest_server_admins_not_excepted() {
    for is_closed in [false, true] {
        let standing = Standing { is_closed, ..standing(BuiltInRole::Member) };
        let found = VisibleGroup { group: direct(), standing: Some(standing.clone()) };
        for permission in
            [GroupPermission::EditGroup, GroupPermission::DeleteGroup, GroupPermission::AddMembers]
        {
            let refused = found.authorize(&mut MockTx::new(), &me(), permission);
            assert_eq!(refused, Err(GroupRefusal::Direct.into()), "{permission:?}");
        }
        let membership = found.into_membership().unwrap();
        let expected = if is_closed { Err(GroupRefusal::DirectClosed) } else { Ok(()) };
        assert_eq!(membership.require_to_send(GroupPermission::Send, crate::testing::NOW), expected);
        assert_eq!(membership.require(GroupPermission::Pin), expected);
        assert_eq!(membership.require(GroupPermission::ReadHistory), Ok(()));
    }
}
