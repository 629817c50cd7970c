//! Requests to join.

use groupchat_domain::admissions::{CountedRequests, JoinRequest, Note};
use groupchat_domain::groups::{GroupRepository, MemberQuery};
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// Somebody new asks to join.
fn ask(tx: &mut dyn Tx, group: GroupId, name: &str) -> JoinRequest {
    let message = Some(Note::parse("Let me in").unwrap());
    let request = JoinRequest { user: user(tx, name).as_ref(), message, created_at: at(7) };
    tx.join_requests().insert(group, &request).unwrap();
    request
}

fn names(tx: &mut dyn Tx, query: &MemberQuery) -> Vec<String> {
    let listed = tx.join_requests().list(query).unwrap().into_iter();
    listed.map(|placed| placed.entry.user.username.expect("a name").as_str().to_owned()).collect()
}

fn a_request_reads_back_and_is_removed_once(tx: &mut dyn Tx) {
    let (chess, go) = (group(tx, "chess"), group(tx, "go"));
    let (ann, bob) = (ask(tx, chess, "ann"), user(tx, "bob"));
    assert_eq!(tx.join_requests().find(chess, ann.user.id), Ok(Some(ann.clone())));
    assert_eq!(tx.join_requests().find(go, ann.user.id), Ok(None));
    assert_eq!(tx.join_requests().find(chess, bob.id), Ok(None));
    let bobs = JoinRequest { user: bob.as_ref(), message: None, created_at: at(8) };
    tx.join_requests().insert(chess, &bobs).unwrap();
    assert_eq!(tx.join_requests().find(chess, bob.id), Ok(Some(bobs)));
    assert_eq!(tx.join_requests().remove(chess, bob.id), Ok(true));
    assert_eq!(tx.join_requests().remove(chess, bob.id), Ok(false));
    assert_eq!(tx.join_requests().remove(go, ann.user.id), Ok(false));
    assert_eq!(tx.join_requests().find(chess, ann.user.id), Ok(Some(ann)));
}

fn requests_are_found_by_pairs_of_group_and_user(tx: &mut dyn Tx) {
    let [chess, go, gone] = ["chess", "go", "gone"].map(|name| group(tx, name));
    let (ann, bob, cleo) = (ask(tx, chess, "ann"), ask(tx, go, "bob"), ask(tx, gone, "cleo"));
    tx.groups().mark_deleted(gone, at(9)).unwrap();
    let asked = [(chess, ann.user.id), (go, bob.user.id), (gone, cleo.user.id), (go, ann.user.id)];
    let mut found = tx.join_requests().find_many(&asked).unwrap();
    found.sort_by_key(|(group, _)| *group);
    assert_eq!(found, [(chess, ann), (go, bob)]);
    assert_eq!(tx.join_requests().find_many(&[]), Ok(Vec::new()));
}

fn requests_are_listed_by_name_and_searched(tx: &mut dyn Tx) {
    let (chess, go) = (group(tx, "chess"), group(tx, "go"));
    for name in ["cleo", "ann", "bob"] {
        ask(tx, chess, name);
    }
    ask(tx, go, "dora");
    let all = MemberQuery { group: chess, search: None, after: None, limit: limit(10) };
    assert_eq!(names(tx, &all), ["ann", "bob", "cleo"]);
    assert_eq!(names(tx, &MemberQuery { search: Some(sought("LE")), ..all.clone() }), ["cleo"]);
    let first = MemberQuery { limit: limit(1), ..all.clone() };
    assert_eq!(names(tx, &first), ["ann", "bob"], "one more than the limit");
    let after = tx.join_requests().list(&first).unwrap().remove(0).position;
    assert_eq!(names(tx, &MemberQuery { after: Some(after), ..all }), ["bob", "cleo"]);
}

fn requests_are_counted_for_a_group_and_for_a_user(tx: &mut dyn Tx) {
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    let ann = ask(tx, chess, "ann");
    tx.join_requests().insert(go, &ann).unwrap();
    let bob = ask(tx, chess, "bob").user.id;
    for (of, most, expected) in [
        (CountedRequests::To(chess), 5, 2),
        (CountedRequests::To(chess), 1, 1),
        (CountedRequests::To(go), 5, 1),
        (CountedRequests::Of(ann.user.id), 5, 2),
        (CountedRequests::Of(bob), 5, 1),
    ] {
        assert_eq!(tx.join_requests().count(of, most), Ok(expected), "{of:?}");
    }
    assert_eq!(tx.join_requests().groups_of(ann.user.id, 5), Ok(vec![chess, go]));
    assert_eq!(tx.join_requests().groups_of(ann.user.id, 1), Ok(vec![chess]));
    tx.join_requests().remove_all(chess).unwrap();
    assert_eq!(tx.join_requests().groups_of(ann.user.id, 5), Ok(vec![go]));
    assert_eq!(tx.join_requests().count(CountedRequests::To(chess), 5), Ok(0));
}

fn the_request_of_a_deleted_user_is_left_out_until_it_is_removed(tx: &mut dyn Tx) {
    let chess = group(tx, "chess");
    let ann = ask(tx, chess, "ann").user.id;
    tx.accounts().mark_deleted(ann, at(9)).unwrap();
    let all = MemberQuery { group: chess, search: None, after: None, limit: limit(10) };
    assert_eq!(tx.join_requests().find(chess, ann), Ok(None));
    assert_eq!(tx.join_requests().find_many(&[(chess, ann)]), Ok(Vec::new()));
    assert_eq!(names(tx, &all), [""; 0]);
    assert_eq!(tx.join_requests().groups_of(ann, 5), Ok(vec![chess]));
    assert_eq!(tx.join_requests().remove(chess, ann), Ok(true));
}

fn requests_go_with_their_group(tx: &mut dyn Tx) {
    let chess = group(tx, "chess");
    let ann = ask(tx, chess, "ann").user.id;
    tx.groups().mark_deleted(chess, at(9)).unwrap();
    let groups: &mut dyn GroupRepository = tx.groups();
    while !groups.purge(chess, 10).unwrap() {}
    assert_eq!(tx.join_requests().groups_of(ann, 5), Ok(Vec::new()));
}

cases! { transaction:
    a_request_reads_back_and_is_removed_once
    requests_are_found_by_pairs_of_group_and_user
    requests_are_listed_by_name_and_searched
    requests_are_counted_for_a_group_and_for_a_user
    the_request_of_a_deleted_user_is_left_out_until_it_is_removed
    requests_go_with_their_group
}
