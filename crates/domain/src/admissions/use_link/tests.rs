use std::time::Duration;

use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::accounts::{KeyHash, LockStrength, MockLoginRateLimiter};
use crate::codes::MockSecretCodes;
use crate::groups::Visibility;
use crate::network::Network;
use crate::permissions::{BanTerm, BuiltInRole};
use crate::storage::Unique;
use crate::testing::told;
use crate::testing::{
    GROUP, INVITE_LINK, ME, MY_KEY, MockTx, OTHER, ScriptedStorage, assert_hands_faults_on, ban, block_on,
    group, issued_link, me, member, rights, user,
};

const CODE: CodeHash = KeyHash::new([9; 32]);
const GONE: AdmissionRefusal = AdmissionRefusal::LinkNotFound;
const BANNED: GroupRefusal = GroupRefusal::Banned(BanTerm { until: None });

/// A link to a group of this visibility by somebody else, of whom the group knows this role.
fn link(issuer: Option<BuiltInRole>, visibility: Visibility) -> IssuedLink {
    let mut issued = issued_link(issuer);
    issued.link.created_by = user(OTHER).as_ref();
    issued.group = Group { visibility, ..group() };
    issued.link.group = (&issued.group).into();
    issued
}

fn good() -> IssuedLink {
    link(Some(BuiltInRole::Admin), Visibility::Private)
}

/// The link is found, its group is locked, and it is read again; then users are locked. The caller may be in the group.
fn locks(first: IssuedLink, then: Option<IssuedLink>, is_member: bool) -> MockTx {
    let (mut tx, mut order) = (MockTx::new(), Sequence::new());
    let found = tx.invite_links.expect_find().with(eq(CODE)).times(1).in_sequence(&mut order);
    found.returning(move |_| Ok(Some(first.clone())));
    tx.groups.expect_lock().with(eq(GROUP)).times(1).in_sequence(&mut order).returning(|_| Ok(()));
    let is_there = then.is_some();
    let found = tx.invite_links.expect_find().with(eq(CODE)).times(1).in_sequence(&mut order);
    found.returning(move |_| Ok(then.clone()));
    if is_there {
        tx = tx.locks_users(&[ME], LockStrength::Exclusive).locks_users(&[OTHER], LockStrength::Shared);
    }
    let found = is_member.then(|| member(ME, BuiltInRole::Readonly));
    tx.members.expect_find().with(eq(GROUP), eq(ME)).returning(move |_, _| Ok(found.clone()));
    tx
}

fn admits(found: IssuedLink, spends: bool) -> MockTx {
    let mut tx = locks(found.clone(), Some(found), false).bans_nobody();
    tx.invite_links.expect_spend().with(eq(INVITE_LINK)).times(1).returning(move |_| Ok(spends));
    tx.members.expect_count_owners().returning(|_| Ok(1));
    tx.members.expect_insert().times(usize::from(spends)).returning(|_| Ok(Unique::Stored(())));
    tx.members.expect_count_groups().returning(|_, _, _| Ok(1));
    tx.invitations.expect_remove_of().returning(|_, _| Ok(None));
    tx.join_requests.expect_remove().returning(|_, _| Ok(false));
    tx
}

fn accept_it(tx: &mut dyn Tx) -> Result<Admitted, Error> {
    accept(tx, &me(), &CODE, &Quotas::default())
}

#[test]
fn who_accepts_comes_in_with_the_role_that_the_link_gives_and_spends_a_use() {
    let mut tx = admits(good(), true);
    let admitted = accept_it(&mut tx).unwrap();
    assert_eq!(told(&tx.recorded), [format!("invite_link.used in 7 about {INVITE_LINK} (member)")]);
    assert_eq!((admitted.group, admitted.is_new), (GROUP, true));
    assert_eq!((admitted.member.user.id, admitted.member.role), (ME, BuiltInRole::Member.into()));
}

#[test]
fn members_stay_what_they_are_and_spend_no_use_also_of_a_dead_link() {
    for issuer in [Some(BuiltInRole::Admin), None] {
        let found = link(issuer, Visibility::Private);
        let admitted = accept_it(&mut locks(found.clone(), Some(found), true)).unwrap();
        let member = member(ME, BuiltInRole::Readonly);
        assert_eq!(admitted, Admitted { group: GROUP, member, is_new: false });
    }
}

#[test]
fn what_counts_is_the_link_once_its_group_is_locked() {
    let demoted = link(Some(BuiltInRole::Member), Visibility::Public);
    for now in [None, Some(demoted)] {
        let mut tx = locks(good(), now, false);
        tx.server_roles
            .expect_rights_of()
            .withf(|makers| makers == [OTHER])
            .returning(|_| Ok(vec![(OTHER, rights(false))]));
        assert_eq!(accept_it(&mut tx), Err(GONE.into()));
        assert_eq!(tx.emitted, []);
    }
    assert_eq!(accept_it(&mut admits(good(), false)), Err(GONE.into()));
}

