use mockall::predicate::{always, eq};

use super::*;
use crate::groups::error::Quota;
use crate::groups::restriction::Ban;
use crate::permissions::{BanTerm, BuiltInRole};
use crate::storage::Unique;
use crate::testing::told;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OTHER, OUTSIDER, SERVER_ADMIN,
    assert_hands_faults_on, ban, group, me, member, user,
};

const QUOTAS: Quotas = Quotas { members: 5, memberships: 7, ..Quotas::UNLIMITED };
const FULL: GroupRefusal = GroupRefusal::QuotaExceeded { quota: Quota::Members, limit: 5 };
const BUSY: GroupRefusal = GroupRefusal::QuotaExceeded { quota: Quota::Memberships, limit: 7 };

const NEW: UserId = UserId::new(11);
const BANNED: UserId = UserId::new(12);
const UNKNOWN: UserId = UserId::new(13);
const LATE: UserId = UserId::new(14);
const JOINER: UserId = UserId::new(16);

fn batch(users: &[UserId]) -> Batch {
    Batch::parse(&users.iter().map(|user| user.get()).collect::<Vec<_>>()).unwrap()
}

/// `OTHER` is in the group, `BANNED` is kept out, nobody has the id `UNKNOWN`, and `JOINER` is in as many
/// groups as anybody may be. Whether the group has an owner is asked once.
fn meets(caller: GroupCaller, group: Group) -> MockTx {
    let mut tx = MockTx::new().called_by_in(caller, group);
    tx.accounts.expect_lock().withf(|_, how| *how == LockStrength::Exclusive).returning(|_, _| Ok(()));
    tx.accounts
        .expect_find_many()
        .returning(|ids| Ok(ids.iter().filter(|id| **id != UNKNOWN).map(|id| user(*id)).collect()));
    tx.members.expect_find_many().withf(|pairs| !pairs.contains(&(GROUP, UNKNOWN))).returning(|pairs| {
        let there = pairs.iter().filter(|(_, user)| *user == OTHER);
        Ok(there.map(|(group, user)| (*group, member(*user, BuiltInRole::Member))).collect())
    });
    tx.bans
        .expect_find()
        .with(eq(GROUP), always())
        .returning(|_, user| Ok((user == BANNED).then(|| Ban { until: None, ..ban(BANNED) })));
    tx.mutes.expect_find().returning(|_, _| Ok(None));
    tx.members.expect_count_owners().times(..=1).returning(|_| Ok(1));
    tx.members.expect_count_groups().returning(|user, _, most| Ok(if user == JOINER { most } else { 1 }));
    tx.members
        .expect_insert()
        .withf(|new| new.role == BuiltInRole::Member && new.user != LATE)
        .returning(|_| Ok(Unique::Stored(())));
    tx.members.expect_remove().with(eq(GROUP), eq(JOINER)).returning(|_, _| Ok(()));
    tx.join_requests.expect_remove().returning(|_, _| Ok(false));
    tx.invitations.expect_remove_of().returning(|_, _| Ok(None));
    tx
}

fn add(tx: &mut dyn Tx, users: &[UserId]) -> Result<Vec<Addition>, Error> {
    add_members(tx, &me(), GROUP, &batch(users), &QUOTAS)
}

fn refusals(additions: &[Addition]) -> Vec<(UserId, Option<Refusal>)> {
    additions.iter().map(|addition| (addition.user, addition.outcome.clone().err())).collect()
}

#[test]
fn a_batch_names_one_to_200_users_each_once_in_their_order() {
    assert_eq!(Batch::parse(&[9, 3, 9]).unwrap().ids(), [UserId::new(9), UserId::new(3)]);
    let most: Vec<_> = (1..=200).collect();
    assert_eq!(Batch::parse(&most).unwrap().ids().len(), Batch::MOST);
    for wrong in [vec![], vec![0], vec![-1], vec![7; 201]] {
        assert!(Batch::parse(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn who_can_t_be_added_keeps_none_of_the_others_out() {
    let few = Group { member_count: 3, ..group() };
    let mut tx = meets(MEMBER, few);
    let additions = add(&mut tx, &[UNKNOWN, NEW, OTHER, JOINER, BANNED, ME, LATE]).unwrap();
    let banned = GroupRefusal::Banned(BanTerm { until: None });
    let expected = [
        (UNKNOWN, Some(AccountRefusal::UserNotFound.into())),
        (NEW, None),
        (OTHER, Some(GroupRefusal::AlreadyMember.into())),
        (JOINER, Some(BUSY.into())),
        (BANNED, Some(banned.into())),
        (ME, None),
        (LATE, Some(FULL.into())),
    ];
    assert_eq!(refusals(&additions), expected);
    let added = Member { joined_at: NOW, joined_seq: group().last_seq, ..member(NEW, BuiltInRole::Member) };
    assert_eq!(additions[1].outcome, Ok(added));
    assert_eq!(tx.emitted.len(), 2, "the members are told of those who were added");
    let to = |user: UserId| format!("member.added to {user} in 7 (member)");
    assert_eq!(told(&tx.recorded), [to(NEW), "member.added to 1 in 7 (member)".to_owned()]);
}

#[test]
fn who_has_blocked_the_actor_is_as_if_they_were_gone_unless_they_are_in_the_group() {
    let blocked = |caller| {
        let mut tx = meets(caller, Group { member_count: 1, ..group() });
        tx.blocks.checkpoint();
        tx.blocks.expect_find_many().times(1).returning(|_| Ok(vec![(NEW, ME), (OTHER, ME)]));
        let additions = add(&mut tx, &[NEW, OTHER, UserId::new(15)]).unwrap();
        refusals(&additions).into_iter().map(|(_, refusal)| refusal).collect::<Vec<_>>()
    };
    let there = Some(GroupRefusal::AlreadyMember.into());
    assert_eq!(blocked(MEMBER), [Some(AccountRefusal::UserNotFound.into()), there.clone(), None]);
    assert_eq!(blocked(SERVER_ADMIN), [None, there, None]);
}

#[test]
fn all_are_locked_at_once_in_the_order_of_their_ids() {
    let (mut tx, mut order) = (MockTx::new(), mockall::Sequence::new());
    let locks = [
        (vec![UserId::new(0)], LockStrength::Exclusive),
        (vec![ME], LockStrength::Shared),
        (vec![OTHER, NEW], LockStrength::Exclusive),
    ];
    for (ids, strength) in locks {
        tx.accounts
            .expect_lock()
            .withf(move |users, how| users == ids && *how == strength)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_, _| Ok(()));
    }
    lock_to_grow(&mut tx, &me(), &Batch(vec![NEW, UserId::new(0), OTHER])).unwrap();
}

#[test]
fn who_may_not_add_members_learns_of_nobody() {
    let archived = Group { archived_at: Some(NOW), ..group() };
    for (caller, group, refusal) in
        [(OUTSIDER, group(), GroupRefusal::MembersOnly), (ADMIN, archived, GroupRefusal::Archived)]
    {
        let mut tx = MockTx::new().called_by_in(caller, group);
        tx.accounts.expect_lock().returning(|_, _| Ok(()));
        assert_eq!(add(&mut tx, &[NEW, UNKNOWN]), Err(refusal.into()), "{caller:?}");
    }
}

#[test]
fn faults_are_returned() {
    let few = || Group { member_count: 2, ..group() };
    assert_hands_faults_on(|| meets(SERVER_ADMIN, few()), |tx| add(tx, &[NEW, OTHER, JOINER]));
}
