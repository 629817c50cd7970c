//! The log: what is emitted comes back, in order and without gaps, with the present state of what it is about.

use std::thread::sleep;
use std::time::{Duration, Instant};

use groupchat_domain::Error;
use groupchat_domain::accounts::AccountRefusal;
use groupchat_domain::admissions::{EndedInvitation, JoinRequest, NewInvitation};
use groupchat_domain::events::{
    AddedMember, Audience, BanUpdate, BookmarkUpdate, DirectPartner, DraftUpdate, EndedBan, EndedJoinRequest,
    Event, EventRecord, EventType, GroupMember, GroupSenders, GroupUpdate, JoinRequestUpdate, LoggedEvent,
    MentionUpdate, MessageReaction, OwnMembership, OwnSchedule, OwnThread, PollUpdate, ReminderUpdate,
    RemovedGroup, RemovedMember, RolesOfUser, SentScheduled, ServerRoles, Subject, SubjectKind, ThreadUpdate,
    Tombstone, TrimmedHistory, UserUpdate, load,
};
use groupchat_domain::groups::History;
use groupchat_domain::ids::{GroupId, InvitationId, MessageId, Position, Seq, UserId};
use groupchat_domain::messages::Attachments;
use groupchat_domain::permissions::{BuiltInRole, GroupPermission, PermittedRoles, ServerRole};
use groupchat_domain::saved::DraftPlace;
use groupchat_domain::storage::Tx;

use crate::polls::poll;
use crate::support::Database;
use crate::support::fixture::*;

/// How long an event may take from its commit to its place in the log.
const DEADLINE: Duration = Duration::from_secs(20);

/// A group with one member, who has written one message, which is a poll, replied to it, and is invited and asks to join, as if they had not come in.
#[derive(Clone, Copy)]
pub(crate) struct Chat {
    pub group: GroupId,
    pub user: UserId,
    message: MessageId,
}

pub(crate) fn prepare(database: &Database) -> Chat {
    let prepared = database.write(|tx| {
        let ann = user(tx, "ann");
        let (user, group) = (ann.id, group(tx, "chess"));
        join(tx, group, user, BuiltInRole::Owner);
        // Past the rule that nobody who is banned is a member.
        tx.bans().put(group, &ban(&ann, user)).unwrap();
        let (role, created_at) = (BuiltInRole::Member.into(), at(1));
        let (note, expires_at, invited_by) = (None, None, user);
        let invitation = NewInvitation { group, user, invited_by, role, note, created_at, expires_at };
        assert_eq!(tx.invitations().put(&invitation), Ok(InvitationId::new(1)));
        let request = JoinRequest { user: ann.as_ref(), message: None, created_at };
        tx.join_requests().insert(group, &request).unwrap();
        let message = post(tx, group, user, "first");
        reply(tx, group, message, user);
        tx.polls().insert(message, &poll(false)).unwrap().unwrap();
        tx.messages().attach(message, Attachments::POLL).unwrap();
        Ok(Chat { group, user, message })
    });
    prepared.expect("a group can be made")
}

/// An event of each type, as they would be emitted now.
fn one_of_each(tx: &mut dyn Tx, chat: Chat) -> Vec<Event> {
    let about = |event_type: &EventType| {
        let event = event_type.about(subject(tx, chat, event_type.subject()));
        event.expect("a subject of its kind")
    };
    EventType::ALL.iter().map(about).collect()
}

