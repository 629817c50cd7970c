use mockall::predicate::eq;

use super::*;
use crate::accounts::LockStrength;
use crate::events::{AddedMember, Audience, GroupMember};
use crate::groups::{History, MemberSettings};
use crate::permissions::BanTerm;
use crate::permissions::BuiltInRole;
use crate::testing::told as entries;
use crate::testing::{
    EARLIER, GROUP, INVITATION, ME, MockTx, NOW, OTHER, approvers, assert_hands_faults_on, ban, group,
    join_request, me, member, user,
};

/// The group is found, with the actor's role in it, and the actor is locked.
fn finds(group: Option<Group>, role: Option<BuiltInRole>) -> MockTx {
    let tx = MockTx::new().locks_group(group, role);
    tx.locks_users(&[ME], LockStrength::Exclusive).finds_user(user(ME))
}

fn with(visibility: Visibility) -> Option<Group> {
    Some(Group { visibility, ..group() })
}

/// The actor comes in, or was there before.
fn stores(tx: MockTx, outcome: Unique<()>) -> MockTx {
    let mut tx = stores_membership(tx, outcome);
    tx.invitations.expect_remove_of().returning(|_, _| Ok(None));
    tx.join_requests.expect_remove().returning(|_, _| Ok(false));
    tx
}

fn stores_membership(tx: MockTx, outcome: Unique<()>) -> MockTx {
    let mut tx = tx.bans_nobody();
    tx.members.expect_insert().times(1).returning(move |_| Ok(outcome));
    tx.members.expect_count_owners().with(eq(GROUP)).returning(|_| Ok(1));
    tx.members.expect_count_groups().returning(|_, _, _| Ok(1));
    tx.members.expect_find().returning(|_, _| Ok(Some(member(ME, BuiltInRole::Owner))));
    tx
}

fn joins() -> MockTx {
    stores(finds(Some(group()), None), Unique::Stored(()))
}

/// The actor asks to join a closed group, where this many ask already.
fn asks(group: Group, to_group: u32, of_user: u32) -> MockTx {
    let mut tx = finds(Some(group), None).reads_rights(false).bans_nobody();
    tx.join_requests.expect_find().with(eq(GROUP), eq(ME)).returning(|_, _| Ok(None));
    let counted = move |of| match of {
        CountedRequests::To(GROUP) => to_group,
        CountedRequests::Of(ME) => of_user,
        _ => unreachable!("another group or user"),
    };
    tx.join_requests.expect_count().returning(move |of, most| Ok(counted(of).min(most)));
    tx.join_requests.expect_insert().with(eq(GROUP), eq(asked())).returning(|_, _| Ok(()));
    tx.roles.expect_list().with(eq(GROUP)).returning(|_| Ok(Vec::new()));
    tx
}

fn asked() -> JoinRequest {
    JoinRequest { created_at: NOW, ..join_request(ME) }
}

fn closed() -> Group {
    Group { visibility: Visibility::Closed, ..group() }
}

fn join_it(tx: &mut dyn Tx) -> Result<Joined, Error> {
    join(tx, &me(), GROUP, join_request(ME).message.as_ref(), &Quotas::default())
}

fn new_member(role: BuiltInRole) -> Member {
    let (joined_seq, settings) = (group().last_seq, MemberSettings::default());
    Member { joined_at: NOW, joined_seq, settings, ..member(ME, role) }
}

fn added(role: BuiltInRole) -> Event {
    Event::MemberAdded(AddedMember { group: GROUP, member: new_member(role), history: History::All })
}

#[test]
fn anybody_joins_a_public_group_as_a_member() {
    let mut tx = joins();
    assert_eq!(join_it(&mut tx), Ok(Joined::Now(new_member(BuiltInRole::Member))));
    assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), added(BuiltInRole::Member))]);
    assert_eq!(entries(&tx.recorded), ["member.joined to 1 in 7 (member)"]);
}

#[test]
fn members_and_server_admins_need_not_ask() {
    for visibility in [Visibility::Closed, Visibility::Private] {
        let mut tx = stores(finds(with(visibility), None).reads_rights(true), Unique::Stored(()));
        let Ok(Joined::Now(joined)) = join_it(&mut tx) else { panic!("{visibility:?}") };
        assert!(joined.as_admin, "{visibility:?}: its members are told how");
        let mut tx = stores(finds(with(visibility), Some(BuiltInRole::Member)), Unique::Taken);
        assert!(matches!(join_it(&mut tx), Ok(Joined::Before(_))), "{visibility:?}");
    }
}

#[test]
fn others_ask_to_join_a_closed_group_and_those_who_may_approve_are_told() {
    let mut tx = asks(closed(), 0, 0);
    assert_eq!(join_it(&mut tx), Ok(Joined::Requested(asked())));
    let update = JoinRequestUpdate { group: GROUP, request: asked(), approvers: approvers() };
    let told = Event::JoinRequestCreated(update);
    assert_eq!(tx.emitted, [(Audience::GroupAndUser(GROUP, ME), Some(ME), told)]);
    assert_eq!(entries(&tx.recorded), ["join_request.created to 1 in 7"]);
}

