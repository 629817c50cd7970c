//! Direct conversations, and when they are closed.

use groupchat_domain::accounts::TokenGroups;
use groupchat_domain::groups::{DirectKey, GroupKind, GroupQuery, NewDirect};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Tx, Unique};

use crate::support::fixture::*;

fn insert(tx: &mut dyn Tx, people: &[UserId]) -> Unique<GroupId> {
    let key = DirectKey::of(people[0], &people[1..]);
    tx.groups().insert_direct(&NewDirect { key, created_at: at(1) }).unwrap()
}

/// The conversation of these people, all of whom are in it.
fn direct(tx: &mut dyn Tx, people: &[UserId]) -> GroupId {
    let id = stored(insert(tx, people));
    for person in people {
        join(tx, id, *person, BuiltInRole::Member);
    }
    id
}

fn people(tx: &mut dyn Tx) -> [UserId; 4] {
    ["ann", "bob", "cleo", "dan"].map(|name| user(tx, name).id)
}

fn is_closed(tx: &mut dyn Tx, id: GroupId, viewer: UserId) -> bool {
    let found = tx.groups().find_visible(id, viewer).unwrap().unwrap().standing.unwrap();
    let shown = tx.groups().view(id, viewer).unwrap().unwrap().standing.unwrap();
    assert_eq!(found, shown);
    found.is_closed
}

fn there_is_one_conversation_of_the_same_people_whoever_starts_it(tx: &mut dyn Tx) {
    let [ann, bob, cleo, _] = people(tx);
    let of_two = direct(tx, &[ann, bob]);
    let of_three = direct(tx, &[cleo, bob, ann]);
    assert_eq!(insert(tx, &[bob, ann]), Unique::Taken);
    for (key, found) in [
        (DirectKey::of(bob, &[ann]), Some(of_two)),
        (DirectKey::of(bob, &[ann, cleo]), Some(of_three)),
        (DirectKey::of(bob, &[cleo]), None),
    ] {
        assert_eq!(tx.groups().find_direct(&key), Ok(found), "{key:?}");
    }
    let view = tx.groups().view(of_two, ann).unwrap().unwrap();
    assert_eq!((view.group.kind(), view.group.name, view.group.member_count), (GroupKind::Direct, None, 2));
    assert_eq!(tx.groups().find_visible(of_two, cleo), Ok(None));
    let found = tx.groups().find_many(&[of_two]).unwrap();
    assert!(found[0].is_direct());
}

fn only_their_people_list_direct_conversations_and_only_if_they_ask_for_them(tx: &mut dyn Tx) {
    let [ann, bob, cleo, dan] = people(tx);
    let first = direct(tx, &[ann, bob]);
    let chess = group(tx, "chess");
    let second = direct(tx, &[ann, cleo]);
    let third = direct(tx, &[ann, bob, cleo]);
    let mut list = |query: GroupQuery| {
        let rows = tx.groups().list(&query).unwrap();
        rows.into_iter().map(|row| (row.entry.group.id, row.position)).collect::<Vec<_>>()
    };
    let ids = |rows: Vec<(GroupId, _)>| rows.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let of = |viewer| GroupQuery { kind: GroupKind::Direct, ..GroupQuery::of(viewer, limit(10)) };
    assert_eq!(ids(list(of(ann))), [third, second, first]);
    assert_eq!(ids(list(of(bob))), [third, first]);
    assert_eq!(ids(list(of(dan))), []);
    assert_eq!(ids(list(GroupQuery { all: true, ownerless: true, ..of(dan) })), []);
    assert_eq!(ids(list(GroupQuery { search: Some(sought("b")), ..of(ann) })), []);
    let only = TokenGroups::parse(vec![first]).ok();
    assert_eq!(ids(list(GroupQuery { only, ..of(ann) })), [first]);
    let page = list(GroupQuery { limit: limit(1), ..of(ann) });
    assert_eq!(page.len(), 2, "one more than the limit");
    assert_eq!(ids(list(GroupQuery { after: Some(page[0].1.clone()), ..of(ann) })), [second, first]);
    for query in [GroupQuery::of(ann, limit(10)), GroupQuery { all: true, ..GroupQuery::of(dan, limit(10)) }]
    {
        assert_eq!(ids(list(query)), [chess]);
    }
    assert_eq!(ids(list(GroupQuery { mine: true, ..GroupQuery::of(ann, limit(10)) })), []);
}

