use mockall::TimesRange;
use mockall::predicate::eq;

use super::*;
use crate::admissions::EndedInvitation;
use crate::error::Error;
use crate::events::about::SubjectIds;
use crate::events::audience::Audience;
use crate::events::subject::{
    AddedMember, BanUpdate, DirectPartner, EndedBan, GroupMember, GroupSenders, GroupUpdate, MentionUpdate,
    MessageReaction, OwnMembership, OwnSchedule, OwnThread, RemovedGroup, RemovedMember, RolesOfUser,
    SentScheduled, ServerRoles, Subject, SubjectKind, ThreadUpdate, Tombstone, TrimmedHistory, UserUpdate,
};
use crate::events::table::{Event, EventType};
use crate::groups::{Group, History};
use crate::ids::{EventId, GroupId, Position, Seq, UserId};
use crate::permissions::{BuiltInRole, ServerRole};
use crate::testing::{
    EARLIER, GROUP, INVITATION, ME, MESSAGE, MockTx, OTHER, PARTY, assert_hands_faults_on, ban, bookmark,
    bookmark_update, draft, draft_update, ended_join_request, group, invitation, issued, join_request,
    join_request_update, member, message, moderators, reminder, reminder_update, senders, thread, tombstone,
    user,
};

/// A record as it comes from the log, about the only user, group and message.
fn record(position: i64, event_type: EventType) -> EventRecord {
    EventRecord {
        position: Position::new(position),
        id: EventId::new(position + 1_000),
        at: EARLIER,
        actor: Some(ME),
        audience: Audience::Group(GROUP),
        event_type,
        subject: SubjectIds {
            group: Some(GROUP),
            user: Some(OTHER),
            message: Some(MESSAGE),
            invitation: Some(INVITATION),
            emoji: Some(PARTY),
        },
    }
}

/// A page with one event of each of these types.
fn page(types: &[EventType]) -> Vec<EventRecord> {
    (1..).zip(types).map(|(position, &event_type)| record(position, event_type)).collect()
}

fn events(tx: &mut MockTx, records: Vec<EventRecord>) -> Vec<Event> {
    load(tx, records).unwrap().into_iter().map(|logged| logged.event).collect()
}

/// Everything exists. Each kind of entity is loaded so many times.
fn everything_is_there(loads: impl Into<TimesRange> + Copy) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts
        .expect_find_many()
        .withf(|ids| ids == [OTHER])
        .times(loads)
        .returning(|_| Ok(vec![user(OTHER)]));
    tx.drafts
        .expect_find_many()
        .withf(|places| places.len() == 1)
        .times(loads)
        .returning(|_| Ok(vec![draft(OTHER)]));
    tx.reminders
        .expect_find_many()
        .withf(|keys| keys == [(OTHER, MESSAGE)])
        .times(loads)
        .returning(|_| Ok(vec![reminder(OTHER)]));
    tx.bookmarks
        .expect_find_many()
        .withf(|keys| keys == [(OTHER, MESSAGE)])
        .times(loads)
        .returning(|_| Ok(vec![bookmark(OTHER)]));
    tx.groups.expect_find_many().withf(|ids| ids == [GROUP]).times(loads).returning(|_| Ok(vec![group()]));
    tx.members
        .expect_find_many()
        .withf(|pairs| pairs == [(GROUP, OTHER)])
        .times(loads)
        .returning(|_| Ok(vec![(GROUP, member(OTHER, BuiltInRole::Admin))]));
    tx.bans
        .expect_find_many()
        .withf(|pairs| pairs == [(GROUP, OTHER)])
        .times(loads)
        .returning(|_| Ok(vec![(GROUP, ban(OTHER))]));
    tx.roles.expect_list_many().withf(|ids| ids == [GROUP]).times(loads).returning(|_| Ok(Vec::new()));
    tx.messages
        .expect_find_many()
        .withf(|ids| ids == [MESSAGE])
        .times(loads)
        .returning(|_| Ok(vec![message(OTHER)]));
    tx.threads
        .expect_find_many()
        .withf(|ids| ids == [MESSAGE])
        .times(loads)
        .returning(|_| Ok(vec![thread()]));
    tx.server_roles.expect_held().withf(|ids| ids == [OTHER]).times(loads).returning(|_| Ok(Vec::new()));
    tx.server_roles.expect_list().times(loads).returning(|| Ok(Vec::new()));
    tx.invitations
        .expect_find_many()
        .withf(|ids| ids == [INVITATION])
        .times(loads)
        .returning(|_| Ok(vec![issued(Some(BuiltInRole::Admin))]));
    tx.blocks
        .expect_find_many()
        .withf(|pairs| pairs == [(OTHER, ME)])
        .times(loads)
        .returning(|_| Ok(Vec::new()));
    tx.join_requests
        .expect_find_many()
        .withf(|pairs| pairs == [(GROUP, OTHER)])
        .times(loads)
        .returning(|_| Ok(vec![(GROUP, join_request(OTHER))]));
    tx
}

