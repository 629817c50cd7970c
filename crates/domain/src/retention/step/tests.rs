use std::time::Duration;

use mockall::predicate::{always, eq};

use super::*;
use crate::events::Audience;
use crate::groups::RetentionDays;
use crate::retention::repository::{AgedMessage, Purged};
use crate::testing::{GROUP, MockTx, NOW, assert_hands_faults_on};

const DAY: Duration = Duration::from_secs(24 * 3600);
const TERMS: RetentionTerms = RetentionTerms { age: Some(DAY), keeps_pinned: true };
const NOTHING: Step = Step { messages: 0, goes_on: false };

fn state() -> TrimState {
    TrimState { group: GROUP, days: None, trimmed: Trimmed::NOTHING, kept: 0, next_at: None }
}

fn span(first: i64, last: i64) -> SeqSpan {
    SeqSpan { first: Seq::new(first), last: Seq::new(last) }
}

/// The group is locked, and then looked up.
fn finds(state: Option<TrimState>) -> MockTx {
    let mut tx = MockTx::new();
    tx.groups.expect_lock().with(eq(GROUP)).times(1).returning(|_| Ok(()));
    tx.retention.expect_find().with(eq(GROUP)).times(1).returning(move |_| Ok(state));
    tx
}

/// These messages are the first from this number on, each with whether it is old.
fn reads(mut tx: MockTx, within: SeqSpan, messages: &'static [(i64, bool)]) -> MockTx {
    let at = |is_old| NOW.minus(if is_old { 2 * DAY } else { DAY / 2 });
    tx.retention.expect_aged().with(eq(GROUP), eq(within), always()).times(1).returning(move |_, _, _| {
        Ok(messages
            .iter()
            .map(|(seq, is_old)| AgedMessage { seq: Seq::new(*seq), at: at(*is_old) })
            .collect())
    });
    tx
}

fn pins(mut tx: MockTx, exempt: &'static [i64]) -> MockTx {
    tx.retention
        .expect_pinned()
        .with(eq(GROUP))
        .times(1)
        .returning(move |_| Ok(exempt.iter().copied().map(Seq::new).collect()));
    tx
}

fn stores(mut tx: MockTx, upto: i64, hidden: Option<SeqSpan>, kept: i64) -> MockTx {
    let trimmed = Trimmed { upto: Seq::new(upto), hidden };
    tx.retention.expect_put().with(eq(GROUP), eq(trimmed), eq(kept)).times(1).returning(|_, _, _| Ok(()));
    tx
}

fn purges(mut tx: MockTx, removed: SeqSpan, messages: i64, is_done: bool) -> MockTx {
    tx.retention
        .expect_purge()
        .with(eq(GROUP), eq(removed), eq(ROWS_AT_ONCE))
        .times(1)
        .returning(move |_, _, _| Ok(Purged { messages, is_done }));
    tx
}

fn told(upto: i64) -> (Audience, Option<crate::ids::UserId>, Event) {
    let trimmed = TrimmedHistory { group: GROUP, upto: Seq::new(upto) };
    (Audience::Group(GROUP), None, Event::HistoryTrimmed(trimmed))
}

#[test]
fn the_oldest_messages_are_hidden_and_removed_and_members_are_told() {
    let oldest = || {
        let tx =
            reads(pins(finds(Some(state())), &[]), span(1, i64::MAX), &[(1, true), (2, true), (3, false)]);
        stores(tx, 2, Some(span(1, 2)), 0)
    };
    let mut tx = stores(purges(oldest(), span(1, 2), 5, true), 2, None, 0);
    assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(Step { messages: 5, goes_on: false }));
    assert_eq!(tx.emitted, [told(2)]);
    // Not all at once: it stays hidden.
    let mut tx = purges(oldest(), span(1, 2), 4, false);
    assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(Step { messages: 4, goes_on: true }));
    assert_eq!(tx.emitted, [told(2)]);
    assert_hands_faults_on(
        || stores(purges(oldest(), span(1, 2), 5, true), 2, None, 0),
        |tx| trim(tx, GROUP, &TERMS),
    );
}

#[test]
fn what_was_begun_goes_on_whatever_the_terms_are_now() {
    for terms in [TERMS, RetentionTerms { age: None, ..TERMS }] {
        let begun = Trimmed { upto: Seq::new(7), hidden: Some(span(4, 7)) };
        let tx = finds(Some(TrimState { trimmed: begun, kept: 2, ..state() }));
        let mut tx = stores(purges(tx, span(4, 7), 3, true), 7, None, 2);
        assert_eq!(trim(&mut tx, GROUP, &terms), Ok(Step { messages: 3, goes_on: true }));
        assert_eq!(tx.emitted, [], "it was told before");
    }
}

