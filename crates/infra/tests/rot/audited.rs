//! The audit log after a drill: it goes as far as its chain holds.

use std::fs;

use groupchat_domain::Error;
use groupchat_domain::accounts::{Origin, UserAgent};
use groupchat_domain::audit::{AuditAction, AuditEntry};
use groupchat_domain::storage::Tx;
use groupchat_infra::audit::verify;

use crate::chat::Chat;
use crate::drill::{Drill, drill_with};

/// Entries before the backup, and after it.
const BEFORE: i64 = 30;
const AFTER: i64 = 60;

/// Records entries whose numbers their programs tell.
fn record(tx: &mut dyn Tx, numbers: std::ops::RangeInclusive<i64>) -> Result<(), Error> {
    for number in numbers {
        let origin = Origin { user_agent: UserAgent::cut(&program(number)), ..Origin::UNKNOWN };
        tx.record(AuditEntry::by_stranger(origin, AuditAction::Login).failed());
    }
    Ok(())
}

fn program(number: i64) -> String {
    format!("program {number:04}")
}

fn drill() -> Drill {
    drill_with(|tx| record(tx, 1..=BEFORE), |tx| record(tx, BEFORE + 1..=BEFORE + AFTER))
}

/// How many of these entries there are, besides those of what the drill does. All follow each other.
fn verified(chat: &Chat) -> i64 {
    let verified = chat.ask(async |storage| verify(storage, None).await).unwrap();
    assert_eq!(verified.head.count, chat.number("SELECT count(*) AS number FROM audit_log"));
    chat.number("SELECT count(*) AS number FROM audit_log WHERE user_agent LIKE 'program%'")
}

/// Changes a bit of what an entry says.
fn damage(chat: &Chat, number: i64) {
    let (file, wanted) = (fs::read(chat.path()).unwrap(), program(number));
    let place = file.windows(wanted.len()).position(|part| part == wanted.as_bytes()).unwrap();
    chat.flip(u64::try_from(place).unwrap(), 0);
}

#[test]
fn all_entries_come_back_if_none_is_damaged() {
    let drill = drill();
    assert_eq!(verified(&drill.backed_up()), BEFORE);
    drill.salvage();
    assert_eq!(verified(&drill.chat), BEFORE + AFTER);
    // It goes on from there.
    drill.chat.write(|tx| record(tx, 1..=2));
    assert_eq!(verified(&drill.chat), BEFORE + AFTER + 2);
}

#[test]
fn entries_come_back_up_to_one_that_is_damaged() {
    for (damaged, left) in [(BEFORE + 1, BEFORE), (BEFORE + 20, BEFORE + 19), (3, BEFORE + AFTER)] {
        let drill = drill();
        damage(&drill.chat, damaged);
        drill.salvage();
        assert_eq!(verified(&drill.chat), left, "entry {damaged} is damaged");
    }
}
