//! Bans.

use std::time::Duration;

use groupchat_domain::groups::{Ban, MemberQuery, Reason};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Timestamp;

use crate::support::fixture::*;

/// Bans somebody, and returns the ban.
fn put(tx: &mut dyn Tx, group: GroupId, name: &str, until: Option<Timestamp>) -> Ban {
    let user = user(tx, name);
    let ban = Ban { until, ..ban(&user, user.id) };
    tx.bans().put(group, &ban).unwrap();
    ban
}

fn a_ban_reads_back_and_is_replaced_and_removed(tx: &mut dyn Tx) {
    let (chess, go) = (group(tx, "chess"), group(tx, "go"));
    let (ann, bob) = (user(tx, "ann"), user(tx, "bob"));
    let first = ban(&ann, bob.id);
    tx.bans().put(chess, &first).unwrap();
    assert_eq!(tx.bans().find(chess, ann.id), Ok(Some(first.clone())));
    assert_eq!(tx.bans().find(go, ann.id), Ok(None));
    assert_eq!(tx.bans().find(chess, bob.id), Ok(None));
    let until = Some(tx.now().plus(Duration::from_secs(60)));
    let second = Ban { reason: Some(Reason::parse("spam").unwrap()), until, created_at: at(9), ..first };
    tx.bans().put(chess, &second).unwrap();
    assert_eq!(tx.bans().find(chess, ann.id), Ok(Some(second)));
    tx.bans().remove(chess, bob.id).unwrap();
    assert!(tx.bans().find(chess, ann.id).unwrap().is_some());
    tx.bans().remove(chess, ann.id).unwrap();
    assert_eq!(tx.bans().find(chess, ann.id), Ok(None));
}

fn a_ban_ends_by_the_clock(tx: &mut dyn Tx) {
    let (id, now) = (group(tx, "chess"), tx.now());
    let over = put(tx, id, "ann", Some(now));
    let lasting = put(tx, id, "bob", Some(Timestamp::from_micros(now.as_micros() + 1)));
    let query = MemberQuery { group: id, search: None, after: None, limit: limit(10) };
    let both = [(id, over.user.id), (id, lasting.user.id)];
    assert_eq!(tx.bans().find(id, over.user.id), Ok(None));
    assert_eq!(tx.bans().find(id, lasting.user.id), Ok(Some(lasting.clone())));
    assert_eq!(tx.bans().find_many(&both), Ok(vec![(id, lasting.clone())]));
    let listed = tx.bans().list(&query).unwrap().into_iter().map(|placed| placed.entry);
    assert_eq!(listed.collect::<Vec<_>>(), [lasting]);
}

fn bans_are_found_by_pairs_of_group_and_user(tx: &mut dyn Tx) {
    let (chess, go, gone) = (group(tx, "chess"), group(tx, "go"), group(tx, "gone"));
    let ann = put(tx, chess, "ann", None);
    let bob = put(tx, go, "bob", None);
    let cleo = put(tx, gone, "cleo", None);
    tx.groups().mark_deleted(gone, at(9)).unwrap();
    let asked = [(chess, ann.user.id), (go, bob.user.id), (gone, cleo.user.id), (go, ann.user.id)];
    let mut found = tx.bans().find_many(&asked).unwrap();
    found.sort_by_key(|(group, _)| *group);
    assert_eq!(found, [(chess, ann), (go, bob)]);
    assert_eq!(tx.bans().find_many(&[]), Ok(vec![]));
}

fn those_banned_are_listed_by_name_in_pages(tx: &mut dyn Tx) {
    let (id, other) = (group(tx, "chess"), group(tx, "go"));
    let mut banned: Vec<_> =
        ["carla", "ann", "bob", "dora"].iter().map(|name| put(tx, id, name, None).user.id).collect();
    put(tx, other, "emil", None);
    tx.accounts().mark_deleted(banned[3], at(9)).unwrap();
    banned.truncate(3);
    let mut query = MemberQuery { group: id, search: None, after: None, limit: limit(2) };
    let first = tx.bans().list(&query).unwrap();
    let ids = |page: &[groupchat_domain::paging::NamePosition<Ban>]| {
        page.iter().map(|placed| placed.entry.user.id).collect::<Vec<UserId>>()
    };
    assert_eq!(ids(&first), [banned[1], banned[2], banned[0]], "one more than the limit");
    query.after = Some(first[1].position.clone());
    assert_eq!(ids(&tx.bans().list(&query).unwrap()), [banned[0]]);
    query.after = None;
    query.search = Some(sought("arl"));
    assert_eq!(ids(&tx.bans().list(&query).unwrap()), [banned[0]]);
}

fn a_user_s_bans_go_in_bounded_steps(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let groups: Vec<_> = (0..5).map(|number| group(tx, &format!("group {number}"))).collect();
    for id in &groups {
        tx.bans().put(*id, &ban(&ann, ann.id)).unwrap();
    }
    let other = put(tx, groups[0], "bob", None);
    assert_eq!(tx.bans().forget(ann.id, 2), Ok(false));
    let left = groups.iter().filter(|id| tx.bans().find(**id, ann.id).unwrap().is_some()).count();
    assert_eq!(left, 3);
    assert_eq!(tx.bans().forget(ann.id, 4), Ok(true));
    assert_eq!(tx.bans().forget(ann.id, 4), Ok(true), "there are none any more");
    assert_eq!(tx.bans().find(groups[0], other.user.id), Ok(Some(other)));
}

fn bans_go_with_their_group(tx: &mut dyn Tx) {
    let id = group(tx, "chess");
    let ann = put(tx, id, "ann", None);
    put(tx, id, "bob", None);
    tx.groups().mark_deleted(id, at(9)).unwrap();
    assert_eq!(tx.groups().purge(id, 1), Ok(false));
    assert_eq!(tx.groups().purge(id, 100), Ok(true));
    assert_eq!(tx.bans().find(id, ann.user.id), Ok(None));
}

fn lasting_bans_are_counted_and_ended_ones_are_removed_in_bounded_steps(tx: &mut dyn Tx) {
    let (chess, go, now) = (group(tx, "chess"), group(tx, "go"), tx.now());
    let later = Timestamp::from_micros(now.as_micros() + 1);
    for (group, name, until) in
        [(chess, "ann", now), (chess, "bob", later), (go, "cleo", now), (go, "dan", at(1))]
    {
        put(tx, group, name, Some(until));
    }
    put(tx, chess, "eve", None);
    for (group, most, counted) in [(chess, 1, 1), (chess, 9, 2), (go, 9, 0)] {
        assert_eq!(tx.bans().count(group, most), Ok(counted));
    }
    assert_eq!([2, 2, 2].map(|limit| tx.bans().remove_ended(now, limit).unwrap()), [2, 1, 0]);
    assert_eq!(tx.bans().count(chess, 9), Ok(2));
}

cases! { transaction:
    lasting_bans_are_counted_and_ended_ones_are_removed_in_bounded_steps
    a_ban_reads_back_and_is_replaced_and_removed
    a_ban_ends_by_the_clock
    bans_are_found_by_pairs_of_group_and_user
    those_banned_are_listed_by_name_in_pages
    a_user_s_bans_go_in_bounded_steps
    bans_go_with_their_group
}
