use mockall::predicate::eq;

use super::*;
use crate::accounts::{Scope, TokenGroups};
use crate::events::{Epoch, SubjectIds};
use crate::groups::{JoinedGroup, ReadCursor};
use crate::ids::{EventId, MessageId, Position, Seq, Version};
use crate::messages::{FollowedThread, ReadState, ThreadCursor};
use crate::testing::{
    GROUP, ME, MockTx, OTHER, assert_hands_faults_on, deletion_record, me, my_group_token, user,
};

const ELSEWHERE: GroupId = GroupId::new(8);

/// A client knows everything up to here.
const KNOWN: Position = Position::new(5_000);

fn log() -> LogState {
    let epoch = Epoch::parse("log").unwrap();
    LogState { epoch, head: Position::new(9_000), removed: Position::new(10) }
}

fn cursor(position: Position) -> Cursor {
    Cursor { epoch: log().epoch, position }
}

/// The next event after what the client knows.
fn event(of: EventType, audience: Audience, subject: SubjectIds) -> EventRecord {
    EventRecord { event_type: of, audience, subject, ..deletion_record(KNOWN.get() + 1) }
}

fn about(group: Option<GroupId>, user: Option<UserId>) -> SubjectIds {
    SubjectIds { group, user, ..SubjectIds::default() }
}

fn message_in(group: GroupId) -> SubjectIds {
    SubjectIds { message: Some(MessageId::new(1)), ..about(Some(group), None) }
}

/// I am in the group since its third event, and have read nothing.
fn holds(records: Vec<EventRecord>) -> MockTx {
    let mut tx = MockTx::new();
    tx.events.expect_after().with(eq(KNOWN), eq(MAX_EVENTS + 1)).return_once(|_, _| Ok(records));
    tx.events.expect_unnumbered_ends().returning(|| Ok(Vec::new()));
    tx.members
        .expect_joined_groups()
        .with(eq(ME))
        .returning(|_| Ok(vec![JoinedGroup::whole(GROUP, EventId::new(3))]));
    tx.members.expect_ended_groups().returning(|_, _| Ok(Vec::new()));
    tx.accounts.expect_find().returning(|id| Ok(Some(user(id))));
    tx
}

fn reads_nothing(mut tx: MockTx) -> MockTx {
    tx.members.expect_read_since().returning(|_, _| Ok(Vec::new()));
    tx.threads.expect_read_since().returning(|_, _| Ok(Vec::new()));
    tx
}

fn changes(records: Vec<EventRecord>) -> Option<Changes> {
    Changes::since(&mut reads_nothing(holds(records)), &me(), &cursor(KNOWN), &log()).unwrap()
}

#[test]
fn each_event_changes_what_it_is_about() {
    use EventType::*;
    let groups = |id| Changes { groups: BTreeSet::from([id]), ..Changes::default() };
    let invitations = || Changes { invitations: true, ..Changes::default() };
    let left = |id| Changes { left: BTreeSet::from([id]), ..invitations() };
    let users = |id| Changes { users: BTreeSet::from([id]), ..invitations() };
    let of_me = || Changes { me: true, ..invitations() };
    let me_to_all = || Changes { me: true, ..users(ME) };
    let nothing = Changes::default;
    let (mine, other) = (Audience::User(ME), Audience::User(OTHER));
    let members = Audience::Group(GROUP);
    for (of, audience, subject, expected) in [
        (MessageCreated, members, about(Some(GROUP), None), groups(GROUP)),
        (MessageCreated, Audience::Group(ELSEWHERE), message_in(ELSEWHERE), nothing()),
        (SettingsUpdated, mine, about(Some(GROUP), Some(ME)), groups(GROUP)),
        // Hidden from clients, but it changes what may be done.
        (DirectClosed, members, about(Some(GROUP), Some(OTHER)), groups(GROUP)),
        (GroupUpdated, members, about(Some(GROUP), None), groups(GROUP)),
        (GroupUpdated, Audience::All, about(Some(ELSEWHERE), None), invitations()),
        (
            MemberRemoved,
            Audience::GroupAndUser(ELSEWHERE, ME),
            about(Some(ELSEWHERE), Some(ME)),
            left(ELSEWHERE),
        ),
        (
            MemberRemoved,
            Audience::GroupAndUser(ELSEWHERE, OTHER),
            about(Some(ELSEWHERE), Some(OTHER)),
            invitations(),
        ),
        // I have joined again since.
        (MemberRemoved, Audience::GroupAndUser(GROUP, ME), about(Some(GROUP), Some(ME)), groups(GROUP)),
        (GroupDeleted, Audience::All, about(Some(ELSEWHERE), None), left(ELSEWHERE)),
        // A private one that I was not in.
        (GroupDeleted, Audience::Group(ELSEWHERE), about(Some(ELSEWHERE), None), invitations()),
        (UserUpdated, Audience::All, about(None, Some(ME)), me_to_all()),
        (UserUpdated, Audience::All, about(None, Some(OTHER)), users(OTHER)),
        (UserDeleted, Audience::All, about(None, Some(OTHER)), users(OTHER)),
        (UserRolesUpdated, Audience::All, about(None, Some(ME)), me_to_all()),
        (RolesUpdated, Audience::All, about(None, None), of_me()),
        (InvitationCreated, mine, about(None, None), invitations()),
        (InvitationWithdrawn, mine, about(None, None), invitations()),
        (InvitationAccepted, other, about(None, None), nothing()),
        (BlocksUpdated, mine, about(None, Some(OTHER)), Changes { invitations: true, ..groups(GROUP) }),
        (BlocksUpdated, other, about(None, Some(ME)), nothing()),
    ] {
        let found = changes(vec![event(of, audience, subject)]);
        assert_eq!(found, Some(expected), "{of:?} to {audience:?}");
    }
    assert_eq!(changes(Vec::new()), Some(nothing()));
}

