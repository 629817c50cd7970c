use std::ops::RangeInclusive;

use mockall::predicate::eq;

use super::*;
use crate::accounts::PresenceSetting;
use crate::events::about::SubjectIds;
use crate::events::audience::Audience;
use crate::events::cursor::{Cursor, Epoch};
use crate::events::record::EventRecord;
use crate::events::subject::RemovedGroup;
use crate::events::table::{Event, EventType};
use crate::groups::JoinedGroup;
use crate::ids::{EventId, GroupId, MessageId, UserId};
use crate::messages::{Message, MessageText};
use crate::storage::StorageFault;
use crate::testing::{
    GROUP, ME, MY_SESSION, MockTx, OTHER, assert_hands_faults_on, deletion_record, fault, me, message, text,
    user,
};

fn epoch(text: &str) -> Epoch {
    Epoch::parse(text).unwrap()
}

/// The log holds the events 11 to 20.
fn ten_events() -> LogState {
    LogState { epoch: epoch("log"), head: Position::new(20), removed: Position::new(10) }
}

/// A removal from a group.
fn removal(position: i64, group: GroupId, user: UserId) -> EventRecord {
    EventRecord {
        audience: Audience::GroupAndUser(group, user),
        event_type: EventType::MemberRemoved,
        subject: SubjectIds { group: Some(group), user: Some(user), ..SubjectIds::default() },
        ..deletion_record(position)
    }
}

/// I am in the group since its third event. The log after a position contains these records, and no end of a group is
/// about to follow.
fn holds(after: i64, records: Vec<EventRecord>) -> MockTx {
    let mut tx = holds_page(after, records);
    tx.events.expect_unnumbered_ends().returning(|| Ok(Vec::new()));
    tx
}

fn holds_page(after: i64, records: Vec<EventRecord>) -> MockTx {
    let mut tx = MockTx::new();
    let memberships = tx.members.expect_joined_groups().with(eq(ME));
    memberships.times(1).returning(|_| Ok(vec![JoinedGroup::whole(GROUP, EventId::new(3))]));
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(|id| Ok(Some(user(id))));
    let page = tx.events.expect_after().with(eq(Position::new(after)), eq(PAGE));
    page.times(1).returning(move |_, _| Ok(records.clone()));
    tx
}

fn positions(page: &ReplayPage) -> Vec<i64> {
    page.events.iter().map(|event| event.position.get()).collect()
}

#[test]
fn a_cursor_is_served_while_all_later_events_exist() {
    for (log, position, served) in [
        ("log", 9, false),
        ("log", 10, true),
        ("log", 15, true),
        ("log", 20, true),
        ("log", 21, false),
        ("another", 15, false),
    ] {
        let cursor = Cursor { epoch: epoch(log), position: Position::new(position) };
        assert_eq!(ten_events().serves(&cursor), served, "{cursor}");
    }
}

#[test]
fn the_current_cursor_is_served() {
    assert_eq!(ten_events().now().to_string(), "log-20");
    assert!(ten_events().serves(&ten_events().now()));
}

#[test]
fn the_state_of_the_log_comes_from_the_repository() {
    let mut tx = MockTx::new();
    tx.events.expect_state().times(1).returning(|| Ok(ten_events()));
    assert_eq!(log_state(&mut tx), Ok(ten_events()));
    let mut tx = MockTx::new();
    tx.events.expect_state().times(1).returning(|| Err(fault()));
    assert_eq!(log_state(&mut tx), Err(fault().into()));
}

#[test]
fn a_page_contains_visible_events_and_skips_the_rest() {
    let third = UserId::new(3);
    let records = vec![
        removal(1, GROUP, third),
        removal(2, GroupId::new(8), ME),
        removal(3, GROUP, OTHER),
        removal(4, GroupId::new(8), OTHER),
    ];
    let page = replay(&mut holds(0, records), &me(), Position::ZERO).unwrap();
    assert_eq!(positions(&page), [2, 3]);
    assert_eq!((page.position, page.more, page.gap), (Position::new(4), false, false));
    let viewer = Viewer::new(ME, MY_SESSION, [JoinedGroup::whole(GROUP, EventId::new(3))]);
    assert_eq!(page.viewer, viewer.with_presence(PresenceSetting::Shown).at_version(user(ME).version));
}

#[test]
fn at_the_head_a_page_is_empty_and_the_position_stays() {
    let page = replay(&mut holds(7, Vec::new()), &me(), Position::new(7)).unwrap();
    assert_eq!((positions(&page), page.position), (vec![], Position::new(7)));
    assert!(!page.more && !page.gap);
}

#[test]
fn a_full_page_may_not_be_the_last() {
    for (count, more) in [(PAGE - 1, false), (PAGE, true)] {
        let page = replay(&mut holds(0, (1..=count).map(deletion_record).collect()), &me(), Position::ZERO);
        let page = page.unwrap();
        assert_eq!((page.position, page.more), (Position::new(count), more));
        assert_eq!(positions(&page), (1..=count).collect::<Vec<_>>());
    }
}

/// I am in the group, and the log consists of messages sent to it, each with this text.
fn holds_messages(positions: RangeInclusive<i64>, text: MessageText) -> MockTx {
    let sent = |position| EventRecord {
        audience: Audience::Group(GROUP),
        event_type: EventType::MessageCreated,
        subject: SubjectIds {
            group: Some(GROUP),
            message: Some(MessageId::new(position)),
            ..SubjectIds::default()
        },
        ..deletion_record(position)
    };
    let mut tx = holds(0, positions.map(sent).collect());
    tx.messages.expect_find_many().times(1).returning(move |ids| {
        let text = Some(text.clone());
        Ok(ids.iter().map(|id| Message { id: *id, text: text.clone(), ..message(OTHER) }).collect())
    });
    tx
}

