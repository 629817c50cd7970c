use mockall::predicate::eq;

use super::*;
use crate::error::Refusal;
use crate::events::MockLiveEvents;
use crate::groups::{Group, GroupRefusal, History, Standing, VisibleGroup};
use crate::ids::Version;
use crate::messages::model::MessageView;
use crate::messages::read_state::ReadState;
use crate::messages::thread::{Thread, ThreadStanding};
use crate::permissions::BuiltInRole;
use crate::testing::{
    ADMIN, GROUP, ME, MEMBER, MESSAGE, MY_KEY, MockTx, NOW, OTHER, OUTSIDER, OWNER, REPLY, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, ScriptedStorage, Step, assert_hands_faults_on, block_on, fault, group, me, message,
    reply, root, standing, thread, view,
};
use crate::validation::ViolationCode;

const fn read(seq: i64) -> ReadMark {
    ReadMark::Read(Seq::new(seq))
}

const fn unread_from(seq: i64) -> ReadMark {
    ReadMark::UnreadFrom(Seq::new(seq))
}

const fn state(read_seq: i64, unread: i64, version: i64) -> ReadState {
    let (read_seq, version) = (Seq::new(read_seq), Version::new(version));
    ReadState { read_seq, unread, version, unread_mentions: 1 }
}

const fn moved(read_seq: i64, unread: i64, version: i64) -> Marked {
    Marked { state: state(read_seq, unread, version), moved: true }
}

const fn stays(read_seq: i64, unread: i64, version: i64) -> Marked {
    Marked { moved: false, ..moved(read_seq, unread, version) }
}

/// A member of a group of 40 messages who has read up to 30.
fn has_read_thirty() -> MockTx {
    finds_cursor(MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member)))
}

/// The cursor where it is before.
fn finds_cursor(mut tx: MockTx) -> MockTx {
    tx.read_cursors.expect_find().with(eq(GROUP), eq(ME)).returning(|_, _| Ok(Some(state(30, 10, 2))));
    tx
}

#[test]
fn nothing_that_can_t_be_read_mentions_anybody() {
    let view_only = || {
        let mut standing = standing(BuiltInRole::Member);
        standing.role.permissions = crate::permissions::PermissionSet::of(&[GroupPermission::View]);
        let found = VisibleGroup { group: group(), standing: Some(standing) };
        let mut tx = MockTx::new();
        tx.groups.expect_find_visible().returning(move |_, _| Ok(Some(found.clone())));
        finds_cursor(tx)
    };
    let silent = |marked: Marked| Marked { state: marked.state.mentioning(0), ..marked };
    let mut tx = advances_to(view_only(), 31, Some(moved(31, 9, 2)));
    assert_eq!(mark_read(&mut tx, &me(), GROUP, read(31)), Ok(silent(moved(31, 9, 2))));
    assert_eq!(mark_read(&mut view_only(), &me(), GROUP, read(3)), Ok(silent(stays(30, 10, 2))));
}

/// The cursor is stored; this is where it is then.
fn advances_to(mut tx: MockTx, seq: i64, marked: Option<Marked>) -> MockTx {
    let advance = tx.read_cursors.expect_advance().with(eq(GROUP), eq(ME), eq(Seq::new(seq)));
    advance.times(1).returning(move |_, _, _| Ok(marked));
    tx
}

fn puts(mut tx: MockTx, seq: i64, marked: Marked) -> MockTx {
    let put = tx.read_cursors.expect_put().with(eq(GROUP), eq(ME), eq(Seq::new(seq)));
    put.times(1).returning(move |_, _, _| Ok(Some(marked)));
    tx
}