#[test]
fn nothing_goes_from_a_group_that_is_gone_or_keeps_all() {
    assert_eq!(trim(&mut finds(None), GROUP, &TERMS), Ok(NOTHING));
    let forever = TrimState { days: Some(RetentionDays::FOREVER), ..state() };
    assert_eq!(trim(&mut finds(Some(forever)), GROUP, &TERMS), Ok(NOTHING));
    let none = RetentionTerms { age: None, ..TERMS };
    assert_eq!(trim(&mut finds(Some(state())), GROUP, &none), Ok(NOTHING));
    // What the group says counts more than what the server does.
    let month = TrimState { days: Some(RetentionDays::parse(30).unwrap()), ..state() };
    let mut tx = reads(pins(finds(Some(month)), &[]), span(1, i64::MAX), &[(1, true)]);
    assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(NOTHING));
}

#[test]
fn what_is_exempt_is_passed_over_and_counted() {
    let tx = reads(pins(finds(Some(state())), &[1]), span(1, i64::MAX), &[(1, true), (2, false)]);
    let mut tx = stores(tx, 1, None, 1);
    assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(NOTHING));
    assert_eq!(tx.emitted, [], "nothing has changed for anybody");
}

#[test]
fn what_is_no_longer_exempt_goes_first() {
    let trimmed = Trimmed { upto: Seq::new(9), hidden: None };
    let kept = || pins(finds(Some(TrimState { trimmed, kept: 2, ..state() })), &[3]);
    let tx = reads(kept(), span(1, 9), &[(3, true), (5, true)]);
    let tx = stores(tx, 9, Some(span(5, 5)), 1);
    let mut tx = stores(purges(tx, span(5, 5), 1, true), 9, None, 1);
    assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(Step { messages: 1, goes_on: true }));
    assert_eq!(tx.emitted, [told(9)]);
    // Unless messages stay for longer now.
    let tx = reads(kept(), span(1, 9), &[(3, true), (5, false)]);
    let mut tx = reads(tx, span(10, i64::MAX), &[]);
    assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(NOTHING));
}

/// Of these old messages from the number after `upto` on, a step removes the first hundred.
fn told_of(upto: i64, messages: i64) -> Vec<(Audience, Option<crate::ids::UserId>, Event)> {
    let trimmed = Trimmed { upto: Seq::new(upto), hidden: None };
    let mut tx = pins(finds(Some(TrimState { trimmed, ..state() })), &[]);
    tx.retention.expect_aged().times(1).returning(move |_, within, limit| {
        let seqs = (0..messages.min(limit)).map(|nth| Seq::new(within.first.get() + nth));
        Ok(seqs.map(|seq| AgedMessage { seq, at: NOW.minus(2 * DAY) }).collect())
    });
    let last = upto + messages.min(MESSAGES_AT_ONCE);
    let removed = span(upto + 1, last);
    let tx = stores(tx, last, Some(removed), 0);
    let mut tx = stores(purges(tx, removed, last - upto, true), last, None, 0);
    let goes_on = messages > MESSAGES_AT_ONCE;
    assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(Step { messages: last - upto, goes_on }));
    tx.emitted
}

#[test]
fn members_are_told_now_and_then_and_of_the_last_step() {
    assert_eq!(told_of(0, 101), []);
    assert_eq!(told_of(100, 500), []);
    assert_eq!(told_of(900, 101), [told(1_000)]);
    assert_eq!(told_of(950, 101), [told(1_050)]);
    assert_eq!(told_of(100, 100), [told(200)]);
    assert_eq!(told_of(100, 1), [told(101)]);
}

#[test]
fn it_looks_on_for_a_message_whose_time_has_come() {
    for (is_old, expected) in [(true, Some(Seq::new(100))), (false, None)] {
        let mut tx = pins(finds(Some(state())), &[]);
        // So many are of a time to come, and then one is not.
        let at = move |seq: i64| {
            if seq <= 250 { NOW.plus(DAY) } else { NOW.minus(if is_old { 2 * DAY } else { DAY / 2 }) }
        };
        tx.retention.expect_aged().times(3).returning(move |_, within, limit| {
            let seqs = within.first.get()..(within.first.get() + limit).min(252);
            Ok(seqs.map(|seq| AgedMessage { seq: Seq::new(seq), at: at(seq) }).collect())
        });
        if expected.is_some() {
            tx = stores(tx, 100, Some(span(1, 100)), 0);
            tx = stores(purges(tx, span(1, 100), 100, true), 100, None, 0);
        }
        let messages = if is_old { 100 } else { 0 };
        assert_eq!(trim(&mut tx, GROUP, &TERMS), Ok(Step { messages, goes_on: is_old }));
    }
}
