use mockall::predicate::{always, eq};

use super::*;
use crate::events::{Audience, Event};
use crate::groups::model::Member;
use crate::permissions::BuiltInRole;
use crate::storage::Unique;
use crate::testing::{
    EARLIER, GROUP, ME, MockTx, OTHER, assert_hands_faults_on, direct, group, member, user,
};

const QUOTAS: Quotas = Quotas { members: 4, memberships: 1, owned_groups: 9, direct_conversations: 9 };
const ANOTHER: GroupId = GroupId::new(9);

/// What a journal is told.
type Skipped = &'static [(GroupId, SkipReason)];

/// A journal that is told of this and nothing else.
fn journal(skipped: Skipped) -> Arc<dyn GroupJournal> {
    let mut journal = MockGroupJournal::new();
    for (group, reason) in skipped {
        journal.expect_skipped().with(eq(*group), eq(*reason)).times(1).returning(|_, _| ());
    }
    Arc::new(journal)
}

/// Both groups are looked for: the first as it is found, the second a usual one.
fn finds(first: Option<Group>) -> MockTx {
    let mut tx = MockTx::new();
    tx.bans.expect_find().returning(|_, _| Ok(None));
    tx.mutes.expect_find().returning(|_, _| Ok(None));
    tx.roles.expect_find().returning(|_, _| Ok(None));
    tx.groups.expect_find_many().returning(move |ids| {
        let first = first.clone().filter(|_| ids == [GROUP]);
        let second = (ids == [ANOTHER]).then(|| Group { id: ANOTHER, ..group() });
        Ok(first.or(second).into_iter().collect())
    });
    tx.members.expect_count_owners().returning(|_| Ok(1));
    tx.members
        .expect_insert()
        .withf(|new| new.user == ME && new.role == BuiltInRole::Member)
        .times(0..=1)
        .returning(|_| Ok(Unique::Stored(())));
    tx
}

fn welcome(tx: &mut dyn Tx, ids: &[GroupId], journal: Arc<dyn GroupJournal>) -> Result<(), Error> {
    DefaultGroups::new(ids, QUOTAS, journal).welcome(tx, &user(ME))
}

#[test]
fn a_new_user_joins_and_the_members_are_told() {
    let mut tx = finds(Some(group()));
    assert_eq!(welcome(&mut tx, &[GROUP, GROUP], journal(&[])), Ok(()));
    let [(audience, by, event)] = &tx.emitted[..] else { panic!("{:?}", tx.emitted) };
    assert_eq!((audience, by), (&Audience::Group(GROUP), &Some(ME)));
    assert!(matches!(event, Event::MemberAdded(added) if added.member.user.id == ME));
}

#[test]
fn a_group_that_takes_nobody_is_skipped_and_told_of() {
    const FULL: SkipReason =
        SkipReason::Refused(GroupRefusal::QuotaExceeded { quota: Quota::Members, limit: 4 });
    let full = Group { member_count: 4, ..group() };
    let archived = Group { archived_at: Some(EARLIER), ..group() };
    let cases: [(Option<Group>, Skipped); 4] = [
        (None, &[(GROUP, SkipReason::Refused(GroupRefusal::NotFound))]),
        (Some(direct()), &[(GROUP, SkipReason::Refused(GroupRefusal::NotFound))]),
        (Some(archived), &[(GROUP, SkipReason::Refused(GroupRefusal::Archived))]),
        (Some(full), &[(GROUP, FULL)]),
    ];
    for (found, skipped) in cases {
        let mut tx = finds(found.clone());
        assert_eq!(welcome(&mut tx, &[ANOTHER, GROUP], journal(skipped)), Ok(()));
        assert_eq!(tx.emitted.len(), 1, "the other group is joined");
        let unusable = unusable_defaults(&mut finds(found), &[GROUP, ANOTHER], &QUOTAS);
        assert_eq!(unusable.as_deref(), Ok(skipped));
    }
}

/// The group has members or not, but no owner.
fn finds_without_owner(heir: Option<Member>) -> MockTx {
    let mut tx = MockTx::new().bans_nobody();
    tx.groups.expect_find_many().returning(|_| Ok(vec![group()]));
    tx.members.expect_count_owners().returning(|_| Ok(0));
    tx.members.expect_successor().returning(move |_| Ok(heir.clone()));
    tx
}

#[test]
fn nobody_becomes_the_owner_of_an_empty_group_by_getting_an_account() {
    let mut tx = finds_without_owner(None);
    assert_eq!(welcome(&mut tx, &[GROUP], journal(&[(GROUP, SkipReason::Empty)])), Ok(()));
    assert_eq!(tx.emitted, []);
    let unusable = unusable_defaults(&mut finds_without_owner(None), &[GROUP], &QUOTAS);
    assert_eq!(unusable, Ok(vec![(GROUP, SkipReason::Empty)]));
    // Somebody else is there who becomes it.
    let heir = Some(member(OTHER, BuiltInRole::Member));
    let mut tx = finds_without_owner(heir);
    tx.members.expect_set_role().with(eq(GROUP), eq(OTHER), always()).returning(|_, _, _| Ok(()));
    let insert = tx.members.expect_insert().withf(|new| new.user == ME && new.role == BuiltInRole::Member);
    insert.times(1).returning(|_| Ok(Unique::Stored(())));
    assert_eq!(welcome(&mut tx, &[GROUP], journal(&[])), Ok(()));
}

#[test]
fn nobody_is_put_into_more_groups_than_they_may_be_in() {
    const TOO_MANY: SkipReason =
        SkipReason::Refused(GroupRefusal::QuotaExceeded { quota: Quota::Memberships, limit: 1 });
    let mut tx = finds(Some(group()));
    assert_eq!(welcome(&mut tx, &[ANOTHER, GROUP], journal(&[(ANOTHER, TOO_MANY)])), Ok(()));
    assert_eq!(tx.emitted.len(), 1);
}

#[test]
fn groups_are_locked_in_the_order_of_their_ids() {
    let (mut tx, mut order) = (MockTx::new(), mockall::Sequence::new());
    for id in [GROUP, ANOTHER] {
        tx.groups.expect_lock().with(eq(id)).times(1).in_sequence(&mut order).returning(|_| Ok(()));
    }
    assert_eq!(DefaultGroups::new(&[ANOTHER, GROUP], QUOTAS, journal(&[])).prepare(&mut tx, &[]), Ok(()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| finds(Some(group())), |tx| welcome(tx, &[GROUP], journal(&[])));
}
