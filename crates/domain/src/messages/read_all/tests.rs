use mockall::predicate::eq;

use super::*;
use crate::events::MockLiveEvents;
use crate::groups::{Group, ReadCursor, VisibleGroup};
use crate::ids::{MessageId, Seq, UserId, Version};
use crate::messages::mention::MentionsOfAll;
use crate::messages::read_state::ReadState;
use crate::messages::read_steps::{READ_AT_ONCE, limit};
use crate::messages::thread::FollowedThread;
use crate::messages::thread_repository::{FollowedQuery, ThreadCursor};
use crate::permissions::{BuiltInRole, PermissionSet};
use crate::testing::{
    GROUP, ME, MESSAGE, MY_KEY, MockTx, REPLY, ScriptedStorage, assert_flow_hands_faults_on,
    assert_hands_faults_on, block_on, group, me, standing,
};

const ELSEWHERE: GroupId = GroupId::new(GROUP.get() + 1);

const READ: ReadState =
    ReadState { read_seq: Seq::new(40), unread: 0, version: Version::FIRST, unread_mentions: 0 };

/// These groups have something to read; the member may view the first ones, as many as given.
fn finds(after: i64, unread: Vec<GroupId>, viewed: usize) -> MockTx {
    let mut tx = MockTx::new();
    let found = unread.clone();
    let find = tx.read_cursors.expect_unread_groups().with(eq(ME), eq(GroupId::new(after)), eq(limit()));
    find.times(1).returning(move |_, _, _| Ok(found.clone()));
    tx.groups.expect_find_visible_many().returning(move |ids: &[GroupId], _: UserId| {
        let visible = |(nth, id): (usize, &GroupId)| {
            let mut standing = standing(BuiltInRole::Member);
            if nth >= viewed {
                standing.role.permissions = PermissionSet::EMPTY;
            }
            VisibleGroup { group: Group { id: *id, ..group() }, standing: Some(standing) }
        };
        Ok(ids.iter().enumerate().map(visible).collect())
    });
    let expected = unread[..viewed.min(unread.len())].to_vec();
    tx.read_cursors
        .expect_advance_to_end()
        .withf(move |user, groups| *user == ME && groups == expected)
        .returning(|_, groups| {
            Ok(groups.iter().map(|group| ReadCursor { group: *group, state: READ }).collect())
        });
    tx
}

fn ids(numbers: std::ops::RangeInclusive<i64>) -> Vec<GroupId> {
    numbers.map(GroupId::new).collect()
}

/// Threads that the actor follows, the newest first, in the group or in one that they don't see.
fn follows(before: Option<MessageId>, threads: Vec<(i64, GroupId)>) -> MockTx {
    let mut tx = MockTx::new();
    let thread = |(root, group): (i64, GroupId)| FollowedThread {
        root: MessageId::new(root),
        root_seq: Seq::new(33),
        group,
        last_reply: MessageId::new(root + 1_000),
    };
    let followed: Vec<_> = threads.into_iter().map(thread).collect();
    let query = FollowedQuery { user: ME, unread: true, before };
    let rows = followed.clone();
    tx.threads.expect_followed().with(eq(query)).times(1).returning(move |_| Ok(rows.clone()));
    tx.groups.expect_find_visible_many().returning(|_: &[GroupId], _: UserId| {
        Ok(vec![VisibleGroup { group: group(), standing: Some(standing(BuiltInRole::Member)) }])
    });
    tx.threads.expect_advance_to_end().returning(move |_, roots| {
        let of = |root: &MessageId| followed.iter().find(|thread| thread.root == *root).copied();
        Ok(roots.iter().filter_map(of).map(|thread| ThreadCursor { thread, state: READ }).collect())
    });
    tx
}

