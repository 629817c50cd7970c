use mockall::predicate::eq;

use super::*;
use crate::accounts::UserRef;
use crate::groups::{Group, GroupRefusal, Visibility};
use crate::ids::UserId;
use crate::permissions::{BuiltInRole, GroupPermission, PermissionSet, Role};
use crate::testing::{
    ADMIN, EARLIER, GROUP, INVITATION, ME, MEMBER, MockTx, NOW, OTHER, assert_hands_faults_on, group, issued,
    lacks, me, rights,
};

fn limit() -> Limit {
    Limit::parse(2).unwrap()
}

fn lists(mut tx: MockTx, of: Invitations, found: Vec<IssuedInvitation>) -> MockTx {
    let query = InvitationQuery { of, below: Some(InvitationId::new(100)), limit: limit() };
    tx.invitations.expect_list().with(eq(query)).times(1).returning(move |_| Ok(found.clone()));
    tx.blocks.expect_find_many().returning(|_| Ok(Vec::new()));
    tx
}

/// Nobody who has made an invitation manages the groups of the server.
fn without_managers(mut tx: MockTx) -> MockTx {
    let plain = |makers: &[UserId]| makers.iter().map(|maker| (*maker, rights(false))).collect();
    tx.server_roles.expect_rights_of().returning(move |makers| Ok(plain(makers)));
    tx
}

/// The actor's invitations, where server admins are looked for among these inviters.
fn own(found: Vec<IssuedInvitation>, admin: Option<UserId>) -> Vec<InvitationId> {
    let mut tx = lists(MockTx::new(), Invitations::Of(ME), found);
    let of = move |maker: &UserId| (*maker, rights(Some(*maker) == admin));
    let read = tx.server_roles.expect_rights_of().times(0..=1);
    read.returning(move |makers| Ok(makers.iter().map(of).collect()));
    let page = list_own_invitations(&mut tx, &me(), Some(InvitationId::new(100)), limit()).unwrap();
    page.items.into_iter().map(|invitation| invitation.id).collect()
}

#[test]
fn an_invitation_lives_as_long_as_its_maker_could_make_it() {
    let gives = |role| IssuedInvitation {
        gift: Some(Role::unchanged(role, false)),
        ..issued(Some(BuiltInRole::Admin))
    };
    let lacking = |permission| {
        let mut lacking = issued(Some(BuiltInRole::Admin));
        let permissions = PermissionSet::of(&[permission]);
        let issuer = lacking.issuer.as_mut().unwrap();
        issuer.permissions = issuer.permissions.without_all(permissions);
        lacking
    };
    let mut owned = gives(BuiltInRole::Owner);
    owned.issuer = issued(Some(BuiltInRole::Owner)).issuer;
    let mut expired = issued(Some(BuiltInRole::Owner));
    expired.invitation.expires_at = Some(NOW);
    let mut lasting = issued(Some(BuiltInRole::Owner));
    lasting.invitation.expires_at = Some(NOW.plus(std::time::Duration::from_micros(1)));
    let mut archived = issued(Some(BuiltInRole::Owner));
    archived.group = Group { archived_at: Some(EARLIER), ..group() };
    for (what, found, alive) in [
        ("an admin's", issued(Some(BuiltInRole::Admin)), true),
        ("a member's", issued(Some(BuiltInRole::Member)), false),
        ("of somebody who left", issued(None), false),
        ("without the permission", lacking(GroupPermission::Invite), false),
        ("that gives what the maker lacks", lacking(GroupPermission::Reply), false),
        ("an admin's that makes admins", gives(BuiltInRole::Admin), false),
        ("an owner's that makes owners", owned, true),
        (
            "to a role that is gone",
            IssuedInvitation { gift: None, ..issued(Some(BuiltInRole::Owner)) },
            false,
        ),
        ("expired", expired, false),
        ("that expires later", lasting, true),
        ("to an archived group", archived, false),
    ] {
        assert_eq!(own(vec![found], None).len(), usize::from(alive), "{what}");
    }
}

#[test]
fn server_admins_invite_without_being_members_as_long_as_they_are_admins() {
    let mut by_other = issued(None);
    by_other.invitation.invited_by = UserRef { id: OTHER, username: None, display_name: None };
    assert_eq!(own(vec![by_other.clone()], Some(OTHER)), [INVITATION]);
    assert_eq!(own(vec![by_other], Some(ME)), []);
}

