//! Removing in bounded steps what deleted messages and groups leave behind.

use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// A group of `members`, the first of whom has written `messages`.
fn filled_group(
    tx: &mut dyn Tx,
    name: &str,
    members: &[UserId],
    messages: usize,
) -> (GroupId, Vec<MessageId>) {
    let id = group(tx, name);
    for member in members {
        join(tx, id, *member, BuiltInRole::Member);
    }
    let messages = (0..messages).map(|_| post(tx, id, members[0], "hello")).collect();
    (id, messages)
}

fn users<const N: usize>(tx: &mut dyn Tx) -> [UserId; N] {
    std::array::from_fn(|number| user(tx, &format!("user{number}")).id)
}

/// How many steps of `limit` rows it takes until nothing is left.
fn steps(mut step: impl FnMut() -> bool) -> usize {
    (1..100).find(|_| step()).expect("it comes to an end")
}

fn reactions_to_a_message_go_in_bounded_steps(tx: &mut dyn Tx) {
    let users = users::<5>(tx);
    let (group, messages) = filled_group(tx, "chess", &users, 2);
    for user in &users[..3] {
        like(tx, group, messages[0], *user);
    }
    for user in &users[3..] {
        react(tx, group, messages[0], *user, "🎉");
    }
    like(tx, group, messages[1], users[0]);
    let left = |tx: &mut dyn Tx, message| {
        let own = users.map(|user| view(tx, group, message, user));
        own.iter().filter(|own| own.liked || !own.reacted.is_empty()).count()
    };
    assert_eq!(left(tx, messages[0]), 5);
    assert_eq!(tx.messages().purge_reactions(messages[0], 3), Ok(false));
    assert_eq!(left(tx, messages[0]), 2);
    assert_eq!(tx.messages().purge_reactions(messages[0], 3), Ok(true));
    assert_eq!(left(tx, messages[0]), 0);
    assert_eq!(tx.messages().purge_reactions(messages[0], 3), Ok(true));
    assert!(view(tx, group, messages[1], users[0]).liked);
}

fn a_group_goes_in_bounded_steps_with_all_it_holds(tx: &mut dyn Tx) {
    let users = users::<4>(tx);
    let (group, messages) = filled_group(tx, "chess", &users, 10);
    for message in &messages[..5] {
        for user in users {
            like(tx, group, *message, user);
        }
    }
    let replies = [0, 0, 9].map(|root: usize| reply(tx, group, messages[root], users[1]));
    like(tx, group, replies[2], users[0]);
    tx.groups().mark_deleted(group, at(9)).unwrap();
    // 21 likes, 13 messages, 2 threads with a member each, 4 memberships and the group are 43 rows.
    let steps = steps(|| tx.groups().purge(group, 4).unwrap());
    assert!((11..=12).contains(&steps), "43 rows took {steps} steps of 4");
    assert_eq!(tx.messages().find(group, replies[2], users[0]), Ok(None));
    assert_eq!(tx.messages().find(group, messages[0], users[0]), Ok(None));
    assert_eq!(tx.members().groups_of(users[0], 10), Ok(vec![]));
    assert_eq!(tx.groups().purge(group, 4), Ok(true), "nothing more to do");
    assert_ne!(filled_group(tx, "chess", &users, 0).0, group, "an id is never given out twice");
}

fn messages_without_likes_are_not_walked_again(tx: &mut dyn Tx) {
    let users = users::<3>(tx);
    let (group, messages) = filled_group(tx, "chess", &users, 10);
    for user in users {
        like(tx, group, messages[9], user);
    }
    tx.groups().mark_deleted(group, at(9)).unwrap();
    assert_eq!(tx.groups().purge(group, 4), Ok(false));
    let left = messages.iter().filter(|id| tx.messages().find(group, **id, users[0]).unwrap().is_some());
    assert_eq!(left.count(), 6, "the first ones went before the likes of the last were looked for");
    steps(|| tx.groups().purge(group, 4).unwrap());
}

fn a_purge_spares_live_groups_and_other_groups(tx: &mut dyn Tx) {
    let users = users::<2>(tx);
    let (live, messages) = filled_group(tx, "chess", &users, 3);
    let (deleted, _) = filled_group(tx, "go", &users, 3);
    like(tx, live, messages[0], users[1]);
    tx.groups().mark_deleted(deleted, at(9)).unwrap();
    steps(|| tx.groups().purge(deleted, 2).unwrap());
    assert_eq!(tx.groups().purge(live, 100), Ok(true), "there is no deleted group of this id");
    let group = tx.groups().find_visible(live, users[0]).unwrap().unwrap().group;
    assert_eq!((group.member_count, group.last_seq.get()), (2, 3));
    assert!(view(tx, live, messages[0], users[1]).liked);
    assert_eq!(tx.members().groups_of(users[0], 10), Ok(vec![live]));
}

cases! { transaction:
    reactions_to_a_message_go_in_bounded_steps
    a_group_goes_in_bounded_steps_with_all_it_holds
    messages_without_likes_are_not_walked_again
    a_purge_spares_live_groups_and_other_groups
}
