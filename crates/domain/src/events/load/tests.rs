use super::*;
use crate::error::Error;
use crate::events::model::Audience;
use crate::groups::Role;
use crate::ids::{EventId, Position};
use crate::testing::{
    EARLIER, GROUP, ME, MESSAGE, MockTx, OTHER, assert_hands_faults_on, group, member, message, tombstone,
    user,
};

/// A record as it comes from the log, about the one user, group and message there are.
fn record(position: i64, event_type: EventType) -> EventRecord {
    EventRecord {
        position: Position::new(position),
        id: EventId::new(position + 1_000),
        at: EARLIER,
        actor: Some(ME),
        audience: Audience::Group(GROUP),
        event_type,
        group: Some(GROUP),
        user: Some(OTHER),
        message: Some(MESSAGE),
        session: None,
    }
}

/// A page with one event of each of these types.
fn page(types: &[EventType]) -> Vec<EventRecord> {
    (1..).zip(types).map(|(position, &event_type)| record(position, event_type)).collect()
}

fn events(tx: &mut MockTx, records: Vec<EventRecord>) -> Vec<Event> {
    load(tx, records).unwrap().into_iter().map(|logged| logged.event).collect()
}

/// Everything is there, and each kind is asked for once.
fn everything_is_there() -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_find_many().withf(|ids| ids == [OTHER]).times(1).returning(|_| Ok(vec![user(OTHER)]));
    tx.groups.expect_find_many().withf(|ids| ids == [GROUP]).times(1).returning(|_| Ok(vec![group()]));
    tx.members
        .expect_find_many()
        .withf(|pairs| pairs == [(GROUP, OTHER)])
        .times(1)
        .returning(|_| Ok(vec![(GROUP, member(OTHER, Role::Admin))]));
    tx.messages
        .expect_find_many()
        .withf(|ids| ids == [MESSAGE])
        .times(1)
        .returning(|_| Ok(vec![message(OTHER)]));
    tx
}

/// Nothing is there any more.
fn nothing_is_there() -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.groups.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.members.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.messages.expect_find_many().returning(|_| Ok(Vec::new()));
    tx
}

#[test]
fn a_page_of_every_type_takes_one_query_for_each_kind_of_entity() {
    let member = || member(OTHER, Role::Admin);
    let loaded = events(&mut everything_is_there(), page(EventType::ALL));
    let expected = [
        Event::UserCreated(user(OTHER).without_private_fields()),
        Event::UserUpdated(user(OTHER).without_private_fields()),
        Event::UserDeleted(OTHER),
        Event::GroupCreated(group()),
        Event::GroupUpdated(group()),
        Event::GroupDeleted(GROUP),
        Event::MemberAdded(GROUP, member()),
        Event::MemberUpdated(GROUP, member()),
        Event::MemberRemoved(GROUP, OTHER),
        Event::MessageCreated(message(OTHER)),
        Event::MessageUpdated(message(OTHER)),
        Event::MessageDeleted(message(OTHER)),
        Event::MessageLiked(message(OTHER)),
        Event::MessageUnliked(message(OTHER)),
        Event::SessionsEnded(OTHER),
    ];
    assert_eq!(loaded, expected);
}

#[test]
fn an_event_keeps_what_the_log_says_of_it() {
    let kept = record(5, EventType::GroupDeleted);
    let loaded = load(&mut MockTx::new(), vec![kept]).unwrap();
    let EventRecord { position, id, at, actor, audience, .. } = kept;
    let event = Event::GroupDeleted(GROUP);
    assert_eq!(loaded, [LoggedEvent { position, id, at, audience, actor, event }]);
}

#[test]
fn a_deleted_message_is_its_tombstone_in_all_of_its_events() {
    let mut tx = MockTx::new();
    tx.messages.expect_find_many().times(1).returning(|_| Ok(vec![tombstone(OTHER)]));
    let loaded = events(&mut tx, page(&[EventType::MessageCreated, EventType::MessageDeleted]));
    assert_eq!(loaded, [Event::MessageCreated(tombstone(OTHER)), Event::MessageDeleted(tombstone(OTHER))]);
}

