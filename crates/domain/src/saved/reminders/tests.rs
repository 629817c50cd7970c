use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::Scope;
use crate::events::Audience;
use crate::groups::{Group, History, VisibleGroup};
use crate::ids::Seq;
use crate::messages::{Message, MessageRefusal};
use crate::permissions::BuiltInRole;
use crate::testing::{
    EARLIER, GROUP, ME, MESSAGE, MockTx, NOW, OTHER, assert_hands_faults_on, group, me, message,
    my_group_token, reminder, standing, view,
};

const LATER: Timestamp = Timestamp::from_micros(NOW.as_micros() + 60_000_000);

fn own(reminder: Reminder) -> OwnReminder {
    OwnReminder { reminder, group: GROUP, history_seq: Seq::new(30) }
}

/// The actor reads the message, and is to be reminded of it like this, and of so many messages.
fn reads(found: Option<Reminder>, all: usize) -> MockTx {
    let mut tx = MockTx::new()
        .locks_group(Some(group()), Some(BuiltInRole::Member))
        .finds_message(Some(message(OTHER)));
    tx.messages.expect_find_many().withf(|ids| ids == [MESSAGE]).returning(|_| Ok(vec![message(OTHER)]));
    let mine = |users: &[UserId], how: &LockStrength| users == [ME] && *how == LockStrength::Exclusive;
    tx.accounts.expect_lock().withf(mine).returning(|_, _| Ok(()));
    tx.reminders.expect_find().with(eq(ME), eq(MESSAGE)).returning(move |_, _| Ok(found.map(own)));
    tx.reminders.expect_list().with(eq(ME)).returning(move |_| Ok(vec![own(reminder(ME)); all]));
    tx
}

fn stores(mut tx: MockTx, reminder: Reminder) -> MockTx {
    tx.reminders.expect_put().with(eq(reminder)).times(1).returning(|_| Ok(()));
    tx
}

fn asked() -> Reminder {
    Reminder { at: LATER, created_at: NOW, ..reminder(ME) }
}

fn shown(reminder: Reminder) -> ReminderView {
    ReminderView { reminder, view: Some(view(message(OTHER))) }
}

fn told(reminder: Option<Reminder>) -> (Audience, Option<UserId>, Event) {
    let update = ReminderUpdate { user: ME, group: GROUP, message: MESSAGE, reminder };
    (Audience::User(ME), Some(ME), Event::ReminderUpdated(update))
}

#[test]
fn a_user_asks_to_be_reminded_and_only_own_devices_are_told() {
    let mut tx = stores(reads(None, 99), asked());
    assert_eq!(put_reminder(&mut tx, &me(), MESSAGE, LATER), Ok(shown(asked())));
    assert_eq!(tx.emitted, [told(Some(asked()))]);
}

#[test]
fn a_message_has_one_reminder_which_waits_again_with_another_time() {
    let again = Reminder { created_at: EARLIER, ..asked() };
    for before in [reminder(ME), Reminder { is_due: true, at: LATER, ..reminder(ME) }] {
        let mut tx = stores(reads(Some(before), 100), again);
        assert_eq!(put_reminder(&mut tx, &me(), MESSAGE, LATER), Ok(shown(again)));
        assert_eq!(tx.emitted, [told(Some(again))]);
    }
    let mut tx = reads(Some(again), 100);
    assert_eq!(put_reminder(&mut tx, &me(), MESSAGE, LATER), Ok(shown(again)));
    assert_eq!(tx.emitted, []);
}

#[test]
fn there_are_at_most_so_many_within_a_year() {
    let outcome = put_reminder(&mut reads(None, 100), &me(), MESSAGE, LATER);
    assert_eq!(outcome, Err(SavedRefusal::TooManyReminders.into()));
    for at in [NOW, NOW.plus(Duration::from_secs(367 * 24 * 3600))] {
        let outcome = put_reminder(&mut reads(None, 0), &me(), MESSAGE, at);
        assert!(matches!(outcome, Err(Error::Refused(crate::error::Refusal::Invalid(_)))), "{outcome:?}");
    }
}

