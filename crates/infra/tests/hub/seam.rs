//! From the replay into the live events, while others write: no gap, nothing twice, all in order.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::accounts::Actor;
use groupchat_domain::events::{Audience, Event, RemovedMember, UserUpdate};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Storage, Tx};
use groupchat_infra::HubOptions;
use groupchat_testing::Dice;

use crate::client::{Client, positions};
use crate::log;
use crate::support::fixture::join;
use crate::world::{READ, WRITE, World};

/// Clients of each kind, and tasks that write to each storage.
const CLIENTS: usize = 6;
const WRITERS: usize = 3;
/// Commands of each task.
const COMMANDS: usize = 60;

/// So little room that events are lost on every way, and found again.
const CRAMPED: HubOptions = HubOptions {
    queue: 8,
    unauthorized_queue: 12,
    inbox: 4,
    poll_interval: Duration::from_millis(20),
    queue_bytes: usize::MAX,
    unauthorized_queue_bytes: usize::MAX,
};

fn every_client_gets_all_that_is_for_it(world: &World) {
    let mut dice = Dice::seeded();
    let (people, groups) = (world.people(2), world.groups(3));
    // Each in a group of their own, and in one with the other.
    let (ann, bob) = (vec![groups[0], groups[1]], vec![groups[0], groups[2]]);
    for (person, groups) in people.iter().zip([ann, bob]) {
        let (user, groups) = (person.id(), groups);
        world.write(move |tx| groups.iter().for_each(|group| join(tx, *group, user, BuiltInRole::Member)));
    }
    let mut clients = Vec::new();
    for number in 0..2 * CLIENTS {
        let (actor, servers) = (people[number % 2].clone(), world.servers.clone());
        let new = if number < CLIENTS { Client::new } else { Client::restless };
        let client = new(actor.clone(), servers, dice.split());
        clients.push((actor, world.runtime.spawn(client.listen())));
    }
    world.wait_for(write_all(world, &groups, &people, &mut dice));
    world.finish();
    let told: Vec<_> =
        clients.into_iter().map(|(actor, client)| (actor, world.wait_for(client).unwrap())).collect();
    let log = log::read(world);
    assert!(log.len() > COMMANDS, "the log has {} events", log.len());
    for (actor, events) in told {
        let own = if actor.id() == people[0].id() { groups[1] } else { groups[2] };
        let expected = log::seen_by(&log, actor.id(), &[groups[0], own]);
        assert_eq!(positions(&events), log::positions(&expected));
    }
}

/// Writes from all sides at once.
async fn write_all(world: &World, groups: &[GroupId], people: &[Actor], dice: &mut Dice) {
    let (nobody, ann) = (UserId::new(1 << 41), people[0].id());
    let found = world.servers[0].storage.run(READ, move |tx| Ok(tx.accounts().find(ann)?)).await;
    let ann = found.unwrap().expect("a user");
    let for_ann = Audience::User(ann.id);
    let goes = |group| Event::MemberRemoved(RemovedMember { group, user: nobody });
    let events = [
        Event::UserDeleted(nobody),
        goes(groups[0]),
        goes(groups[1]),
        goes(groups[2]),
        Event::UserUpdated(UserUpdate::logged(ann, for_ann)),
    ];
    let mut running = Vec::new();
    for storage in &world.writers {
        for _ in 0..WRITERS {
            let (storage, events, dice) = (Arc::clone(storage), events.clone(), dice.split());
            running.push(tokio::spawn(async move { write(storage.as_ref(), &events, dice).await }));
        }
    }
    for task in running {
        task.await.unwrap();
    }
}

async fn write(storage: &dyn Storage, events: &[Event; 5], mut dice: Dice) {
    for _ in 0..COMMANDS {
        let picked: Vec<_> = (0..=dice.below(4)).map(|_| events[dice.below(events.len())].clone()).collect();
        let work = move |tx: &mut dyn Tx| {
            for event in &picked {
                tx.emit(None, event.clone());
            }
            Ok(())
        };
        storage.run(WRITE, work).await.expect("an event can be written");
    }
}

macro_rules! seams {
    ($($name:ident: $world:expr;)+) => {$(
        #[test]
        fn $name() {
            every_client_gets_all_that_is_for_it(&$world);
        }
    )+};
}

seams! {
    sqlite: World::sqlite(HubOptions::default());
    sqlite_cramped: World::sqlite(CRAMPED);
    sqlite_beside_another: World::sqlite_beside_another(HubOptions::default());
    sqlite_beside_another_cramped: World::sqlite_beside_another(CRAMPED);
}
#[cfg(feature = "postgres")]
seams! {
    postgres: World::postgres(HubOptions::default());
    postgres_two_servers: World::two_servers(HubOptions::default());
    postgres_two_servers_cramped: World::two_servers(CRAMPED);
}
