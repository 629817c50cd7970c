use mockall::predicate::eq;

use super::*;
use crate::groups::{Group, History, Member};
use crate::messages::error::MessageRefusal;
use crate::messages::model::Message;
use crate::permissions::BuiltInRole;
use crate::testing::{
    EARLIER, GROUP, ME, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, assert_hands_faults_on, group, me, message,
    view,
};

const HERE: (GroupId, Option<MessageId>) = (GROUP, None);
const NEWEST: FilterStart = FilterStart::At(Window::Range(MessageRange::Below(None)));

fn two() -> Limit {
    Limit::parse(2).unwrap()
}

fn by_other() -> MessageFilter {
    MessageFilter { author: Some(OTHER), since: Some(EARLIER), until: Some(NOW) }
}

fn place(at: Timestamp, seq: i64) -> TimePlace {
    TimePlace { at, seq: Seq::new(seq) }
}

fn numbered(seq: i64) -> MessageView {
    view(Message { seq: Seq::new(seq), ..message(OTHER) })
}

fn query(after: TimePlace, before: TimePlace, ascending: bool) -> TimeQuery {
    TimeQuery {
        group: GROUP,
        thread: None,
        viewer: ME,
        author: Some(OTHER),
        after,
        before,
        ascending,
        above: Seq::ZERO,
        hidden: None,
        limit: two(),
    }
}

fn member(group: Group) -> MockTx {
    MockTx::new().finds_group(Some(group), Some(BuiltInRole::Member))
}

fn reads(mut tx: MockTx, query: TimeQuery, found: &[i64]) -> MockTx {
    let found: Vec<_> = found.iter().copied().map(numbered).collect();
    tx.messages.expect_list_by_time().with(eq(query)).times(1).returning(move |_| Ok(found.clone()));
    tx
}

fn sent_at(mut tx: MockTx, seq: i64, at: Option<Timestamp>) -> MockTx {
    tx.messages
        .expect_sent_at()
        .with(eq(GROUP), eq(None), eq(Seq::new(seq)))
        .times(1)
        .returning(move |_, _, _| Ok(at));
    tx
}

/// The member came in at this time.
fn joined_at(mut tx: MockTx, at: Timestamp) -> MockTx {
    let found = Member { joined_at: at, ..crate::testing::member(ME, BuiltInRole::Member) };
    tx.members.expect_find().with(eq(GROUP), eq(ME)).times(1).returning(move |_, _| Ok(Some(found.clone())));
    tx
}

fn numbers(page: &FilteredPage) -> Vec<i64> {
    page.items.iter().map(|view| view.message.seq.get()).collect()
}

#[test]
fn the_latest_of_an_author_in_a_span_come_first_and_the_page_says_where_it_goes_on() {
    let span = query(place(EARLIER, 0), place(NOW, 0), false);
    let mut tx = reads(member(group()), span, &[9, 7, 4]);
    let page = list_filtered(&mut tx, &me(), HERE, &by_other(), NEWEST, two()).unwrap();
    assert_eq!(numbers(&page), [9, 7]);
    let next = TimeRange::Below(place(EARLIER, 7));
    assert_eq!(page.next, Some(next));
    let rest = query(place(EARLIER, 0), place(EARLIER, 7), false);
    let mut tx = reads(member(group()), rest, &[4]);
    let page = list_filtered(&mut tx, &me(), HERE, &by_other(), FilterStart::Next(next), two()).unwrap();
    assert_eq!((numbers(&page), page.next), (vec![4], None));
}

#[test]
fn a_page_may_begin_at_a_message_in_either_direction() {
    let at = |window| FilterStart::At(Window::Range(window));
    let filter = MessageFilter { author: Some(OTHER), ..MessageFilter::default() };
    let above = query(place(EARLIER, 5), TimePlace::END, true);
    let mut tx = reads(sent_at(member(group()), 5, Some(EARLIER)), above, &[6, 8, 9]);
    let from = at(MessageRange::Above(Seq::new(5)));
    let page = list_filtered(&mut tx, &me(), HERE, &filter, from, two()).unwrap();
    assert_eq!((numbers(&page), page.next), (vec![8, 6], Some(TimeRange::Above(place(EARLIER, 8)))));
    let below = query(TimePlace::START, place(EARLIER, 5), false);
    let mut tx = reads(sent_at(member(group()), 5, Some(EARLIER)), below, &[3]);
    let from = at(MessageRange::Below(Some(Seq::new(5))));
    let page = list_filtered(&mut tx, &me(), HERE, &filter, from, two()).unwrap();
    assert_eq!((numbers(&page), page.next), (vec![3], None));
}