#[test]
fn a_step_reads_the_groups_that_the_member_may_view_and_says_where_to_go_on() {
    let step = read_groups(&mut finds(0, ids(1..=3), 2), &me(), GroupId::new(0)).unwrap();
    let moved: Vec<_> = step.moved.iter().map(|update| (update.group, update.thread)).collect();
    assert_eq!((moved, step.next), (vec![(GroupId::new(1), None), (GroupId::new(2), None)], None));
    let full = read_groups(&mut finds(7, ids(8..=207), 200), &me(), GroupId::new(7)).unwrap();
    assert_eq!((full.moved.len(), full.next), (READ_AT_ONCE, Some(GroupId::new(207))));
    for nothing in [finds(0, vec![], 0), finds(0, ids(1..=1), 0)] {
        let mut tx = nothing;
        let step = read_groups(&mut tx, &me(), GroupId::new(0)).unwrap();
        assert_eq!(step, ReadStep { moved: vec![], next: None });
    }
}

#[test]
fn a_step_reads_the_threads_that_the_user_may_read_and_says_where_to_go_on() {
    let mut tx = follows(None, vec![(3, GROUP), (2, ELSEWHERE), (1, GROUP)]);
    let step = read_threads(&mut tx, &me(), None).unwrap();
    let moved: Vec<_> = step.moved.iter().map(|update| update.thread.unwrap().get()).collect();
    assert_eq!((moved, step.next), (vec![3, 1], None));
    let many = (1..=201).rev().map(|root| (root, GROUP)).collect();
    let full = read_threads(&mut follows(Some(REPLY), many), &me(), Some(REPLY)).unwrap();
    assert_eq!((full.moved.len(), full.next), (READ_AT_ONCE, Some(MessageId::new(1_002))));
    let none = read_threads(&mut follows(None, vec![(2, ELSEWHERE)]), &me(), None).unwrap();
    assert_eq!(none, ReadStep { moved: vec![], next: None });
}

/// Nothing mentions the actor.
fn no_mentions() -> [MockTx; 2] {
    let (mut own, mut to_all) = (MockTx::new(), MockTx::new());
    own.mentions.expect_list().times(1).returning(|_| Ok(Vec::new()));
    let nothing = || MentionsOfAll { mentions: Vec::new(), looked_up_to: None };
    to_all.mentions.expect_to_all_in_threads().times(1).returning(move |_, _| Ok(nothing()));
    [own, to_all]
}

fn script() -> Vec<MockTx> {
    let [own, to_all] = no_mentions();
    let steps = [
        finds(0, ids(1..=200), 200),
        finds(200, vec![GROUP], 1),
        follows(None, vec![(MESSAGE.get(), GROUP)]),
        own,
        to_all,
    ];
    steps.map(|tx| tx.authenticates(me())).into()
}

#[test]
fn own_devices_get_one_event_of_each_step_that_moved_something() {
    let mut live = MockLiveEvents::new();
    let sizes = std::sync::Mutex::new(Vec::new());
    let seen = std::sync::Arc::new(sizes);
    let told = std::sync::Arc::clone(&seen);
    live.expect_publish_ephemeral().times(3).returning(move |to, event| {
        assert_eq!(to, EphemeralAudience::OwnDevices(ME));
        let EphemeralEvent::AllRead(moved) = event else { panic!("{event:?}") };
        told.lock().unwrap().push(moved.len());
    });
    let storage = ScriptedStorage::new(script());
    assert_eq!(block_on(read_all_and_publish(&storage, &live, MY_KEY)), Ok(()));
    storage.finish();
    assert_eq!(*seen.lock().unwrap(), [200, 1, 1]);
    let [own, to_all] = no_mentions();
    let nothing = [finds(0, vec![], 0), follows(None, vec![]), own, to_all];
    let nothing = nothing.map(|tx| tx.authenticates(me()));
    let storage = ScriptedStorage::new(nothing);
    assert_eq!(block_on(read_all_and_publish(&storage, &MockLiveEvents::new(), MY_KEY)), Ok(()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| finds(0, ids(1..=3), 3), |tx| read_groups(tx, &me(), GroupId::new(0)));
    assert_hands_faults_on(|| follows(None, vec![(1, GROUP)]), |tx| read_threads(tx, &me(), None));
    assert_flow_hands_faults_on(script, |storage| {
        let mut live = MockLiveEvents::new();
        live.expect_publish_ephemeral().returning(|_, _| ());
        block_on(read_all_and_publish(storage, &live, MY_KEY))
    });
}