#[test]
fn nobody_is_reminded_of_what_they_cannot_read() {
    let mut tx = MockTx::new();
    tx.messages.expect_find_many().returning(|_| Ok(vec![message(OTHER)]));
    tx.groups.expect_lock_visible().times(1).returning(|_, _| Ok(false));
    tx.groups.expect_find_visible().times(1).returning(|_, _| Ok(None));
    assert_eq!(put_reminder(&mut tx, &me(), MESSAGE, LATER), Err(MessageRefusal::NotFound.into()));
}

fn removes(found: Option<OwnReminder>) -> MockTx {
    let mut tx = MockTx::new();
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.reminders.expect_find().with(eq(ME), eq(MESSAGE)).returning(move |_, _| Ok(found));
    tx.reminders.expect_remove().with(eq(ME), eq(MESSAGE)).returning(|_, _| Ok(()));
    tx
}

#[test]
fn a_reminder_is_removed_whether_or_not_its_message_can_be_read() {
    let elsewhere = OwnReminder { group: GroupId::new(8), ..own(reminder(ME)) };
    for (actor, found, events) in [
        (me(), Some(own(reminder(ME))), vec![told(None)]),
        (me(), None, vec![]),
        (my_group_token(Scope::Write), Some(elsewhere), vec![]),
    ] {
        let mut tx = removes(found);
        assert_eq!(remove_reminder(&mut tx, &actor, MESSAGE), Ok(()));
        assert_eq!(tx.emitted, events);
    }
}

fn of(id: i64, at: Timestamp) -> OwnReminder {
    own(Reminder { message: MessageId::new(id), at, ..reminder(ME) })
}

/// These reminders are found, in [`group`], of which the actor reads what follows 20.
fn lists(found: Vec<OwnReminder>) -> MockTx {
    let mut tx = MockTx::new();
    tx.reminders.expect_list().with(eq(ME)).returning(move |_| Ok(found.clone()));
    let group = Group { history: History::Joined, ..group() };
    let found = VisibleGroup { group, standing: Some(standing(BuiltInRole::Member)) };
    tx.groups.expect_find_visible_many().returning(move |_, _| Ok(vec![found.clone()]));
    tx.messages.expect_views().returning(|ids, _: UserId| {
        Ok(ids.iter().rev().map(|id| view(Message { id: *id, ..message(OTHER) })).collect())
    });
    tx
}

/// The messages of a page, with whether they are shown, and whether there are more.
fn listed(tx: &mut MockTx, actor: &Actor, after: Option<(Timestamp, MessageId)>) -> (Vec<(i64, bool)>, bool) {
    let page = list_reminders(tx, actor, after, Limit::parse(2).unwrap()).unwrap();
    let shown = |item: &ReminderView| (item.reminder.message.get(), item.view.is_some());
    (page.items.iter().map(shown).collect(), page.more)
}

#[test]
fn reminders_are_listed_in_the_order_of_their_times() {
    let found = || vec![of(72, NOW), of(70, LATER), of(71, LATER)];
    assert_eq!(listed(&mut lists(found()), &me(), None), (vec![(72, true), (70, true)], true));
    let after = Some((LATER, MessageId::new(70)));
    assert_eq!(listed(&mut lists(found()), &me(), after), (vec![(71, true)], false));
}

#[test]
fn a_reminder_is_listed_without_a_message_that_cannot_be_read_now() {
    let elsewhere = OwnReminder { group: GroupId::new(8), ..of(70, NOW) };
    let before = OwnReminder { history_seq: Seq::new(20), ..of(72, LATER) };
    let found = vec![elsewhere, before];
    assert_eq!(listed(&mut lists(found.clone()), &me(), None), (vec![(70, false), (72, false)], false));
    // A token for other groups sees nothing of it.
    assert_eq!(listed(&mut lists(found), &my_group_token(Scope::Read), None), (vec![(72, false)], false));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| stores(reads(None, 3), asked()), |tx| put_reminder(tx, &me(), MESSAGE, LATER));
    assert_hands_faults_on(|| removes(Some(own(reminder(ME)))), |tx| remove_reminder(tx, &me(), MESSAGE));
    assert_hands_faults_on(|| lists(vec![of(70, NOW)]), |tx| list_reminders(tx, &me(), None, Limit::DEFAULT));
}
