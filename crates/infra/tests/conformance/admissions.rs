//! Invitations, requests to join, and invite links.

mod invite_links;
mod join_requests;
mod server_invites;

use groupchat_domain::accounts::User;
use groupchat_domain::admissions::{
    Counted, InvitationQuery, Invitations, IssuedInvitation, NewInvitation, Note, SentInvitation,
};
use groupchat_domain::groups::{NewGroup, Visibility};
use groupchat_domain::ids::{GroupId, InvitationId, UserId};
use groupchat_domain::permissions::{
    BuiltInRole, GroupPermission, PermissionSet, Rank, Role, RoleDefinition, RoleName,
};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn invited(group: GroupId, user: UserId, by: UserId) -> NewInvitation {
    NewInvitation {
        group,
        user,
        invited_by: by,
        role: RoleName::MEMBER,
        note: Some(Note::parse("Come in").unwrap()),
        created_at: at(7),
        expires_at: Some(at(90)),
    }
}

fn put(tx: &mut dyn Tx, group: GroupId, user: UserId, by: UserId) -> InvitationId {
    tx.invitations().put(&invited(group, user, by)).unwrap()
}

fn find(tx: &mut dyn Tx, id: InvitationId) -> IssuedInvitation {
    tx.invitations().find(id).unwrap().expect("it was stored")
}

fn ids(found: Vec<IssuedInvitation>) -> Vec<InvitationId> {
    found.into_iter().map(|issued| issued.invitation.id).collect()
}

fn an_invitation_is_found_with_its_group_and_people(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name));
    let id = group(tx, "chess");
    join(tx, id, ann.id, BuiltInRole::Admin);
    let stored = put(tx, id, bob.id, ann.id);
    let found = find(tx, stored);
    let (invitation, chess) = (&found.invitation, tx.groups().find_many(&[id]).unwrap().remove(0));
    assert_eq!((invitation.id, &invitation.group), (stored, &(&chess).into()));
    assert_eq!((&invitation.user, &invitation.invited_by), (&bob.as_ref(), &ann.as_ref()));
    let new = invited(id, bob.id, ann.id);
    assert_eq!((&invitation.role, &invitation.note), (&new.role, &new.note));
    assert_eq!((invitation.created_at, invitation.expires_at), (new.created_at, new.expires_at));
    assert_eq!(found.group, chess);
    assert_eq!(found.issuer, Some(Role::unchanged(BuiltInRole::Admin, false)));
    assert_eq!(found.gift, Some(Role::unchanged(BuiltInRole::Member, false)));
    assert_eq!(tx.invitations().find_of(id, bob.id), Ok(Some(found.clone())));
    assert_eq!(tx.invitations().find_many(&[stored, InvitationId::new(99)]), Ok(vec![found]));
    assert_eq!(tx.invitations().find_many(&[]), Ok(Vec::new()));
    assert_eq!(tx.invitations().find(InvitationId::new(99)), Ok(None));
    assert_eq!(tx.invitations().find_of(id, ann.id), Ok(None));
}

fn a_suspended_maker_lets_nobody_in(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name));
    let id = group(tx, "chess");
    join(tx, id, ann.id, BuiltInRole::Admin);
    let stored = put(tx, id, bob.id, ann.id);
    for suspended in [true, false] {
        tx.accounts().update(&User { suspended, ..ann.clone() }).unwrap();
        let role = (!suspended).then(|| Role::unchanged(BuiltInRole::Admin, false));
        assert_eq!(find(tx, stored).issuer, role);
        assert_eq!(tx.server_roles().rights_of(&[ann.id]).unwrap().is_empty(), suspended);
        assert!(tx.server_roles().rights(ann.id).unwrap().is_some(), "nobody gets above them meanwhile");
    }
}

fn a_user_has_one_invitation_to_a_group_which_keeps_its_id(tx: &mut dyn Tx) {
    let [ann, bob, cy] = ["ann", "bob", "cy"].map(|name| user(tx, name).id);
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    let first = put(tx, chess, bob, ann);
    let another = put(tx, go, bob, ann);
    let (note, expires_at) = (None, None);
    let role = RoleName::from(BuiltInRole::Admin);
    let later = NewInvitation { role, note, expires_at, created_at: at(8), ..invited(chess, bob, cy) };
    assert_eq!(tx.invitations().put(&later), Ok(first));
    let found = find(tx, first).invitation;
    assert_eq!((found.invited_by.id, found.role, found.note), (cy, later.role, None));
    assert_eq!((found.created_at, found.expires_at), (at(8), None));
    assert_eq!(find(tx, another).invitation.invited_by.id, ann);
    let third = put(tx, chess, cy, ann);
    assert!(third > another, "ids go up");
}

fn the_roles_of_inviter_and_gift_are_those_of_now(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let hidden = NewGroup { visibility: Visibility::Private, ..new_group("chess") };
    let id = stored(tx.groups().insert(&hidden).unwrap());
    let herald = RoleName::parse("Herald").unwrap();
    let new = NewInvitation { role: herald.clone(), ..invited(id, bob, ann) };
    let invitation = tx.invitations().put(&new).unwrap();
    let found = find(tx, invitation);
    assert_eq!((found.issuer, found.gift), (None, None));
    join(tx, id, ann, BuiltInRole::Member);
    let permissions = PermissionSet::of(&[GroupPermission::View]);
    let definition = RoleDefinition { rank: Rank::parse(30).unwrap(), permissions };
    tx.roles().put(id, &herald, &definition).unwrap();
    let found = find(tx, invitation);
    assert_eq!(found.issuer, Some(Role::unchanged(BuiltInRole::Member, true)));
    assert_eq!(found.gift, Role::resolve(herald.clone(), Some(definition), true));
    tx.members().set_role(id, ann, &herald).unwrap();
    assert_eq!(find(tx, invitation).issuer, find(tx, invitation).gift);
    tx.accounts().mark_deleted(ann, at(9)).unwrap();
    let found = find(tx, invitation);
    assert_eq!((found.issuer, found.invitation.invited_by.username), (None, None));
}

