use mockall::predicate::eq;

use super::*;
use crate::accounts::Scope;
use crate::accounts::UserRef;
use crate::events::{Epoch, LogState};
use crate::groups::{Group, History, Standing};
use crate::ids::{GroupId, MessageId, Position, Seq, Version};
use crate::messages::{Excerpt, FollowedThread, Quoted};
use crate::permissions::{BuiltInRole, PermissionSet, Role};
use crate::saved::{DraftOutline, DraftPlace};
use crate::sync::model::LatestMessage;
use crate::testing::{
    EARLIER, GROUP, ME, MESSAGE, MockTx, NOW, OTHER, assert_hands_faults_on, deletion_record, direct, group,
    me, my_group_token, standing, user,
};

const DIRECT: GroupId = GroupId::new(8);

fn log() -> LogState {
    LogState { epoch: Epoch::parse("log").unwrap(), head: Position::new(90), removed: Position::ZERO }
}

fn latest(group: GroupId, text: &str) -> LatestMessage {
    let message = Quoted {
        id: MESSAGE,
        group,
        root: None,
        seq: Seq::new(20),
        history_seq: Seq::new(20),
        author: user(OTHER).as_ref(),
        excerpt: Some(Excerpt::of(text)),
        mentioned: Vec::new(),
    };
    LatestMessage { message, created_at: NOW }
}

fn stored(group: Group) -> StoredOverview {
    let latest = Some(latest(group.id, "hello"));
    StoredOverview { group, standing: standing(BuiltInRole::Member), unread_mentions: 3, latest }
}

fn draft(group: GroupId) -> DraftOutline {
    let place = DraftPlace { user: ME, group, thread: None };
    DraftOutline { place, beginning: Excerpt::of("well"), version: Version::FIRST, updated_at: NOW }
}

/// My groups are these, and nobody invites me.
fn holds(stored: Vec<StoredOverview>) -> MockTx {
    let mut tx = MockTx::new();
    tx.events.expect_state().return_once(|| Ok(log()));
    let talks: Vec<_> = stored.iter().filter(|of| of.group.is_direct()).map(|of| of.group.id).collect();
    tx.overviews.expect_direct().with(eq(ME), eq(1_000)).return_once(|_, _| Ok(talks));
    tx.overviews.expect_list().return_once(|_| Ok(stored));
    tx.overviews
        .expect_people()
        .returning(|_, groups| Ok(groups.iter().map(|group| (*group, user(OTHER).as_ref())).collect()));
    tx.threads.expect_followed().returning(|_| Ok(Vec::new()));
    tx.drafts.expect_outlines().with(eq(ME)).returning(|_| Ok([GROUP, GroupId::new(9)].map(draft).to_vec()));
    tx.accounts.expect_find().returning(|id| Ok(Some(user(id))));
    tx.invitations.expect_list().returning(|_| Ok(Vec::new()));
    tx
}

fn whole(stored: Vec<StoredOverview>) -> Snapshot {
    take(&mut holds(stored), &me(), None).unwrap()
}

#[test]
fn a_whole_snapshot_has_all_of_one_moment() {
    let talk = Group { id: DIRECT, ..direct() };
    let snapshot = whole(vec![stored(group()), stored(talk)]);
    assert_eq!(snapshot.cursor, log().now());
    assert!(snapshot.is_whole && !snapshot.has_more_groups && snapshot.left_groups.is_empty());
    assert_eq!(snapshot.me.map(|me| me.id), Some(ME));
    assert_eq!(snapshot.invitations, Some(Vec::new()));
    assert_eq!(snapshot.direct, [DIRECT]);
    let [room, talk] = &snapshot.groups[..] else { panic!("{:?}", snapshot.groups) };
    assert_eq!((room.view.group.id, room.view.unread_mentions, room.active_at), (GROUP, 3, NOW));
    assert_eq!(room.latest, Some(latest(GROUP, "hello")));
    assert!(room.people.is_empty());
    assert_eq!((&room.drafts, talk.drafts.len()), (&vec![draft(GROUP)], 0));
    assert_eq!((talk.view.group.id, &talk.people[..]), (DIRECT, &[user(OTHER).as_ref()][..]));
}