/// What an event may be about, as it is now.
fn subject(tx: &mut dyn Tx, Chat { group, user, message }: Chat, kind: SubjectKind) -> Subject {
    let ann = tx.accounts().find(user).unwrap().expect("a user").without_private_fields();
    let chess = tx.groups().find_visible(group, user).unwrap().expect("a group").group;
    let member = tx.members().find(group, user).unwrap().expect("a member");
    let mut message = view(tx, group, message, user).message;
    message.poll = tx.polls().find_many(&[message.id]).unwrap().pop().map(|(_, poll)| Box::new(poll));
    match kind {
        SubjectKind::User => Subject::User(ann),
        SubjectKind::UserUpdate => Subject::UserUpdate(UserUpdate::logged(ann, Audience::User(user))),
        SubjectKind::RolesOfUser => {
            Subject::RolesOfUser(RolesOfUser { user, roles: vec![ServerRole::member()] })
        }
        SubjectKind::GroupUpdate => Subject::GroupUpdate(GroupUpdate::logged(chess, Audience::All)),
        SubjectKind::AddedMember => {
            Subject::AddedMember(AddedMember { group, member, history: History::All })
        }
        SubjectKind::GroupMember => Subject::GroupMember(GroupMember { group, member }),
        SubjectKind::OwnMembership => Subject::OwnMembership(OwnMembership(GroupMember { group, member })),
        SubjectKind::BanUpdate => {
            let ban = tx.bans().find(group, user).unwrap().expect("a ban");
            Subject::BanUpdate(BanUpdate::of(group, ban, moderators(), false))
        }
        SubjectKind::GroupSenders => {
            let senders = PermittedRoles::with(GroupPermission::Send, &[], false);
            Subject::GroupSenders(GroupSenders { group, senders })
        }
        SubjectKind::EndedBan => Subject::EndedBan(EndedBan::of(group, user, moderators(), true)),
        SubjectKind::Invitation => {
            Subject::Invitation(tx.invitations().find_of(group, user).unwrap().unwrap().invitation)
        }
        SubjectKind::JoinRequestUpdate => {
            let request = tx.join_requests().find(group, user).unwrap().expect("a request");
            Subject::JoinRequestUpdate(JoinRequestUpdate { group, request, approvers: approvers() })
        }
        SubjectKind::EndedJoinRequest => {
            Subject::EndedJoinRequest(EndedJoinRequest { group, user, approvers: approvers() })
        }
        SubjectKind::Message => Subject::Message(message),
        SubjectKind::Tombstone => Subject::Tombstone(Tombstone(message)),
        SubjectKind::MessageReaction => {
            Subject::MessageReaction(MessageReaction { message, emoji: emoji("❤️") })
        }
        SubjectKind::PollUpdate => {
            let history_seq = message.history_seq();
            let poll = *message.poll.expect("a poll");
            Subject::PollUpdate(PollUpdate { group, message: message.id, history_seq, poll })
        }
        SubjectKind::MentionUpdate => Subject::MentionUpdate(MentionUpdate::of(&message.into(), user)),
        SubjectKind::ThreadUpdate | SubjectKind::OwnThread => {
            let thread = tx.threads().find_many(&[message.id]).unwrap().remove(0);
            if kind == SubjectKind::OwnThread {
                Subject::OwnThread(OwnThread::of(&thread, user))
            } else {
                Subject::ThreadUpdate(ThreadUpdate(thread))
            }
        }
        SubjectKind::DraftUpdate => {
            let place = DraftPlace { user, group, thread: Some(message.id) };
            Subject::DraftUpdate(DraftUpdate { place, draft: tx.drafts().find(&place).unwrap() })
        }
        SubjectKind::BookmarkUpdate => {
            let bookmark = tx.bookmarks().find(user, message.id).unwrap().map(|own| own.bookmark);
            Subject::BookmarkUpdate(BookmarkUpdate { user, group, message: message.id, bookmark })
        }
        SubjectKind::ReminderUpdate => {
            let reminder = tx.reminders().find(user, message.id).unwrap().map(|own| own.reminder);
            Subject::ReminderUpdate(ReminderUpdate { user, group, message: message.id, reminder })
        }
        SubjectKind::TrimmedHistory => Subject::TrimmedHistory(TrimmedHistory { group, upto: Seq::ZERO }),
        _ => what_is_left(Chat { group, user, message: message.id }, kind),
    }
}

/// What an event may be about, once all is gone.
fn what_is_left(Chat { group, user, message }: Chat, kind: SubjectKind) -> Subject {
    match kind {
        SubjectKind::DraftUpdate => {
            let place = DraftPlace { user, group, thread: Some(message) };
            Subject::DraftUpdate(DraftUpdate { place, draft: None })
        }
        SubjectKind::BookmarkUpdate => {
            Subject::BookmarkUpdate(BookmarkUpdate { user, group, message, bookmark: None })
        }
        SubjectKind::ReminderUpdate => {
            Subject::ReminderUpdate(ReminderUpdate { user, group, message, reminder: None })
        }
        SubjectKind::OwnSchedule => Subject::OwnSchedule(OwnSchedule { user, group }),
        SubjectKind::SentScheduled => Subject::SentScheduled(SentScheduled { user, group, message }),
        SubjectKind::UserId => Subject::UserId(user),
        SubjectKind::ServerRoles => {
            Subject::ServerRoles(ServerRoles(vec![ServerRole::admin(), ServerRole::member()]))
        }
        SubjectKind::RemovedGroup => {
            Subject::RemovedGroup(RemovedGroup::logged(group, Audience::Group(group)))
        }
        SubjectKind::EndedInvitation => {
            Subject::EndedInvitation(EndedInvitation { id: InvitationId::new(1), user })
        }
        SubjectKind::RemovedMember => Subject::RemovedMember(RemovedMember { group, user }),
        SubjectKind::DirectPartner => Subject::DirectPartner(DirectPartner { group, user }),
        _ => Subject::Gone,
    }
}

