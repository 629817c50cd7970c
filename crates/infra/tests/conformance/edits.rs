//! What messages said before they were edited.

use groupchat_domain::ids::{GroupId, MessageId, UserId, Version};
use groupchat_domain::messages::{EarlierText, EditQuery, Message};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn room(tx: &mut dyn Tx) -> (GroupId, UserId) {
    let ann = user(tx, "ann").id;
    let group = group(tx, "chess");
    join(tx, group, ann, BuiltInRole::Owner);
    (group, ann)
}

fn versions(tx: &mut dyn Tx, message: MessageId, before: Option<i64>, rows: i64) -> Vec<i64> {
    let query = EditQuery { message, before: before.map(Version::new), limit: limit(rows) };
    let found = tx.edits().list(&query).unwrap();
    found.iter().map(|earlier| earlier.version.get()).collect()
}

fn earlier_texts_read_back_newest_first_in_pages(tx: &mut dyn Tx) {
    let (group, ann) = room(tx);
    let [message, other] = ["one", "two"].map(|words| post(tx, group, ann, words));
    let all: Vec<_> = [(1, "ä\n1"), (4, "2"), (7, "3")]
        .map(|(version, words)| EarlierText {
            version: Version::new(version),
            text: text(words),
            written_at: at(1_000 - version),
        })
        .to_vec();
    for earlier in &all {
        tx.edits().add(message, earlier, 10).unwrap();
    }
    tx.edits().add(other, &all[0], 10).unwrap();
    let query = EditQuery { message, before: None, limit: limit(10) };
    let newest_first: Vec<_> = all.into_iter().rev().collect();
    assert_eq!(tx.edits().list(&query), Ok(newest_first));
    // One more than the limit, where the list goes on.
    assert_eq!(versions(tx, message, None, 1), [7, 4]);
    assert_eq!(versions(tx, message, Some(7), 1), [4, 1]);
    assert_eq!(versions(tx, message, Some(4), 1), [1]);
    assert_eq!(versions(tx, message, Some(1), 1), [0; 0]);
}

fn only_the_newest_are_kept(tx: &mut dyn Tx) {
    let (group, ann) = room(tx);
    let [message, other] = ["one", "two"].map(|words| post(tx, group, ann, words));
    for version in 1..=5 {
        edited(tx, other, version, 3);
        edited(tx, message, version, 2);
    }
    assert_eq!(versions(tx, message, None, 10), [5, 4]);
    assert_eq!(versions(tx, other, None, 10), [5, 4, 3]);
    // A limit that was lowered.
    edited(tx, other, 6, 1);
    assert_eq!(versions(tx, other, None, 10), [6]);
}

fn all_of_a_message_go_together(tx: &mut dyn Tx) {
    let (group, ann) = room(tx);
    let [message, other] = ["one", "two"].map(|words| post(tx, group, ann, words));
    for version in 1..=3 {
        edited(tx, message, version, 10);
        edited(tx, other, version, 10);
    }
    tx.edits().remove(message).unwrap();
    assert_eq!(versions(tx, message, None, 10), [0; 0]);
    assert_eq!(versions(tx, other, None, 10), [3, 2, 1]);
    tx.edits().remove(message).unwrap();
}

fn a_deleted_group_takes_them_along_in_bounded_steps(tx: &mut dyn Tx) {
    let (group, ann) = room(tx);
    let messages: Vec<_> = (0..3).map(|_| post(tx, group, ann, "hello")).collect();
    let replied = reply(tx, group, messages[1], ann);
    for message in [messages[1], messages[2], replied] {
        (1..=3).for_each(|version| edited(tx, message, version, 10));
    }
    tx.groups().mark_deleted(group, at(9)).unwrap();
    // 9 earlier texts, 4 messages, a thread with a member, a membership and the group are 17 rows.
    let steps = (1..100).find(|_| tx.groups().purge(group, 4).unwrap()).expect("it comes to an end");
    assert!((5..=6).contains(&steps), "17 rows took {steps} steps of 4");
    assert_eq!(versions(tx, replied, None, 10), [0; 0]);
    assert_eq!(versions(tx, messages[2], None, 10), [0; 0]);
}

/// Stores an earlier text, and that the message was edited.
fn edited(tx: &mut dyn Tx, message: MessageId, version: i64, keep: i64) {
    let words = text(&format!("text {version}"));
    let version = Version::new(version);
    let earlier = EarlierText { version, text: words, written_at: at(version.get()) };
    tx.edits().add(message, &earlier, keep).unwrap();
    let found = tx.messages().find_many(&[message]).unwrap().pop().expect("a message");
    let changed = Message { version: version.next(), edited_at: Some(at(700)), ..found };
    tx.messages().update(&changed).unwrap();
}

cases! { transaction:
    earlier_texts_read_back_newest_first_in_pages
    only_the_newest_are_kept
    all_of_a_message_go_together
    a_deleted_group_takes_them_along_in_bounded_steps
}
