//! Messages that are sent later, and reminders.

use groupchat_domain::ids::{GroupId, MessageId, Seq, SessionId, UserId};
use groupchat_domain::messages::MessageDraft;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::saved::Reminder;
use groupchat_domain::scheduled::{Failure, NewScheduled, Scheduled, ScheduledId, ScheduledQuery};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// A message to a group, to be sent at this time.
fn new(user: UserId, group: GroupId, says: &str, time: i64) -> NewScheduled {
    let draft =
        MessageDraft { group, text: text(says), client_id: None, thread: None, reply_to: None, poll: None };
    NewScheduled { user, token: None, draft, send_at: at(time), created_at: at(1) }
}

fn insert(tx: &mut dyn Tx, new: &NewScheduled) -> Scheduled {
    Scheduled { id: tx.scheduled().insert(new).unwrap(), new: new.clone(), failed: None }
}

fn listed(tx: &mut dyn Tx, user: UserId, group: GroupId, before: Option<ScheduledId>) -> Vec<Scheduled> {
    tx.scheduled().list(&ScheduledQuery { user, group, before, limit: limit(2) }).unwrap()
}

fn due(tx: &mut dyn Tx, now: i64, limit: i64) -> Vec<ScheduledId> {
    tx.scheduled().due(at(now), limit).unwrap().into_iter().map(|due| due.id).collect()
}

fn failure(time: i64) -> Failure {
    Failure { code: "muted".to_owned(), detail: "you are muted".to_owned(), at: at(time) }
}

fn a_scheduled_message_is_as_it_was_stored_and_changed(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let (chess, go) = (group(tx, "chess"), group(tx, "go"));
    let mut full = new(ann, chess, "@bob \"look\"", 50);
    full.token = Some(SessionId::new(7));
    full.draft.client_id = Some(client_id("later-1"));
    (full.draft.thread, full.draft.reply_to) = (Some(MessageId::new(3)), Some(MessageId::new(4)));
    let full = insert(tx, &full);
    let plain = insert(tx, &new(ann, go, "plain", 40));
    for stored in [&full, &plain] {
        assert_eq!(tx.scheduled().find(ann, stored.id), Ok(Some(stored.clone())));
        assert_eq!(tx.scheduled().find(bob, stored.id), Ok(None));
    }
    let name = client_id("later-1");
    assert_eq!(tx.scheduled().find_by_client_id(ann, chess, &name), Ok(Some(full.clone())));
    assert_eq!(tx.scheduled().find_by_client_id(ann, go, &name), Ok(None));
    assert_eq!(tx.scheduled().find_by_client_id(bob, chess, &name), Ok(None));
    assert_eq!((tx.scheduled().count(ann), tx.scheduled().count(bob)), (Ok(2), Ok(0)));
    let mut changed = full.clone();
    (changed.new.draft.text, changed.new.send_at, changed.new.token) = (text("changed"), at(60), None);
    changed.failed = Some(failure(9));
    assert_eq!(tx.scheduled().update(&changed), Ok(true));
    assert_eq!(tx.scheduled().find(ann, full.id), Ok(Some(changed.clone())));
    assert_eq!((tx.scheduled().remove(full.id), tx.scheduled().remove(full.id)), (Ok(true), Ok(false)));
    assert_eq!(tx.scheduled().update(&changed), Ok(false));
    assert_eq!(tx.scheduled().find(ann, full.id), Ok(None));
}

fn scheduled_messages_are_listed_by_group_the_latest_first(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let (chess, go) = (group(tx, "chess"), group(tx, "go"));
    let mine: Vec<_> = [70, 50, 60].map(|time| insert(tx, &new(ann, chess, "mine", time))).into();
    insert(tx, &new(bob, chess, "bob's", 50));
    insert(tx, &new(ann, go, "elsewhere", 50));
    assert_eq!(listed(tx, ann, chess, None), [2, 1, 0].map(|index: usize| mine[index].clone()));
    assert_eq!(listed(tx, ann, chess, Some(mine[2].id)), [1, 0].map(|index: usize| mine[index].clone()));
    assert_eq!((tx.scheduled().forget(ann, 3), tx.scheduled().forget(ann, 3)), (Ok(false), Ok(true)));
    assert_eq!((tx.scheduled().count(ann), tx.scheduled().count(bob)), (Ok(0), Ok(1)));
}

