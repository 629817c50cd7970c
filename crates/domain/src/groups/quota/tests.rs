use mockall::predicate::eq;

use super::*;
use crate::testing::{ME, MockTx, assert_hands_faults_on, direct, group};

const QUOTAS: Quotas = Quotas { owned_groups: 2, memberships: 5, members: 4, direct_conversations: 6 };

/// A user in so many groups, who owns so many of them; neither is counted further than it matters.
fn counts(memberships: u32, owned: u32) -> MockTx {
    let mut tx = MockTx::new();
    tx.members
        .expect_count_groups()
        .with(eq(ME), eq(None), eq(QUOTAS.memberships + 1))
        .returning(move |_, _, _| Ok(memberships));
    tx.members
        .expect_count_groups()
        .with(eq(ME), eq(Some(BuiltInRole::Owner)), eq(QUOTAS.owned_groups + 1))
        .returning(move |_, _, _| Ok(owned));
    tx
}

fn group_of(member_count: i64) -> Group {
    Group { member_count, ..group() }
}

#[test]
fn each_limit_may_be_reached_and_not_passed() {
    for (members, memberships, owned, refused) in [
        (3, 5, 2, None),
        (4, 5, 2, Some((Quota::Members, 4))),
        (3, 6, 2, Some((Quota::Memberships, 5))),
        (3, 5, 3, Some((Quota::OwnedGroups, 2))),
    ] {
        let mut tx = counts(memberships, owned);
        let outcome = QUOTAS.check_added(&mut tx, &group_of(members), ME, &BuiltInRole::Owner.into());
        let expected = refused.map(|(quota, limit)| GroupRefusal::QuotaExceeded { quota, limit }.into());
        assert_eq!(outcome.err(), expected, "{members} {memberships} {owned}");
    }
}

#[test]
fn who_owns_as_many_groups_as_they_may_still_joins() {
    let mut tx = counts(5, 3);
    assert_eq!(QUOTAS.check_added(&mut tx, &group_of(1), ME, &BuiltInRole::Admin.into()), Ok(()));
}

#[test]
fn who_starts_a_direct_conversation_pays_for_it_alone() {
    // Nothing is asked.
    let outcome = QUOTAS.check_added(&mut MockTx::new(), &direct(), ME, &BuiltInRole::Member.into());
    assert_eq!(outcome, Ok(()));
    let counts = |direct: u32| {
        let mut tx = MockTx::new();
        tx.members.expect_count_direct().with(eq(ME), eq(7)).times(1).returning(move |_, _| Ok(direct));
        tx
    };
    let check = |tx: &mut dyn Tx| QUOTAS.check_started(tx, ME);
    let refusal = GroupRefusal::QuotaExceeded { quota: Quota::DirectConversations, limit: 6 };
    assert_eq!(check(&mut counts(6)), Ok(()));
    assert_eq!(check(&mut counts(7)), Err(refusal.into()));
    assert_hands_faults_on(|| counts(1), check);
}

#[test]
fn a_refusal_names_what_is_limited_and_how_many_there_may_be() {
    let refusal = GroupRefusal::QuotaExceeded { quota: Quota::Memberships, limit: 5 };
    assert_eq!(refusal.to_string(), "the number of groups that a user is in is limited to 5");
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || counts(1, 1),
        |tx| QUOTAS.check_added(tx, &group_of(1), ME, &BuiltInRole::Owner.into()),
    );
}

#[test]
fn the_names_of_the_quotas_are_those_of_the_contract() {
    assert_eq!(
        Quota::ALL.map(Quota::as_str),
        [
            "owned_groups",
            "memberships",
            "members",
            "direct_conversations",
            "invitations",
            "sent_invitations",
            "join_requests",
            "sent_join_requests",
            "invite_links",
            "made_invite_links",
            "server_invites",
            "bans",
        ]
    );
}
