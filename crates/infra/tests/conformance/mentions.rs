//! Whom messages mention.

use groupchat_domain::accounts::UsernameKey;
use groupchat_domain::groups::{NewMembership, Visibility};
use groupchat_domain::ids::{GroupId, MessageId, Position, Seq, UserId};
use groupchat_domain::messages::{
    GROUPS_AT_ONCE, MAX_GROUP_MENTIONS, MentionLookup, MentionPlace, MentionQuery, MentionRow, OwnMention,
};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::room::{Room, room};
use crate::support::fixture::*;

fn place(tx: &mut dyn Tx, room: &Room, message: MessageId) -> MentionPlace {
    MentionPlace::of(&view(tx, room.group, message, room.ann).message)
}

const fn named(user: UserId) -> MentionRow {
    MentionRow { user, is_named: true, is_told: true }
}

/// A new message of Ann's that mentions these.
fn mention(tx: &mut dyn Tx, room: &Room, rows: &[MentionRow]) -> MessageId {
    let message = post(tx, room.group, room.ann, "hello");
    let place = place(tx, room, message);
    tx.mentions().add(&place, rows).unwrap();
    message
}

/// A new message of Ann's that mentions all.
fn mention_all(tx: &mut dyn Tx, room: &Room) -> MessageId {
    let message = post(tx, room.group, room.ann, "hello");
    let place = place(tx, room, message);
    tx.mentions().add_to_all(&place).unwrap();
    message
}

/// A group of these two.
fn room_of(tx: &mut dyn Tx, name: &str, ann: UserId, bob: UserId) -> Room {
    let group = group(tx, name);
    join(tx, group, ann, BuiltInRole::Owner);
    join(tx, group, bob, BuiltInRole::Member);
    Room { group, ann, bob }
}

fn query(user: UserId) -> MentionQuery {
    MentionQuery { user, before: None, limit: 500 }
}

fn ids(found: &[OwnMention]) -> Vec<MessageId> {
    found.iter().map(|mention| mention.message).collect()
}

fn unread(tx: &mut dyn Tx, group: GroupId, user: UserId) -> i64 {
    tx.groups().view(group, user).unwrap().unwrap().unread_mentions
}

fn users_are_looked_up_by_name_and_by_id(tx: &mut dyn Tx) {
    let room = room(tx);
    let (eve, gone) = (user(tx, "eve"), user(tx, "gone"));
    tx.accounts().mark_deleted(gone.id, at(9)).unwrap();
    tx.blocks().insert(eve.id, room.ann, at(9)).unwrap();
    let names = ["BOB", "eve", "gone", "nobody"].map(UsernameKey::of).into();
    let (group, author, visibility) = (room.group, room.ann, Visibility::Public);
    let lookup = MentionLookup { group, visibility, author, names, ids: vec![room.ann, room.bob, gone.id] };
    let mut found = tx.mentions().look_up(&lookup).unwrap();
    found.sort_by_key(|found| found.user.id);
    let shown: Vec<_> = found
        .iter()
        .map(|found| {
            let role =
                found.membership.as_ref().map(|(role, joined_seq)| (role.title.name.clone(), *joined_seq));
            (found.user.id, role, found.blocks_author)
        })
        .collect();
    assert_eq!(
        shown,
        [
            (room.ann, Some((BuiltInRole::Owner.into(), Seq::ZERO)), false),
            (room.bob, Some((BuiltInRole::Member.into(), Seq::ZERO)), false),
            (eve.id, None, true),
        ]
    );
    let none = MentionLookup { names: Vec::new(), ids: Vec::new(), ..lookup };
    assert_eq!(tx.mentions().look_up(&none), Ok(Vec::new()));
}

