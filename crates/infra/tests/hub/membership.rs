//! Rights that change while somebody listens.

use std::sync::Arc;

use groupchat_domain::accounts::Actor;
use groupchat_domain::admissions;
use groupchat_domain::events::{Event, EventRecord, EventType, LoggedEvent, RemovedMember};
use groupchat_domain::groups::{Quotas, remove_member};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Storage, Tx};
use groupchat_infra::HubOptions;
use groupchat_testing::Dice;

use crate::client::{Client, positions};
use crate::log;
use crate::support::fixture::join;
use crate::world::{WRITE, World};

/// How often each user joins or leaves, and how many events each group has meanwhile.
const MOVES: usize = 40;
const EVENTS: usize = 80;

/// What came to each user's clients: to one that stayed connected, and to one that did not.
struct Told {
    actor: Actor,
    steady: Vec<LoggedEvent>,
    restless: Vec<LoggedEvent>,
}

/// Users join and leave groups in which things happen, and listen.
fn churn(world: &World) -> (Vec<EventRecord>, Vec<Told>) {
    let mut dice = Dice::seeded();
    let (mut people, groups) = (world.people(4), world.groups(2));
    // Stays in all of them, so that the others can leave.
    let owner = people.pop().expect("there are people").id();
    let owned = groups.clone();
    world.write(move |tx| owned.iter().for_each(|group| join(tx, *group, owner, BuiltInRole::Owner)));
    let mut clients = Vec::new();
    for actor in people {
        let mut client = |new: fn(_, _, _) -> Client| {
            world.runtime.spawn(new(actor.clone(), world.servers.clone(), dice.split()).listen())
        };
        let (steady, restless) = (client(Client::new), client(Client::restless));
        clients.push((actor, steady, restless));
    }
    let mut running = Vec::new();
    for storage in &world.writers {
        for group in groups.clone() {
            let storage = Arc::clone(storage);
            running.push(world.runtime.spawn(async move { happen(storage.as_ref(), group).await }));
        }
    }
    for (actor, ..) in &clients {
        let storage = Arc::clone(&world.writers[dice.below(world.writers.len())]);
        let (actor, groups, dice) = (actor.clone(), groups.clone(), dice.split());
        running
            .push(world.runtime.spawn(async move { wander(storage.as_ref(), &actor, &groups, dice).await }));
    }
    for task in running {
        world.wait_for(task).unwrap();
    }
    world.finish();
    let told = clients.into_iter().map(|(actor, steady, restless)| Told {
        actor,
        steady: world.wait_for(steady).unwrap(),
        restless: world.wait_for(restless).unwrap(),
    });
    let told = told.collect();
    (log::read(world), told)
}

/// Lets things happen in a group, each under its lock, as everything does.
async fn happen(storage: &dyn Storage, group: GroupId) {
    let nobody = UserId::new(1 << 41);
    for _ in 0..EVENTS {
        let work = move |tx: &mut dyn Tx| {
            tx.groups().lock(group)?;
            tx.emit(None, Event::MemberRemoved(RemovedMember { group, user: nobody }));
            Ok(())
        };
        storage.run(WRITE, work).await.expect("an event can be written");
    }
}

/// Joins and leaves by chance.
async fn wander(storage: &dyn Storage, actor: &Actor, groups: &[GroupId], mut dice: Dice) {
    for _ in 0..MOVES {
        let (actor, group, joins) = (actor.clone(), groups[dice.below(groups.len())], dice.below(2) == 0);
        let work = move |tx: &mut dyn Tx| {
            let is_in = tx.members().find(group, actor.id())?.is_some();
            match (joins, is_in) {
                (true, false) => admissions::join(tx, &actor, group, None, &Quotas::default()).map(drop),
                (false, true) => remove_member(tx, &actor, group, actor.id()),
                _ => Ok(()),
            }
        };
        storage.run(WRITE, work).await.expect("a member may come and go");
    }
}

/// Nothing forbidden, nothing twice, all in order, and everything since the user's last move.
#[track_caller]
fn check(log: &[EventRecord], user: UserId, told: &[LoggedEvent]) {
    let told = positions(told);
    assert!(told.is_sorted_by(|one, next| one < next), "out of order: {told:?}");
    let allowed = log::seen_by(log, user, &[]);
    let is_allowed = |position| allowed.binary_search_by_key(position, |record| record.position).is_ok();
    assert!(told.iter().all(is_allowed), "something forbidden");
    let last_move = log::last_move(log, user);
    // That somebody came is not told any more once they have left.
    let must_be_told =
        |record: &&EventRecord| record.position >= last_move && record.event_type != EventType::MemberAdded;
    for record in allowed.iter().filter(must_be_told) {
        assert!(told.binary_search(&record.position).is_ok(), "{record:?} is missing");
    }
}

fn members_see_what_they_may(world: &World) {
    let (log, told) = churn(world);
    let moves = log.iter().filter(|record| record.event_type == EventType::MemberAdded).count();
    assert!(moves >= MOVES / 4, "only {moves} joined");
    for Told { actor, steady, restless } in told {
        check(&log, actor.id(), &steady);
        check(&log, actor.id(), &restless);
    }
}

#[test]
fn sqlite() {
    members_see_what_they_may(&World::sqlite(HubOptions::default()));
}

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    members_see_what_they_may(&World::postgres(HubOptions::default()));
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_two_servers() {
    members_see_what_they_may(&World::two_servers(HubOptions::default()));
}
