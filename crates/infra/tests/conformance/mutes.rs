//! Mutes.

use std::time::Duration;

use groupchat_domain::groups::{Member, MemberQuery, Mute, Reason};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn noise(tx: &dyn Tx, seconds: u64) -> Mute {
    let until = tx.now().plus(Duration::from_secs(seconds));
    Mute { until, reason: Some(Reason::parse("noise").unwrap()) }
}

/// The mute of a member, as each way to load the member tells it; all of them must agree.
#[track_caller]
fn loaded(tx: &mut dyn Tx, group: GroupId, user: UserId) -> Option<Mute> {
    let member = tx.members().find(group, user).unwrap().expect("a member");
    let query = MemberQuery { group, search: None, after: None, limit: limit(10) };
    let listed = tx.members().list(&query).unwrap().into_iter().map(|placed| placed.entry);
    let listed: Vec<Member> = listed.filter(|listed| listed.user.id == user).collect();
    assert_eq!(listed, std::slice::from_ref(&member));
    assert_eq!(tx.members().find_many(&[(group, user)]), Ok(vec![(group, member.clone())]));
    let found = tx.groups().find_visible(group, user).unwrap().unwrap().standing.unwrap();
    let viewed = tx.groups().view(group, user).unwrap().unwrap().standing.unwrap();
    let until = member.mute.as_ref().map(|mute| mute.until);
    assert_eq!((found.muted_until, viewed.muted_until), (until, until));
    member.mute
}

fn a_mute_is_loaded_with_its_member_alone(tx: &mut dyn Tx) {
    let (chess, go) = (group(tx, "chess"), group(tx, "go"));
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    for (group, user) in [(chess, ann), (chess, bob), (go, ann)] {
        join(tx, group, user, BuiltInRole::Member);
    }
    let first = noise(tx, 60);
    tx.mutes().put(chess, ann, &first).unwrap();
    assert_eq!(loaded(tx, chess, ann), Some(first));
    assert_eq!((loaded(tx, chess, bob), loaded(tx, go, ann)), (None, None));
    let second = Mute { until: Mute::WITHOUT_END, reason: None };
    tx.mutes().put(chess, ann, &second).unwrap();
    assert_eq!(loaded(tx, chess, ann), Some(second));
    tx.mutes().remove(chess, bob).unwrap();
    assert!(loaded(tx, chess, ann).is_some());
    tx.mutes().remove(chess, ann).unwrap();
    assert_eq!(loaded(tx, chess, ann), None);
}

fn a_mute_ends_by_the_clock(tx: &mut dyn Tx) {
    let (id, ann) = (group(tx, "chess"), user(tx, "ann").id);
    join(tx, id, ann, BuiltInRole::Member);
    let over = noise(tx, 0);
    tx.mutes().put(id, ann, &over).unwrap();
    assert_eq!((loaded(tx, id, ann), tx.mutes().find(id, ann)), (None, Ok(None)));
}

fn a_mute_outlives_the_membership(tx: &mut dyn Tx) {
    let (id, ann) = (group(tx, "chess"), user(tx, "ann").id);
    join(tx, id, ann, BuiltInRole::Member);
    let mute = noise(tx, 60);
    tx.mutes().put(id, ann, &mute).unwrap();
    tx.members().remove(id, ann).unwrap();
    assert_eq!(tx.mutes().find(id, ann), Ok(Some(mute.clone())));
    assert_eq!(tx.groups().find_visible(id, ann).unwrap().unwrap().standing, None);
    join(tx, id, ann, BuiltInRole::Member);
    assert_eq!(loaded(tx, id, ann), Some(mute));
}

fn mutes_go_with_their_user_and_with_their_group(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let groups: Vec<_> = (0..3).map(|number| group(tx, &format!("group {number}"))).collect();
    let mute = noise(tx, 60);
    for id in &groups {
        tx.mutes().put(*id, ann, &mute).unwrap();
    }
    assert_eq!(tx.mutes().forget(ann, 2), Ok(false));
    assert_eq!(tx.mutes().find(groups[2], ann), Ok(Some(mute)));
    tx.groups().mark_deleted(groups[2], at(9)).unwrap();
    assert_eq!(tx.groups().purge(groups[2], 100), Ok(true));
    assert_eq!(tx.mutes().find(groups[2], ann), Ok(None));
    assert_eq!(tx.mutes().forget(ann, 2), Ok(true));
}

cases! { transaction:
    a_mute_is_loaded_with_its_member_alone
    a_mute_ends_by_the_clock
    a_mute_outlives_the_membership
    mutes_go_with_their_user_and_with_their_group
}