/// The roles of a server that has changed none.
fn built_in() -> Vec<ServerRole> {
    vec![ServerRole::admin(), ServerRole::member()]
}

/// Nothing exists any more.
fn nothing_is_there() -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.groups.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.members.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.bans.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.roles.expect_list_many().returning(|_| Ok(Vec::new()));
    tx.messages.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.drafts.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.reminders.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.bookmarks.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.threads.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.server_roles.expect_held().returning(|_| Ok(Vec::new()));
    tx.server_roles.expect_list().returning(|| Ok(Vec::new()));
    tx.invitations.expect_find_many().returning(|_| Ok(Vec::new()));
    tx.join_requests.expect_find_many().returning(|_| Ok(Vec::new()));
    tx
}

/// The subject that an event of this type is loaded with while everything exists.
fn present(event_type: EventType) -> Subject {
    match event_type.subject() {
        SubjectKind::User => Subject::User(user(OTHER).without_private_fields()),
        SubjectKind::UserUpdate => {
            let user = user(OTHER).without_private_fields();
            Subject::UserUpdate(UserUpdate::logged(user, Audience::Group(GROUP)))
        }
        SubjectKind::RolesOfUser => {
            Subject::RolesOfUser(RolesOfUser { user: OTHER, roles: vec![ServerRole::member()] })
        }
        SubjectKind::TrimmedHistory => {
            Subject::TrimmedHistory(TrimmedHistory { group: GROUP, upto: Seq::ZERO })
        }
        SubjectKind::GroupUpdate => {
            Subject::GroupUpdate(GroupUpdate::logged(group(), Audience::Group(GROUP)))
        }
        SubjectKind::AddedMember => {
            let (member, history) = (member(OTHER, BuiltInRole::Admin), History::All);
            Subject::AddedMember(AddedMember { group: GROUP, member, history })
        }
        SubjectKind::GroupMember => {
            Subject::GroupMember(GroupMember { group: GROUP, member: member(OTHER, BuiltInRole::Admin) })
        }
        SubjectKind::OwnMembership => {
            let member = member(OTHER, BuiltInRole::Admin);
            Subject::OwnMembership(OwnMembership(GroupMember { group: GROUP, member }))
        }
        SubjectKind::BanUpdate => {
            let update = BanUpdate::logged(GROUP, ban(OTHER), moderators(), Audience::Group(GROUP));
            Subject::BanUpdate(update)
        }
        SubjectKind::EndedBan => {
            Subject::EndedBan(EndedBan::logged(GROUP, OTHER, moderators(), Audience::Group(GROUP)))
        }
        SubjectKind::GroupSenders => Subject::GroupSenders(GroupSenders { group: GROUP, senders: senders() }),
        SubjectKind::Invitation => Subject::Invitation(invitation()),
        SubjectKind::JoinRequestUpdate => Subject::JoinRequestUpdate(join_request_update()),
        SubjectKind::EndedJoinRequest => Subject::EndedJoinRequest(ended_join_request()),
        SubjectKind::Message => Subject::Message(message(OTHER)),
        SubjectKind::MessageReaction => {
            Subject::MessageReaction(MessageReaction { message: message(OTHER), emoji: PARTY })
        }
        SubjectKind::Tombstone => Subject::Tombstone(Tombstone(message(OTHER))),
        SubjectKind::MentionUpdate => {
            Subject::MentionUpdate(MentionUpdate::of(&message(OTHER).into(), OTHER))
        }
        SubjectKind::ThreadUpdate => Subject::ThreadUpdate(ThreadUpdate(thread())),
        SubjectKind::OwnThread => Subject::OwnThread(OwnThread::of(&thread(), OTHER)),
        SubjectKind::DraftUpdate => Subject::DraftUpdate(draft_update(true)),
        SubjectKind::BookmarkUpdate => Subject::BookmarkUpdate(bookmark_update(true)),
        SubjectKind::ReminderUpdate => Subject::ReminderUpdate(reminder_update(true)),
        _ => gone(event_type),
    }
}

