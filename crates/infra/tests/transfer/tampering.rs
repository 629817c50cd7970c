//! A copy that is not what it should be is found out, and stays marked until a whole one takes its place.

use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{OpenError, backup};
use groupchat_infra::transfer::{Endpoint, TransferError, TransferStep, transfer};

use crate::contents::{Contents, epoch};
use crate::endpoints::{Folder, copy, execute, open_sqlite};
use crate::filled::fill;

/// Changes by which a copy differs, and the table that they touch.
const CHANGES: [(&str, &str); 12] = [
    ("users", "UPDATE users SET is_admin = 1 - is_admin WHERE id = 107"),
    ("sessions", "UPDATE sessions SET key_hash = randomblob(32) WHERE id = 1"),
    ("groups", "UPDATE groups SET description = NULL WHERE description = ''"),
    ("memberships", "UPDATE memberships SET since_event = since_event + 1 WHERE user_id = 107"),
    ("messages", "UPDATE messages SET text = 'y' || substr(text, 2) WHERE id = 7000"),
    ("reactions", "DELETE FROM reactions WHERE user_id = 107"),
    ("jobs", "INSERT INTO jobs (kind, subject_id, run_after, created_at) VALUES ('more', 1, 0, 0)"),
    ("events", "UPDATE events SET actor_id = NULL WHERE id = 100"),
    ("events", "DELETE FROM events WHERE id = 100"),
    ("storage_probe", "UPDATE storage_probe SET at = at + 1"),
    ("name_state", "UPDATE name_state SET renames = renames + 1"),
    ("renames", "UPDATE renames SET old_key = old_key || 'x' WHERE id = 12"),
];

/// Copies, and lets somebody change the target before anything of it is read back.
fn tampered(from: &Endpoint, to: &Endpoint, change: &str) -> TransferError {
    let outcome = transfer(from, to, SystemClock.now(), &mut |step| {
        if matches!(step, TransferStep::Verifying { done: 0, .. }) {
            execute(to, change);
        }
    });
    outcome.unwrap_err()
}

#[test]
fn every_difference_is_found_and_the_target_stays_marked() {
    let folder = Folder::new();
    let (from, to) = (folder.endpoint("from.db"), folder.endpoint("to.db"));
    fill(&from);
    for (table, change) in CHANGES {
        match tampered(&from, &to, change) {
            TransferError::Different(tables) => assert_eq!(tables, [table], "{change}"),
            other => panic!("{change}: {other}"),
        }
        let refused = open_sqlite(&to).map(drop).unwrap_err();
        assert!(matches!(refused, OpenError::Unfinished(_)), "{refused}");
    }
    // Neither its backup nor a copy of it is a way around the mark.
    let (file, copied) = (folder.file("to.db"), folder.file("backup.db"));
    backup(&file, &copied, false, &mut |_| ()).unwrap_err();
    let refused = copy(&to, &folder.endpoint("again.db")).unwrap_err();
    assert!(matches!(refused, TransferError::Unfinished), "{refused}");

    copy(&from, &to).unwrap();
    Contents::of(&to).assert_same(&Contents::of(&from));
    assert_eq!(epoch(&to).len(), 32);
    open_sqlite(&to).unwrap();
}
