//! Checksums of messages and events.

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{EventId, GroupId, MessageId, UserId};
use groupchat_domain::jobs::Task;
use groupchat_domain::messages::{self, ChangeTerms, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;
use groupchat_infra::check::CheckOutcome;

use crate::support::Database;
use crate::support::fixture::*;

/// Columns that a checksum covers, and what the row says instead of what was written.
const CHANGES: [(&str, &str); 23] = [
    ("messages", "group_id = (SELECT max(id) FROM groups)"),
    ("messages", "seq = seq + 100"),
    ("messages", "author_id = author_id + 1"),
    ("messages", "client_id = 'another'"),
    ("messages", "client_id = NULL"),
    ("messages", "version = version + 1"),
    ("messages", "created_at = created_at - 1"),
    ("messages", "edited_at = coalesce(edited_at, 0) + 1"),
    (
        "messages",
        "deleted_at = 1, text = NULL, likes = 0, reactions = NULL, pin_seq = NULL, pinned_at = NULL, pinned_by = NULL",
    ),
    ("messages", "text = 'hellp'"),
    ("messages", "pin_seq = 1, pinned_at = 1, pinned_by = author_id"),
    ("messages", "reactions = '🎉:9'"),
    ("messages", "checksum = 0"),
    ("events", "at = at + 1"),
    ("events", "type = 'message.deleted'"),
    ("events", "actor_id = NULL"),
    ("events", "audience = 'all'"),
    ("events", "group_id = NULL"),
    ("events", "user_id = 0"),
    ("events", "message_id = NULL"),
    ("events", "session_id = 0"),
    ("events", "invitation_id = 0"),
    ("events", "emoji = '🎉'"),
];

/// A group with two members, the first of whom owns it.
#[derive(Clone)]
struct Room {
    group: GroupId,
    ann: Actor,
    bob: Actor,
}

fn room(tx: &mut dyn Tx) -> Room {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let (id, _) = (group(tx, "chess"), group(tx, "tea"));
    join(tx, id, ann, BuiltInRole::Owner);
    join(tx, id, bob, BuiltInRole::Member);
    Room { group: id, ann: sign_in(tx, ann, 1), bob: sign_in(tx, bob, 2) }
}

fn sign_in(tx: &mut dyn Tx, user: UserId, number: u8) -> Actor {
    session(tx, user, number, at(100));
    tx.sessions().authenticate(&key(number), at(10)).unwrap().expect("the key works")
}

/// Sends so many messages, one of which has a client id.
fn send(tx: &mut dyn Tx, room: &Room, count: usize) -> Result<Vec<MessageId>, Error> {
    let mut ids = Vec::new();
    for number in 0..count {
        let client_id = (number == 4).then(|| client_id("mine"));
        let draft = MessageDraft {
            group: room.group,
            text: text("hello"),
            client_id,
            thread: None,
            reply_to: None,
            poll: None,
        };
        ids.push(messages::send(tx, &room.ann, &draft)?.view.message.id);
    }
    Ok(ids)
}

/// Runs work in the room.
fn act<T: Send + 'static>(
    database: &Database,
    room: &Room,
    work: impl Fn(&mut dyn Tx, &Room) -> Result<T, Error> + Send + 'static,
) -> T {
    let room = room.clone();
    database.write(move |tx| work(tx, &room)).unwrap()
}

/// Whether all rows match, and what the check says.
fn checked(database: &Database) -> (CheckOutcome, String) {
    let finding = database.finding("checksums");
    (finding.outcome, finding.detail)
}

#[track_caller]
fn assert_intact(database: &Database) {
    let (outcome, detail) = checked(database);
    assert_eq!(outcome, CheckOutcome::Passed, "{detail}");
    assert!(detail.ends_with("match their checksums"), "{detail}");
}

fn what_the_program_writes_matches_its_checksums(database: &Database) {
    let written = database.write(|tx| {
        let room = room(tx);
        let (ann, bob, group) = (&room.ann, &room.bob, room.group);
        let ids = send(tx, &room, 8)?;
        messages::edit(tx, ann, group, ids[1], Some(&text("Ü\u{301}🎉\tnew\nline")), ChangeTerms::default())?;
        messages::like(tx, bob, group, ids[1])?;
        messages::pin(tx, ann, group, ids[1])?;
        messages::pin(tx, ann, group, ids[2])?;
        messages::unpin(tx, ann, group, ids[2])?;
        messages::like(tx, bob, group, ids[3])?;
        messages::unlike(tx, bob, group, ids[3])?;
        messages::like(tx, bob, group, ids[4])?;
        messages::delete(tx, ann, group, ids[4], ChangeTerms::default())
    });
    written.unwrap();
    assert_intact(database);
}