fn mentions_read_back_as_they_were_stored(tx: &mut dyn Tx) {
    let room = room(tx);
    let online = MentionRow { user: room.bob, is_named: false, is_told: true };
    let silent = MentionRow { user: room.ann, is_named: true, is_told: false };
    let first = mention(tx, &room, &[silent, online]);
    let second = mention(tx, &room, &[named(room.bob)]);
    assert_eq!(tx.mentions().find(first), Ok(vec![silent, online]));
    let named: Vec<_> = tx.mentions().named(&[first, second]).unwrap();
    let named: Vec<_> = named.into_iter().map(|(message, user)| (message, user.id)).collect();
    assert_eq!(named, [(first, room.ann), (second, room.bob)]);
    tx.mentions().remove(first, &[room.ann]).unwrap();
    assert_eq!(tx.mentions().find(first), Ok(vec![online]));
    assert_eq!(tx.mentions().find(second).unwrap().len(), 1);
}

fn mentions_count_above_the_read_cursor(tx: &mut dyn Tx) {
    let room = room(tx);
    let silent = MentionRow { is_told: false, ..named(room.ann) };
    for _ in 0..3 {
        mention(tx, &room, &[named(room.bob), silent]);
    }
    let all = mention_all(tx, &room);
    assert_eq!((unread(tx, room.group, room.bob), unread(tx, room.group, room.ann)), (4, 0));
    tx.read_cursors().advance(room.group, room.bob, Seq::new(2)).unwrap();
    assert_eq!(unread(tx, room.group, room.bob), 2);
    tx.mentions().remove_to_all(all).unwrap();
    assert_eq!(unread(tx, room.group, room.bob), 1);
    let outsider = user(tx, "eve").id;
    assert_eq!(unread(tx, room.group, outsider), 0);
}

fn a_message_that_mentions_somebody_twice_counts_once(tx: &mut dyn Tx) {
    let room = room(tx);
    let message = mention(tx, &room, &[named(room.bob)]);
    let place = place(tx, &room, message);
    tx.mentions().add_to_all(&place).unwrap();
    assert_eq!(unread(tx, room.group, room.bob), 1);
}

fn mentions_of_all_by_whom_one_has_blocked_do_not_count(tx: &mut dyn Tx) {
    let room = room(tx);
    let message = mention_all(tx, &room);
    assert_eq!(ids(&tx.mentions().list_to_all(&query(room.bob)).unwrap()), [message]);
    let is_told = |tx: &mut dyn Tx, user| tx.mentions().list_to_all(&query(user)).unwrap()[0].is_told;
    assert!(is_told(tx, room.bob));
    tx.blocks().insert(room.bob, room.ann, at(9)).unwrap();
    assert_eq!(unread(tx, room.group, room.bob), 0);
    assert!(!is_told(tx, room.bob));
    assert!(!is_told(tx, room.ann), "their own");
}

fn what_whom_one_has_blocked_mentions_counts_again_after_the_block(tx: &mut dyn Tx) {
    let room = room(tx);
    let other = user(tx, "eve").id;
    join(tx, room.group, other, BuiltInRole::Member);
    let by_other = post(tx, room.group, other, "hello");
    let there = place(tx, &room, by_other);
    tx.mentions().add(&there, &[named(room.bob)]).unwrap();
    let by_ann = mention(tx, &room, &[named(room.bob)]);
    let root = post(tx, room.group, room.ann, "well?");
    let answer = reply(tx, room.group, root, room.ann);
    let there = place(tx, &room, answer);
    tx.mentions().add(&there, &[named(room.bob)]).unwrap();
    let counts = |tx: &mut dyn Tx| {
        let told = tx.mentions().list(&query(room.bob)).unwrap();
        let in_thread = tx.threads().views(&[root], room.bob).unwrap()[0].unread_mentions;
        let told = told.iter().filter(|mention| mention.is_told).map(|mention| mention.message).collect();
        (unread(tx, room.group, room.bob), in_thread, told)
    };
    let all = (2, 1, vec![answer, by_ann, by_other]);
    assert_eq!(counts(tx), all);
    tx.blocks().insert(room.bob, room.ann, at(9)).unwrap();
    assert_eq!(counts(tx), (1, 0, vec![by_other]));
    tx.blocks().remove(room.bob, room.ann).unwrap();
    assert_eq!(counts(tx), all);
}