fn what_is_due_is_taken_once(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let chess = group(tx, "chess");
    assert_eq!((due(tx, 100, 10), tx.scheduled().next_due()), (vec![], Ok(None)));
    let [late, early, middle] = [30, 10, 20].map(|time| insert(tx, &new(ann, chess, "hi", time)));
    assert_eq!(tx.scheduled().next_due(), Ok(Some(at(10))));
    assert_eq!(due(tx, 9, 10), []);
    assert_eq!((due(tx, 20, 10), due(tx, 30, 2)), (vec![early.id, middle.id], vec![early.id, middle.id]));
    assert_eq!(tx.scheduled().take(early.id, at(9)), Ok(None));
    assert_eq!(tx.scheduled().take(early.id, at(10)), Ok(Some(early.clone())));
    assert_eq!(tx.scheduled().take(early.id, at(10)), Ok(None));
    assert_eq!(tx.scheduled().fail(early.id, &failure(10)), Ok(None));
    tx.scheduled().postpone(middle.id, at(25)).unwrap();
    assert_eq!((due(tx, 24, 10), tx.scheduled().next_due()), (vec![], Ok(Some(at(25)))));
    assert_eq!(tx.scheduled().fail(middle.id, &failure(24)), Ok(None));
    assert_eq!(tx.scheduled().fail(middle.id, &failure(25)), Ok(Some((ann, chess))));
    let failed = Scheduled { failed: Some(failure(25)), ..middle.clone() };
    assert_eq!(tx.scheduled().find(ann, middle.id), Ok(Some(failed.clone())));
    assert_eq!(tx.scheduled().take(middle.id, at(99)), Ok(None));
    assert_eq!(tx.scheduled().fail(middle.id, &failure(26)), Ok(None));
    assert_eq!((due(tx, 99, 10), tx.scheduled().next_due()), (vec![late.id], Ok(Some(at(30)))));
    assert_eq!(tx.scheduled().update(&middle), Ok(true));
    assert_eq!(due(tx, 20, 10), [middle.id]);
    tx.groups().mark_deleted(chess, at(9)).unwrap();
    while !tx.groups().purge(chess, 2).unwrap() {}
    assert_eq!(tx.scheduled().count(ann), Ok(0));
}

/// That a user is to be reminded at this time.
fn reminder(user: UserId, message: MessageId, time: i64) -> Reminder {
    Reminder { user, message, at: at(time), is_due: false, created_at: at(1) }
}

fn reminders_are_in_the_order_of_their_times_and_ring_once(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let chess = group(tx, "chess");
    for user in [ann, bob] {
        join(tx, chess, user, BuiltInRole::Member);
    }
    let first = post(tx, chess, ann, "Hello");
    let answer = reply(tx, chess, first, bob);
    let second = post(tx, chess, ann, "Hello again");
    for reminder in [
        reminder(ann, second, 30),
        reminder(ann, first, 30),
        reminder(bob, first, 10),
        reminder(ann, answer, 20),
    ] {
        assert_eq!(tx.reminders().find(reminder.user, reminder.message), Ok(None));
        tx.reminders().put(&reminder).unwrap();
    }
    let listed: Vec<_> = tx.reminders().list(ann).unwrap().into_iter().map(|own| own.reminder).collect();
    assert_eq!(listed, [reminder(ann, answer, 20), reminder(ann, first, 30), reminder(ann, second, 30)]);
    let own = tx.reminders().find(ann, answer).unwrap().unwrap();
    assert_eq!((own.group, own.history_seq), (chess, Seq::new(1)));
    assert_eq!(tx.reminders().find_many(&[(bob, first), (bob, second)]), Ok(vec![reminder(bob, first, 10)]));
    assert_eq!(tx.reminders().next_due(), Ok(Some(at(10))));
    assert_eq!(tx.reminders().due(at(9), 10), Ok(vec![]));
    assert_eq!(tx.reminders().due(at(20), 10), Ok(vec![(bob, first), (ann, answer)]));
    assert_eq!(tx.reminders().due(at(30), 1), Ok(vec![(bob, first)]));
    assert_eq!(tx.reminders().ring(bob, first, at(9)), Ok(None));
    let rung = tx.reminders().ring(bob, first, at(10)).unwrap().unwrap();
    assert_eq!(rung.reminder, Reminder { is_due: true, ..reminder(bob, first, 10) });
    assert_eq!(tx.reminders().ring(bob, first, at(10)), Ok(None));
    tx.reminders().postpone(ann, answer, at(25)).unwrap();
    assert_eq!((tx.reminders().due(at(24), 10), tx.reminders().next_due()), (Ok(vec![]), Ok(Some(at(25)))));
    tx.reminders().put(&reminder(bob, first, 5)).unwrap();
    assert_eq!(tx.reminders().due(at(5), 10), Ok(vec![(bob, first)]));
    tx.reminders().remove(bob, first).unwrap();
    tx.reminders().remove(bob, first).unwrap();
    tx.reminders().forget(ann).unwrap();
    assert_eq!((tx.reminders().list(ann), tx.reminders().next_due()), (Ok(vec![]), Ok(None)));
    for message in [first, answer, second] {
        tx.reminders().put(&reminder(ann, message, 5)).unwrap();
    }
    tx.groups().mark_deleted(chess, at(9)).unwrap();
    while !tx.groups().purge(chess, 2).unwrap() {}
    assert_eq!(tx.reminders().list(ann), Ok(vec![]));
}

cases! { transaction:
    a_scheduled_message_is_as_it_was_stored_and_changed
    scheduled_messages_are_listed_by_group_the_latest_first
    what_is_due_is_taken_once
    reminders_are_in_the_order_of_their_times_and_ring_once
}
