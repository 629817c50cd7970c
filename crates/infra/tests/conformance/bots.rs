//! Bots.

use groupchat_domain::accounts::{
    DisplayName, NewBot, NewSession, Scope, SessionKind, TokenTerms, User, Username,
};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::{Tx, Unique};

use crate::support::fixture::*;

fn new_bot(name: &str, owner: UserId) -> NewBot {
    NewBot {
        username: Username::parse(name).unwrap(),
        display_name: DisplayName::parse("A bot").ok(),
        owner,
        created_at: at(1),
    }
}

fn bot(tx: &mut dyn Tx, name: &str, owner: UserId) -> User {
    let new = new_bot(name, owner);
    let id = stored(tx.accounts().insert_bot(&new).unwrap());
    new.into_user(id)
}

fn token(tx: &mut dyn Tx, user: UserId, number: u8) -> SessionId {
    let kind = SessionKind::Token(TokenTerms { scope: Scope::Write, groups: None });
    let name = groupchat_domain::accounts::DeviceName::parse("CI").ok();
    tx.sessions().insert(&NewSession { kind, name, ..new_session(user, number, at(200)) }).unwrap()
}

fn bots(tx: &mut dyn Tx, owner: UserId, after: Option<UserId>, most: i64) -> Vec<UserId> {
    tx.accounts().bots(owner, after, most).unwrap().into_iter().map(|bot| bot.id).collect()
}

fn a_bot_is_stored_as_it_is(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let made = bot(tx, "Deploys", ann);
    assert_eq!(tx.accounts().find(made.id).unwrap(), Some(made.clone()));
    assert_eq!(tx.accounts().find_by_username(&made.username.key()).unwrap(), Some(made.clone()));
    assert_eq!(tx.accounts().password(made.id), Ok(None));
    assert_eq!(tx.accounts().insert_bot(&new_bot("dePloys", bob)), Ok(Unique::Taken));
    assert_eq!(tx.accounts().insert_bot(&new_bot("ANN", bob)), Ok(Unique::Taken));
    assert_eq!(tx.accounts().insert(&new_user("deploys")), Ok(Unique::Taken));

    let changed = User { owner: Some(bob), suspended: true, version: made.version.next(), ..made.clone() };
    assert_eq!(tx.accounts().update(&changed), Ok(Unique::Stored(())));
    assert_eq!(tx.accounts().find(made.id).unwrap(), Some(changed));
    tx.accounts().mark_deleted(made.id, at(9)).unwrap();
    assert_eq!(tx.accounts().find(made.id).unwrap(), None);
    assert_eq!(bots(tx, bob, None, 9), []);
    bot(tx, "deploys", bob);
}

fn the_bots_of_an_owner_are_listed_by_id(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let mine: Vec<_> = (0..4).map(|number| bot(tx, &format!("ann{number}"), ann).id).collect();
    let others = bot(tx, "bobs", bob).id;
    assert_eq!(bots(tx, ann, None, 9), mine);
    assert_eq!(bots(tx, ann, None, 2), mine[..2]);
    assert_eq!(bots(tx, ann, Some(mine[1]), 9), mine[2..]);
    assert_eq!(bots(tx, ann, Some(mine[3]), 9), []);
    assert_eq!(bots(tx, mine[0], None, 9), []);
    // Also while a job is still to end them.
    tx.accounts().mark_deleted(bob, at(9)).unwrap();
    assert_eq!(bots(tx, bob, None, 9), [others]);
}

/// The bot's session by its key and by its id: whose second factor counts for it, if there is one.
fn acts(tx: &mut dyn Tx, session: SessionId) -> Option<UserId> {
    let by_key = tx.sessions().authenticate(&key(1), at(10)).unwrap();
    let by_id = tx.sessions().holder(session, at(10)).unwrap();
    assert_eq!(by_key, by_id);
    by_key.map(|actor| actor.factor.owner.unwrap())
}

fn a_bot_acts_while_its_owner_could(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann"), user(tx, "bob"));
    let made = bot(tx, "deploys", ann.id);
    let session = token(tx, made.id, 1);
    assert_eq!(acts(tx, session), Some(ann.id));
    for suspended in [true, false] {
        tx.accounts().update(&User { suspended, ..ann.clone() }).unwrap();
        assert_eq!(acts(tx, session).is_none(), suspended);
    }
    tx.accounts().update(&User { suspended: true, ..made.clone() }).unwrap();
    assert_eq!(acts(tx, session), None);
    tx.accounts().update(&User { owner: Some(bob.id), ..made }).unwrap();
    tx.accounts().mark_deleted(ann.id, at(9)).unwrap();
    assert_eq!(acts(tx, session), Some(bob.id), "its owner is another by now");
    tx.accounts().mark_deleted(bob.id, at(9)).unwrap();
    assert_eq!(acts(tx, session), None);
}

cases! { transaction:
    a_bot_is_stored_as_it_is
    the_bots_of_an_owner_are_listed_by_id
    a_bot_acts_while_its_owner_could
}
