use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::model::{History, Visibility};
use crate::groups::restriction::Ban;
use crate::testing::told;
use crate::testing::{
    ADMIN, FIRST_EVENT, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OTHER, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, lacks, me, member, user,
};

/// The actor and the candidate are locked, then the candidate is read, once each.
fn locks_candidate(mut tx: MockTx, candidate: UserId) -> MockTx {
    let mut order = Sequence::new();
    if candidate != ME {
        tx.accounts
            .expect_lock()
            .withf(|users, strength| users == [ME] && *strength == LockStrength::Shared)
            .returning(|_, _| Ok(()));
    }
    tx.accounts
        .expect_lock()
        .withf(move |users, strength| users == [candidate] && *strength == LockStrength::Exclusive)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    tx.accounts
        .expect_find()
        .with(eq(candidate))
        .times(1)
        .in_sequence(&mut order)
        .returning(|id| Ok(Some(user(id))));
    tx
}

#[test]
fn users_are_locked_in_the_order_of_their_ids() {
    const BEFORE: UserId = UserId::new(0);
    for (user, expected) in [
        (OTHER, vec![(ME, LockStrength::Shared), (OTHER, LockStrength::Exclusive)]),
        (ME, vec![(ME, LockStrength::Exclusive)]),
        (BEFORE, vec![(BEFORE, LockStrength::Exclusive), (ME, LockStrength::Shared)]),
    ] {
        let (mut tx, mut order) = (MockTx::new(), Sequence::new());
        for (id, strength) in expected {
            tx.accounts
                .expect_lock()
                .withf(move |users, how| users == [id] && *how == strength)
                .times(1)
                .in_sequence(&mut order)
                .returning(|_, _| Ok(()));
        }
        assert_eq!(lock_to_grow(&mut tx, ME, user), Ok(()));
    }
}

/// The actor adds a candidate, without limits that matter.
fn add_candidate(tx: &mut dyn Tx, candidate: &Candidate, role: BuiltInRole) -> Result<Member, Error> {
    add_member(tx, &me(), GROUP, candidate, &role.into(), &Quotas::default())
}

fn add_other(tx: &mut dyn Tx, role: BuiltInRole) -> Result<Member, Error> {
    add_candidate(tx, &Candidate::Id(OTHER), role)
}

fn locks_both(tx: MockTx) -> MockTx {
    tx.locks_users(&[ME], LockStrength::Shared).locks_users(&[OTHER], LockStrength::Exclusive)
}

fn added(user: UserId, role: BuiltInRole) -> Member {
    Member { joined_at: NOW, joined_seq: group().last_seq, ..member(user, role) }
}

/// A membership is stored that starts with the event that tells of it, and with nothing unread.
fn stores(tx: MockTx, user: UserId, role: BuiltInRole, outcome: Unique<()>) -> MockTx {
    stores_as(tx, user, role, false, outcome)
}

/// The same, for somebody who perhaps joins by managing all groups.
fn stores_as(tx: MockTx, user: UserId, role: BuiltInRole, as_admin: bool, outcome: Unique<()>) -> MockTx {
    let mut tx = stores_membership(tx, user, role, as_admin, outcome);
    tx.invitations.expect_remove_of().with(eq(GROUP), eq(user)).returning(|_, _| Ok(None));
    tx.join_requests.expect_remove().returning(|_, _| Ok(false));
    tx
}

fn stores_membership(
    tx: MockTx,
    user: UserId,
    role: BuiltInRole,
    as_admin: bool,
    outcome: Unique<()>,
) -> MockTx {
    let mut tx = tx.bans_nobody();
    let membership = NewMembership {
        group: GROUP,
        user,
        role: role.into(),
        joined_at: NOW,
        read_seq: group().last_seq,
        joined_seq: group().last_seq,
        since_event: FIRST_EVENT,
        as_admin,
    };
    tx.members.expect_insert().with(eq(membership)).times(1).returning(move |_| Ok(outcome));
    tx.members.expect_count_owners().with(eq(GROUP)).returning(|_| Ok(1));
    tx.members.expect_count_groups().returning(|_, _, _| Ok(1));
    tx
}

