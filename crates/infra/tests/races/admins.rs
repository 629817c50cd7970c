//! Races for the last server admin.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{AccountRefusal, UserChanges, delete_user, edit_user, operator};

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::Person;
use crate::plain_hasher::PlainHasher;

/// How many admins turn on each other.
const ADMINS: usize = 4;

/// However admins demote, suspend and delete each other and themselves at once, by the API and by the command line, the
/// server has an admin.
fn an_admin_is_left(arena: &Arena) {
    rounds(|round| {
        let admins: Vec<Person> = (0..ADMINS).map(|_| arena.admin()).collect();
        let attacks = admins.iter().enumerate().map(|(nth, attacker)| {
            // Round by round each attacks the next but so many, in the end itself.
            let victim = &admins[(nth + 1 + round % ADMINS) % ADMINS];
            let way = (nth + round) % 6;
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
        3 => arena.wait_for(operator::set_suspended(server, victim.name.clone(), true)).map(drop),
        4 => {
            let changes = UserChanges { suspended: Some(true), ..UserChanges::default() };
            arena.wait_for(edit_user(server, &PlainHasher, attacker.who, id, changes)).map(drop)
        }
        _ => arena.wait_for(operator::delete(server, victim.name.clone())).map(drop),
    }
}

/// Whether an attack that came too late, would have been the last, or on oneself, was rejected for that.
fn is_fair(refusal: &Refusal) -> bool {
    use AccountRefusal::{LastAdmin, NotPermitted, Unauthenticated, UserNotFound};
    matches!(
        refusal,
        Refusal::Account(NotPermitted(_) | LastAdmin | Unauthenticated | UserNotFound) | Refusal::Invalid(_)
    )
}

/// Takes the rights from those that a round has left, past all rules, so that the next begins without admins.
pub(crate) fn retire(arena: &Arena, admins: &[Person]) {
    let ids: Vec<_> = admins.iter().map(|admin| admin.id).collect();
    arena.prepare(move |tx| {
        for mut admin in tx.accounts().find_many(&ids).unwrap() {
            admin.is_admin = false;
            tx.accounts().update(&admin).unwrap();
        }
    });
}

cases! { once:
    an_admin_is_left
}