#[test]
fn reading_moves_the_cursor_up_to_the_last_message() {
    for (seq, unread) in [(31, 9), (40, 0)] {
        let marked = moved(seq, unread, 2);
        let mut tx = advances_to(has_read_thirty(), seq, Some(marked));
        assert_eq!(mark_read(&mut tx, &me(), GROUP, read(seq)), Ok(marked));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn reading_never_moves_it_back() {
    for seq in [0, 29, 30] {
        assert_eq!(mark_read(&mut has_read_thirty(), &me(), GROUP, read(seq)), Ok(stays(30, 10, 2)));
    }
}

#[test]
fn marking_as_unread_puts_it_before_the_message_wherever_it_was() {
    for (seq, unread) in [(1, 40), (30, 11), (40, 1)] {
        let marked = moved(seq - 1, unread, 3);
        let mut tx = puts(has_read_thirty(), seq - 1, marked);
        assert_eq!(mark_read(&mut tx, &me(), GROUP, unread_from(seq)), Ok(marked));
    }
    // It is there already.
    assert_eq!(mark_read(&mut has_read_thirty(), &me(), GROUP, unread_from(31)), Ok(stays(30, 10, 2)));
}

#[test]
fn what_others_have_done_to_the_cursor_meanwhile_is_answered() {
    let elsewhere = stays(35, 5, 4);
    let mut tx = advances_to(has_read_thirty(), 31, Some(elsewhere));
    assert_eq!(mark_read(&mut tx, &me(), GROUP, read(31)), Ok(elsewhere));
    let mut left = advances_to(has_read_thirty(), 31, None);
    let gone = Marked { state: state(30, 10, 2).mentioning(0), moved: false };
    assert_eq!(mark_read(&mut left, &me(), GROUP, read(31)), Ok(gone));
}

#[test]
fn only_members_mark_server_admins_not_excepted() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let mut tx = finds_cursor(MockTx::new().finds_group(Some(group()), caller.role));
        assert!(mark_read(&mut tx, &me(), GROUP, read(30)).is_ok(), "{caller:?}");
    }
    for (group, caller, refusal) in [
        (Some(group()), OUTSIDER, GroupRefusal::MembersOnly),
        (Some(group()), SERVER_ADMIN, GroupRefusal::MembersOnly),
        (None, OUTSIDER, GroupRefusal::NotFound),
    ] {
        // A number beyond the last would be rejected too, but less is told to strangers.
        for mark in [read(99), unread_from(99)] {
            let mut tx = MockTx::new().finds_group(group.clone(), caller.role);
            assert_eq!(mark_read(&mut tx, &me(), GROUP, mark), Err(refusal.into()), "{caller:?}");
        }
    }
}