/// The subject that an event of this type is loaded with when nothing exists any more.
fn gone(event_type: EventType) -> Subject {
    match event_type.subject() {
        SubjectKind::UserId => Subject::UserId(OTHER),
        SubjectKind::DraftUpdate => Subject::DraftUpdate(draft_update(false)),
        SubjectKind::BookmarkUpdate => Subject::BookmarkUpdate(bookmark_update(false)),
        SubjectKind::ReminderUpdate => Subject::ReminderUpdate(reminder_update(false)),
        SubjectKind::OwnSchedule => Subject::OwnSchedule(OwnSchedule { user: OTHER, group: GROUP }),
        SubjectKind::SentScheduled => {
            Subject::SentScheduled(SentScheduled { user: OTHER, group: GROUP, message: MESSAGE })
        }
        SubjectKind::ServerRoles => Subject::ServerRoles(ServerRoles(built_in())),
        SubjectKind::RemovedGroup => {
            Subject::RemovedGroup(RemovedGroup::logged(GROUP, Audience::Group(GROUP)))
        }
        SubjectKind::EndedInvitation => {
            Subject::EndedInvitation(EndedInvitation { id: INVITATION, user: OTHER })
        }
        SubjectKind::RemovedMember => Subject::RemovedMember(RemovedMember { group: GROUP, user: OTHER }),
        SubjectKind::DirectPartner => Subject::DirectPartner(DirectPartner { group: GROUP, user: OTHER }),
        _ => Subject::Gone,
    }
}

#[test]
fn a_page_of_every_type_takes_one_query_for_each_kind_of_entity() {
    let loaded = events(&mut everything_is_there(1), page(EventType::ALL));
    let types: Vec<_> = loaded.iter().map(Event::event_type).collect();
    assert_eq!(types, EventType::ALL);
    for event in loaded {
        let event_type = event.event_type();
        assert_eq!(event.into_subject(), present(event_type), "{event_type:?}");
    }
}

#[test]
fn an_event_alone_on_its_page_is_loaded_with_its_subject() {
    for &event_type in EventType::ALL {
        let loaded = events(&mut everything_is_there(..=1), page(&[event_type]));
        let subjects: Vec<_> = loaded.into_iter().map(Event::into_subject).collect();
        assert_eq!(subjects, [present(event_type)], "{event_type:?}");
    }
}

#[test]
fn the_events_after_a_position_are_loaded_in_their_order() {
    let types = [EventType::GroupDeleted, EventType::UserDeleted];
    let mut tx = MockTx::new();
    let after = tx.events.expect_after().with(eq(Position::new(9)), eq(2));
    after.times(1).returning(move |_, _| Ok(page(&types)));
    let loaded = load_after(&mut tx, Position::new(9), 2);
    assert_eq!(loaded, load(&mut MockTx::new(), page(&types)));
    assert_eq!(loaded.unwrap().len(), 2);
}

#[test]
fn a_loaded_event_keeps_the_fields_of_its_record() {
    let retained = record(5, EventType::GroupDeleted);
    let loaded = load(&mut MockTx::new(), vec![retained]).unwrap();
    let EventRecord { position, id, at, actor, audience, .. } = retained;
    let event = Event::GroupDeleted(RemovedGroup::logged(GROUP, Audience::Group(GROUP)));
    assert_eq!(loaded, [LoggedEvent { position, id, at, audience, actor, event }]);
}

#[test]
fn a_reaction_with_an_unknown_emoji_is_gone_and_stops_no_other_event() {
    let mut records = page(&[EventType::MessageReacted, EventType::MessageCreated]);
    records[0].subject.emoji = None;
    let loaded = events(&mut everything_is_there(..=1), records);
    let subjects: Vec<_> = loaded.into_iter().map(Event::into_subject).collect();
    assert_eq!(subjects, [Subject::Gone, present(EventType::MessageCreated)]);
}

#[test]
fn a_deleted_message_is_its_tombstone_in_all_of_its_events() {
    let mut tx = MockTx::new();
    tx.messages.expect_find_many().times(1).returning(|_| Ok(vec![tombstone(OTHER)]));
    let loaded = events(&mut tx, page(&[EventType::MessageCreated, EventType::MessageDeleted]));
    assert_eq!(
        loaded,
        [Event::MessageCreated(tombstone(OTHER)), Event::MessageDeleted(Tombstone(tombstone(OTHER)))]
    );
}