fn read_states_say_how_many_mentions_are_unread(tx: &mut dyn Tx) {
    let room = room(tx);
    for _ in 0..3 {
        mention(tx, &room, &[named(room.bob)]);
    }
    mention_all(tx, &room);
    let root = post(tx, room.group, room.ann, "well?");
    for _ in 0..2 {
        let answer = reply(tx, room.group, root, room.ann);
        let there = place(tx, &room, answer);
        tx.mentions().add(&there, &[named(room.bob)]).unwrap();
    }
    for (seq, expected) in [(1, 3), (3, 1), (4, 0)] {
        let marked = tx.read_cursors().advance(room.group, room.bob, Seq::new(seq)).unwrap().unwrap();
        assert_eq!((marked.state.unread_mentions, marked.moved), (expected, true));
        assert_eq!(tx.read_cursors().find(room.group, room.bob), Ok(Some(marked.state)));
        assert_eq!(unread(tx, room.group, room.bob), expected);
    }
    let marked = tx.read_cursors().put(room.group, room.bob, Seq::new(2)).unwrap().unwrap();
    assert_eq!(marked.state.unread_mentions, 2);
    let since = tx.members().read_since(room.bob, Position::ZERO).unwrap();
    assert_eq!(since[0].state, marked.state);
    let outsider = user(tx, "eve").id;
    assert_eq!(tx.read_cursors().find(room.group, outsider), Ok(None));
    let marked = tx.threads().advance_read_seq(root, room.bob, Seq::new(1), root).unwrap().unwrap();
    assert_eq!(marked.state.unread_mentions, 1);
    assert_eq!(tx.threads().read_since(room.bob, Position::ZERO).unwrap()[0].state, marked.state);
}

fn those_of_all_members_of_many_groups_are_merged_up_to_a_limit(tx: &mut dyn Tx) {
    let (author, reader) = (user(tx, "ann").id, user(tx, "reader").id);
    let rooms: Vec<_> = (0..4).map(|nth| room_of(tx, &format!("Room {nth}"), author, reader)).collect();
    let mut all = Vec::new();
    // The newest are not in the groups in turn.
    for room in [0, 1, 1, 2, 0, 3, 3, 3] {
        all.push(mention_all(tx, &rooms[room]));
    }
    all.reverse();
    for limit in 1..=9 {
        let first = MentionQuery { limit, ..query(reader) };
        let mut listed = ids(&tx.mentions().list_to_all(&first).unwrap());
        assert_eq!(listed, all.iter().take(limit as usize).copied().collect::<Vec<_>>());
        while listed.len() < all.len() {
            let next = MentionQuery { before: listed.last().copied(), ..first };
            listed.extend(ids(&tx.mentions().list_to_all(&next).unwrap()));
        }
        assert_eq!(listed, all);
    }
}

fn replies_to_all_are_found_in_some_groups_at_a_time(tx: &mut dyn Tx) {
    let (author, reader) = (user(tx, "ann").id, user(tx, "reader").id);
    let mut expected = Vec::new();
    for nth in 0..=GROUPS_AT_ONCE {
        let room = room_of(tx, &format!("Room {nth}"), author, reader);
        mention_all(tx, &room);
        let root = post(tx, room.group, room.ann, "well?");
        let answer = reply(tx, room.group, root, room.ann);
        let there = place(tx, &room, answer);
        tx.mentions().add_to_all(&there).unwrap();
        expected.push((room.group, answer));
    }
    let mut found = Vec::new();
    let mut after = Some(GroupId::new(0));
    let mut sizes = Vec::new();
    while let Some(group) = after {
        let step = tx.mentions().to_all_in_threads(reader, group).unwrap();
        assert!(step.mentions.iter().all(|mention| mention.is_unread && mention.thread.is_some()));
        sizes.push(step.mentions.len() as i64);
        found.extend(step.mentions.iter().map(|mention| (mention.group, mention.message)));
        after = step.looked_up_to;
    }
    found.sort_unstable();
    assert_eq!((found, sizes), (expected, vec![GROUPS_AT_ONCE, 1]));
}