/// What is said of a number that is rejected.
fn rejected(outcome: Result<Marked, Error>) -> String {
    let Err(Error::Refused(Refusal::Invalid(fields))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(fields.len(), 1);
    assert_eq!((fields[0].field.as_str(), fields[0].violation.code), ("seq", ViolationCode::OutOfRange));
    fields[0].violation.detail.clone()
}

#[test]
fn what_is_no_message_that_the_member_reads_can_t_be_marked() {
    for (mark, limit) in [(read(41), "40"), (unread_from(41), "40"), (unread_from(0), "1")] {
        let told = rejected(mark_read(&mut has_read_thirty(), &me(), GROUP, mark));
        assert!(told.contains(limit), "{mark:?}: {told}");
    }
    // Of what was sent before they came, message 20 was the last.
    let reads_what_came_later = || {
        let mut tx = MockTx::new();
        let group = Group { history: History::Joined, ..group() };
        let standing = Some(standing(BuiltInRole::Member));
        let found = VisibleGroup { group, standing };
        tx.groups.expect_find_visible().returning(move |_, _| Ok(Some(found.clone())));
        finds_cursor(tx)
    };
    assert!(rejected(mark_read(&mut reads_what_came_later(), &me(), GROUP, unread_from(20))).contains("21"));
    let mut tx = puts(reads_what_came_later(), 20, moved(20, 20, 3));
    assert!(mark_read(&mut tx, &me(), GROUP, unread_from(21)).is_ok());
    assert!(mark_read(&mut reads_what_came_later(), &me(), GROUP, read(3)).is_ok());
}

/// Marks and tells those who listen.
fn tells(tx: MockTx, live: &MockLiveEvents, mark: ReadMark) -> Result<Marked, Error> {
    let storage = ScriptedStorage::new([tx.authenticates(me())]);
    block_on(mark_read_and_publish(&storage, live, MY_KEY, GROUP, mark))
}

fn expects(thread: Option<MessageId>, state: ReadState) -> MockLiveEvents {
    let mut live = MockLiveEvents::new();
    let told = EphemeralEvent::ReadUpdated(ReadUpdate { group: GROUP, thread, state });
    live.expect_publish_ephemeral()
        .with(eq(EphemeralAudience::OwnDevices(ME)), eq(told))
        .times(1)
        .returning(|_, _| ());
    live
}

#[test]
fn other_devices_of_the_user_learn_where_the_cursor_is() {
    let marked = moved(31, 9, 2);
    let tx = advances_to(has_read_thirty(), 31, Some(marked));
    assert_eq!(tells(tx, &expects(None, marked.state), read(31)), Ok(marked));
    let marked = moved(4, 36, 3);
    let tx = puts(has_read_thirty(), 4, marked);
    assert_eq!(tells(tx, &expects(None, marked.state), unread_from(5)), Ok(marked));
}

#[test]
fn nobody_is_told_of_a_cursor_that_did_not_move() {
    let moved_by_others = advances_to(has_read_thirty(), 31, Some(stays(32, 8, 2)));
    assert!(!tells(moved_by_others, &MockLiveEvents::new(), read(31)).unwrap().moved);
    let mut has_read_all = MockTx::new();
    has_read_all.groups.expect_find_visible().returning(|_, _| {
        let standing = Standing { read_seq: Seq::new(40), ..standing(BuiltInRole::Member) };
        Ok(Some(VisibleGroup { group: group(), standing: Some(standing) }))
    });
    assert!(!tells(finds_cursor(has_read_all), &MockLiveEvents::new(), read(31)).unwrap().moved);
}

#[test]
fn nobody_is_told_of_what_was_not_stored() {
    let lost = vec![advances_to(has_read_thirty(), 31, Some(moved(31, 9, 2))).authenticates(me())];
    let storage = ScriptedStorage::of([Step { transactions: lost, answer: Err(fault()) }]);
    let live = MockLiveEvents::new();
    let told = mark_read_and_publish(&storage, &live, MY_KEY, GROUP, read(31));
    assert_eq!(block_on(told), Err(fault().into()));
}

/// A member of the group finds this message, and the thread under it.
fn finds(found: MessageView) -> MockTx {
    finds_in(MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member)), found)
}

fn finds_in(mut tx: MockTx, found: MessageView) -> MockTx {
    let thread = found.thread.clone();
    let bare = MessageView { thread: None, ..found };
    tx.messages.expect_find().times(1).returning(move |_, _, _| Ok(Some(bare.clone())));
    if let Some(view) = thread {
        tx.threads.expect_views().times(1).returning(move |_, _| Ok(vec![view.clone()]));
    }
    tx
}

/// A thread of three replies, of which the actor has read one, is read up to here.
fn reads_thread(seq: i64, marked: Marked) -> MockTx {
    let mut tx = finds(root(true));
    let advance =
        tx.threads.expect_advance_read_seq().with(eq(MESSAGE), eq(ME), eq(Seq::new(seq)), eq(REPLY));
    advance.times(1).returning(move |_, _, _, _| Ok(Some(marked)));
    tx
}

fn puts_in_thread(mut tx: MockTx, seq: i64, marked: Marked) -> MockTx {
    let put = tx.threads.expect_put_read_seq().with(eq(MESSAGE), eq(ME), eq(Seq::new(seq)), eq(REPLY));
    put.times(1).returning(move |_, _, _, _| Ok(Some(marked)));
    tx
}

