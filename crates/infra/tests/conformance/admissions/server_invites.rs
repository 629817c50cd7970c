//! Invites to the server.

use groupchat_domain::admissions::{InviteGroups, MaxUses, NewServerInvite, Note, ServerInviteQuery};
use groupchat_domain::ids::{GroupId, ServerInviteId, UserId};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn new_invite(by: UserId, code: u8, max_uses: Option<i64>) -> NewServerInvite {
    NewServerInvite {
        created_by: by,
        code: key(code),
        groups: InviteGroups::parse([7, 1_000_000_007, 2].map(GroupId::new).to_vec()).unwrap(),
        note: Some(Note::parse("For the fair").unwrap()),
        max_uses: max_uses.map(|number| MaxUses::parse(number).unwrap()),
        created_at: at(7),
        expires_at: at(90),
    }
}

fn put(tx: &mut dyn Tx, by: UserId, code: u8) -> ServerInviteId {
    tx.server_invites().insert(&new_invite(by, code, None)).unwrap()
}

fn ids(tx: &mut dyn Tx, by: Option<UserId>, below: Option<ServerInviteId>, rows: i64) -> Vec<ServerInviteId> {
    let query = ServerInviteQuery { by, below, limit: limit(rows) };
    tx.server_invites().list(&query).unwrap().into_iter().map(|invite| invite.id).collect()
}

fn an_invite_is_found_by_the_hash_of_its_code(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let new = new_invite(ann.id, 1, Some(20));
    let stored = tx.server_invites().insert(&new).unwrap();
    let invite = tx.server_invites().find(&key(1)).unwrap().expect("it was stored");
    assert_eq!((invite.id, &invite.created_by, &invite.groups), (stored, &ann.as_ref(), &new.groups));
    assert_eq!((&invite.note, invite.max_uses, invite.uses), (&new.note, new.max_uses, 0));
    assert_eq!((invite.created_at, invite.expires_at), (new.created_at, new.expires_at));
    assert_eq!(tx.server_invites().find(&key(2)), Ok(None));
    let plain =
        NewServerInvite { groups: InviteGroups::default(), note: None, ..new_invite(ann.id, 2, None) };
    tx.server_invites().insert(&plain).unwrap();
    let invite = tx.server_invites().find(&key(2)).unwrap().unwrap();
    assert_eq!((invite.groups, invite.note, invite.max_uses), (InviteGroups::default(), None, None));
}

fn as_many_groups_as_there_can_be_fit_in(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let most = (0..20).map(|number| GroupId::new(i64::MAX - number)).collect();
    let groups = InviteGroups::parse(most).unwrap();
    let new = NewServerInvite { groups: groups.clone(), ..new_invite(ann, 1, None) };
    tx.server_invites().insert(&new).unwrap();
    assert_eq!(tx.server_invites().find(&key(1)).unwrap().unwrap().groups, groups);
}

fn an_invite_is_used_as_often_as_it_says(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let twice = tx.server_invites().insert(&new_invite(ann, 1, Some(2))).unwrap();
    let always = put(tx, ann, 2);
    for (invite, expected) in [(twice, [true, true, false]), (always, [true, true, true])] {
        assert_eq!([(); 3].map(|()| tx.server_invites().spend(invite).unwrap()), expected);
    }
    assert_eq!(tx.server_invites().find(&key(1)).unwrap().unwrap().uses, 2);
    assert_eq!(tx.server_invites().find(&key(2)).unwrap().unwrap().uses, 3);
    assert_eq!(tx.server_invites().spend(ServerInviteId::new(99)), Ok(false));
}

fn invites_are_listed_counted_and_removed(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [one, two, three] = [(ann, 1), (bob, 2), (ann, 3)].map(|(by, code)| put(tx, by, code));
    assert_eq!(ids(tx, None, None, 5), [three, two, one]);
    assert_eq!(ids(tx, Some(ann), None, 5), [three, one]);
    assert_eq!(ids(tx, None, None, 1), [three, two], "one more than the limit");
    assert_eq!(ids(tx, None, Some(two), 5), [one]);
    assert_eq!(ids(tx, Some(ann), Some(three), 5), [one]);
    for (by, most, expected) in [(ann, 5, 2), (ann, 1, 1), (bob, 5, 1)] {
        assert_eq!(tx.server_invites().count(by, most), Ok(expected));
    }
    assert_eq!(tx.server_invites().remove(one, Some(bob)), Ok(false), "somebody else's");
    assert_eq!(tx.server_invites().remove(one, Some(ann)), Ok(true));
    assert_eq!(tx.server_invites().remove(two, None), Ok(true));
    assert_eq!(tx.server_invites().remove(two, None), Ok(false));
    assert!(put(tx, ann, 5) > three, "an id is never given out again");
    tx.server_invites().forget(ann).unwrap();
    assert_eq!(ids(tx, None, None, 5), []);
}

cases! { transaction:
    an_invite_is_found_by_the_hash_of_its_code
    as_many_groups_as_there_can_be_fit_in
    an_invite_is_used_as_often_as_it_says
    invites_are_listed_counted_and_removed
}
