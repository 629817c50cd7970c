use super::*;
use crate::groups::{History, VisibleGroup};
use crate::ids::{GroupId, Seq, UserId};
use crate::messages::model::Message;
use crate::permissions::BuiltInRole;
use crate::testing::{GROUP, ME, MockTx, OTHER, assert_hands_faults_on, group, me, message, standing, view};

fn mention(id: i64) -> OwnMention {
    OwnMention {
        message: MessageId::new(id),
        group: GROUP,
        thread: None,
        history_seq: Seq::new(30),
        is_unread: true,
        is_told: true,
    }
}

/// These mentions are found, of the actor and of all, in [`group`], of which the actor reads what follows 20.
fn finds(own: Vec<OwnMention>, to_all: Vec<OwnMention>) -> MockTx {
    let mut tx = MockTx::new();
    let mine = |query: &MentionQuery| query.user == ME && query.limit == LOOKED_AT;
    let of_all = |query: &MentionQuery| query.user == ME && query.limit == LOOKED_AT_TO_ALL;
    tx.mentions.expect_list().withf(mine).times(1).returning(move |_| Ok(own.clone()));
    tx.mentions.expect_list_to_all().withf(of_all).times(1).returning(move |_| Ok(to_all.clone()));
    let group = crate::groups::Group { history: History::Joined, ..group() };
    let found = VisibleGroup { group, standing: Some(standing(BuiltInRole::Member)) };
    tx.groups.expect_find_visible_many().returning(move |_, _| Ok(vec![found.clone()]));
    tx.messages.expect_views().returning(|ids, _: UserId| {
        Ok(ids.iter().map(|id| view(Message { id: *id, ..message(OTHER) })).collect())
    });
    tx
}

fn listed(tx: &mut MockTx, unread: bool, limit: i64) -> (Vec<i64>, Option<i64>) {
    let page = list_mentions(tx, &me(), unread, None, Limit::parse(limit).unwrap()).unwrap();
    let ids = page.items.iter().map(|view| view.message.id.get()).collect();
    (ids, page.next.map(MessageId::get))
}

#[test]
fn mentions_of_both_kinds_are_in_one_order_and_each_once() {
    let own = || vec![mention(9), mention(5), mention(2)];
    let to_all = || vec![mention(7), mention(5)];
    assert_eq!(listed(&mut finds(own(), to_all()), false, 50), (vec![9, 7, 5, 2], None));
    assert_eq!(listed(&mut finds(own(), to_all()), false, 3), (vec![9, 7, 5], Some(5)));
}

#[test]
fn only_what_can_be_read_now_is_listed() {
    let elsewhere = OwnMention { group: GroupId::new(8), ..mention(9) };
    let before = OwnMention { history_seq: Seq::new(20), ..mention(7) };
    let read = OwnMention { is_unread: false, ..mention(3) };
    let blocked = OwnMention { is_told: false, ..mention(4) };
    let own = || vec![elsewhere, before, mention(5), blocked, read];
    assert_eq!(listed(&mut finds(own(), Vec::new()), false, 50), (vec![5, 3], None));
    assert_eq!(listed(&mut finds(own(), Vec::new()), true, 50), (vec![5], None));
}

#[test]
fn a_page_looks_at_a_bounded_number_and_goes_on_after_them() {
    let hidden = |id| OwnMention { group: GroupId::new(8), ..mention(id) };
    let own = (1..=LOOKED_AT).rev().map(hidden).collect();
    assert_eq!(listed(&mut finds(own, Vec::new()), false, 50), (vec![], Some(1)));
}

#[test]
fn nothing_is_listed_from_beyond_the_end_of_what_was_looked_at_of_either_kind() {
    let to_all = || (51..=100).rev().map(mention).collect::<Vec<_>>();
    let own = || vec![mention(200), mention(52), mention(50), mention(1)];
    let (ids, next) = listed(&mut finds(own(), to_all()), false, 200);
    assert_eq!((ids.len(), next), (51, Some(51)));
    assert!(!ids.contains(&50), "there may be one of all before it");
    let many = (501..=1_000).rev().map(mention).collect::<Vec<_>>();
    let (ids, next) = listed(&mut finds(many, to_all()), false, 200);
    assert_eq!((ids.len(), ids[0], next), (200, 1_000, Some(801)));
    let fewer = to_all()[1..].to_vec();
    assert_eq!(listed(&mut finds(own(), fewer), false, 200).1, None);
}

#[test]
fn faults_are_handed_on() {
    let list = |tx: &mut dyn Tx| list_mentions(tx, &me(), false, None, Limit::DEFAULT);
    assert_hands_faults_on(|| finds(vec![mention(9)], Vec::new()), list);
}
