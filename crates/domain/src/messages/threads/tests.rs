use super::*;
use crate::groups::{History, Standing, VisibleGroup};
use crate::ids::{GroupId, Seq};
use crate::messages::model::Message;
use crate::messages::thread::FollowedThread;
use crate::permissions::{BuiltInRole, PermissionSet, Role};
use crate::testing::{ME, MockTx, assert_hands_faults_on, group, me, root, standing};

fn limit(limit: i64) -> Limit {
    Limit::parse(limit).unwrap()
}

/// Followed threads, by the ids of their roots: group 1 is read by everybody, group 2 from its message 20 on, in group 3
/// the role doesn't allow it, and group 4 is not there any more.
const FOLLOWED: [(i64, i64, i64); 7] =
    [(107, 1, 1), (106, 2, 20), (105, 2, 21), (104, 3, 1), (103, 4, 1), (102, 1, 9), (101, 1, 2)];

fn followed() -> Vec<FollowedThread> {
    let thread = |(id, group, root_seq)| FollowedThread {
        root: MessageId::new(id),
        root_seq: Seq::new(root_seq),
        group: GroupId::new(group),
        last_reply: MessageId::new(id + 1_000),
    };
    FOLLOWED.into_iter().map(thread).collect()
}

fn groups() -> Vec<VisibleGroup> {
    let visible = |id, history, role| {
        let group = crate::groups::Group { id: GroupId::new(id), history, ..group() };
        let joined_seq = Seq::new(20);
        VisibleGroup { group, standing: Some(Standing { role, joined_seq, ..standing(BuiltInRole::Member) }) }
    };
    let member = Role::unchanged(BuiltInRole::Member, false);
    let blind = Role { permissions: PermissionSet::default(), ..member.clone() };
    vec![
        visible(1, History::All, member.clone()),
        visible(2, History::Joined, member),
        visible(3, History::All, blind),
    ]
}

fn lists() -> MockTx {
    let mut tx = MockTx::new();
    tx.threads.expect_followed().withf(|query| query.user == ME).times(1).returning(|_| Ok(followed()));
    tx.groups.expect_find_visible_many().times(1).returning(|ids, _| {
        assert_eq!(ids, [1, 2, 3, 4].map(GroupId::new));
        Ok(groups())
    });
    let shown = |id: &MessageId| {
        let view = root(true);
        MessageView { message: Message { id: *id, ..view.message }, thread: None, ..view }
    };
    // In whatever order.
    tx.messages.expect_views().returning(move |ids, _| Ok(ids.iter().rev().map(shown).collect()));
    tx.threads.expect_views().returning(|roots, _| {
        let thread = |id: &MessageId| {
            let mut view = root(true).thread.unwrap();
            view.thread.root = *id;
            view
        };
        Ok(roots.iter().map(thread).collect())
    });
    tx
}

fn page(size: i64) -> (Vec<i64>, bool) {
    let page = list_threads(&mut lists(), &me(), false, None, limit(size)).unwrap();
    assert!(page.items.iter().all(|view| view.thread.is_some()));
    (page.items.iter().map(|view| view.message.id.get()).collect(), page.more)
}

#[test]
fn only_threads_that_can_be_read_now_are_listed_in_the_order_of_their_newest_replies() {
    assert_eq!(page(50), (vec![107, 105, 102, 101], false));
    assert_eq!(page(4), (vec![107, 105, 102, 101], false));
    assert_eq!(page(3), (vec![107, 105, 102], true));
    assert_eq!(page(1), (vec![107], true));
}

#[test]
fn the_query_says_what_to_leave_out() {
    let mut tx = MockTx::new();
    let before = Some(MessageId::new(8));
    let expected = FollowedQuery { user: ME, unread: true, before };
    tx.threads.expect_followed().withf(move |query| *query == expected).times(1).returning(|_| Ok(vec![]));
    let nothing = Page { items: vec![], more: false };
    assert_eq!(list_threads(&mut tx, &me(), true, before, limit(1)), Ok(nothing));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(lists, |tx| list_threads(tx, &me(), false, None, limit(50)));
}