fn a_changed_column_is_noticed_and_the_row_is_named(database: &Database) {
    database
        .write(|tx| {
            let room = room(tx);
            send(tx, &room, CHANGES.len())
        })
        .unwrap();
    assert_intact(database);
    for (number, (table, change)) in CHANGES.iter().enumerate() {
        let row = format!("SELECT id FROM {table} ORDER BY id LIMIT 1 OFFSET {number}");
        database.execute(&format!("UPDATE {table} SET {change} WHERE id = ({row})"));
        let (outcome, detail) = checked(database);
        assert_eq!(outcome, CheckOutcome::Failed, "{change}");
        assert!(detail.starts_with(&format!("{} of ", number + 1)), "{change}: {detail}");
    }
    let (_, detail) = checked(database);
    assert!(detail.contains("message 102 of group") && detail.ends_with("; …"), "{detail}");
}

fn a_damaged_message_stays_so_until_it_is_edited_or_deleted(database: &Database) {
    let (room, ids) = database
        .write(|tx| {
            let room = room(tx);
            let ids = send(tx, &room, 2)?;
            Ok((room, ids))
        })
        .unwrap();
    database.execute("UPDATE messages SET text = 'hellp'");
    let damaged = |count: u8| {
        let (outcome, detail) = checked(database);
        assert_eq!(outcome, CheckOutcome::Failed);
        assert!(detail.starts_with(&format!("{count} of ")), "{detail}");
    };
    let (first, second) = (ids[0], ids[1]);
    act(database, &room, move |tx, room| messages::like(tx, &room.bob, room.group, first));
    let served = act(database, &room, move |tx, room| messages::pin(tx, &room.ann, room.group, second));
    assert_eq!(served.message.text, Some(text("hellp")), "a damaged message is served");
    damaged(2);
    act(database, &room, move |tx, room| {
        messages::delete(tx, &room.ann, room.group, first, ChangeTerms::default())
    });
    damaged(1);
    let edited = text("hello again");
    act(database, &room, move |tx, room| {
        messages::edit(tx, &room.ann, room.group, second, Some(&edited), ChangeTerms::default())
    });
    assert_intact(database);
}

fn missing_checksums_are_computed_in_bounded_steps(database: &Database) {
    let (room, ids) = database
        .write(|tx| {
            let room = room(tx);
            let ids = send(tx, &room, 5)?;
            Ok((room, ids))
        })
        .unwrap();
    database.execute("UPDATE messages SET checksum = NULL; UPDATE events SET checksum = NULL WHERE id > 0");
    let (outcome, detail) = checked(database);
    assert_eq!(outcome, CheckOutcome::Failed, "nobody is about to compute them");
    assert!(
        detail.starts_with("10 of 5 messages and 5 events have lost their checksums: message 1 "),
        "{detail}"
    );
    // What is changed meanwhile gets its checksum at once, and keeps it.
    let (edited, last) = (ids[1], ids[4]);
    act(database, &room, move |tx, room| {
        messages::edit(tx, &room.ann, room.group, edited, Some(&text("new")), ChangeTerms::default())
    });

    database.write(|tx| Ok(tx.jobs().enqueue(Task::ChecksumMessages(MessageId::new(0)), at(0))?)).unwrap();
    let (outcome, detail) = checked(database);
    assert_eq!(outcome, CheckOutcome::Passed);
    assert!(detail.contains("but for 9 that have none yet"), "{detail}");
    let step =
        move |after: MessageId| database.write(move |tx| Ok(tx.messages().add_checksums(after, 3)?)).unwrap();
    assert_eq!(step(MessageId::new(0)), Some(ids[2]));
    let (_, detail) = checked(database);
    assert!(detail.contains("but for 7 that have none yet"), "{detail}");
    assert_eq!(step(ids[2]), Some(last));
    assert_eq!(step(last), None);

    let mut after = EventId::new(0);
    let mut steps = 0;
    while let Some(last) = database.write(move |tx| Ok(tx.events().add_checksums(after, 4)?)).unwrap() {
        (after, steps) = (last, steps + 1);
    }
    assert_eq!(steps, 2);
    assert_intact(database);
}

cases! { database:
    what_the_program_writes_matches_its_checksums
    a_changed_column_is_noticed_and_the_row_is_named
    a_damaged_message_stays_so_until_it_is_edited_or_deleted
    missing_checksums_are_computed_in_bounded_steps
}