#[test]
fn what_is_gone_leaves_its_place_and_an_end_needs_no_entity() {
    let loaded = load(&mut nothing_is_there(), page(EventType::ALL)).unwrap();
    let positions: Vec<_> = loaded.iter().map(|logged| logged.position).collect();
    assert_eq!(positions, page(EventType::ALL).iter().map(|record| record.position).collect::<Vec<_>>());
    for (&event_type, logged) in EventType::ALL.iter().zip(loaded) {
        let expected = match event_type {
            EventType::UserDeleted => Event::UserDeleted(OTHER),
            EventType::GroupDeleted => Event::GroupDeleted(GROUP),
            EventType::MemberRemoved => Event::MemberRemoved(GROUP, OTHER),
            EventType::SessionsEnded => Event::SessionsEnded(OTHER),
            _ => Event::Gone(event_type),
        };
        assert_eq!(logged.event, expected);
    }
}

#[test]
fn each_event_gets_its_own_entity_whatever_the_order_of_the_answer() {
    let about = |position, user| EventRecord { user: Some(user), ..record(position, EventType::UserUpdated) };
    let third = UserId::new(3);
    let mut tx = MockTx::new();
    tx.accounts
        .expect_find_many()
        .withf(move |ids| ids == [ME, OTHER, third])
        .times(1)
        .returning(|_| Ok(vec![user(OTHER), user(ME)]));
    let page = vec![about(1, OTHER), about(2, third), about(3, ME), about(4, OTHER)];
    let updated = |id| Event::UserUpdated(user(id).without_private_fields());
    let expected = [updated(OTHER), Event::Gone(EventType::UserUpdated), updated(ME), updated(OTHER)];
    assert_eq!(events(&mut tx, page), expected);
}

#[test]
fn a_member_of_one_group_is_not_taken_for_one_of_another() {
    let elsewhere = GroupId::new(8);
    let mut tx = MockTx::new();
    tx.members
        .expect_find_many()
        .withf(move |pairs| pairs == [(GROUP, OTHER), (elsewhere, OTHER)])
        .times(1)
        .returning(move |_| Ok(vec![(elsewhere, member(OTHER, Role::Owner))]));
    let first = record(1, EventType::MemberAdded);
    let second = EventRecord { group: Some(elsewhere), ..record(2, EventType::MemberAdded) };
    let owner = member(OTHER, Role::Owner);
    let expected = [Event::Gone(EventType::MemberAdded), Event::MemberAdded(elsewhere, owner)];
    assert_eq!(events(&mut tx, vec![first, second]), expected);
}

#[test]
fn nothing_is_asked_that_no_record_needs() {
    assert_eq!(events(&mut MockTx::new(), Vec::new()), []);
    let ends = [EventType::UserDeleted, EventType::GroupDeleted, EventType::MemberRemoved];
    assert_eq!(events(&mut MockTx::new(), page(&ends)).len(), 3);

    let mut tx = MockTx::new();
    tx.groups.expect_find_many().times(1).returning(|_| Ok(vec![group()]));
    assert_eq!(events(&mut tx, page(&[EventType::GroupUpdated])), [Event::GroupUpdated(group())]);
}

#[test]
fn a_record_that_lacks_what_it_is_about_is_a_fault() {
    for &event_type in EventType::ALL {
        let lacking = EventRecord { group: None, user: None, message: None, ..record(1, event_type) };
        let fault = load(&mut nothing_is_there(), vec![lacking]).unwrap_err();
        assert!(matches!(fault, StorageFault::Internal { .. }), "{}: {fault}", event_type.as_str());
    }
}

#[test]
fn it_hands_faults_on() {
    let replay = |tx: &mut dyn Tx| load(tx, page(EventType::ALL)).map_err(Error::from);
    assert_hands_faults_on(everything_is_there, replay);
}
