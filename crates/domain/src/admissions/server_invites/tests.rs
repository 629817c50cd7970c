use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{AccountRefusal, KeyHash};
use crate::admissions::invite_link::LINK_LIFETIME;
use crate::permissions::BuiltInRole;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OTHER, OWNER, assert_hands_faults_on, group, lacks,
    me, me_provisioned, needs, rights, rights_with, server_invite,
};

const CODE: CodeHash = KeyHash::new([9; 32]);
const INVITE: ServerInviteId = ServerInviteId::new(95);
const MAY_INVITE: ServerRights = rights_with(&[ServerPermission::InviteUsers]);

fn draft(groups: &[i64]) -> ServerInviteDraft {
    ServerInviteDraft {
        max_uses: MaxUses::from_stored(20),
        expires_at: None,
        groups: InviteGroups::parse(groups.iter().copied().map(crate::ids::GroupId::new).collect()).unwrap(),
        note: Note::parse("For the fair").ok(),
    }
}

/// An invite is stored for somebody with these rights, who has made so many.
fn stores(rights: ServerRights, made: u32) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_lock().withf(|users, _| users == [ME]).returning(|_, _| Ok(()));
    tx.server_roles.expect_rights().with(eq(ME)).returning(move |_| Ok(Some(rights)));
    tx.server_invites.expect_count().returning(move |_, most| Ok(made.min(most)));
    tx.server_invites.expect_insert().returning(|_| Ok(INVITE));
    tx
}

fn create(tx: &mut dyn Tx, draft: &ServerInviteDraft) -> Result<JudgedServerInvite, Error> {
    create_server_invite(tx, &me(), draft, CODE)
}

#[test]
fn who_may_invite_users_makes_invites_and_it_is_recorded() {
    let refused = create(&mut stores(rights(false), 0), &draft(&[]));
    assert_eq!(refused, Err(needs(ServerPermission::InviteUsers).into()));
    for rights in [MAY_INVITE, rights(true)] {
        let mut tx = stores(rights, 0);
        let JudgedServerInvite { invite, is_valid } = create(&mut tx, &draft(&[])).unwrap();
        assert_eq!((invite.id, invite.uses, is_valid), (INVITE, 0, true));
        assert_eq!((invite.created_by.id, invite.expires_at), (ME, NOW.plus(LINK_LIFETIME)));
        assert_eq!(tx.recorded, [AuditEntry::by(&me(), AuditAction::InviteCreated).about(INVITE.get())]);
        assert_eq!(tx.emitted, []);
    }
    let refused = create_server_invite(&mut stores(rights(true), 0), &me_provisioned(), &draft(&[]), CODE);
    assert_eq!(refused, Err(AccountRefusal::ProvisionedKey.into()));
}