#[test]
fn long_texts_make_a_page_short() {
    let mut tx = holds_messages(3..=200, text(&"\u{1F600}".repeat(10_000)));
    let page = replay(&mut tx, &me(), Position::ZERO).unwrap();
    // Six events of 40,000 bytes fit into 256 KiB.
    assert_eq!(positions(&page), [3, 4, 5, 6, 7, 8]);
    assert_eq!((page.position, page.more), (Position::new(8), true));
}

#[test]
fn texts_of_exactly_the_limit_fit() {
    let names = message(OTHER).text_bytes() - "hello".len();
    let eighth = MAX_TEXT_BYTES / 8 - names;
    let long = text(&("\u{1F600}".repeat(eighth / 4) + &"a".repeat(eighth % 4)));
    let page = replay(&mut holds_messages(3..=10, long), &me(), Position::ZERO).unwrap();
    assert_eq!(positions(&page), [3, 4, 5, 6, 7, 8, 9, 10]);
    assert!(!page.more);
}

#[test]
fn events_removed_meanwhile_are_reported_as_a_gap() {
    let page =
        replay(&mut holds(5, vec![deletion_record(7), deletion_record(8)]), &me(), Position::new(5)).unwrap();
    assert!(page.gap);
    let page =
        replay(&mut holds(6, vec![deletion_record(7), deletion_record(8)]), &me(), Position::new(6)).unwrap();
    assert!(!page.gap);
}

#[test]
fn hidden_events_only_advance_the_position() {
    let hidden = EventRecord {
        event_type: EventType::SessionsEnded,
        audience: Audience::User(OTHER),
        ..deletion_record(1)
    };
    let subject = SubjectIds { user: Some(ME), ..SubjectIds::default() };
    let mine = EventRecord { subject, audience: Audience::User(ME), ..hidden };
    let page = replay(&mut holds(0, vec![hidden, mine]), &me(), Position::ZERO).unwrap();
    assert_eq!((positions(&page), page.position), (vec![], Position::new(1)));
}

#[test]
fn an_invalid_record_is_a_fault() {
    let nameless = EventRecord { subject: SubjectIds::default(), ..deletion_record(1) };
    let outcome = replay(&mut holds(0, vec![nameless]), &me(), Position::ZERO);
    assert!(matches!(outcome, Err(Error::Fault(StorageFault::Internal { .. }))), "{outcome:?}");
}

#[test]
fn the_events_are_those_of_the_log() {
    let page = replay(&mut holds(0, vec![deletion_record(1)]), &me(), Position::ZERO).unwrap();
    let EventRecord { position, id, at, actor, audience, .. } = deletion_record(1);
    let event = Event::UserDeleted(OTHER);
    assert_eq!(page.events, [LoggedEvent { position, id, at, audience, actor, event }]);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| holds(0, vec![deletion_record(1)]), |tx| replay(tx, &me(), Position::ZERO));
}

/// The deletion of a private group.
fn end(position: i64, group: GroupId) -> EventRecord {
    EventRecord {
        audience: Audience::Group(group),
        event_type: EventType::GroupDeleted,
        subject: SubjectIds { group: Some(group), ..SubjectIds::default() },
        ..deletion_record(position)
    }
}

/// I was in these private groups when they were deleted.
fn was_in(tx: &mut MockTx, asked: &'static [GroupId], mine: &'static [GroupId]) {
    let ended = tx.members.expect_ended_groups().with(eq(ME), eq(asked));
    let joined = |id: &GroupId| JoinedGroup { has_ended: true, ..JoinedGroup::whole(*id, EventId::new(1)) };
    ended.times(1).returning(move |_, _| Ok(mine.iter().map(joined).collect()));
}

#[test]
fn of_private_groups_that_have_ended_only_those_that_the_page_names_are_looked_up() {
    const MINE: GroupId = GroupId::new(8);
    const FOREIGN: GroupId = GroupId::new(9);
    let mut tx = holds(0, vec![end(3, MINE), removal(4, MINE, OTHER), end(5, FOREIGN)]);
    was_in(&mut tx, &[MINE, FOREIGN], &[MINE]);
    let page = replay(&mut tx, &me(), Position::ZERO).unwrap();
    assert_eq!(positions(&page), [3]);
    // A page that names none asks for none: the mock expects no call.
    let page = replay(&mut holds(0, vec![deletion_record(1)]), &me(), Position::ZERO).unwrap();
    assert_eq!(positions(&page), [1]);
}

#[test]
fn who_has_read_the_log_is_told_of_ends_that_have_no_position_yet() {
    const MINE: GroupId = GroupId::new(8);
    for (count, asks) in [(1, true), (PAGE, false)] {
        let mut tx = holds_page(0, (1..=count).map(deletion_record).collect());
        tx.events.expect_unnumbered_ends().times(usize::from(asks)).returning(|| Ok(vec![MINE]));
        if asks {
            was_in(&mut tx, &[MINE], &[MINE]);
        }
        let mut page = replay(&mut tx, &me(), Position::ZERO).unwrap();
        let to_members = Audience::Group(MINE);
        let event = Event::GroupDeleted(RemovedGroup::logged(MINE, to_members));
        let EventRecord { position, id, at, actor, audience, .. } = end(count + 1, MINE);
        let deleted = LoggedEvent { position, id, at, audience, actor, event };
        assert_eq!(page.viewer.apply_and_check(&deleted), asks, "{count}");
    }
}