fn adds(caller: GroupCaller, role: BuiltInRole) -> MockTx {
    stores(locks_candidate(MockTx::new().called_by(caller), OTHER), OTHER, role, Unique::Stored(()))
}

#[test]
fn any_member_adds_members_but_only_owners_and_server_admins_give_more_rights() {
    const MEMBERS_ONLY: GroupRefusal = GroupRefusal::MembersOnly;
    const LACKS: GroupRefusal = lacks(GroupPermission::ManageRoles);
    for (caller, as_member, as_another) in [
        (OUTSIDER, Some(MEMBERS_ONLY), Some(MEMBERS_ONLY)),
        (MEMBER, None, Some(LACKS)),
        (ADMIN, None, Some(LACKS)),
        (OWNER, None, None),
        (SERVER_ADMIN, None, None),
        (SERVER_ADMIN_INSIDE, None, None),
    ] {
        for role in BuiltInRole::ALL {
            let refusal = if role == BuiltInRole::Member { as_member } else { as_another };
            let mut tx = match refusal {
                None => adds(caller, role),
                Some(_) => locks_candidate(MockTx::new().called_by(caller), OTHER),
            };
            let outcome = add_other(&mut tx, role);
            let expected = refusal.map_or_else(|| Ok(added(OTHER, role)), |refusal| Err(refusal.into()));
            assert_eq!(outcome, expected, "{caller:?} gives {role:?}");
            assert_eq!(tx.emitted.is_empty(), refusal.is_some(), "{caller:?} gives {role:?}");
        }
    }
}

#[test]
fn nobody_is_added_by_whom_they_have_blocked_except_by_those_who_manage_groups() {
    let blocked = |tx: MockTx, there: Option<Member>| {
        let mut tx = tx;
        tx.blocks.checkpoint();
        tx.blocks
            .expect_find_many()
            .withf(|pairs| pairs == [(OTHER, ME)])
            .returning(|pairs| Ok(pairs.to_vec()));
        tx.members.expect_find().with(eq(GROUP), eq(OTHER)).returning(move |_, _| Ok(there.clone()));
        tx
    };
    for caller in [MEMBER, OWNER] {
        let mut tx = blocked(locks_candidate(MockTx::new().called_by(caller), OTHER), None);
        // As if that account were gone.
        assert_eq!(add_other(&mut tx, BuiltInRole::Member), Err(AccountRefusal::UserNotFound.into()));
        assert_eq!(tx.emitted, []);
    }
    for caller in [SERVER_ADMIN, SERVER_ADMIN_INSIDE] {
        let mut tx = blocked(adds(caller, BuiltInRole::Member), None);
        assert!(add_other(&mut tx, BuiltInRole::Member).is_ok());
    }
    let tx = stores(
        locks_candidate(MockTx::new().called_by(OWNER), OTHER),
        OTHER,
        BuiltInRole::Member,
        Unique::Taken,
    );
    let mut tx = blocked(tx, Some(member(OTHER, BuiltInRole::Member)));
    assert_eq!(add_other(&mut tx, BuiltInRole::Member), Err(GroupRefusal::AlreadyMember.into()));
}

#[test]
fn members_learn_of_a_new_one() {
    let mut tx = adds(MEMBER, BuiltInRole::Member);
    let member = add_other(&mut tx, BuiltInRole::Member).unwrap();
    assert_eq!(
        tx.emitted,
        [(
            Audience::Group(GROUP),
            Some(ME),
            Event::MemberAdded(AddedMember { group: GROUP, member, history: History::All })
        )]
    );
    assert_eq!(told(&tx.recorded), ["member.added to 2 in 7 (member)"]);
}

