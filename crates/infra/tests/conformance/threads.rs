//! Threads, and who follows them.

use groupchat_domain::ids::{GroupId, MessageId, Position, Seq, UserId, Version};
use groupchat_domain::messages::{
    FollowedQuery, InThread, MAX_FOLLOWED, Marked, MessageQuery, MessageRange, ReadState, Thread,
    ThreadStanding, ThreadView,
};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::groups::STRANGER;
use crate::support::fixture::*;

/// A group with two members and a message of the first one.
struct Room {
    group: GroupId,
    ann: UserId,
    bob: UserId,
    root: MessageId,
}

fn room(tx: &mut dyn Tx) -> Room {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let group = group(tx, "chess");
    join(tx, group, ann, BuiltInRole::Owner);
    join(tx, group, bob, BuiltInRole::Member);
    let root = post(tx, group, ann, "what do you think?");
    Room { group, ann, bob, root }
}

fn under(tx: &mut dyn Tx, group: GroupId, root: MessageId, viewer: UserId) -> InThread {
    InThread { root, root_seq: view(tx, group, root, viewer).message.seq }
}

fn seen(tx: &mut dyn Tx, root: MessageId, viewer: UserId) -> ThreadView {
    let mut views = tx.threads().views(&[root], viewer).unwrap();
    assert_eq!(views.len(), 1);
    views.remove(0)
}

fn page(tx: &mut dyn Tx, room: &Room, thread: Option<InThread>, run: MessageRange) -> Vec<i64> {
    let Room { group, bob: viewer, .. } = *room;
    let query = MessageQuery { group, thread, viewer, run, above: Seq::ZERO, hidden: None, limit: limit(2) };
    let found = tx.messages().list(&query).unwrap();
    assert!(found.iter().all(|view| view.message.thread == thread));
    found.iter().map(|view| view.message.seq.get()).collect()
}

fn replies_have_numbers_and_pages_of_their_own(tx: &mut dyn Tx) {
    let room = room(tx);
    let other = post(tx, room.group, room.bob, "another");
    for _ in 1..=4 {
        reply(tx, room.group, room.root, room.bob);
    }
    reply(tx, room.group, other, room.ann);
    let thread = under(tx, room.group, room.root, room.bob);
    let below = |seq: Option<i64>| MessageRange::Below(seq.map(Seq::new));
    let above = |seq| MessageRange::Above(Seq::new(seq));
    assert_eq!(page(tx, &room, Some(thread), below(None)), [4, 3, 2]);
    assert_eq!(page(tx, &room, Some(thread), below(Some(2))), [1]);
    assert_eq!(page(tx, &room, Some(thread), above(2)), [3, 4]);
    assert_eq!(page(tx, &room, None, below(None)), [2, 1]);
    assert_eq!(page(tx, &room, None, above(0)), [1, 2]);
    let thread = under(tx, room.group, other, room.bob);
    assert_eq!(page(tx, &room, Some(thread), below(None)), [1]);
}

fn a_reply_moves_no_number_and_no_cursor_of_the_group(tx: &mut dyn Tx) {
    let room = room(tx);
    let before = tx.groups().view(room.group, room.bob).unwrap().unwrap();
    reply(tx, room.group, room.root, room.bob);
    let after = tx.groups().view(room.group, room.bob).unwrap().unwrap();
    let (standing, was) = (after.standing.unwrap(), before.standing.unwrap());
    assert_eq!((after.group.last_seq, standing.read_seq), (before.group.last_seq, was.read_seq));
    assert_eq!(after.last_message, before.last_message);
    // For slow mode, a reply is a message.
    assert!(standing.last_sent_at > was.last_sent_at);
}

fn a_thread_reads_back_as_it_was_stored(tx: &mut dyn Tx) {
    let room = room(tx);
    assert_eq!(tx.threads().views(&[room.root], room.bob), Ok(vec![]));
    let reply = reply(tx, room.group, room.root, room.bob);
    let found = seen(tx, room.root, room.ann);
    let participant = tx.accounts().find(room.bob).unwrap().unwrap().as_ref();
    let expected = Thread {
        root: room.root,
        root_seq: Seq::new(1),
        group: room.group,
        reply_count: 1,
        last_seq: Seq::new(1),
        last_reply: reply,
        last_reply_at: view(tx, room.group, reply, room.ann).message.created_at,
        participants: vec![participant],
    };
    assert_eq!(
        found,
        ThreadView { thread: expected.clone(), standing: ThreadStanding::NONE, unread_mentions: 0 }
    );
    let own = ThreadStanding { following: true, read_seq: Seq::new(1), read_version: Version::FIRST };
    assert_eq!(seen(tx, room.root, room.bob).standing, own);
    assert_eq!(tx.threads().find_many(&[room.root]), Ok(vec![expected.clone()]));
    let changed = Thread { reply_count: 0, ..expected };
    tx.threads().put(&changed).unwrap();
    assert_eq!(tx.threads().find_many(&[room.root]), Ok(vec![changed]));
    tx.groups().mark_deleted(room.group, at(9)).unwrap();
    assert_eq!(tx.threads().find_many(&[room.root]), Ok(vec![]));
    assert_eq!(tx.messages().views(&[room.root], room.bob), Ok(vec![]));
}