#[test]
fn replies_are_marked_like_messages() {
    let mark = |mut tx: MockTx, mark| mark_thread_read(&mut tx, &me(), GROUP, MESSAGE, mark);
    for (seq, unread) in [(2, 1), (3, 0)] {
        let marked = moved(seq, unread, 3);
        assert_eq!(mark(reads_thread(seq, marked), read(seq)), Ok(marked));
    }
    let stays = Ok(Marked { state: state(1, 2, 3).mentioning(0), moved: false });
    assert_eq!(mark(finds(root(true)), read(1)), stays);
    let marked = moved(0, 3, 4);
    assert_eq!(mark(puts_in_thread(finds(root(true)), 0, marked), unread_from(1)), Ok(marked));
    assert_eq!(mark(finds(root(true)), unread_from(2)), stays);
    for beyond in [read(4), unread_from(4), unread_from(0)] {
        rejected(mark(finds(root(true)), beyond));
    }
}

/// So that no row comes while the group is being deleted.
#[test]
fn the_group_is_locked_where_the_reader_may_not_have_a_cursor_of_the_thread() {
    let mut fresh = root(false);
    if let Some(view) = &mut fresh.thread {
        view.standing = ThreadStanding::NONE;
    }
    let mut tx = MockTx::new();
    tx.groups.expect_find_visible().times(2).returning(|_, _| {
        Ok(Some(VisibleGroup { group: group(), standing: Some(standing(BuiltInRole::Member)) }))
    });
    let lock = tx.groups.expect_lock_visible().with(eq(GROUP), eq(ME));
    lock.times(1).returning(|_, _| Ok(true));
    let mut tx = puts_in_thread(finds_in(tx, fresh.clone()), 1, moved(1, 2, 1));
    // It may be gone by then.
    tx.messages.expect_find().times(1).returning(move |_, _, _| Ok(Some(fresh.clone())));
    assert!(mark_thread_read(&mut tx, &me(), GROUP, MESSAGE, unread_from(2)).is_ok());
}

#[test]
fn what_was_deleted_can_be_read() {
    let mut found = root(true);
    found.message = found.message.into_tombstone(NOW);
    if let Some(view) = &mut found.thread {
        view.thread = Thread { reply_count: 0, ..thread() };
    }
    let mut tx = finds(found);
    tx.threads.expect_advance_read_seq().times(1).returning(|_, _, _, _| Ok(Some(moved(3, 0, 3))));
    assert_eq!(mark_thread_read(&mut tx, &me(), GROUP, MESSAGE, read(3)), Ok(moved(3, 0, 3)));
}

#[test]
fn only_a_root_with_replies_has_a_cursor() {
    let mark = |mut tx: MockTx| mark_thread_read(&mut tx, &me(), GROUP, MESSAGE, read(0));
    assert_eq!(mark(finds(view(reply(OTHER)))), Err(MessageRefusal::NotRoot.into()));
    assert_eq!(mark(finds(view(message(OTHER)))), Err(MessageRefusal::NoThread.into()));
    let outside = MockTx::new().finds_group(Some(group()), None);
    assert_eq!(mark(outside), Err(GroupRefusal::MembersOnly.into()));
}

#[test]
fn own_devices_are_told_of_the_cursor_of_a_thread() {
    let marked = moved(3, 0, 3);
    let storage = ScriptedStorage::new([reads_thread(3, marked).authenticates(me())]);
    let live = expects(Some(MESSAGE), marked.state);
    let told = mark_thread_read_and_publish(&storage, &live, MY_KEY, (GROUP, MESSAGE), read(3));
    assert_eq!(block_on(told), Ok(marked));
    storage.finish();
}

#[test]
fn faults_are_returned() {
    let marked = moved(40, 0, 2);
    assert_hands_faults_on(
        || advances_to(has_read_thirty(), 40, Some(marked)),
        |tx| mark_read(tx, &me(), GROUP, read(40)),
    );
    assert_hands_faults_on(
        || puts(has_read_thirty(), 4, marked),
        |tx| mark_read(tx, &me(), GROUP, unread_from(5)),
    );
    assert_hands_faults_on(
        || reads_thread(3, marked),
        |tx| mark_thread_read(tx, &me(), GROUP, MESSAGE, read(3)),
    );
    assert_hands_faults_on(
        || puts_in_thread(finds(root(true)), 0, marked),
        |tx| mark_thread_read(tx, &me(), GROUP, MESSAGE, unread_from(1)),
    );
}