#[test]
fn invitations_by_users_whom_the_actor_has_blocked_are_left_out() {
    let made_by = |id, maker| {
        let mut issued = issued(Some(BuiltInRole::Admin));
        issued.invitation.id = InvitationId::new(id);
        issued.invitation.user.id = ME;
        issued.invitation.invited_by.id = maker;
        issued
    };
    let (third, fourth) = (UserId::new(3), UserId::new(4));
    let found = vec![made_by(30, third), made_by(20, fourth)];
    let mut tx = lists(MockTx::new(), Invitations::Of(ME), found);
    tx.blocks.checkpoint();
    let pairs = [(ME, third), (ME, fourth)];
    let read = tx.blocks.expect_find_many().withf(move |asked| asked == pairs).times(1);
    read.returning(|asked| Ok(asked[..1].to_vec()));
    let page = list_own_invitations(&mut tx, &me(), Some(InvitationId::new(100)), limit()).unwrap();
    let shown: Vec<_> = page.items.into_iter().map(|invitation| invitation.id.get()).collect();
    assert_eq!((shown, page.next), (vec![20], None));
}

#[test]
fn the_rights_of_all_makers_are_read_at_once() {
    let made_by = |id, maker| {
        let mut issued = issued(None);
        issued.invitation.id = InvitationId::new(id);
        issued.invitation.invited_by = UserRef { id: maker, username: None, display_name: None };
        issued
    };
    let third = UserId::new(3);
    let mut tx = lists(MockTx::new(), Invitations::Of(ME), vec![made_by(30, OTHER), made_by(20, third)]);
    let read = tx.server_roles.expect_rights_of().withf(move |makers| makers == [OTHER, third]).times(1);
    read.returning(|makers| Ok(vec![(makers[1], rights(true))]));
    let page = list_own_invitations(&mut tx, &me(), Some(InvitationId::new(100)), limit()).unwrap();
    let shown: Vec<_> = page.items.into_iter().map(|invitation| invitation.id.get()).collect();
    assert_eq!(shown, [20]);
}

#[test]
fn a_page_goes_on_below_the_last_that_was_read_whether_or_not_it_is_shown() {
    let numbered = |id, issuer| {
        let mut issued = issued(Some(issuer));
        issued.invitation.id = InvitationId::new(id);
        issued
    };
    let found = [
        numbered(30, BuiltInRole::Admin),
        numbered(20, BuiltInRole::Member),
        numbered(10, BuiltInRole::Admin),
    ];
    let mut tx = without_managers(lists(MockTx::new(), Invitations::Of(ME), found.to_vec()));
    let page = list_own_invitations(&mut tx, &me(), Some(InvitationId::new(100)), limit()).unwrap();
    assert_eq!(page.items, [found[0].invitation.clone()]);
    assert_eq!(page.next, Some(InvitationId::new(20)));
    let mut tx = without_managers(lists(MockTx::new(), Invitations::Of(ME), found[..2].to_vec()));
    let page = list_own_invitations(&mut tx, &me(), Some(InvitationId::new(100)), limit()).unwrap();
    assert_eq!(page.next, None);
}

fn of_group(tx: &mut dyn Tx) -> Result<Page<JudgedInvitation>, Error> {
    list_invitations(tx, &me(), GROUP, Some(InvitationId::new(100)), limit())
}

#[test]
fn who_may_invite_sees_all_invitations_also_those_that_are_over() {
    let found = vec![issued(Some(BuiltInRole::Admin)), issued(Some(BuiltInRole::Member))];
    for archived_at in [None, Some(EARLIER)] {
        let (archived, role) = (Group { archived_at, ..group() }, Some(BuiltInRole::Admin));
        let tx = MockTx::new().finds_group(Some(archived), role);
        let mut tx = without_managers(lists(tx, Invitations::To(GROUP), found.clone()));
        let page = of_group(&mut tx).unwrap();
        let valid: Vec<_> = page.items.iter().map(|judged| judged.is_valid).collect();
        assert_eq!((valid, page.more), (vec![true, false], false));
    }
    let mut tx = MockTx::new().finds_group(Some(group()), MEMBER.role).reads_rights(false);
    assert_eq!(of_group(&mut tx), Err(lacks(GroupPermission::Invite).into()));
    let mut tx = MockTx::new().finds_group(None, None).may_manage(false);
    assert_eq!(of_group(&mut tx), Err(GroupRefusal::NotFound.into()));
    let private = Group { visibility: Visibility::Private, ..group() };
    let tx = MockTx::new().finds_group(Some(private), ADMIN.role);
    assert!(of_group(&mut lists(tx, Invitations::To(GROUP), Vec::new())).is_ok());
}

#[test]
fn faults_are_returned() {
    let prepare = || {
        let tx = MockTx::new().finds_group(Some(group()), ADMIN.role);
        without_managers(lists(tx, Invitations::To(GROUP), vec![issued(None)]))
    };
    assert_hands_faults_on(prepare, of_group);
    let prepare = || lists(MockTx::new(), Invitations::Of(ME), Vec::new());
    let below = Some(InvitationId::new(100));
    assert_hands_faults_on(prepare, |tx| list_own_invitations(tx, &me(), below, limit()));
}