#[test]
fn a_new_member_of_a_private_group_is_shown_it_after_they_are_in() {
    let hidden = Group { visibility: Visibility::Private, history: History::Joined, ..group() };
    let tx = MockTx::new().locks_group(Some(hidden.clone()), Some(BuiltInRole::Member));
    let mut tx = stores(locks_candidate(tx, OTHER), OTHER, BuiltInRole::Member, Unique::Stored(()));
    tx.roles.expect_find().returning(|_, _| Ok(None));
    tx.blocks.expect_find_many().returning(|_| Ok(Vec::new()));
    let member = add_other(&mut tx, BuiltInRole::Member).unwrap();
    let added = AddedMember { group: GROUP, member, history: History::Joined };
    let shown = Group { member_count: hidden.member_count + 1, ..hidden };
    let expected = [
        (Audience::Group(GROUP), Some(ME), Event::MemberAdded(added)),
        (Audience::User(OTHER), Some(ME), Event::GroupCreated(GroupUpdate::shown_to(shown, OTHER))),
    ];
    assert_eq!(tx.emitted, expected);
}

#[test]
fn a_user_can_be_added_by_name() {
    let mut tx = adds(MEMBER, BuiltInRole::Member);
    let name = UsernameKey::of("USER2");
    tx.accounts.expect_find_by_username().with(eq(name.clone())).returning(|_| Ok(Some(user(OTHER))));
    let outcome = add_candidate(&mut tx, &Candidate::Username(name), BuiltInRole::Member);
    assert_eq!(outcome, Ok(added(OTHER, BuiltInRole::Member)));
}

#[test]
fn a_group_that_is_not_there_comes_before_all_else() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    let outcome = add_other(&mut tx, BuiltInRole::Member);
    assert_eq!(outcome, Err(GroupRefusal::NotFound.into()));
}

#[test]
fn a_user_who_is_not_there_comes_before_missing_rights() {
    let not_found = Err(AccountRefusal::UserNotFound.into());
    let mut tx = locks_both(MockTx::new().locks_group(Some(group()), None)).misses_user(OTHER);
    assert_eq!(add_other(&mut tx, BuiltInRole::Owner), not_found);

    let mut tx = MockTx::new().locks_group(Some(group()), None);
    tx.accounts.expect_find_by_username().returning(|_| Ok(None));
    let candidate = Candidate::Username(UsernameKey::of("nobody"));
    assert_eq!(add_candidate(&mut tx, &candidate, BuiltInRole::Owner), not_found);

    let mut tx = MockTx::new().locks_group(Some(group()), None);
    assert_eq!(add_candidate(&mut tx, &Candidate::Nobody, BuiltInRole::Owner), not_found);
}

#[test]
fn only_what_could_be_a_name_names_anybody() {
    assert_eq!(Candidate::named("Zoe"), Candidate::Username(UsernameKey::of("zoe")));
    for nobody in ["", "me", "zo e", "ａ", &"x".repeat(256 * 1024)] {
        assert_eq!(Candidate::named(nobody), Candidate::Nobody);
    }
}

#[test]
fn a_user_who_is_deleted_while_waiting_for_the_lock_is_not_added() {
    let mut tx =
        locks_both(MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Owner))).misses_user(OTHER);
    tx.accounts.expect_find_by_username().returning(|_| Ok(Some(user(OTHER))));
    let candidate = Candidate::Username(UsernameKey::of("user2"));
    let outcome = add_candidate(&mut tx, &candidate, BuiltInRole::Member);
    assert_eq!(outcome, Err(AccountRefusal::UserNotFound.into()));
}

