//! Races of servers that start on an empty database.

use std::sync::Arc;

use groupchat_domain::accounts::create_first_admin;
use groupchat_domain::storage::Storage;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, at_once, part};
use crate::plain_hasher::PlainHasher;

/// Of servers that start at once on an empty database, one creates the first admin and is told the password; to
/// the others it is as if they had come later.
fn one_server_creates_the_first_admin(arena: &Arena) {
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

cases! { anew:
    one_server_creates_the_first_admin
}