#[test]
fn an_invite_leads_into_groups_that_its_maker_may_invite_to() {
    let within = |caller: GroupCaller| {
        let rights = if caller.server_admin { rights(true) } else { MAY_INVITE };
        let mut tx = stores(rights, 0).locks_group(Some(group()), caller.role).bans_nobody();
        create(&mut tx, &draft(&[GROUP.get()])).map(|made| made.invite.groups.ids().to_vec())
    };
    assert_eq!(within(MEMBER), Err(lacks(GroupPermission::Invite).into()));
    for caller in [ADMIN, OWNER] {
        assert_eq!(within(caller), Ok(vec![GROUP]));
    }
    let mut tx = stores(MAY_INVITE, 0).locks_group(None, None);
    assert_eq!(create(&mut tx, &draft(&[GROUP.get()])), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn a_user_has_so_many_invites_and_each_ends() {
    let limit = MAX_SERVER_INVITES;
    assert!(create(&mut stores(MAY_INVITE, limit - 1), &draft(&[])).is_ok());
    let refused = create(&mut stores(MAY_INVITE, limit), &draft(&[]));
    assert_eq!(refused, Err(GroupRefusal::QuotaExceeded { quota: Quota::ServerInvites, limit }.into()));
    let past = ServerInviteDraft { expires_at: Some(NOW), ..draft(&[]) };
    let Err(Error::Refused(crate::Refusal::Invalid(fields))) = create(&mut stores(MAY_INVITE, 0), &past)
    else {
        panic!("it ends before it begins")
    };
    assert_eq!(fields[0].field, "expires_at");
}

/// Three invites: the second has ended, and the maker of the third may invite nobody.
fn lists(rights: ServerRights, by: Option<UserId>) -> MockTx {
    let mut tx = MockTx::new();
    tx.server_roles.expect_rights().with(eq(ME)).returning(move |_| Ok(Some(rights)));
    tx.server_roles
        .expect_rights_of()
        .returning(|_| Ok(vec![(ME, MAY_INVITE), (OTHER, crate::testing::rights(false))]));
    tx.server_invites.expect_list().withf(move |query| query.by == by).returning(|_| {
        let ended = ServerInvite { expires_at: NOW, ..server_invite(ME) };
        Ok(vec![server_invite(ME), ended, server_invite(OTHER)])
    });
    tx
}

#[test]
fn one_sees_ones_own_invites_and_who_manages_users_sees_all_and_which_are_dead() {
    let limit = Limit::parse(2).unwrap();
    let manager = rights_with(&[ServerPermission::ManageUsers]);
    for (rights, by) in [(MAY_INVITE, Some(ME)), (manager, None), (rights(true), None)] {
        let page = list_server_invites(&mut lists(rights, by), &me(), None, limit).unwrap();
        let valid: Vec<_> = page.items.iter().map(|judged| judged.is_valid).collect();
        assert_eq!((valid, page.more), (vec![true, false], true));
    }
    let refused = list_server_invites(&mut lists(rights(false), None), &me(), None, limit);
    assert_eq!(refused.unwrap_err(), needs(ServerPermission::InviteUsers).into());
}

#[test]
fn one_revokes_ones_own_invites_and_who_manages_users_revokes_all() {
    let revoke = |rights, by: Option<UserId>, found| {
        let mut tx = MockTx::new().reads_these_rights(Some(rights));
        tx.server_invites.expect_remove().with(eq(INVITE), eq(by)).returning(move |_, _| Ok(found));
        let outcome = revoke_server_invite(&mut tx, &me(), INVITE);
        (outcome, tx.recorded.len())
    };
    assert_eq!(revoke(MAY_INVITE, Some(ME), true), (Ok(()), 1));
    assert_eq!(revoke(rights(true), None, true), (Ok(()), 1));
    let gone = || Error::from(AdmissionRefusal::InviteNotFound);
    assert_eq!(revoke(MAY_INVITE, Some(ME), false), (Err(gone()), 0));
    assert_eq!(revoke(rights(false), None, true), (Err(needs(ServerPermission::InviteUsers).into()), 0));
}

#[test]
fn an_invite_is_good_until_it_ends_or_is_used_up_or_its_maker_may_invite_nobody() {
    let find = |invite: Option<ServerInvite>, maker: Option<ServerRights>| {
        let mut tx = MockTx::new();
        tx.server_invites.expect_find().with(eq(CODE)).returning(move |_| Ok(invite.clone()));
        tx.server_roles
            .expect_rights_of()
            .returning(move |_| Ok(maker.map(|rights| (OTHER, rights)).into_iter().collect()));
        find_valid(&mut tx, &CODE)
    };
    let good = || server_invite(OTHER);
    assert_eq!(find(Some(good()), Some(MAY_INVITE)), Ok(good()));
    let lasts = ServerInvite { expires_at: NOW.plus(Duration::from_micros(1)), ..good() };
    assert!(find(Some(lasts), Some(MAY_INVITE)).is_ok());
    let gone = || Err(Error::from(AdmissionRefusal::InviteNotFound));
    assert_eq!(find(None, Some(MAY_INVITE)), gone());
    assert_eq!(find(Some(good()), Some(rights(false))), gone());
    assert_eq!(find(Some(good()), None), gone(), "its maker is gone");
    assert_eq!(find(Some(ServerInvite { expires_at: NOW, ..good() }), Some(MAY_INVITE)), gone());
    assert_eq!(find(Some(ServerInvite { uses: 20, ..good() }), Some(MAY_INVITE)), gone());
}

#[test]
fn faults_are_returned() {
    let prepare = || {
        let mut tx = stores(MAY_INVITE, 0).locks_group(Some(group()), Some(BuiltInRole::Admin)).bans_nobody();
        tx.server_invites.expect_list().returning(|_| Ok(vec![server_invite(OTHER)]));
        tx.server_invites.expect_find().returning(|_| Ok(Some(server_invite(OTHER))));
        tx.server_invites.expect_remove().returning(|_, _| Ok(true));
        tx.server_roles.expect_rights_of().returning(|_| Ok(vec![(OTHER, MAY_INVITE)]));
        tx
    };
    assert_hands_faults_on(prepare, |tx| {
        create(tx, &draft(&[GROUP.get()]))?;
        list_server_invites(tx, &me(), None, Limit::parse(2).unwrap())?;
        revoke_server_invite(tx, &me(), INVITE)?;
        find_valid(tx, &CODE)
    });
}