#[test]
fn asking_again_changes_nothing_not_even_the_message() {
    let mut tx = finds(Some(closed()), None).reads_rights(false).bans_nobody();
    let before = JoinRequest { message: None, ..join_request(ME) };
    let found = before.clone();
    tx.join_requests.expect_find().with(eq(GROUP), eq(ME)).returning(move |_, _| Ok(Some(found.clone())));
    assert_eq!(join_it(&mut tx), Ok(Joined::Requested(before)));
    assert_eq!(tx.emitted, []);
}

#[test]
fn who_does_not_manage_groups_any_more_learns_nothing_of_a_private_one() {
    let mut tx = finds(with(Visibility::Private), None).reads_rights(false);
    assert_eq!(join_it(&mut tx), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn a_group_and_a_user_have_so_many_requests() {
    let (group, user) = (MAX_JOIN_REQUESTS, MAX_SENT_JOIN_REQUESTS);
    assert!(join_it(&mut asks(closed(), group - 1, user - 1)).is_ok());
    for (to_group, of_user, quota, limit) in
        [(group, 0, Quota::JoinRequests, group), (0, user, Quota::SentJoinRequests, user)]
    {
        let mut tx = asks(closed(), to_group, of_user);
        assert_eq!(join_it(&mut tx), Err(GroupRefusal::QuotaExceeded { quota, limit }.into()));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn an_archived_group_lets_nobody_in_and_nobody_asks() {
    let archived_at = Some(EARLIER);
    let mut tx = finds(Some(Group { archived_at, ..group() }), None);
    assert_eq!(join_it(&mut tx), Err(GroupRefusal::Archived.into()));
    let mut tx = finds(Some(Group { archived_at, ..closed() }), None).reads_rights(false).bans_nobody();
    assert_eq!(join_it(&mut tx), Err(GroupRefusal::Archived.into()));
}

#[test]
fn who_is_banned_neither_joins_nor_asks() {
    let refused = GroupRefusal::Banned(BanTerm { until: None });
    for (visibility, is_admin) in
        [(Visibility::Public, None), (Visibility::Closed, Some(false)), (Visibility::Closed, Some(true))]
    {
        let mut tx = finds(with(visibility), None);
        if let Some(is_admin) = is_admin {
            tx = tx.reads_rights(is_admin);
        }
        tx.roles.expect_find().returning(|_, _| Ok(None));
        tx.bans.expect_find().with(eq(GROUP), eq(ME)).returning(|_, id| Ok(Some(ban(id))));
        assert_eq!(join_it(&mut tx), Err(refused.into()), "{visibility:?}, {is_admin:?}");
    }
}

#[test]
fn who_comes_in_needs_neither_their_invitation_nor_their_request_any_more() {
    use crate::admissions::model::{EndedInvitation, SentInvitation};
    use crate::events::EndedJoinRequest;
    let mut tx = stores_membership(finds(Some(group()), None), Unique::Stored(()));
    tx.blocks.expect_find_many().times(1).returning(|_| Ok(Vec::new()));
    let removal = tx.invitations.expect_remove_of().with(eq(GROUP), eq(ME)).times(1);
    removal.returning(|_, _| Ok(Some(SentInvitation { id: INVITATION, user: ME, invited_by: OTHER })));
    tx.join_requests.expect_remove().with(eq(GROUP), eq(ME)).times(1).returning(|_, _| Ok(true));
    tx.roles.expect_list().with(eq(GROUP)).returning(|_| Ok(Vec::new()));
    join_it(&mut tx).unwrap();
    let withdrawn = Event::InvitationWithdrawn(EndedInvitation { id: INVITATION, user: ME });
    let ended = Event::JoinRequestEnded(EndedJoinRequest { group: GROUP, user: ME, approvers: approvers() });
    assert_eq!(
        tx.emitted[1..],
        [(Audience::User(ME), Some(ME), withdrawn), (Audience::GroupAndUser(GROUP, ME), Some(ME), ended)]
    );
}

#[test]
fn joining_again_changes_nothing_not_even_the_role() {
    let mut tx = stores(finds(Some(group()), None), Unique::Taken);
    assert_eq!(join_it(&mut tx), Ok(Joined::Before(member(ME, BuiltInRole::Owner))));
    assert_eq!(tx.emitted, []);
}

#[test]
fn a_group_that_the_actor_may_not_know_of_can_t_be_joined() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    assert_eq!(join_it(&mut tx), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn the_next_to_join_a_group_that_nobody_is_in_becomes_its_owner() {
    let mut tx = finds(Some(group()), None).takes_in_without_owner(None);
    assert_eq!(join_it(&mut tx), Ok(Joined::Now(new_member(BuiltInRole::Owner))));
}

#[test]
fn who_served_longest_in_a_group_without_an_owner_comes_before_who_joins() {
    let mut tx = finds(Some(group()), None).takes_in_without_owner(Some(member(OTHER, BuiltInRole::Member)));
    assert_eq!(join_it(&mut tx), Ok(Joined::Now(new_member(BuiltInRole::Member))));
    let events: Vec<_> = tx.emitted.into_iter().map(|(_, _, event)| event).collect();
    let promoted =
        Event::MemberUpdated(GroupMember { group: GROUP, member: member(OTHER, BuiltInRole::Owner) });
    assert_eq!(events, [promoted, added(BuiltInRole::Member)]);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(joins, |tx| join_it(tx));
    assert_hands_faults_on(|| stores(finds(Some(group()), None), Unique::Taken), |tx| join_it(tx));
    assert_hands_faults_on(|| asks(closed(), 0, 0), |tx| join_it(tx));
}