const fn sent(id: InvitationId, user: UserId, invited_by: UserId) -> SentInvitation {
    SentInvitation { id, user, invited_by }
}

fn lists_and_counts_are_of_a_group_or_of_a_user(tx: &mut dyn Tx) {
    let [ann, bob, cy] = ["ann", "bob", "cy"].map(|name| user(tx, name).id);
    let [chess, go, old] = ["chess", "go", "old"].map(|name| group(tx, name));
    let [one, two, three] = [(chess, bob, ann), (chess, cy, ann), (go, bob, cy)]
        .map(|(group, user, by)| put(tx, group, user, by));
    let gone = put(tx, old, bob, ann);
    tx.groups().mark_deleted(old, at(9)).unwrap();
    let list = |tx: &mut dyn Tx, of, below, rows| {
        let query = InvitationQuery { of, below, limit: limit(rows) };
        ids(tx.invitations().list(&query).unwrap())
    };
    assert_eq!(list(tx, Invitations::To(chess), None, 5), [two, one]);
    assert_eq!(list(tx, Invitations::To(chess), Some(two), 5), [one]);
    assert_eq!(list(tx, Invitations::Of(bob), None, 5), [three, one]);
    assert_eq!(list(tx, Invitations::Of(bob), None, 1), [three, one], "one more than the limit");
    assert_eq!(list(tx, Invitations::Of(bob), Some(one), 5), []);
    assert_eq!(list(tx, Invitations::To(old), None, 5), []);
    assert_eq!(tx.invitations().find(gone), Ok(None));
    for (of, most, expected) in [
        (Counted::To(chess), 5, 2),
        (Counted::To(chess), 1, 1),
        (Counted::By(ann), 5, 3),
        (Counted::By(cy), 5, 1),
        (Counted::By(bob), 5, 0),
    ] {
        assert_eq!(tx.invitations().count(of, most), Ok(expected), "{of:?}");
    }
    assert_eq!(tx.invitations().some_to(old, 5), Ok(vec![sent(gone, bob, ann)]));
    assert_eq!(tx.invitations().some_to(chess, 1), Ok(vec![sent(one, bob, ann)]));
    assert_eq!(tx.invitations().some_with(cy, 5), Ok(vec![sent(two, cy, ann), sent(three, bob, cy)]));
    assert_eq!(tx.invitations().some_with(ann, 2), Ok(vec![sent(one, bob, ann), sent(two, cy, ann)]));
}

fn what_is_removed_is_gone(tx: &mut dyn Tx) {
    let [ann, bob, cy] = ["ann", "bob", "cy"].map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    let (first, second) = (put(tx, id, bob, ann), put(tx, id, cy, ann));
    assert_eq!(tx.invitations().remove(first), Ok(true));
    assert_eq!(tx.invitations().remove(first), Ok(false));
    assert_eq!(tx.invitations().remove_of(id, bob), Ok(None));
    assert_eq!(tx.invitations().remove_of(id, cy), Ok(Some(sent(second, cy, ann))));
    assert_eq!(tx.invitations().find(second), Ok(None));
    assert!(put(tx, id, bob, ann) > second, "an id is never given out again");
}

fn whose_invitations_are_removed(tx: &mut dyn Tx) {
    let [ann, bob, cy] = ["ann", "bob", "cy"].map(|name| user(tx, name).id);
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    let [one, two, three, four] = [(chess, bob, ann), (chess, cy, ann), (chess, ann, bob), (go, bob, ann)]
        .map(|(group, user, by)| put(tx, group, user, by));
    assert_eq!(tx.invitations().remove_with(one, cy), Ok(false));
    assert_eq!(tx.invitations().remove_by(chess, cy), Ok(vec![]));
    assert_eq!(tx.invitations().remove_by(chess, ann), Ok(vec![sent(one, bob, ann), sent(two, cy, ann)]));
    assert_eq!(tx.invitations().remove_with(three, ann), Ok(true), "who is invited");
    assert_eq!(tx.invitations().remove_with(four, ann), Ok(true), "who has made it");
    assert_eq!(tx.invitations().remove_with(four, ann), Ok(false));
}

fn a_role_that_an_invitation_gives_is_held(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    let herald = RoleName::parse("Herald").unwrap();
    let new = NewInvitation { role: herald.clone(), ..invited(chess, bob, ann) };
    let invitation = tx.invitations().put(&new).unwrap();
    assert_eq!((tx.roles().is_held(chess, &herald), tx.roles().is_held(go, &herald)), (Ok(true), Ok(false)));
    tx.invitations().remove(invitation).unwrap();
    assert_eq!(tx.roles().is_held(chess, &herald), Ok(false));
}

cases! { transaction:
    an_invitation_is_found_with_its_group_and_people
    a_suspended_maker_lets_nobody_in
    a_user_has_one_invitation_to_a_group_which_keeps_its_id
    the_roles_of_inviter_and_gift_are_those_of_now
    lists_and_counts_are_of_a_group_or_of_a_user
    what_is_removed_is_gone
    whose_invitations_are_removed
    a_role_that_an_invitation_gives_is_held
}