#[test]
fn a_server_admin_s_link_needs_no_membership() {
    let found = link(None, Visibility::Private);
    let mut tx = admits(found, true);
    let read = tx.server_roles.expect_rights_of().withf(|makers| makers == [OTHER]).times(1);
    read.returning(|_| Ok(vec![(OTHER, rights(true))]));
    assert!(accept_it(&mut tx).unwrap().is_new);
}

#[test]
fn a_ban_wins_and_a_private_group_does_not_exist_for_who_is_banned() {
    for visibility in Visibility::ALL {
        let found = link(Some(BuiltInRole::Admin), visibility);
        let bans = |mut tx: MockTx| {
            tx.bans.expect_find().with(eq(GROUP), eq(ME)).returning(|_, id| Ok(Some(ban(id))));
            tx
        };
        let outcome = accept_it(&mut bans(locks(found.clone(), Some(found.clone()), false)));
        let is_listed = visibility.is_listed();
        let refused = if is_listed { Error::from(BANNED) } else { GONE.into() };
        assert_eq!(outcome, Err(refused), "{visibility:?}");
        let shown = look_up(&mut bans(finds(found)), &me(), &CODE);
        assert_eq!(shown.is_ok(), is_listed, "{visibility:?}: {shown:?}");
    }
}

fn finds(found: IssuedLink) -> MockTx {
    let mut tx = MockTx::new();
    tx.invite_links.expect_find().with(eq(CODE)).returning(move |_| Ok(Some(found.clone())));
    tx
}

#[test]
fn a_link_shows_name_and_size_as_long_as_it_lets_somebody_in() {
    let shown = look_up(&mut finds(good()).bans_nobody(), &me(), &CODE);
    assert_eq!(shown, Ok(good().link.group));
    let mut tx = finds(link(Some(BuiltInRole::Member), Visibility::Public));
    tx.server_roles.expect_rights_of().withf(|makers| makers == [OTHER]).returning(|_| Ok(Vec::new()));
    assert_eq!(look_up(&mut tx, &me(), &CODE), Err(GONE.into()));
    let mut tx = MockTx::new();
    tx.invite_links.expect_find().returning(|_| Ok(None));
    assert_eq!(look_up(&mut tx, &me(), &CODE), Err(GONE.into()));
}

/// The caller is known, and then the code is looked up.
fn flow(found: Option<IssuedLink>, attempts: &MockLoginRateLimiter) -> Result<InvitedGroup, Error> {
    let mut looks = MockTx::new().authenticates(me()).bans_nobody();
    looks.invite_links.expect_find().with(eq(CODE)).returning(move |_| Ok(found.clone()));
    let storage = ScriptedStorage::new([MockTx::new().authenticates(me()), looks]);
    let mut codes = MockSecretCodes::new();
    codes.expect_digest_code().returning(|_| CODE);
    let code = SecretCode::parse("00000-11111-22222-33333").unwrap();
    let ports = LinkPorts { storage: &storage, codes: &codes, attempts };
    block_on(look_up_link(ports, MY_KEY, &code))
}

#[test]
fn an_attempt_counts_for_caller_and_network_unless_the_code_is_right() {
    let counted = PasswordAttempt::LinkCode { network: Network::UNKNOWN, user: ME };
    for (found, refunds) in [(Some(good()), 1), (None, 0)] {
        let mut attempts = MockLoginRateLimiter::new();
        attempts.expect_take().with(eq(counted.clone())).times(1).returning(|_| Ok(AttemptPool::Usual));
        attempts
            .expect_refund()
            .with(eq(counted.clone()), eq(AttemptPool::Usual))
            .times(refunds)
            .returning(|_, _| ());
        assert_eq!(flow(found, &attempts).is_ok(), refunds == 1);
    }
}

#[test]
fn too_many_wrong_codes_are_refused_before_the_code_is_looked_up() {
    let retry_after = Duration::from_secs(7);
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().times(1).returning(move |_| Err(retry_after));
    let storage = ScriptedStorage::new([MockTx::new().authenticates(me())]);
    let codes = MockSecretCodes::new();
    let code = SecretCode::parse("00000-11111-22222-33333").unwrap();
    let ports = LinkPorts { storage: &storage, codes: &codes, attempts: &attempts };
    let refused = block_on(accept_link(ports, MY_KEY, &code, Quotas::default()));
    assert_eq!(refused, Err(AccountRefusal::TooManyAttempts { retry_after }.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| admits(good(), true), accept_it);
    assert_hands_faults_on(|| finds(good()).bans_nobody(), |tx| look_up(tx, &me(), &CODE));
}