#[test]
fn the_newest_message_is_for_those_who_may_read_it() {
    let joined = Group { history: History::Joined, ..group() };
    let came_in = |seq| Standing { joined_seq: Seq::new(seq), ..standing(BuiltInRole::Member) };
    let role = Role { permissions: PermissionSet::default(), ..standing(BuiltInRole::Member).role };
    let blind = Standing { role, ..came_in(0) };
    for (group, standing, is_shown) in [
        (group(), came_in(20), true),
        (joined.clone(), came_in(19), true),
        (joined, came_in(20), false),
        (group(), blind, false),
    ] {
        let overview = whole(vec![StoredOverview { standing, ..stored(group) }]).groups.remove(0);
        assert_eq!(overview.latest.is_some(), is_shown);
        assert_eq!(overview.active_at, NOW, "which the order of groups depends on");
    }
}

#[test]
fn a_group_without_messages_was_active_when_it_was_made() {
    let quiet = Group { created_at: EARLIER, ..group() };
    let overview = whole(vec![StoredOverview { latest: None, ..stored(quiet) }]).groups.remove(0);
    assert_eq!((overview.active_at, overview.latest), (EARLIER, None));
}

#[test]
fn unread_threads_count_where_they_can_be_read() {
    let followed = |group, root_seq| FollowedThread {
        root: MessageId::new(root_seq),
        root_seq: Seq::new(root_seq),
        group,
        last_reply: MESSAGE,
    };
    let joined = Group { history: History::Joined, ..group() };
    let standing = Standing { joined_seq: Seq::new(10), ..standing(BuiltInRole::Member) };
    let mut tx =
        holds(vec![StoredOverview { standing, ..stored(joined) }, stored(Group { id: DIRECT, ..group() })]);
    tx.threads.checkpoint();
    let threads =
        vec![followed(GROUP, 10), followed(GROUP, 11), followed(GROUP, 12), followed(GroupId::new(9), 1)];
    tx.threads
        .expect_followed()
        .withf(|query| query.user == ME && query.unread && query.before.is_none())
        .return_once(|_| Ok(threads));
    let snapshot = take(&mut tx, &me(), None).unwrap();
    let counts: Vec<_> = snapshot.groups.iter().map(|overview| overview.unread_threads).collect();
    assert_eq!(counts, [2, 0]);
}

#[test]
fn excerpts_name_whom_they_mention() {
    let mut tx = holds(vec![StoredOverview { latest: Some(latest(GROUP, "hi <@2>")), ..stored(group()) }]);
    tx.mentions.expect_named().times(1).returning(|ids| Ok(vec![(ids[0], user(OTHER).as_ref())]));
    let overview = take(&mut tx, &me(), None).unwrap().groups.remove(0);
    let excerpt = overview.latest.unwrap().message.shown_excerpt().unwrap();
    assert_eq!(excerpt.as_str(), "hi @user2");
}

#[test]
fn more_groups_than_fit_are_left_out_and_that_is_said() {
    let many = |count: usize| vec![stored(group()); count];
    for (count, has_more) in [(1_000, false), (1_001, true)] {
        let snapshot = whole(many(count));
        assert_eq!((snapshot.groups.len(), snapshot.has_more_groups), (1_000, has_more));
    }
}

/// Nothing has happened since the cursor but these events, and nothing was read.
fn holds_since(mut tx: MockTx, records: Vec<crate::events::EventRecord>) -> MockTx {
    tx.events.expect_after().return_once(|_, _| Ok(records));
    tx.events.expect_unnumbered_ends().returning(|| Ok(Vec::new()));
    tx.members.expect_joined_groups().returning(|_| Ok(Vec::new()));
    tx.members.expect_read_since().returning(|_, _| Ok(Vec::new()));
    tx.threads.expect_read_since().returning(|_, _| Ok(Vec::new()));
    tx
}

