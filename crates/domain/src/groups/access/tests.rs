use super::*;
use crate::accounts::LockStrength;
use crate::groups::model::Visibility;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE,
    assert_hands_faults_on, group, me, standing,
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
        let mut tx = MockTx::new().locks_group(None, None).may_manage(is_admin);
        let found: Vec<_> = exists.then(|| hidden.clone()).into_iter().collect();
        tx.groups.expect_find_many().times(usize::from(is_admin)).returning(move |_| Ok(found.clone()));
        let expected = if is_admin && exists {
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
        let expected = Ok((group(), standing(caller.role.unwrap())));
        assert_eq!(seen_by(caller).into_membership(), expected, "{caller:?}");
    }
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let refusal = Err(GroupRefusal::MembersOnly.into());
        assert_eq!(seen_by(caller).into_membership(), refusal, "{caller:?}");
    }
}

#[test]
fn a_sufficient_role_needs_no_rights_on_the_server() {
    for (caller, least) in [
        (MEMBER, Role::Member),
        (ADMIN, Role::Member),
        (ADMIN, Role::Admin),
        (OWNER, Role::Member),
        (OWNER, Role::Admin),
        (OWNER, Role::Owner),
    ] {
        // A look at the accounts would fail.
        assert_eq!(seen_by(caller).require(&mut MockTx::new(), &me(), least), Ok(()), "{caller:?}");
    }
}

#[test]
fn without_a_sufficient_role_rights_on_the_server_decide_and_are_read_under_a_lock() {
    for (caller, least, refusal) in [
        (OUTSIDER, Role::Member, Some(GroupRefusal::MembersOnly)),
        (OUTSIDER, Role::Admin, Some(GroupRefusal::MembersOnly)),
        (OUTSIDER, Role::Owner, Some(GroupRefusal::MembersOnly)),
        (MEMBER, Role::Admin, Some(GroupRefusal::RoleTooLow)),
        (MEMBER, Role::Owner, Some(GroupRefusal::RoleTooLow)),
        (ADMIN, Role::Owner, Some(GroupRefusal::RoleTooLow)),
        (SERVER_ADMIN, Role::Member, None),
        (SERVER_ADMIN, Role::Owner, None),
        (SERVER_ADMIN_INSIDE, Role::Owner, None),
    ] {
        let mut tx = MockTx::new().reads_rights(caller.server_admin);
        let outcome = seen_by(caller).require(&mut tx, &me(), least);
        assert_eq!(outcome.err(), refusal.map(Error::from), "{caller:?} for {least:?}");
    }
}

#[test]
fn an_actor_whose_account_is_gone_has_no_rights_on_the_server() {
    let mut tx = MockTx::new().locks_users(&[ME], LockStrength::Shared).misses_user(ME);
    let outcome = seen_by(OUTSIDER).require(&mut tx, &me(), Role::Owner);
    assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || MockTx::new().locks_group(Some(group()), None).reads_rights(true),
        |tx| lock_visible(tx, &me(), GROUP)?.require(tx, &me(), Role::Owner),
    );
}
