//! Races for the last server admin, and for the first.

use std::sync::Arc;

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, UserChanges, create_first_admin, delete_user, edit_user, operator,
};
use groupchat_domain::storage::Storage;
use groupchat_infra::keys::RandomKeys;

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::Person;
use crate::plain::PlainHasher;

/// How many admins turn on each other.
const ADMINS: usize = 4;

/// However admins demote and delete each other and themselves at once, by the API and by the command line, the
/// server has an admin.
pub fn an_admin_is_left(arena: &Arena) {
    rounds(|round| {
        let admins: Vec<Person> = (0..ADMINS).map(|_| arena.admin()).collect();
        let attacks = admins.iter().enumerate().map(|(nth, attacker)| {
            // Round by round each attacks the next but so many, in the end itself.
            let victim = &admins[(nth + 1 + round % ADMINS) % ADMINS];
            let way = (nth + round) % 4;
            part(move || attack(arena, attacker, victim, way))
        });
        for outcome in at_once(attacks.collect()) {
            assert!(outcome.as_ref().err().is_none_or(is_fair), "{outcome:?}");
        }
        let left = arena.look(|tx| tx.accounts().count_admins().unwrap());
        assert!(left >= 1, "no admin is left in round {round}");
        retire(arena, &admins);
    });
}

fn attack(arena: &Arena, attacker: &Person, victim: &Person, way: usize) -> Result<(), Refusal> {
    let (server, id) = (arena.server(), victim.id);
    match way {
        0 => {
            let changes = UserChanges { is_admin: Some(false), ..UserChanges::default() };
            arena.wait_for(edit_user(server, &PlainHasher, attacker.who, id, changes)).map(drop)
        }
        1 => arena.act(attacker.who, move |tx, actor| delete_user(tx, actor, id)),
        2 => arena.wait_for(operator::set_admin(server, victim.name.clone(), false)).map(drop),
        _ => arena.wait_for(operator::delete(server, victim.name.clone())).map(drop),
    }
}

/// Whether an attack that came too late, or would have been the last, was refused for that.
fn is_fair(refusal: &Refusal) -> bool {
    use AccountRefusal::{AdminOnly, LastAdmin, Unauthenticated, UserNotFound};
    matches!(refusal, Refusal::Account(AdminOnly | LastAdmin | Unauthenticated | UserNotFound))
}

/// Takes the rights from those that a round has left, past all rules, so that the next begins without admins.
pub fn retire(arena: &Arena, admins: &[Person]) {
    let ids: Vec<_> = admins.iter().map(|admin| admin.id).collect();
    arena.prepare(move |tx| {
        for mut admin in tx.accounts().find_many(&ids).unwrap() {
            admin.is_admin = false;
            tx.accounts().update(&admin).unwrap();
        }
    });
}

/// Of servers that start at once on an empty database, one creates the first admin and is told the password; to
/// the others it is as if they had come later.
pub fn one_server_creates_the_first_admin(arena: &Arena) {
    let servers: Vec<_> = (0..3).map(|_| arena.open_beside()).collect();
    let start = |server: &Arc<dyn Storage>| {
        arena.wait_for(create_first_admin(server.as_ref(), &PlainHasher, &RandomKeys))
    };
    let starts = servers.iter().map(|server| part(move || start(server)));
    let outcomes = at_once(starts.collect());
    let refusals: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(refusals.is_empty(), "a server could not start: {refusals:?}");
    let told = outcomes.into_iter().filter_map(|outcome| outcome.ok().flatten());
    let told: Vec<_> = told.map(|(user, password)| (user.id, password.reveal().to_owned())).collect();
    let [(admin, password)] = told.as_slice() else { panic!("{} servers were told a password", told.len()) };
    let admin = *admin;
    let stored = arena.look(move |tx| tx.accounts().password(admin).unwrap());
    assert_eq!(stored.as_ref().map(|hash| hash.as_str()), Some(password.as_str()));
    assert_eq!(arena.look(|tx| tx.accounts().count_admins().unwrap()), 1);
}