fn the_first_five_are_shown_in_the_order_of_their_first_replies(tx: &mut dyn Tx) {
    let room = room(tx);
    let people: Vec<_> = ["f", "e", "d", "c", "b", "a"].map(|name| user(tx, name).id).to_vec();
    for author in [0, 1, 0, 2, 3, 4, 5] {
        reply(tx, room.group, room.root, people[author]);
    }
    let shown = seen(tx, room.root, room.ann).thread.participants;
    assert_eq!(shown.iter().map(|user| user.id).collect::<Vec<_>>(), people[..5]);
}

fn following_and_reading_change_only_once(tx: &mut dyn Tx) {
    let room = room(tx);
    let last = reply(tx, room.group, room.root, room.bob);
    let last = reply(tx, room.group, room.root, room.bob).max(last);
    let (root, ann) = (room.root, room.ann);
    for (following, changes) in [(true, true), (true, false), (false, true), (false, false)] {
        assert_eq!(tx.threads().follow(root, ann, following, last), Ok(changes));
        assert_eq!(seen(tx, root, ann).standing.following, following);
    }
    for (seq, moved, read) in [(1, true, 1), (1, false, 1), (2, true, 2), (1, false, 2)] {
        let marked = tx.threads().advance_read_seq(root, ann, Seq::new(seq), last);
        let view = seen(tx, root, ann);
        assert_eq!(marked, Ok(Some(Marked { state: view.read_state(), moved })), "{seq}");
        let read_version = Version::FIRST;
        let standing = ThreadStanding { following: false, read_seq: Seq::new(read), read_version };
        assert_eq!(view.standing, standing);
    }
    // Who reads without following has a cursor, too.
    let cid = user(tx, "cid").id;
    let marked = tx.threads().advance_read_seq(root, cid, Seq::new(2), last).unwrap();
    assert!(marked.is_some_and(|marked| marked.moved));
    assert!(!seen(tx, root, cid).standing.following);
}

fn a_cursor_is_put_anywhere_and_each_time_but_the_first_counts(tx: &mut dyn Tx) {
    let room = room(tx);
    let replies = [(); 3].map(|()| reply(tx, room.group, room.root, room.bob));
    let (root, ann, last) = (room.root, room.ann, replies[2]);
    for (seq, moved, version) in [(2, true, 1), (2, false, 1), (0, true, 2), (1, true, 3)] {
        let marked = tx.threads().put_read_seq(root, ann, Seq::new(seq), last);
        let view = seen(tx, root, ann);
        assert_eq!(marked, Ok(Some(Marked { state: view.read_state(), moved })), "{seq}");
        assert_eq!(view.read_state(), ReadState::of(Seq::new(seq), Seq::new(3), Version::new(version)));
    }
    tx.threads().put_read_seq(root, room.bob, Seq::ZERO, last).unwrap();
    reply(tx, room.group, root, room.bob);
    let own = seen(tx, root, room.bob).standing;
    assert_eq!(
        (own.read_seq, own.read_version),
        (Seq::new(4), Version::new(2)),
        "a reply moves on from there"
    );
}

fn threads_are_read_to_their_end(tx: &mut dyn Tx) {
    let room = room(tx);
    let roots: Vec<_> = (0..3).map(|_| post(tx, room.group, room.ann, "topic")).collect();
    let mut last = Vec::new();
    for root in &roots {
        reply(tx, room.group, *root, room.bob);
        last.push(reply(tx, room.group, *root, room.bob));
        tx.threads().follow(*root, room.ann, true, last[0]).unwrap();
    }
    tx.threads().put_read_seq(roots[1], room.ann, Seq::new(1), last[1]).unwrap();
    tx.threads().advance_read_seq(roots[2], room.ann, Seq::new(2), last[2]).unwrap();
    let mut moved = tx.threads().advance_to_end(room.ann, &roots).unwrap();
    moved.sort_by_key(|cursor| cursor.thread.root);
    let read = |version| ReadState::of(Seq::new(2), Seq::new(2), Version::new(version));
    let moved: Vec<_> = moved.iter().map(|cursor| (cursor.thread.root, cursor.state)).collect();
    assert_eq!(moved, [(roots[0], read(1)), (roots[1], read(2))]);
    assert_eq!(tx.threads().advance_to_end(room.ann, &roots), Ok(vec![]));
    assert_eq!(followed(tx, room.ann, true, None), []);
    // Who has no cursor gets none.
    assert_eq!(tx.threads().advance_to_end(STRANGER, &roots), Ok(vec![]));
}

fn followed(tx: &mut dyn Tx, user: UserId, unread: bool, before: Option<MessageId>) -> Vec<MessageId> {
    let found = tx.threads().followed(&FollowedQuery { user, unread, before }).unwrap();
    found.iter().map(|thread| thread.root).collect()
}