/// The events of a log that is to have so many. Where many may write at once, an event gets its place a little
/// after its commit.
#[track_caller]
pub(crate) fn logged(database: &Database, count: usize) -> Vec<EventRecord> {
    let start = Instant::now();
    loop {
        let records = database.read(|tx| Ok(tx.events().after(Position::ZERO, 1_000)?)).unwrap();
        if records.len() >= count {
            assert_eq!(records.len(), count);
            return records;
        }
        assert!(start.elapsed() < DEADLINE, "{} of {count} events have a place", records.len());
        sleep(Duration::from_millis(5));
    }
}

pub(crate) fn after(database: &Database, position: Position, limit: i64) -> Vec<Position> {
    let records = database.read(move |tx| Ok(tx.events().after(position, limit)?)).unwrap();
    records.iter().map(|record| record.position).collect()
}

fn head(database: &Database) -> Position {
    database.read(|tx| Ok(tx.events().head()?)).unwrap()
}

pub(crate) fn places(from: i64, to: i64) -> Vec<Position> {
    (from..=to).map(Position::new).collect()
}

/// Emits, in a command of its own, as many events.
pub(crate) fn emit(database: &Database, count: i64) {
    let emitted = database.write(move |tx| {
        for user in 1..=count {
            tx.emit(None, Event::UserDeleted(UserId::new(user)));
        }
        Ok(())
    });
    emitted.unwrap();
}

fn an_empty_log_ends_before_the_first_place(database: &Database) {
    assert_eq!(head(database), Position::ZERO);
    assert_eq!(after(database, Position::ZERO, 10), []);
}

fn each_type_reads_back_with_what_it_names(database: &Database) {
    let chat = prepare(database);
    let (at, events) = database
        .write(move |tx| {
            let events = one_of_each(tx, chat);
            for event in &events {
                tx.emit(Some(chat.user), event.clone());
            }
            Ok((tx.now(), events))
        })
        .unwrap();
    let records = logged(database, events.len());
    for ((event, record), position) in events.iter().zip(&records).zip(1..) {
        let expected = EventRecord {
            position: Position::new(position),
            id: record.id,
            at,
            actor: Some(chat.user),
            audience: event.audience().expect("a subject"),
            event_type: event.event_type(),
            subject: event.ids(),
        };
        assert_eq!(*record, expected);
    }
    assert!(records.is_sorted_by(|one, next| one.id < next.id), "ids go up with the places: {records:?}");
    assert_eq!(Some(head(database)), records.last().map(|record| record.position));
}

fn each_audience_reads_back_and_an_event_may_have_no_actor(database: &Database) {
    let (group, user) = (GroupId::new(7), UserId::new(9));
    let events = [
        (Audience::All, Event::UserDeleted(user)),
        (Audience::Group(group), Event::GroupDeleted(RemovedGroup::logged(group, Audience::Group(group)))),
        (Audience::GroupAndUser(group, user), Event::MemberRemoved(RemovedMember { group, user })),
        (Audience::User(user), Event::SessionsEnded(user)),
    ];
    let audiences = events.clone().map(|(audience, _)| audience);
    let emitted = database.write(move |tx| {
        for (_, event) in events.clone() {
            tx.emit(None, event);
        }
        Ok(())
    });
    emitted.unwrap();
    let records = logged(database, audiences.len());
    let read = records.iter().map(|record| (record.audience, record.actor));
    assert_eq!(read.collect::<Vec<_>>(), audiences.map(|audience| (audience, None)));
}

fn a_page_goes_on_after_the_last_place_of_the_one_before(database: &Database) {
    for count in [3, 1, 4] {
        emit(database, count);
    }
    logged(database, 8);
    assert_eq!(after(database, Position::ZERO, 3), places(1, 3));
    assert_eq!(after(database, Position::new(3), 3), places(4, 6));
    assert_eq!(after(database, Position::new(6), 3), places(7, 8));
    assert_eq!(after(database, Position::new(8), 3), []);
    assert_eq!(after(database, Position::new(1_000), 3), []);
    assert_eq!(head(database), Position::new(8));
}