fn a_cursor_before_the_first_reply_is_given_once_and_makes_nobody_follow(tx: &mut dyn Tx) {
    let room = room(tx);
    let root = post(tx, room.group, room.ann, "well?");
    reply(tx, room.group, root, room.ann);
    let standing = |tx: &mut dyn Tx| {
        let standing = tx.threads().views(&[root], room.bob).unwrap()[0].standing;
        (standing.following, standing.read_seq)
    };
    for read in [0, 1] {
        tx.threads().add_cursors(room.bob, &[root]).unwrap();
        assert_eq!(standing(tx), (false, Seq::new(read)));
        let moved = tx.threads().advance_to_end(room.bob, &[root]).unwrap();
        assert_eq!(moved.len(), 1 - read as usize);
    }
    assert_eq!(standing(tx), (false, Seq::new(1)));
}

fn mentions_in_a_thread_count_there(tx: &mut dyn Tx) {
    let room = room(tx);
    let root = post(tx, room.group, room.ann, "well?");
    let answer = reply(tx, room.group, root, room.ann);
    let there = place(tx, &room, answer);
    tx.mentions().add(&there, &[named(room.bob)]).unwrap();
    let all = reply(tx, room.group, root, room.ann);
    let there = place(tx, &room, all);
    tx.mentions().add_to_all(&there).unwrap();
    assert_eq!(unread(tx, room.group, room.bob), 0);
    let mut in_thread = |user| tx.threads().views(&[root], user).unwrap()[0].unread_mentions;
    assert_eq!((in_thread(room.bob), in_thread(room.ann)), (2, 0));
    let mine = tx.mentions().list(&query(room.bob)).unwrap();
    let history_seq = there.history_seq();
    let expected = OwnMention {
        message: answer,
        group: room.group,
        thread: Some(root),
        history_seq,
        is_unread: true,
        is_told: true,
    };
    assert_eq!(mine, [expected]);
    tx.threads().advance_read_seq(root, room.bob, Seq::new(1), all).unwrap();
    assert_eq!(tx.threads().views(&[root], room.bob).unwrap()[0].unread_mentions, 1);
    assert_eq!(tx.mentions().list(&query(room.bob)), Ok(vec![OwnMention { is_unread: false, ..expected }]));
    assert!(tx.mentions().list_to_all(&query(room.bob)).unwrap()[0].is_unread);
}

fn the_newest_mentions_come_first_and_go_on_before_one(tx: &mut dyn Tx) {
    let room = room(tx);
    let mut told: Vec<_> = (0..3).map(|_| mention(tx, &room, &[named(room.bob)])).collect();
    told.reverse();
    assert_eq!(ids(&tx.mentions().list(&query(room.bob)).unwrap()), told);
    let rest = MentionQuery { before: Some(told[0]), limit: 1, ..query(room.bob) };
    assert_eq!(ids(&tx.mentions().list(&rest).unwrap()), told[1..2]);
    // Also in a group that one has left; who reads it asks for the rights of now.
    tx.members().remove(room.group, room.bob).unwrap();
    assert_eq!(ids(&tx.mentions().list(&query(room.bob)).unwrap()), told);
    mention_all(tx, &room);
    assert_eq!(tx.mentions().list_to_all(&query(room.bob)), Ok(Vec::new()));
}

