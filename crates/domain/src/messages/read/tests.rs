use proptest::prelude::*;

use super::*;
use crate::groups::GroupRefusal;
use crate::messages::model::Message;
use crate::permissions::BuiltInRole;
use crate::testing::{
    ADMIN, GROUP, ME, MEMBER, MESSAGE, MockTx, OTHER, OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE,
    assert_hands_faults_on, group, me, message, tombstone, view,
};

const NEWEST: Window = Window::Range(MessageRange::Below(None));

fn limit(limit: i64) -> Limit {
    Limit::parse(limit).unwrap()
}

fn numbered(seq: i64) -> MessageView {
    view(Message { seq: Seq::new(seq), ..message(OTHER) })
}

/// The rows that a repository with the messages 1 to 40 gives for a query.
fn rows(query: &MessageQuery) -> Vec<MessageView> {
    let wanted = usize::try_from(query.limit.with_lookahead()).unwrap();
    match query.run {
        MessageRange::Above(seq) => (seq.get() + 1..=40).take(wanted).map(numbered).collect(),
        MessageRange::Below(seq) => {
            let below = seq.map_or(40, |seq| 40.min(seq.get() - 1));
            (1..=below).rev().take(wanted).map(numbered).collect()
        }
    }
}

fn holds_forty() -> MockTx {
    let mut tx = MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member));
    tx.messages
        .expect_list()
        .withf(|query| query.group == GROUP && query.viewer == ME)
        .returning(|query| Ok(rows(query)));
    tx
}

/// Reads a page of the messages 1 to 40: their numbers, and where reading goes on.
fn read(window: Window, limit: Limit) -> (Vec<i64>, Option<MessageRange>) {
    let page = list(&mut holds_forty(), &me(), GROUP, window, limit).unwrap();
    (page.items.iter().map(|view| view.message.seq.get()).collect(), page.next)
}

#[test]
fn a_page_is_the_newest_first_whatever_the_direction() {
    let below = |seq| MessageRange::Below(Some(Seq::new(seq)));
    let above = |seq| MessageRange::Above(Seq::new(seq));
    for (window, expected) in [
        (NEWEST, (vec![40, 39, 38], Some(below(38)))),
        (Window::Range(below(40)), (vec![39, 38, 37], Some(below(37)))),
        (Window::Range(below(3)), (vec![2, 1], None)),
        (Window::Range(below(1)), (vec![], None)),
        (Window::Range(above(0)), (vec![3, 2, 1], Some(above(3)))),
        (Window::Range(above(37)), (vec![40, 39, 38], None)),
        (Window::Range(above(40)), (vec![], None)),
    ] {
        assert_eq!(read(window, limit(3)), expected, "{window:?}");
    }
}

#[test]
fn around_a_message_half_of_the_page_is_newer_and_the_rest_goes_down_from_it() {
    let below = |seq| Some(MessageRange::Below(Some(Seq::new(seq))));
    for (seq, size, expected) in [
        (20, 4, (vec![22, 21, 20, 19], below(19))),
        (20, 5, (vec![22, 21, 20, 19, 18], below(18))),
        (20, 1, (vec![20], below(20))),
        // Where there is less above, there is more below.
        (40, 4, (vec![40, 39, 38, 37], below(37))),
        (39, 4, (vec![40, 39, 38, 37], below(37))),
        (1, 4, (vec![3, 2, 1], None)),
        (0, 4, (vec![2, 1], None)),
        (100, 2, (vec![40, 39], below(39))),
    ] {
        assert_eq!(read(Window::Around(Seq::new(seq)), limit(size)), expected, "around {seq}, {size}");
    }
}

proptest! {
    #[test]
    fn following_next_gives_each_message_once(size in 1..50_i64, upwards: bool) {
        let mut next = Some(if upwards { MessageRange::Above(Seq::ZERO) } else { MessageRange::Below(None) });
        let mut seen = Vec::new();
        while let Some(run) = next {
            let (mut page, go_on) = read(Window::Range(run), limit(size));
            if upwards {
                page.reverse();
            }
            seen.extend(page);
            next = go_on;
        }
        let all: Vec<i64> = if upwards { (1..=40).collect() } else { (1..=40).rev().collect() };
        prop_assert_eq!(seen, all);
    }

    #[test]
    fn a_page_around_a_message_has_no_hole_and_is_full_where_there_is_enough_below(
        seq in 1..60_i64, size in 1..50_i64,
    ) {
        let (page, next) = read(Window::Around(Seq::new(seq)), limit(size));
        prop_assert!(page.windows(2).all(|pair| pair[0] == pair[1] + 1));
        prop_assert_eq!(page.contains(&seq), (1..=40).contains(&seq));
        prop_assert!(page.len() <= usize::try_from(size).unwrap());
        match next {
            Some(run) => prop_assert_eq!(run, MessageRange::Below(Some(Seq::new(*page.last().unwrap())))),
            None => prop_assert_eq!(page.last(), Some(&1)),
        }
    }
}

#[test]
fn only_members_read_server_admins_not_excepted() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let tx = || MockTx::new().finds_group(Some(group()), caller.role);
        let mut listing = tx();
        listing.messages.expect_list().returning(|_| Ok(vec![]));
        assert!(list(&mut listing, &me(), GROUP, NEWEST, limit(1)).is_ok(), "{caller:?}");
        let mut finding = tx().finds_message(Some(message(OTHER)));
        assert!(find(&mut finding, &me(), GROUP, MESSAGE).is_ok(), "{caller:?}");
    }
    for (group, caller, refusal) in [
        (Some(group()), OUTSIDER, GroupRefusal::MembersOnly),
        (Some(group()), SERVER_ADMIN, GroupRefusal::MembersOnly),
        (None, OUTSIDER, GroupRefusal::NotFound),
    ] {
        let tx = || MockTx::new().finds_group(group.clone(), caller.role);
        assert_eq!(list(&mut tx(), &me(), GROUP, NEWEST, limit(1)), Err(refusal.into()), "{caller:?}");
        assert_eq!(find(&mut tx(), &me(), GROUP, MESSAGE), Err(refusal.into()), "{caller:?}");
    }
}

#[test]
fn a_message_is_found_also_as_a_tombstone() {
    for found in [message(OTHER), tombstone(OTHER)] {
        let tx = MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member));
        let mut tx = tx.finds_message(Some(found.clone()));
        assert_eq!(find(&mut tx, &me(), GROUP, MESSAGE), Ok(view(found)));
    }
    let mut tx = MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member)).finds_message(None);
    assert_eq!(find(&mut tx, &me(), GROUP, MESSAGE), Err(MessageRefusal::NotFound.into()));
}

#[test]
fn faults_are_returned() {
    let around = Window::Around(Seq::new(20));
    assert_hands_faults_on(holds_forty, |tx| list(tx, &me(), GROUP, around, limit(4)));
    assert_hands_faults_on(holds_forty, |tx| list(tx, &me(), GROUP, NEWEST, limit(4)));
    assert_hands_faults_on(
        || {
            let tx = MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member));
            tx.finds_message(Some(message(OTHER)))
        },
        |tx| find(tx, &me(), GROUP, MESSAGE),
    );
}
