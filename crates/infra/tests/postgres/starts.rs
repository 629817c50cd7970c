//! What a server says that starts on damaged messages or events.

use std::sync::Arc;

use groupchat_domain::accounts::Actor;
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{CommitDecision, Condition, Storage, Tx};
use groupchat_domain::time::Clock;
use groupchat_infra::check::Depth;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::postgres::{self, PostgresOptions};
use groupchat_testing::Scratch;

use crate::console::Console;
use crate::database::{OneWorkerStorage, open, options};
use crate::support::fixture;

/// Flips the lowest bit of a message's first letter, of an event's time and of an event's type, as a disk may.
const FLIPS: [(&str, &str); 3] = [
    (
        "UPDATE messages SET text = convert_from(set_bit(convert_to(text, 'UTF8'), 0, \
            1 - get_bit(convert_to(text, 'UTF8'), 0)), 'UTF8') WHERE seq = 3",
        "message 3 of group 1",
    ),
    ("UPDATE events SET at = at # 1 WHERE id = (SELECT max(id) - 2 FROM events)", "event "),
    (
        "UPDATE events SET type = convert_from(set_bit(convert_to(type, 'UTF8'), 0, \
            1 - get_bit(convert_to(type, 'UTF8'), 0)), 'UTF8') WHERE id = (SELECT max(id) FROM events)",
        "event ",
    ),
];

/// A group with so many messages, which a storage has written and let go of.
fn chat(messages: usize) -> Arc<Scratch> {
    let place = OneWorkerStorage::new();
    let written = place.write(move |tx| {
        let ann = member(tx);
        for _ in 0..messages {
            let draft = MessageDraft {
                group: ann.1,
                text: fixture::text("hello"),
                client_id: None,
                thread: None,
                reply_to: None,
                poll: None,
            };
            messages::send(tx, &ann.0, &draft).unwrap();
        }
        CommitDecision::Commit
    });
    written.unwrap();
    Arc::clone(&place.scratch)
}

fn member(tx: &mut dyn Tx) -> (Actor, groupchat_domain::ids::GroupId) {
    let user = fixture::user(tx, "ann").id;
    let group = fixture::group(tx, "chess");
    fixture::join(tx, group, user, BuiltInRole::Owner);
    fixture::session(tx, user, 1, fixture::at(100));
    let actor = tx.sessions().authenticate(&fixture::key(1), fixture::at(10)).unwrap();
    (actor.expect("the key works"), group)
}

fn condition(scratch: &Scratch, options: PostgresOptions) -> Condition {
    open(PostgresOptions { url: scratch.url().to_owned(), ..options }).unwrap().condition()
}

/// What a start says, and what `check` does.
fn condition_and_checksums(scratch: &Scratch) -> (Condition, bool, String) {
    let options = options(scratch.url());
    let findings = postgres::check(&options, Depth::Quick, SystemClock.now());
    let found = findings.into_iter().find(|finding| finding.check == "checksums").unwrap();
    (condition(scratch, options), found.is_failure(), found.detail)
}

#[test]
fn an_intact_database_is_sound() {
    let (condition, fails, detail) = condition_and_checksums(&chat(20));
    assert_eq!((condition, fails), (Condition::Sound, false), "{detail}");
}

/// The newest rows are looked at whenever a server starts.
#[test]
fn a_flipped_bit_among_the_newest_is_noticed_at_every_start() {
    for (flip, name) in FLIPS {
        let chat = chat(20);
        Console::open(chat.url()).execute(flip);
        let (condition, fails, detail) = condition_and_checksums(&chat);
        assert_eq!((condition, fails), (Condition::Damaged, true), "{flip}: {detail}");
        assert!(detail.contains("1 of ") && detail.contains(name), "{detail}");
    }
}

#[test]
fn a_flipped_bit_in_an_old_message_is_left_to_a_check() {
    let chat = chat(1_200);
    Console::open(chat.url()).execute(FLIPS[0].0);
    let (condition, fails, detail) = condition_and_checksums(&chat);
    assert_eq!((condition, fails), (Condition::Sound, true), "{detail}");
}

/// It would say so at each of its commands, and has no health that anyone asks for.
#[test]
fn a_command_beside_servers_looks_for_nothing() {
    let chat = chat(20);
    Console::open(chat.url()).execute(FLIPS[0].0);
    let beside = PostgresOptions { follows_log: false, ..options(chat.url()) };
    assert_eq!(condition(&chat, beside), Condition::Sound);
}