#[test]
fn an_invitation_that_lets_nobody_in_any_more_is_gone() {
    let mut tx = MockTx::new();
    tx.invitations.expect_find_many().returning(|_| Ok(vec![issued(Some(BuiltInRole::Member))]));
    tx.server_roles.expect_rights_of().withf(|makers| makers == [ME]).returning(|_| Ok(Vec::new()));
    let types = [EventType::InvitationCreated];
    assert_eq!(
        events(&mut tx, page(&types)),
        [Event::Gone(EventType::InvitationCreated, page(&types)[0].subject)]
    );
}

#[test]
fn a_missing_subject_leaves_a_gone_event_and_endings_need_no_entity() {
    let loaded = load(&mut nothing_is_there(), page(EventType::ALL)).unwrap();
    let positions: Vec<_> = loaded.iter().map(|logged| logged.position).collect();
    assert_eq!(positions, page(EventType::ALL).iter().map(|record| record.position).collect::<Vec<_>>());
    for (&event_type, logged) in EventType::ALL.iter().zip(loaded) {
        assert_eq!(logged.event.event_type(), event_type);
        assert_eq!(logged.event.into_subject(), gone(event_type), "{event_type:?}");
    }
}

#[test]
fn each_event_gets_its_own_entity_in_whatever_order_they_are_loaded() {
    let about = |position, user| EventRecord {
        subject: SubjectIds { user: Some(user), ..SubjectIds::default() },
        ..record(position, EventType::UserCreated)
    };
    let third = UserId::new(3);
    let mut tx = MockTx::new();
    tx.accounts
        .expect_find_many()
        .withf(move |ids| ids == [ME, OTHER, third])
        .times(1)
        .returning(|_| Ok(vec![user(OTHER), user(ME)]));
    let page = vec![about(1, OTHER), about(2, third), about(3, ME), about(4, OTHER)];
    let created = |id| Event::UserCreated(user(id).without_private_fields());
    let gone = Event::Gone(EventType::UserCreated, about(2, third).subject);
    let expected = [created(OTHER), gone, created(ME), created(OTHER)];
    assert_eq!(events(&mut tx, page), expected);
}

#[test]
fn members_of_different_groups_are_not_confused() {
    let elsewhere = GroupId::new(8);
    let mut tx = MockTx::new();
    tx.members
        .expect_find_many()
        .withf(move |pairs| pairs == [(GROUP, OTHER), (elsewhere, OTHER)])
        .times(1)
        .returning(move |_| Ok(vec![(elsewhere, member(OTHER, BuiltInRole::Owner))]));
    tx.groups.expect_find_many().returning(move |_| Ok(vec![group(), Group { id: elsewhere, ..group() }]));
    let first = record(1, EventType::MemberAdded);
    let mut second = record(2, EventType::MemberAdded);
    second.subject.group = Some(elsewhere);
    let owner = member(OTHER, BuiltInRole::Owner);
    let expected = [
        Event::Gone(EventType::MemberAdded, first.subject),
        Event::MemberAdded(AddedMember { group: elsewhere, member: owner, history: History::All }),
    ];
    assert_eq!(events(&mut tx, vec![first, second]), expected);
}

#[test]
fn entities_that_no_record_needs_are_not_loaded() {
    assert_eq!(events(&mut MockTx::new(), Vec::new()), []);
    let ends = [EventType::UserDeleted, EventType::GroupDeleted, EventType::MemberRemoved];
    assert_eq!(events(&mut MockTx::new(), page(&ends)).len(), 3);

    let mut tx = MockTx::new();
    tx.groups.expect_find_many().times(1).returning(|_| Ok(vec![group()]));
    assert_eq!(
        events(&mut tx, page(&[EventType::GroupUpdated])),
        [Event::GroupUpdated(GroupUpdate::logged(group(), Audience::Group(GROUP)))]
    );
}

#[test]
fn a_record_without_the_id_of_its_subject_is_a_fault() {
    // The roles on the server have no id.
    let has_id = |event_type: &&EventType| event_type.subject() != SubjectKind::ServerRoles;
    for &event_type in EventType::ALL.iter().filter(has_id) {
        let lacking = EventRecord { subject: SubjectIds::default(), ..record(1, event_type) };
        let fault = load(&mut nothing_is_there(), vec![lacking]).unwrap_err();
        assert!(matches!(fault, StorageFault::Internal { .. }), "{}: {fault}", event_type.as_str());
    }
}

#[test]
fn faults_are_passed_on() {
    let replay = |tx: &mut dyn Tx| load(tx, page(EventType::ALL)).map_err(Error::from);
    assert_hands_faults_on(|| everything_is_there(1), replay);
}