fn a_command_that_is_undone_takes_no_place(database: &Database) {
    emit(database, 1);
    let refused = database.write(|tx| -> Result<(), Error> {
        tx.next_event_id()?;
        tx.emit(None, Event::UserDeleted(UserId::new(66)));
        Err(AccountRefusal::Unauthenticated.into())
    });
    refused.unwrap_err();
    emit(database, 1);
    let records = logged(database, 2);
    assert_eq!(records.iter().map(|record| record.position).collect::<Vec<_>>(), places(1, 2));
    assert!(records.iter().all(|record| record.subject.user == Some(UserId::new(1))), "{records:?}");
}

fn an_id_that_was_asked_for_is_that_of_the_next_event(database: &Database) {
    let (first, second) = database
        .write(|tx| {
            let first = tx.next_event_id()?;
            tx.emit(None, Event::UserDeleted(UserId::new(1)));
            let second = tx.next_event_id()?;
            tx.emit(None, Event::UserDeleted(UserId::new(2)));
            tx.emit(None, Event::UserDeleted(UserId::new(3)));
            Ok((first, second))
        })
        .unwrap();
    let records = logged(database, 3);
    assert_eq!((records[0].id, records[1].id), (first, second));
    let users: Vec<_> = records.iter().filter_map(|record| record.subject.user).collect();
    assert_eq!(users, [1, 2, 3].map(UserId::new));
}

fn a_command_does_not_read_its_own_events(database: &Database) {
    emit(database, 1);
    logged(database, 1);
    let read = database.write(|tx| {
        tx.emit(None, Event::UserDeleted(UserId::new(2)));
        Ok((tx.events().head()?, tx.events().after(Position::new(1), 10)?))
    });
    assert_eq!(read, Ok((Position::new(1), Vec::new())));
    logged(database, 2);
}

/// Logs one event of each type, changes what they are about, and reads them back.
fn replayed(database: &Database, chat: Chat, change: fn(&mut dyn Tx, Chat)) -> Vec<Event> {
    let emitted = database.write(move |tx| {
        for event in one_of_each(tx, chat) {
            tx.emit(None, event);
        }
        change(tx, chat);
        Ok(())
    });
    emitted.unwrap();
    let records = logged(database, EventType::ALL.len());
    let loaded = database.read(move |tx| Ok(load(tx, records.clone())?)).unwrap();
    let (positions, events): (Vec<_>, Vec<_>) =
        loaded.into_iter().map(|LoggedEvent { position, event, .. }| (position, event)).unzip();
    assert_eq!(positions.len(), EventType::ALL.len());
    assert!(positions.into_iter().eq((1..).map(Position::new).take(EventType::ALL.len())));
    events
}

fn a_replay_shows_the_present_state(database: &Database) {
    let chat = prepare(database);
    let replayed = replayed(database, chat, |tx, Chat { group, user, message }| {
        tx.members().set_role(group, user, &BuiltInRole::Admin.into()).unwrap();
        let message = view(tx, group, message, user).message;
        tx.messages().update(&tombstone(message)).unwrap();
    });
    let present = database.read(move |tx| Ok(one_of_each(tx, chat))).unwrap();
    assert_eq!(replayed, present);
}

fn a_replay_keeps_the_places_of_what_is_gone(database: &Database) {
    let chat = prepare(database);
    let replayed = replayed(database, chat, |tx, Chat { group, user, .. }| {
        tx.groups().mark_deleted(group, at(900)).unwrap();
        tx.accounts().mark_deleted(user, at(901)).unwrap();
    });
    for (event, &event_type) in replayed.into_iter().zip(EventType::ALL) {
        assert_eq!(event.event_type(), event_type);
        assert_eq!(event.into_subject(), what_is_left(chat, event_type.subject()), "{event_type:?}");
    }
}

cases! { ports:
    an_empty_log_ends_before_the_first_place
    each_type_reads_back_with_what_it_names
    each_audience_reads_back_and_an_event_may_have_no_actor
    a_page_goes_on_after_the_last_place_of_the_one_before
    a_command_that_is_undone_takes_no_place
    an_id_that_was_asked_for_is_that_of_the_next_event
    a_command_does_not_read_its_own_events
    a_replay_shows_the_present_state
    a_replay_keeps_the_places_of_what_is_gone
}