#[test]
fn moved_read_cursors_change_their_groups() {
    let mut tx = holds(Vec::new());
    let state = ReadState::of(Seq::new(3), Seq::new(4), Version::FIRST);
    // Stored with the head of the log at the time, which may have been a little earlier.
    tx.members
        .expect_read_since()
        .with(eq(ME), eq(Position::new(4_000)))
        .return_once(move |_, _| Ok([GROUP, ELSEWHERE].map(|group| ReadCursor { group, state }).to_vec()));
    tx.threads.expect_read_since().with(eq(ME), eq(Position::new(4_000))).return_once(move |_, _| {
        let id = MessageId::new(1);
        let thread = FollowedThread { root: id, root_seq: Seq::new(1), group: GROUP, last_reply: id };
        Ok(vec![ThreadCursor { thread, state }])
    });
    let found = Changes::since(&mut tx, &me(), &cursor(KNOWN), &log()).unwrap().unwrap();
    assert_eq!(found.groups, BTreeSet::from([GROUP]));
}

#[test]
fn what_the_log_cannot_tell_is_a_gap() {
    let changes = |cursor: &Cursor| Changes::since(&mut MockTx::new(), &me(), cursor, &log()).unwrap();
    assert_eq!(changes(&cursor(Position::new(9))), None, "removed");
    assert_eq!(changes(&cursor(Position::new(9_001))), None, "not there yet");
    let other = Cursor { epoch: Epoch::parse("other").unwrap(), position: KNOWN };
    assert_eq!(changes(&other), None);
    // Removed between the two queries, where they don't see one snapshot.
    let mut tx = MockTx::new();
    let late = deletion_record(KNOWN.get() + 2);
    tx.events.expect_after().return_once(move |_, _| Ok(vec![late]));
    assert_eq!(Changes::since(&mut tx, &me(), &cursor(KNOWN), &log()).unwrap(), None);
}

#[test]
fn after_too_many_events_nothing_is_looked_for() {
    let many = |count: i64| (1..=count).map(|nth| deletion_record(KNOWN.get() + nth)).collect::<Vec<_>>();
    assert!(changes(many(MAX_EVENTS)).is_some());
    let mut tx = MockTx::new();
    tx.events.expect_after().return_once(move |_, _| Ok(many(MAX_EVENTS + 1)));
    assert_eq!(Changes::since(&mut tx, &me(), &cursor(KNOWN), &log()).unwrap(), None);
}

#[test]
fn a_session_for_some_groups_learns_of_no_others() {
    let token = my_group_token(Scope::Read);
    assert_eq!(token.token_groups().map(TokenGroups::ids), Some(&[GROUP][..]));
    let records = vec![
        event(
            EventType::MemberRemoved,
            Audience::GroupAndUser(ELSEWHERE, ME),
            about(Some(ELSEWHERE), Some(ME)),
        ),
        event(EventType::MessageCreated, Audience::Group(GROUP), about(Some(GROUP), None)),
        deletion_record(KNOWN.get() + 1),
    ];
    let found = Changes::since(&mut reads_nothing(holds(records)), &token, &cursor(KNOWN), &log()).unwrap();
    assert_eq!(
        found,
        Some(Changes { groups: BTreeSet::from([GROUP]), invitations: true, ..Changes::default() })
    );
}

#[test]
fn faults_are_handed_on() {
    assert_hands_faults_on(
        || {
            reads_nothing(holds(vec![event(
                EventType::MessageCreated,
                Audience::Group(GROUP),
                about(Some(GROUP), None),
            )]))
        },
        |tx| Changes::since(tx, &me(), &cursor(KNOWN), &log()),
    );
}
