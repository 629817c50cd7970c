use mockall::predicate::eq;

use super::*;
use crate::groups::{Group, VisibleGroup};
use crate::ids::{Seq, UserId, Version};
use crate::messages::read_state::ReadState;
use crate::messages::thread::FollowedThread;
use crate::messages::thread_repository::ThreadCursor;
use crate::permissions::BuiltInRole;
use crate::testing::{GROUP, ME, MockTx, assert_hands_faults_on, group, me, standing};

/// Of these the actor sees none.
const HIDDEN: i64 = 1_000;

/// An unread mention in a reply of this thread, in this group.
fn mention(group: i64, message: i64, thread: i64) -> OwnMention {
    OwnMention {
        message: MessageId::new(message),
        group: GroupId::new(group),
        thread: Some(MessageId::new(thread)),
        history_seq: Seq::new(30),
        is_unread: true,
        is_told: true,
    }
}

/// Groups are locked, and the cursors of threads move that the actor may read.
fn moves(mut tx: MockTx) -> MockTx {
    tx.groups.expect_lock().returning(|_| Ok(()));
    tx.groups.expect_find_visible_many().returning(|ids: &[GroupId], _: UserId| {
        let shown = ids.iter().filter(|id| id.get() < HIDDEN);
        let member = || Some(standing(BuiltInRole::Member));
        Ok(shown.map(|id| VisibleGroup { group: Group { id: *id, ..group() }, standing: member() }).collect())
    });
    tx.threads.expect_add_cursors().with(eq(ME), mockall::predicate::always()).returning(|_, _| Ok(()));
    tx.threads.expect_advance_to_end().returning(|_, roots| {
        let state = ReadState::of(Seq::new(4), Seq::new(4), Version::FIRST);
        let thread = |root: &MessageId| FollowedThread {
            root: *root,
            root_seq: Seq::new(30),
            group: GROUP,
            last_reply: *root,
        };
        Ok(roots.iter().map(|root| ThreadCursor { thread: thread(root), state }).collect())
    });
    tx
}

fn mentioned(own: Vec<OwnMention>) -> MockTx {
    let mut tx = MockTx::new();
    let query = MentionQuery { user: ME, before: None, limit: 200 };
    tx.mentions.expect_list().with(eq(query)).times(1).returning(move |_| Ok(own.clone()));
    moves(tx)
}

fn of_all(mentions: Vec<OwnMention>, looked_up_to: Option<i64>) -> MockTx {
    let found = MentionsOfAll { mentions, looked_up_to: looked_up_to.map(GroupId::new) };
    let mut tx = MockTx::new();
    let finds = tx.mentions.expect_to_all_in_threads().with(eq(ME), eq(GroupId::new(3))).times(1);
    finds.returning(move |_, _| Ok(found.clone()));
    moves(tx)
}

/// The threads that were read, and where the next step begins.
fn told<P>(step: ReadStep<P>, id: fn(P) -> i64) -> (Vec<i64>, Option<i64>) {
    let threads = step.moved.iter().map(|update| update.thread.unwrap().get());
    (threads.collect(), step.next.map(id))
}

fn read_mentioned(own: Vec<OwnMention>) -> (Vec<i64>, Option<i64>) {
    told(read_mentioned_threads(&mut mentioned(own), &me(), None).unwrap(), MessageId::get)
}

fn read_of_all(mentions: Vec<OwnMention>, looked_up_to: Option<i64>) -> (Vec<i64>, Option<i64>) {
    let mut tx = of_all(mentions, looked_up_to);
    told(read_threads_of_all(&mut tx, &me(), GroupId::new(3)).unwrap(), GroupId::get)
}

#[test]
fn threads_with_an_unread_mention_are_read_each_once() {
    let read = OwnMention { is_unread: false, ..mention(7, 90, 81) };
    let blocked = OwnMention { is_told: false, ..mention(7, 89, 82) };
    let in_group = OwnMention { thread: None, ..mention(7, 88, 83) };
    let hidden = mention(HIDDEN, 87, 84);
    let own =
        vec![mention(7, 92, 80), mention(8, 91, 85), read, blocked, in_group, hidden, mention(7, 86, 80)];
    assert_eq!(read_mentioned(own), (vec![80, 85], None));
    assert_eq!(read_mentioned(vec![read, hidden]), (vec![], None));
}

#[test]
fn a_step_goes_on_after_the_mentions_that_it_has_looked_at() {
    let many = (1..=200).rev().map(|id| OwnMention { is_unread: false, ..mention(7, id, 1) });
    assert_eq!(read_mentioned(many.collect()), (vec![], Some(1)));
}

#[test]
fn mentions_of_all_are_read_group_by_group() {
    let two = vec![mention(8, 91, 80), mention(7, 90, 79)];
    assert_eq!(read_of_all(two.clone(), None), (vec![79, 80], None));
    assert_eq!(read_of_all(two, Some(12)), (vec![79, 80], Some(12)));
}

#[test]
fn a_step_reads_no_more_threads_than_it_may_and_at_least_those_of_a_group() {
    let of_group =
        |group: i64| (0..100).map(move |nth| mention(group, group * 1_000 + nth, group * 1_000 + nth));
    let mentions: Vec<_> = (4..=6).flat_map(of_group).collect();
    let (threads, next) = read_of_all(mentions.clone(), Some(13));
    assert_eq!((threads.len(), next), (200, Some(5)));
    let (threads, next) = read_of_all(mentions[..200].to_vec(), Some(13));
    assert_eq!((threads.len(), next), (200, Some(13)));
}

#[test]
fn faults_are_handed_on() {
    let mentions = || vec![mention(7, 92, 80)];
    assert_hands_faults_on(|| mentioned(mentions()), |tx| read_mentioned_threads(tx, &me(), None));
    assert_hands_faults_on(|| of_all(mentions(), None), |tx| read_threads_of_all(tx, &me(), GroupId::new(3)));
}