fn followed_threads_are_in_the_order_of_their_newest_replies(tx: &mut dyn Tx) {
    let room = room(tx);
    let roots: Vec<_> = (0..3).map(|_| post(tx, room.group, room.ann, "topic")).collect();
    let last: Vec<_> = roots.iter().map(|root| reply(tx, room.group, *root, room.bob)).collect();
    for (root, reply) in roots.iter().zip(&last) {
        tx.threads().follow(*root, room.ann, true, *reply).unwrap();
    }
    let newest = reply(tx, room.group, roots[0], room.bob);
    assert_eq!(followed(tx, room.ann, false, None), [roots[0], roots[2], roots[1]]);
    assert_eq!(followed(tx, room.ann, false, Some(newest)), [roots[2], roots[1]]);
    assert_eq!(followed(tx, room.ann, false, Some(last[1])), []);
    tx.threads().advance_read_seq(roots[2], room.ann, Seq::new(1), last[2]).unwrap();
    tx.threads().advance_read_seq(roots[0], room.ann, Seq::new(1), newest).unwrap();
    assert_eq!(followed(tx, room.ann, true, None), [roots[0], roots[1]]);
    tx.threads().follow(roots[1], room.ann, false, last[1]).unwrap();
    assert_eq!(followed(tx, room.ann, false, None), [roots[0], roots[2]]);
    assert_eq!(followed(tx, room.bob, false, None), [roots[0], roots[2], roots[1]]);
    assert_eq!(followed(tx, room.bob, true, None), []);
}

fn the_following_ends_that_was_looked_at_least_recently(tx: &mut dyn Tx) {
    let room = room(tx);
    let roots: Vec<_> = (0..4).map(|_| post(tx, room.group, room.ann, "topic")).collect();
    for root in &roots {
        reply(tx, room.group, *root, room.bob);
    }
    assert_eq!(tx.threads().unfollow_oldest(room.bob, None, 4), Ok(vec![]));
    let newest = reply(tx, room.group, roots[2], room.ann);
    tx.threads().advance_read_seq(roots[0], room.bob, Seq::new(2), newest).unwrap();
    assert_eq!(tx.threads().unfollow_oldest(room.bob, None, 2), Ok(vec![roots[2], roots[1]]));
    assert_eq!(followed(tx, room.bob, false, None), [roots[3], roots[0]]);
    assert_eq!(tx.threads().unfollow_oldest(room.bob, None, MAX_FOLLOWED), Ok(vec![]));
    assert_eq!(tx.threads().unfollow_oldest(room.bob, Some(roots[0]), 0), Ok(vec![roots[3]]));
    assert_eq!(tx.threads().unfollow_oldest(room.ann, None, 0), Ok(vec![roots[2]]));
}

fn cursors_that_moved_are_found_by_the_head_of_the_log(tx: &mut dyn Tx) {
    let room = room(tx);
    let last = reply(tx, room.group, room.root, room.bob);
    // The cursor of who replied follows from the reply.
    assert_eq!(tx.threads().read_since(room.bob, Position::ZERO), Ok(vec![]));
    tx.threads().advance_read_seq(room.root, room.ann, Seq::new(1), last).unwrap();
    let found = tx.threads().read_since(room.ann, Position::ZERO).unwrap();
    let [cursor] = found[..] else { panic!("{found:?}") };
    let state = ReadState::of(Seq::new(1), Seq::new(1), Version::FIRST);
    assert_eq!((cursor.thread.root, cursor.state), (room.root, state));
    assert_eq!(tx.threads().read_since(room.ann, Position::new(1_000)), Ok(vec![]));
    tx.groups().mark_deleted(room.group, at(9)).unwrap();
    assert_eq!(tx.threads().read_since(room.ann, Position::ZERO), Ok(vec![]));
}

fn several_groups_are_found_as_one_by_one(tx: &mut dyn Tx) {
    let room = room(tx);
    let (other, hidden) = (group(tx, "go"), group(tx, "shogi"));
    tx.groups().mark_deleted(hidden, at(9)).unwrap();
    let ids = [room.group, other, hidden];
    let mut found = tx.groups().find_visible_many(&ids, room.bob).unwrap();
    found.sort_by_key(|visible| visible.group.id);
    let expected: Vec<_> =
        ids.iter().filter_map(|id| tx.groups().find_visible(*id, room.bob).unwrap()).collect();
    assert_eq!(found, expected);
    assert_eq!(found.len(), 2);
}

cases! {
    transaction:
    replies_have_numbers_and_pages_of_their_own
    a_reply_moves_no_number_and_no_cursor_of_the_group
    a_thread_reads_back_as_it_was_stored
    the_first_five_are_shown_in_the_order_of_their_first_replies
    following_and_reading_change_only_once
    a_cursor_is_put_anywhere_and_each_time_but_the_first_counts
    threads_are_read_to_their_end
    followed_threads_are_in_the_order_of_their_newest_replies
    the_following_ends_that_was_looked_at_least_recently
    cursors_that_moved_are_found_by_the_head_of_the_log
    several_groups_are_found_as_one_by_one
}