fn a_group_keeps_a_bounded_number_of_mentions_of_all(tx: &mut dyn Tx) {
    let room = room(tx);
    let all: Vec<_> = (0..=MAX_GROUP_MENTIONS).map(|_| mention_all(tx, &room)).collect();
    let found = tx.mentions().list_to_all(&query(room.bob)).unwrap();
    assert_eq!(ids(&found), all[1..].iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(unread(tx, room.group, room.bob), MAX_GROUP_MENTIONS);
}

fn at_most_a_hundred_are_counted(tx: &mut dyn Tx) {
    let room = room(tx);
    for _ in 0..102 {
        mention(tx, &room, &[named(room.bob)]);
    }
    assert_eq!(unread(tx, room.group, room.bob), 100);
}

fn mentions_from_before_one_came_in_again_do_not_count_where_they_cannot_be_read(tx: &mut dyn Tx) {
    let room = room(tx);
    let mut found = tx.groups().find_many(&[room.group]).unwrap().remove(0);
    found.history = groupchat_domain::groups::History::Joined;
    stored(tx.groups().update(&found).unwrap());
    mention(tx, &room, &[named(room.bob)]);
    tx.members().remove(room.group, room.bob).unwrap();
    let again = new_membership(room.group, room.bob, BuiltInRole::Member);
    let again = NewMembership { joined_seq: Seq::new(1), read_seq: Seq::ZERO, ..again };
    stored(tx.members().insert(&again).unwrap());
    assert_eq!(unread(tx, room.group, room.bob), 0);
    mention(tx, &room, &[named(room.bob)]);
    assert_eq!(unread(tx, room.group, room.bob), 1);
}

fn those_who_are_mentioned_in_a_thread_follow_it(tx: &mut dyn Tx) {
    let room = room(tx);
    let root = post(tx, room.group, room.ann, "well?");
    let answer = reply(tx, room.group, root, room.ann);
    let eve = user(tx, "eve").id;
    tx.threads().follow(root, eve, false, answer).unwrap();
    let unseen = MessageId::new(0);
    let users = [room.ann, room.bob, eve];
    assert_eq!(tx.threads().follow_all(root, &users, unseen), Ok(vec![room.bob, eve]));
    assert_eq!(tx.threads().follow_all(root, &users, unseen), Ok(Vec::new()));
    for user in users {
        assert!(tx.threads().views(&[root], user).unwrap()[0].standing.following);
    }
}

fn mentions_go_with_their_group(tx: &mut dyn Tx) {
    let room = room(tx);
    let message = mention(tx, &room, &[named(room.bob), named(room.ann)]);
    mention_all(tx, &room);
    tx.groups().mark_deleted(room.group, at(9)).unwrap();
    assert_eq!(tx.groups().purge(room.group, 1), Ok(false));
    while !tx.groups().purge(room.group, 10).unwrap() {}
    assert_eq!(tx.mentions().find(message), Ok(Vec::new()));
    assert_eq!(tx.mentions().list(&query(room.bob)), Ok(Vec::new()));
}

cases! {
    transaction:
    users_are_looked_up_by_name_and_by_id
    mentions_read_back_as_they_were_stored
    mentions_count_above_the_read_cursor
    a_message_that_mentions_somebody_twice_counts_once
    mentions_of_all_by_whom_one_has_blocked_do_not_count
    what_whom_one_has_blocked_mentions_counts_again_after_the_block
    read_states_say_how_many_mentions_are_unread
    those_of_all_members_of_many_groups_are_merged_up_to_a_limit
    replies_to_all_are_found_in_some_groups_at_a_time
    a_cursor_before_the_first_reply_is_given_once_and_makes_nobody_follow
    mentions_in_a_thread_count_there
    the_newest_mentions_come_first_and_go_on_before_one
    a_group_keeps_a_bounded_number_of_mentions_of_all
    at_most_a_hundred_are_counted
    mentions_from_before_one_came_in_again_do_not_count_where_they_cannot_be_read
    those_who_are_mentioned_in_a_thread_follow_it
    mentions_go_with_their_group
}
