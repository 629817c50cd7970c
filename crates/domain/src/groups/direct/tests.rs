use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::Refusal;
use crate::accounts::User;
use crate::events::{Audience, Event};
use crate::groups::error::Quota;
use crate::ids::UserId;
use crate::permissions::ServerRights;
use crate::testing::{
    FIRST_EVENT, GROUP, ME, MockTx, NOW, OTHER, assert_hands_faults_on, direct, me, rights, standing, user,
};

fn people() -> People {
    People::parse(&[OTHER.get()]).unwrap()
}

fn key() -> DirectKey {
    DirectKey::of(ME, &[OTHER])
}

fn shown() -> GroupView {
    GroupView::new(direct(), Some(standing(BuiltInRole::Member)), None)
}

/// There is a conversation only from this look on, if at all: the first is before the locks, the second under them.
fn looks(found: [Option<GroupId>; 2]) -> MockTx {
    let (mut tx, mut order) = (MockTx::new(), Sequence::new());
    let [before, locked] = found;
    let look = |tx: &mut MockTx, order: &mut Sequence, found: Option<GroupId>| {
        let look =
            tx.groups.expect_find_direct().withf(|sought| *sought == key()).times(1).in_sequence(order);
        look.returning(move |_| Ok(found));
    };
    look(&mut tx, &mut order, before);
    if before.is_none() {
        let lock = tx
            .accounts
            .expect_lock()
            .withf(|users, how| users == [ME, OTHER] && *how == LockStrength::Exclusive);
        lock.times(1).in_sequence(&mut order).returning(|_, _| Ok(()));
        look(&mut tx, &mut order, locked);
    }
    if before.or(locked).is_some() {
        tx.groups.expect_view().with(eq(GROUP), eq(ME)).times(1).returning(|_, _| Ok(Some(shown())));
    }
    tx
}

/// No conversation is there; those who are, and whether one has blocked another.
fn meets(present: &'static [UserId], is_blocked: bool) -> MockTx {
    let mut tx = looks([None, None]).reads_rights_of(ME, rights(false));
    let found = || present.iter().rev().map(|id| user(*id)).collect::<Vec<User>>();
    tx.accounts.expect_find_many().withf(|ids| ids == [ME, OTHER]).times(1).returning(move |_| Ok(found()));
    let between = tx.blocks.expect_any_between().withf(|user, others| *user == ME && others == [OTHER]);
    between.times(1).returning(move |_, _| Ok(is_blocked));
    tx
}

/// The conversation is stored with its members, and the actor has started so many then.
fn stores(conversations: u32) -> MockTx {
    let mut tx = meets(&[ME, OTHER], false).bans_nobody();
    let insert =
        tx.groups.expect_insert_direct().withf(|new| new.key == key() && new.created_at == NOW).times(1);
    insert.returning(|_| Ok(Unique::Stored(GROUP)));
    tx.members
        .expect_insert()
        .withf(|new| new.group == GROUP && new.role == BuiltInRole::Member)
        .returning(|_| Ok(Unique::Stored(())));
    let note = tx.members.expect_note_started().with(eq(GROUP), eq(ME)).times(1);
    note.returning(|_, _| Ok(()));
    tx.members.expect_count_direct().with(eq(ME), eq(4)).returning(move |_, _| Ok(conversations));
    tx.groups.expect_view().with(eq(GROUP), eq(ME)).returning(|_, _| Ok(Some(shown())));
    tx
}

fn start(tx: &mut dyn Tx) -> Result<(GroupView, bool), Error> {
    start_direct(tx, &me(), &people(), &Quotas { direct_conversations: 3, ..Quotas::default() })
}

#[test]
fn a_new_conversation_is_told_to_its_people_alone_who_are_all_plain_members() {
    let mut tx = stores(3);
    assert_eq!(start(&mut tx), Ok((shown(), true)));
    let told: Vec<_> = tx
        .emitted
        .iter()
        .map(|(audience, by, event)| (*audience, *by, event.event_type().as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Audience::Group(GROUP), Some(ME), "member.added"),
            (Audience::User(ME), Some(ME), "group.created"),
            (Audience::Group(GROUP), Some(ME), "member.added"),
            (Audience::User(OTHER), Some(ME), "group.created"),
        ]
    );
    let counts = tx.emitted.iter().filter_map(|(_, _, event)| match event {
        Event::GroupCreated(update) => Some(update.group.member_count),
        _ => None,
    });
    assert_eq!(counts.collect::<Vec<_>>(), [1, 2]);
    assert_eq!(FIRST_EVENT.next().next().next().next(), tx.next_event_id().unwrap());
}

#[test]
fn the_conversation_that_there_is_is_found_also_if_the_other_side_was_faster() {
    for found in [[Some(GROUP), None], [None, Some(GROUP)]] {
        let mut tx = looks(found);
        assert_eq!(start(&mut tx), Ok((shown(), false)), "{found:?}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_block_is_refused_as_an_account_that_is_gone() {
    for (present, is_blocked) in [(&[ME, OTHER][..], true), (&[ME], false), (&[ME], true), (&[OTHER], false)]
    {
        let mut tx = meets(present, is_blocked);
        assert_eq!(start(&mut tx), Err(GroupRefusal::DirectClosed.into()), "{present:?} {is_blocked}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn to_start_one_takes_a_permission_on_the_server() {
    for found in [None, Some(ServerRights::NONE)] {
        let mut tx = looks([None, None]);
        tx.server_roles.expect_rights().with(eq(ME)).times(1).returning(move |_| Ok(found));
        let refused = start(&mut tx).unwrap_err();
        let gone = Error::from(AccountRefusal::Unauthenticated);
        assert_eq!(refused == gone, found.is_none(), "{refused:?}");
        assert!(matches!(refused, Error::Refused(Refusal::Account(_))), "{refused:?}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn everybody_has_a_quota() {
    let refusal = GroupRefusal::QuotaExceeded { quota: Quota::DirectConversations, limit: 3 };
    assert_eq!(start(&mut stores(4)), Err(refusal.into()));
}

#[test]
fn nobody_talks_to_themselves() {
    let people = People::parse(&[OTHER.get(), ME.get()]).unwrap();
    let refused = start_direct(&mut MockTx::new(), &me(), &people, &Quotas::default());
    let Err(Error::Refused(Refusal::Invalid(errors))) = refused else { panic!("{refused:?}") };
    assert_eq!(errors[0].field, "user_ids");
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| stores(1), |tx| start(tx));
}
