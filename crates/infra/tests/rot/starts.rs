//! What a server says that starts on damaged messages.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use groupchat_domain::storage::{Condition, Storage};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{OpenError, SqliteOptions, SqliteStorage};

use crate::chat::{Chat, PAGE};
use crate::support::NoListener;

const DAMAGE: &str = "UPDATE messages SET text = 'something else' WHERE seq = 3";

/// Starts a server, after a shutdown that was clean or not.
fn start(chat: &Chat, suspect: bool) -> Result<SqliteStorage, OpenError> {
    let mut options = SqliteOptions::new(chat.path());
    (options.alone, options.suspect, options.check_within) = (true, suspect, Duration::from_secs(60));
    SqliteStorage::open(options, Arc::new(SystemClock), Arc::new(NoListener))
}

fn condition(chat: &Chat, suspect: bool) -> Condition {
    let storage = start(chat, suspect).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while storage.condition() == Condition::Checking {
        assert!(Instant::now() < deadline, "the check never ends");
        sleep(Duration::from_millis(1));
    }
    storage.condition()
}

#[test]
fn an_intact_database_is_sound() {
    let chat = Chat::with(20);
    assert_eq!((condition(&chat, false), condition(&chat, true)), (Condition::Sound, Condition::Sound));
}

/// The newest rows are looked at whenever a server starts.
#[test]
fn a_damaged_message_among_the_newest_is_noticed_at_every_start() {
    let chat = Chat::with(20);
    chat.execute(DAMAGE);
    assert_eq!((condition(&chat, false), condition(&chat, true)), (Condition::Damaged, Condition::Damaged));
    chat.execute("UPDATE messages SET checksum = NULL; UPDATE events SET at = at + 1 WHERE id = 9");
    assert_eq!(condition(&chat, false), Condition::Damaged);
}

#[test]
fn an_old_damaged_message_is_noticed_after_an_unclean_shutdown() {
    let chat = Chat::with(1_200);
    chat.execute(DAMAGE);
    assert_eq!((condition(&chat, false), condition(&chat, true)), (Condition::Sound, Condition::Damaged));
}

#[test]
fn a_file_that_is_broken_is_not_started_on() {
    let chat = Chat::with(20);
    chat.overwrite(*chat.pages("messages").last().unwrap(), &[0; PAGE]);
    let refused = start(&chat, true).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
}