#[test]
fn a_member_is_not_added_again() {
    let tx = locks_candidate(MockTx::new().called_by(OWNER), OTHER);
    let mut tx = stores(tx, OTHER, BuiltInRole::Admin, Unique::Taken);
    let outcome = add_other(&mut tx, BuiltInRole::Admin);
    assert_eq!(outcome, Err(GroupRefusal::AlreadyMember.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn who_is_banned_comes_in_by_no_way() {
    let until = Some(crate::time::Timestamp::from_micros(NOW.as_micros() + 1));
    let refused = GroupRefusal::Banned(crate::permissions::BanTerm { until });
    let is_banned = |mut tx: MockTx, id: UserId| {
        let user = user(id).as_ref();
        let ban = Ban { user, reason: None, until, banned_by: OTHER, created_at: NOW, terms_at: NOW };
        tx.bans.expect_find().with(eq(GROUP), eq(id)).returning(move |_, _| Ok(Some(ban.clone())));
        tx
    };
    for caller in [MEMBER, OWNER, SERVER_ADMIN] {
        let mut tx = is_banned(locks_candidate(MockTx::new().called_by(caller), OTHER), OTHER);
        assert_eq!(add_other(&mut tx, BuiltInRole::Member), Err(refused.into()), "{caller:?}");
    }
}

#[test]
fn a_membership_starts_with_its_own_event_whatever_was_emitted_before() {
    let mut tx = MockTx::new().bans_nobody();
    tx.emit(None, Event::GroupCreated(GroupUpdate::of(group())));
    let since = FIRST_EVENT.next();
    tx.members
        .expect_insert()
        .withf(move |membership| membership.since_event == since)
        .times(1)
        .returning(|_| Ok(Unique::Stored(())));
    tx.members.expect_count_groups().returning(|_, _, _| Ok(1));
    let founder = Newcomer::new(me().user, Role::unchanged(BuiltInRole::Owner, false));
    add(&mut tx, ME, &group(), founder, &Quotas::default()).unwrap();
    assert!(matches!(tx.emitted[1].2, Event::MemberAdded(..)));
}

/// Whoever is not in the group can only decide by managing all groups.
#[test]
fn who_decides_on_themselves_comes_in_as_an_admin_unless_anybody_may_come_in() {
    for (decider, visibility, as_admin) in [
        (ME, Visibility::Public, false),
        (ME, Visibility::Closed, true),
        (ME, Visibility::Private, true),
        (OTHER, Visibility::Closed, false),
        (OTHER, Visibility::Private, false),
    ] {
        let group = Group { visibility, ..group() };
        let newcomer =
            Newcomer::let_in(me().user, Role::unchanged(BuiltInRole::Member, false), decider, &group);
        assert_eq!(newcomer.as_admin, as_admin, "{decider:?} {visibility:?}");
    }
    assert!(
        !Newcomer::new(me().user, Role::unchanged(BuiltInRole::Owner, false)).as_admin,
        "nobody decides on the creator"
    );
}

#[test]
fn a_server_admin_who_adds_themselves_to_a_private_group_is_told_of_as_one() {
    let private = Group { visibility: Visibility::Private, ..group() };
    let mut tx = MockTx::new().called_by_in(SERVER_ADMIN, private);
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .returning(|_, _| Ok(()));
    let mut tx = stores_as(tx, ME, BuiltInRole::Member, true, Unique::Stored(()));
    assert!(add_candidate(&mut tx, &Candidate::Id(ME), BuiltInRole::Member).unwrap().as_admin);
    let (_, _, Event::MemberAdded(told)) = &tx.emitted[0] else { panic!("{:?}", tx.emitted) };
    assert!(told.member.as_admin);
}

#[test]
fn whom_a_server_admin_adds_to_a_group_that_nobody_is_in_becomes_its_owner() {
    let mut tx = locks_candidate(MockTx::new().called_by(SERVER_ADMIN), OTHER).takes_in_without_owner(None);
    let outcome = add_other(&mut tx, BuiltInRole::Member);
    assert_eq!(outcome, Ok(added(OTHER, BuiltInRole::Owner)));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || {
            let mut tx = adds(SERVER_ADMIN, BuiltInRole::Owner);
            tx.accounts.expect_find_by_username().returning(|_| Ok(Some(user(OTHER))));
            tx
        },
        |tx| {
            add_member(
                tx,
                &me(),
                GROUP,
                &Candidate::Username(UsernameKey::of("user2")),
                &RoleName::OWNER,
                &Quotas::default(),
            )
        },
    );
}
