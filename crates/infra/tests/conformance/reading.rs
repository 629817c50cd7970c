//! Read cursors that moved on one device while another was not connected.

use groupchat_domain::groups::ReadCursor;
use groupchat_domain::ids::{GroupId, Position, Seq, UserId, Version};
use groupchat_domain::messages::ReadState;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::events::{emit, logged};
use crate::support::Database;
use crate::support::fixture::*;

/// A group in which one member has written three messages, and another who may read them.
pub(crate) fn prepare(tx: &mut dyn Tx, name: &str, writer: UserId, reader: UserId) -> GroupId {
    let id = group(tx, name);
    join(tx, id, writer, BuiltInRole::Owner);
    join(tx, id, reader, BuiltInRole::Member);
    for words in ["one", "two", "three"] {
        post(tx, id, writer, words);
    }
    id
}

pub(crate) const fn state(read_seq: i64, unread: i64, version: i64) -> ReadState {
    ReadState { read_seq: Seq::new(read_seq), unread, version: Version::new(version), unread_mentions: 0 }
}

pub(crate) fn two_users(tx: &mut dyn Tx) -> [UserId; 2] {
    ["ann", "bob"].map(|name| user(tx, name).id)
}

fn reads(database: &Database, group: GroupId, user: UserId, seq: i64) {
    let marked =
        database.write(move |tx| Ok(tx.read_cursors().advance(group, user, Seq::new(seq))?)).unwrap();
    assert!(marked.is_some_and(|marked| marked.moved));
}

/// The user's cursors that moved at this position or later, by group.
fn since(database: &Database, user: UserId, position: i64) -> Vec<ReadCursor> {
    let position = Position::new(position);
    let mut moved = database.read(move |tx| Ok(tx.members().read_since(user, position)?)).unwrap();
    moved.sort_by_key(|cursor| cursor.group);
    moved
}

fn a_cursor_is_found_by_the_head_at_which_it_moved(database: &Database) {
    let (bob, chess, go) = database
        .write(|tx| {
            let [ann, bob] = two_users(tx);
            Ok((bob, prepare(tx, "chess", ann, bob), prepare(tx, "go", ann, bob)))
        })
        .unwrap();
    emit(database, 2);
    logged(database, 2);
    reads(database, chess, bob, 1);
    emit(database, 3);
    logged(database, 5);
    reads(database, go, bob, 3);
    let in_chess = ReadCursor { group: chess, state: state(1, 2, 1) };
    let in_go = ReadCursor { group: go, state: state(3, 0, 1) };
    for (position, expected) in [
        (1, vec![in_chess, in_go]),
        (2, vec![in_chess, in_go]),
        (3, vec![in_go]),
        (5, vec![in_go]),
        (6, vec![]),
    ] {
        assert_eq!(since(database, bob, position), expected, "{position}");
    }
}

fn cursors_that_only_messages_moved_are_not_found(database: &Database) {
    emit(database, 1);
    logged(database, 1);
    let ann = database.write(|tx| {
        let [ann, bob] = two_users(tx);
        prepare(tx, "chess", ann, bob);
        Ok(ann)
    });
    assert_eq!(since(database, ann.unwrap(), 1), []);
}

fn cursors_of_others_and_of_deleted_groups_are_not_found(database: &Database) {
    emit(database, 1);
    logged(database, 1);
    let (ann, bob, id) = database
        .write(|tx| {
            let [ann, bob] = two_users(tx);
            Ok((ann, bob, prepare(tx, "chess", ann, bob)))
        })
        .unwrap();
    reads(database, id, bob, 2);
    assert_eq!(since(database, ann, 1), []);
    assert_eq!(since(database, bob, 1).len(), 1);
    database.write(move |tx| Ok(tx.groups().mark_deleted(id, at(9))?)).unwrap();
    assert_eq!(since(database, bob, 1), []);
}

fn a_cursor_that_was_put_back_is_found_like_one_that_has_advanced(database: &Database) {
    emit(database, 1);
    logged(database, 1);
    let (bob, id) = database
        .write(|tx| {
            let [ann, bob] = two_users(tx);
            Ok((bob, prepare(tx, "chess", ann, bob)))
        })
        .unwrap();
    reads(database, id, bob, 3);
    emit(database, 2);
    logged(database, 3);
    database.write(move |tx| Ok(tx.read_cursors().put(id, bob, Seq::new(1))?)).unwrap();
    assert_eq!(since(database, bob, 3), [ReadCursor { group: id, state: state(1, 2, 2) }]);
}

cases! { ports:
    a_cursor_is_found_by_the_head_at_which_it_moved
    cursors_that_only_messages_moved_are_not_found
    cursors_of_others_and_of_deleted_groups_are_not_found
    a_cursor_that_was_put_back_is_found_like_one_that_has_advanced
}
