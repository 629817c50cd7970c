//! Groups as lists of groups show them.

use std::collections::BTreeSet;

use groupchat_domain::groups::{DirectKey, NewDirect};
use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::messages::NewMessage;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;
use groupchat_domain::sync::{OverviewQuery, StoredOverview};
use groupchat_domain::time::Timestamp;

use crate::support::fixture::*;

fn direct(tx: &mut dyn Tx, people: &[UserId]) -> GroupId {
    let key = DirectKey::of(people[0], &people[1..]);
    let new = NewDirect { key, created_at: tx.now() };
    let id = stored(tx.groups().insert_direct(&new).unwrap());
    for person in people {
        join(tx, id, *person, BuiltInRole::Member);
    }
    id
}

fn people(tx: &mut dyn Tx) -> [UserId; 3] {
    ["ann", "bob", "cleo"].map(|name| user(tx, name).id)
}

fn overviews(tx: &mut dyn Tx, viewer: UserId, only: Option<Vec<GroupId>>, limit: i64) -> Vec<StoredOverview> {
    tx.overviews().list(&OverviewQuery { viewer, only, limit }).unwrap()
}

fn post_at(tx: &mut dyn Tx, group: GroupId, author: UserId, created_at: Timestamp) -> MessageId {
    let message = NewMessage { created_at, ..new_message(tx, group, author, "hello") };
    stored(tx.messages().insert(&message).unwrap())
}

fn ids(overviews: &[StoredOverview]) -> Vec<GroupId> {
    overviews.iter().map(|overview| overview.group.id).collect()
}

fn an_overview_says_of_a_group_what_its_view_says(tx: &mut dyn Tx) {
    let [ann, bob, _] = people(tx);
    let chess = group(tx, "chess");
    join(tx, chess, ann, BuiltInRole::Owner);
    join(tx, chess, bob, BuiltInRole::Member);
    let root = post(tx, chess, ann, "hello");
    post(tx, chess, ann, &"long ".repeat(100));
    reply(tx, chess, root, ann);
    let talk = direct(tx, &[ann, bob]);
    post(tx, talk, ann, "psst");
    let found = overviews(tx, bob, None, 10);
    assert_eq!(BTreeSet::from_iter(ids(&found)), BTreeSet::from([talk, chess]));
    for overview in found {
        let view = tx.groups().view(overview.group.id, bob).unwrap().unwrap();
        assert_eq!(overview.group, view.group);
        assert_eq!(Some(overview.standing), view.standing);
        assert_eq!(overview.unread_mentions, view.unread_mentions);
        let newest = view.last_message.unwrap().message;
        let latest = overview.latest.unwrap();
        assert_eq!((&latest.message, latest.created_at), (&newest.as_quoted(), newest.created_at));
    }
}

fn the_group_with_the_newest_message_comes_first(tx: &mut dyn Tx) {
    let [ann, bob, cleo] = people(tx);
    let [quiet, old, new] = ["quiet", "old", "new"].map(|name| {
        let id = group(tx, name);
        join(tx, id, ann, BuiltInRole::Owner);
        id
    });
    let elsewhere = group(tx, "elsewhere");
    join(tx, elsewhere, bob, BuiltInRole::Owner);
    let talk = direct(tx, &[ann, cleo]);
    post_at(tx, new, ann, at(200));
    post_at(tx, old, ann, at(100));
    let last = post_at(tx, talk, ann, at(300));
    let found = overviews(tx, ann, None, 10);
    // Without a message, the time counts at which it was made.
    assert_eq!(found.iter().find(|overview| overview.group.id == quiet).unwrap().latest, None);
    let sent: Vec<_> = ids(&found).into_iter().filter(|id| *id != quiet).collect();
    assert_eq!(sent, [talk, new, old]);
    assert_eq!(ids(&overviews(tx, ann, None, 2)), ids(&found)[..2]);
    assert_eq!(ids(&overviews(tx, ann, Some(vec![old, new, elsewhere]), 10)), [new, old]);
    assert_eq!(ids(&overviews(tx, ann, Some(vec![]), 10)), []);
    // A tombstone is shown as one.
    let message = view(tx, talk, last, ann).message;
    tx.messages().update(&tombstone(message)).unwrap();
    let latest = overviews(tx, ann, None, 1).remove(0).latest.unwrap();
    assert!(latest.message.is_deleted());
    tx.groups().mark_deleted(new, at(100)).unwrap();
    assert!(!ids(&overviews(tx, ann, None, 10)).contains(&new));
}

fn the_people_of_direct_conversations_are_the_others(tx: &mut dyn Tx) {
    let [ann, bob, cleo] = people(tx);
    let of_two = direct(tx, &[ann, bob]);
    let of_three = direct(tx, &[ann, bob, cleo]);
    let theirs = direct(tx, &[bob, cleo]);
    let chess = group(tx, "chess");
    join(tx, chess, ann, BuiltInRole::Owner);
    assert_eq!(tx.overviews().direct(ann, 10), Ok(vec![of_three, of_two]));
    assert_eq!(tx.overviews().direct(ann, 1), Ok(vec![of_three]));
    assert_eq!(tx.overviews().direct(cleo, 10), Ok(vec![theirs, of_three]));
    let found = tx.overviews().people(ann, &[of_three, of_two]).unwrap();
    let found: Vec<_> = found.into_iter().map(|(group, user)| (group, user.id)).collect();
    assert_eq!(found, [(of_two, bob), (of_three, bob), (of_three, cleo)]);
}

cases! {
    transaction:
    an_overview_says_of_a_group_what_its_view_says
    the_group_with_the_newest_message_comes_first
    the_people_of_direct_conversations_are_the_others
}