fn the_conversation_of_two_is_closed_while_one_blocks_the_other(tx: &mut dyn Tx) {
    let [ann, bob, cleo, _] = people(tx);
    let (of_two, of_three) = (direct(tx, &[ann, bob]), direct(tx, &[ann, bob, cleo]));
    let chess = group(tx, "chess");
    join(tx, chess, ann, BuiltInRole::Owner);
    join(tx, chess, bob, BuiltInRole::Member);
    for (one, other) in [(ann, bob), (bob, ann)] {
        tx.blocks().insert(one, other, at(2)).unwrap();
        tx.blocks().insert(one, cleo, at(2)).unwrap();
        for viewer in [ann, bob] {
            assert!(is_closed(tx, of_two, viewer));
            assert!(!is_closed(tx, of_three, viewer));
            assert!(!is_closed(tx, chess, viewer));
        }
        tx.blocks().remove(one, other).unwrap();
        tx.blocks().remove(one, cleo).unwrap();
        assert!(!is_closed(tx, of_two, ann) && !is_closed(tx, of_two, bob));
    }
}

fn the_conversation_of_two_is_closed_once_an_account_is_gone(tx: &mut dyn Tx) {
    let [ann, bob, cleo, _] = people(tx);
    let (of_two, of_three) = (direct(tx, &[ann, bob]), direct(tx, &[ann, bob, cleo]));
    tx.accounts().mark_deleted(bob, at(5)).unwrap();
    for is_ended in [false, true] {
        assert!(is_closed(tx, of_two, ann), "{is_ended}");
        assert!(!is_closed(tx, of_three, ann));
        tx.members().remove(of_two, bob).unwrap();
        tx.members().remove(of_three, bob).unwrap();
    }
    assert_eq!(tx.groups().find_direct(&DirectKey::of(ann, &[bob])), Ok(Some(of_two)));
}

fn direct_conversations_are_counted_for_who_started_or_answered_them(tx: &mut dyn Tx) {
    let [ann, bob, cleo, dan] = people(tx);
    let [with_bob, with_cleo, left] = [bob, cleo, dan].map(|other| {
        let id = direct(tx, &[ann, other]);
        tx.members().note_started(id, ann).unwrap();
        let standing = tx.groups().find_visible(id, ann).unwrap().unwrap().standing.unwrap();
        assert_eq!(standing.last_sent_at, tx.members().find(id, ann).unwrap().unwrap().joined_at);
        id
    });
    tx.groups().mark_deleted(left, at(2)).unwrap();
    assert_eq!(tx.members().count_direct(bob, 9), Ok(0), "others started it");
    post(tx, with_bob, bob, "hello");
    post(tx, with_cleo, ann, "hello");
    let chess = group(tx, "chess");
    join(tx, chess, ann, BuiltInRole::Owner);
    for (most, counted) in [(1, 1), (2, 2), (9, 2)] {
        assert_eq!(tx.members().count_direct(ann, most), Ok(counted));
    }
    assert_eq!(tx.members().count_direct(bob, 9), Ok(1));
    assert_eq!(tx.members().count_groups(ann, None, 9), Ok(1));
    assert_eq!(tx.members().count_groups(bob, None, 9), Ok(0));
}

cases! { transaction:
    there_is_one_conversation_of_the_same_people_whoever_starts_it
    only_their_people_list_direct_conversations_and_only_if_they_ask_for_them
    the_conversation_of_two_is_closed_while_one_blocks_the_other
    the_conversation_of_two_is_closed_once_an_account_is_gone
    direct_conversations_are_counted_for_who_started_or_answered_them
}