#[test]
fn around_a_message_are_some_after_it_and_it_itself() {
    let filter = MessageFilter { author: Some(OTHER), ..MessageFilter::default() };
    let one = two().half().unwrap();
    let above = TimeQuery { limit: one, ..query(place(EARLIER, 5), TimePlace::END, true) };
    let below = TimeQuery { limit: one, ..query(TimePlace::START, place(EARLIER, 6), false) };
    let mut tx = reads(sent_at(member(group()), 5, Some(EARLIER)), above, &[6]);
    tx = reads(tx, TimeQuery { limit: two().after(&[numbered(6)]), ..below }, &[5]);
    let from = FilterStart::At(Window::Around(Seq::new(5)));
    let page = list_filtered(&mut tx, &me(), HERE, &filter, from, two()).unwrap();
    assert_eq!((numbers(&page), page.next), (vec![6, 5], None));
}

#[test]
fn a_number_that_is_not_there_yet_is_at_the_end() {
    let filter = MessageFilter { author: Some(OTHER), ..MessageFilter::default() };
    let mut tx = sent_at(member(group()), 99, None);
    let from = FilterStart::At(Window::Range(MessageRange::Above(Seq::new(99))));
    let page = list_filtered(&mut tx, &me(), HERE, &filter, from, two()).unwrap();
    assert_eq!(page, FilteredPage { items: Vec::new(), next: None });
}

#[test]
fn an_empty_span_asks_nothing() {
    let filter = MessageFilter { since: Some(NOW), until: Some(EARLIER), ..by_other() };
    let page = list_filtered(&mut member(group()), &me(), HERE, &filter, NEWEST, two()).unwrap();
    assert_eq!(page, FilteredPage { items: Vec::new(), next: None });
}

/// The standing of the tests has joined after message 20.
#[test]
fn who_came_later_gets_only_what_followed() {
    let joined = || member(Group { history: History::Joined, ..group() });
    let filter = MessageFilter { author: Some(OTHER), ..MessageFilter::default() };
    let only =
        |after, before, ascending| TimeQuery { above: Seq::new(20), ..query(after, before, ascending) };
    let readable = place(EARLIER.minus(CLOCK_DIFFERENCE), 0);
    let mut tx = reads(joined_at(joined(), EARLIER), only(readable, TimePlace::END, false), &[30]);
    assert!(list_filtered(&mut tx, &me(), HERE, &filter, NEWEST, two()).is_ok());
    // A number from before is not even looked up.
    let from = FilterStart::At(Window::Range(MessageRange::Above(Seq::new(12))));
    let mut tx = reads(joined_at(joined(), EARLIER), only(readable, TimePlace::END, true), &[30]);
    assert!(list_filtered(&mut tx, &me(), HERE, &filter, from, two()).is_ok());
    let from = FilterStart::At(Window::Range(MessageRange::Below(Some(Seq::new(20)))));
    let mut tx = joined_at(joined(), EARLIER);
    let page = list_filtered(&mut tx, &me(), HERE, &filter, from, two()).unwrap();
    assert_eq!(numbers(&page), [0; 0]);
}

#[test]
fn replies_are_filtered_in_their_thread() {
    let root = message(OTHER);
    let thread = Some(thread_under(&root));
    let of = TimeQuery { thread, ..query(place(EARLIER, 0), place(NOW, 0), false) };
    let mut tx = reads(member(group()).finds_message(Some(root.clone())), of, &[2, 1]);
    let page = list_filtered(&mut tx, &me(), (GROUP, Some(MESSAGE)), &by_other(), NEWEST, two()).unwrap();
    assert_eq!(numbers(&page), [2, 1]);
    let reply = Message { thread, ..root };
    let mut tx = member(group()).finds_message(Some(reply));
    let outcome = list_filtered(&mut tx, &me(), (GROUP, Some(MESSAGE)), &by_other(), NEWEST, two());
    assert_eq!(outcome, Err(MessageRefusal::NotRoot.into()));
}

#[test]
fn outsiders_read_nothing() {
    let mut tx = MockTx::new().finds_group(Some(group()), OUTSIDER.role);
    let outcome = list_filtered(&mut tx, &me(), HERE, &by_other(), NEWEST, two());
    assert_eq!(outcome, Err(crate::groups::GroupRefusal::MembersOnly.into()));
}

#[test]
fn faults_are_returned() {
    let joined = || member(Group { history: History::Joined, ..group() });
    let filter = MessageFilter { author: Some(OTHER), ..MessageFilter::default() };
    let asked = TimeQuery {
        above: Seq::new(20),
        ..query(place(EARLIER.minus(CLOCK_DIFFERENCE), 0), place(EARLIER, 33), false)
    };
    assert_hands_faults_on(
        || reads(sent_at(joined_at(joined(), EARLIER), 33, Some(EARLIER)), asked, &[30]),
        |tx| {
            let from = FilterStart::At(Window::Range(MessageRange::Below(Some(Seq::new(33)))));
            list_filtered(tx, &me(), HERE, &filter, from, two())
        },
    );
}
