//! Invite links.

use groupchat_domain::admissions::{Counted, InviteLinkQuery, MaxUses, NewInviteLink, Note};
use groupchat_domain::ids::{GroupId, InviteLinkId, UserId};
use groupchat_domain::permissions::{BuiltInRole, Role, RoleName};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn new_link(group: GroupId, by: UserId, code: u8, max_uses: Option<i64>) -> NewInviteLink {
    NewInviteLink {
        group,
        created_by: by,
        code: key(code),
        role: RoleName::MEMBER,
        note: Some(Note::parse("For the fair").unwrap()),
        max_uses: max_uses.map(|number| MaxUses::parse(number).unwrap()),
        created_at: at(7),
        expires_at: at(90),
    }
}

fn put(tx: &mut dyn Tx, group: GroupId, by: UserId, code: u8) -> InviteLinkId {
    tx.invite_links().insert(&new_link(group, by, code, None)).unwrap()
}

fn ids(tx: &mut dyn Tx, group: GroupId, below: Option<InviteLinkId>, rows: i64) -> Vec<InviteLinkId> {
    let query = InviteLinkQuery { group, below, limit: limit(rows) };
    tx.invite_links().list(&query).unwrap().into_iter().map(|issued| issued.link.id).collect()
}

fn a_link_is_found_by_the_hash_of_its_code_with_its_group_and_roles(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let id = group(tx, "chess");
    join(tx, id, ann.id, BuiltInRole::Admin);
    let new = new_link(id, ann.id, 1, Some(20));
    let stored = tx.invite_links().insert(&new).unwrap();
    let found = tx.invite_links().find(&key(1)).unwrap().expect("it was stored");
    let (link, chess) = (&found.link, tx.groups().find_many(&[id]).unwrap().remove(0));
    assert_eq!((link.id, &link.group, &link.created_by), (stored, &(&chess).into(), &ann.as_ref()));
    assert_eq!((&link.role, &link.note, link.max_uses, link.uses), (&new.role, &new.note, new.max_uses, 0));
    assert_eq!((link.created_at, link.expires_at), (new.created_at, new.expires_at));
    assert_eq!(found.group, chess);
    assert_eq!(found.issuer, Some(Role::unchanged(BuiltInRole::Admin, false)));
    assert_eq!(found.gift, Some(Role::unchanged(BuiltInRole::Member, false)));
    assert_eq!(tx.invite_links().find(&key(2)), Ok(None));
    tx.members().remove(id, ann.id).unwrap();
    assert_eq!(tx.invite_links().find(&key(1)).unwrap().unwrap().issuer, None);
    tx.accounts().mark_deleted(ann.id, at(9)).unwrap();
    assert_eq!(tx.invite_links().find(&key(1)).unwrap().unwrap().link.created_by.username, None);
}

fn a_link_is_used_as_often_as_it_says(tx: &mut dyn Tx) {
    let (ann, id) = (user(tx, "ann").id, group(tx, "chess"));
    let twice = tx.invite_links().insert(&new_link(id, ann, 1, Some(2))).unwrap();
    let always = put(tx, id, ann, 2);
    for (link, expected) in [(twice, [true, true, false]), (always, [true, true, true])] {
        assert_eq!([(); 3].map(|()| tx.invite_links().spend(link).unwrap()), expected);
    }
    assert_eq!(tx.invite_links().find(&key(1)).unwrap().unwrap().link.uses, 2);
    assert_eq!(tx.invite_links().find(&key(2)).unwrap().unwrap().link.uses, 3);
    assert_eq!(tx.invite_links().spend(InviteLinkId::new(99)), Ok(false));
}

fn links_are_listed_counted_and_removed(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [chess, go, old] = ["chess", "go", "old"].map(|name| group(tx, name));
    let [one, two, three] =
        [(chess, ann, 1), (chess, bob, 2), (go, ann, 3)].map(|(group, by, code)| put(tx, group, by, code));
    put(tx, old, ann, 4);
    tx.groups().mark_deleted(old, at(9)).unwrap();
    assert_eq!(ids(tx, chess, None, 5), [two, one]);
    assert_eq!(ids(tx, chess, None, 1), [two, one], "one more than the limit");
    assert_eq!(ids(tx, chess, Some(two), 5), [one]);
    assert_eq!(ids(tx, old, None, 5), []);
    assert_eq!(tx.invite_links().find(&key(4)), Ok(None));
    for (of, most, expected) in [
        (Counted::To(chess), 5, 2),
        (Counted::To(chess), 1, 1),
        (Counted::By(ann), 5, 3),
        (Counted::By(bob), 5, 1),
    ] {
        assert_eq!(tx.invite_links().count(of, most), Ok(expected), "{of:?}");
    }
    assert_eq!(tx.invite_links().remove(go, one), Ok(false), "of another group");
    assert_eq!(tx.invite_links().remove(chess, one), Ok(true));
    assert_eq!(tx.invite_links().remove(chess, one), Ok(false));
    assert_eq!(ids(tx, go, None, 5), [three]);
    assert!(put(tx, chess, ann, 5) > three, "an id is never given out again");
}

fn links_go_with_their_maker_and_with_their_group(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let chess = group(tx, "chess");
    for code in 1..4 {
        put(tx, chess, ann, code);
    }
    let kept = put(tx, chess, bob, 4);
    assert_eq!(tx.invite_links().forget(ann, 2), Ok(false));
    assert_eq!(tx.invite_links().forget(ann, 2), Ok(true));
    assert_eq!(ids(tx, chess, None, 5), [kept]);
    tx.groups().mark_deleted(chess, at(9)).unwrap();
    while !tx.groups().purge(chess, 10).unwrap() {}
    assert_eq!(tx.invite_links().count(Counted::By(bob), 5), Ok(0));
}

fn a_role_that_a_link_gives_is_held(tx: &mut dyn Tx) {
    let (ann, id) = (user(tx, "ann").id, group(tx, "chess"));
    let herald = RoleName::parse("Herald").unwrap();
    let new = NewInviteLink { role: herald.clone(), ..new_link(id, ann, 1, None) };
    let link = tx.invite_links().insert(&new).unwrap();
    assert_eq!(tx.roles().is_held(id, &herald), Ok(true));
    tx.invite_links().remove(id, link).unwrap();
    assert_eq!(tx.roles().is_held(id, &herald), Ok(false));
}

cases! { transaction:
    a_link_is_found_by_the_hash_of_its_code_with_its_group_and_roles
    a_link_is_used_as_often_as_it_says
    links_are_listed_counted_and_removed
    links_go_with_their_maker_and_with_their_group
    a_role_that_a_link_gives_is_held
}
