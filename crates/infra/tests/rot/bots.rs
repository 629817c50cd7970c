//! Bots after a drill: each has an owner, or ends with the one that it had.

use groupchat_domain::Error;
use groupchat_domain::accounts::{NewBot, NewUser, PasswordHash, Username};
use groupchat_domain::ids::UserId;
use groupchat_domain::jobs::Task;
use groupchat_domain::storage::{Tx, Unique};

use crate::chat::Room;
use crate::drill::drill_with;

fn add_bot(tx: &mut dyn Tx, name: &str, owner: UserId) -> Result<(), Error> {
    let (username, created_at) = (Username::parse(name).unwrap(), tx.now());
    let bot = NewBot { username, display_name: None, owner, created_at };
    assert!(matches!(tx.accounts().insert_bot(&bot)?, Unique::Stored(_)));
    Ok(())
}

fn add_person(tx: &mut dyn Tx, name: &str) -> Result<UserId, Error> {
    let person = NewUser {
        username: Username::parse(name).unwrap(),
        display_name: None,
        email: None,
        is_admin: false,
        password: PasswordHash::from_stored("hash".to_owned()),
        created_at: tx.now(),
    };
    match tx.accounts().insert(&person)? {
        Unique::Stored(id) => Ok(id),
        Unique::Taken => panic!("{name} is there already"),
    }
}

#[test]
fn bots_since_the_backup_come_back_with_their_owner_or_not_at_all() {
    let drill = drill_with(
        |tx| {
            let ann = Room::again(tx)?.ann.id();
            add_bot(tx, "old", ann)
        },
        |tx| {
            let ann = Room::again(tx)?.ann.id();
            add_bot(tx, "new", ann)?;
            let (lost, gone) = (add_person(tx, "lost")?, add_person(tx, "gone")?);
            add_bot(tx, "orphan", lost)?;
            add_bot(tx, "ending", gone)?;
            let now = tx.now();
            tx.accounts().mark_deleted(gone, now)?;
            Ok(tx.jobs().enqueue(Task::EndBots(gone), now)?)
        },
    );
    // The row of an owner can't be read any more.
    drill.chat.execute(
        "PRAGMA ignore_check_constraints = ON; UPDATE users SET username_key = 'x' WHERE username = 'lost'",
    );
    let salvaged = drill.salvage();
    let count = |what: &str| drill.chat.number(&format!("SELECT count(*) AS number FROM {what}"));
    assert_eq!(count("users WHERE username IN ('old', 'new') AND owner_id IS NOT NULL"), 2, "{salvaged:?}");
    assert_eq!(count("users WHERE username IN ('lost', 'orphan')"), 0, "{salvaged:?}");
    assert_eq!(
        count("users JOIN jobs ON subject_id = owner_id WHERE username = 'ending' AND kind = 'end_bots'"),
        1
    );
    assert_eq!(drill.chat.failing(), Vec::<&str>::new());
}