fn cursor(position: i64) -> Cursor {
    Cursor { epoch: log().epoch, position: Position::new(position) }
}

#[test]
fn since_a_cursor_only_what_has_changed_is_read() {
    let mut tx = MockTx::new();
    tx.events.expect_state().return_once(|| Ok(log()));
    tx.overviews.expect_direct().return_once(|_, _| Ok(Vec::new()));
    tx.accounts.expect_find().returning(|id| Ok(Some(user(id))));
    let snapshot = take(&mut holds_since(tx, Vec::new()), &me(), Some(&cursor(80))).unwrap();
    let expected = Snapshot {
        cursor: log().now(),
        is_whole: false,
        me: None,
        users: Vec::new(),
        groups: Vec::new(),
        has_more_groups: false,
        left_groups: Vec::new(),
        invitations: None,
        direct: Vec::new(),
    };
    assert_eq!(snapshot, expected);
}

#[test]
fn users_who_have_changed_are_shown_as_they_are_now() {
    let third = crate::ids::UserId::new(3);
    let mut tx = MockTx::new();
    tx.events.expect_state().return_once(|| Ok(log()));
    tx.overviews.expect_direct().return_once(|_, _| Ok(Vec::new()));
    tx.invitations.expect_list().returning(|_| Ok(Vec::new()));
    tx.accounts.expect_find_many().with(eq([OTHER, third])).return_once(move |_| Ok(vec![user(third)]));
    tx.accounts.expect_find().returning(|id| Ok(Some(user(id))));
    let about = |id| crate::events::SubjectIds { user: Some(id), ..crate::events::SubjectIds::default() };
    let records =
        [OTHER, third].map(|id| crate::events::EventRecord { subject: about(id), ..deletion_record(81) });
    let snapshot = take(&mut holds_since(tx, records.to_vec()), &me(), Some(&cursor(80))).unwrap();
    let gone = UserRef { id: OTHER, username: None, display_name: None };
    assert_eq!(snapshot.users, [gone, user(third).as_ref()]);
    assert!(!snapshot.is_whole && snapshot.me.is_none() && snapshot.groups.is_empty());
}

#[test]
fn a_cursor_of_another_log_gets_all() {
    let other = Cursor { epoch: Epoch::parse("other").unwrap(), position: Position::new(80) };
    let snapshot = take(&mut holds(vec![stored(group())]), &me(), Some(&other)).unwrap();
    assert!(snapshot.is_whole && snapshot.me.is_some() && snapshot.invitations.is_some());
    assert_eq!(snapshot.groups.len(), 1);
}

#[test]
fn a_session_for_some_groups_gets_these_and_no_invitations() {
    let mut tx = holds(vec![stored(group())]);
    tx.overviews.checkpoint();
    tx.overviews.expect_direct().return_once(|_, _| Ok(vec![DIRECT]));
    tx.overviews
        .expect_list()
        .withf(|query| query.only.as_deref() == Some(&[GROUP]))
        .return_once(|_| Ok(vec![stored(group())]));
    let snapshot = take(&mut tx, &my_group_token(Scope::Read), None).unwrap();
    assert_eq!((snapshot.groups.len(), snapshot.direct.len(), snapshot.invitations), (1, 0, None));
}

#[test]
fn faults_are_handed_on() {
    assert_hands_faults_on(
        || {
            let talk = StoredOverview {
                latest: Some(latest(DIRECT, "hi <@2>")),
                ..stored(Group { id: DIRECT, ..direct() })
            };
            let mut tx = holds(vec![talk]);
            tx.mentions.expect_named().returning(|_| Ok(Vec::new()));
            tx
        },
        |tx| take(tx, &me(), None),
    );
    assert_hands_faults_on(
        || {
            let mut tx = holds(vec![stored(group())]);
            tx.accounts.expect_find_many().returning(|_| Ok(Vec::new()));
            holds_since(tx, vec![deletion_record(81)])
        },
        |tx| take(tx, &me(), Some(&cursor(80))),
    );
}
