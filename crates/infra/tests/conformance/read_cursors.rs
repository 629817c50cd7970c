//! Read cursors, and who has read.

use groupchat_domain::accounts::{ReceiptSetting, User};
use groupchat_domain::groups::{ReadCursor, Visibility};
use groupchat_domain::ids::{GroupId, Seq, UserId, Version};
use groupchat_domain::messages::{FoundReaders, MAX_LOOKED_AT, Marked, Reader, ReaderQuery};
use groupchat_domain::paging::Limit;
use groupchat_domain::permissions::{
    BuiltInRole, GroupPermission, PermissionSet, Rank, RoleDefinition, RoleName,
};
use groupchat_domain::storage::{StorageFault, Tx};

use crate::groups::STRANGER;
use crate::reading::{prepare, state, two_users};
use crate::support::fixture::*;

/// Where the cursor is, after it has moved or not.
fn marked(read_seq: i64, unread: i64, version: i64, moved: bool) -> Result<Option<Marked>, StorageFault> {
    Ok(Some(Marked { state: state(read_seq, unread, version), moved }))
}

fn a_read_cursor_advances_and_never_moves_back(tx: &mut dyn Tx) {
    let [ann, bob] = two_users(tx);
    let id = prepare(tx, "chess", ann, bob);
    for (seq, expected) in [
        (2, marked(2, 1, 1, true)),
        (1, marked(2, 1, 1, false)),
        (2, marked(2, 1, 1, false)),
        (3, marked(3, 0, 1, true)),
    ] {
        assert_eq!(tx.read_cursors().advance(id, bob, Seq::new(seq)), expected, "{seq}");
    }
    let standing =
        |tx: &mut dyn Tx, user| tx.groups().find_visible(id, user).unwrap().unwrap().standing.unwrap();
    assert_eq!(standing(tx, bob).read_seq, Seq::new(3));
    assert_eq!(standing(tx, ann).read_seq, Seq::new(3), "where her message has put it");
    assert_eq!(tx.read_cursors().advance(id, STRANGER, Seq::new(3)), Ok(None));
}

fn a_read_cursor_is_put_anywhere_and_each_time_counts(tx: &mut dyn Tx) {
    let [ann, bob] = two_users(tx);
    let id = prepare(tx, "chess", ann, bob);
    for (seq, expected) in [
        (2, marked(2, 1, 2, true)),
        (2, marked(2, 1, 2, false)),
        (0, marked(0, 3, 3, true)),
        (1, marked(1, 2, 4, true)),
    ] {
        assert_eq!(tx.read_cursors().put(id, bob, Seq::new(seq)), expected, "{seq}");
    }
    assert_eq!(tx.read_cursors().advance(id, bob, Seq::new(3)), marked(3, 0, 4, true));
    let standing = tx.groups().find_visible(id, bob).unwrap().unwrap().standing.unwrap();
    assert_eq!((standing.read_seq, standing.read_version), (Seq::new(3), Version::new(4)));
    // Others' cursors are where they were, and one's own message moves on from there.
    assert_eq!(tx.read_cursors().put(id, ann, Seq::new(3)), marked(3, 0, 1, false));
    tx.read_cursors().put(id, ann, Seq::ZERO).unwrap();
    post(tx, id, ann, "four");
    assert_eq!(tx.read_cursors().advance(id, ann, Seq::ZERO), marked(4, 0, 2, false));
    assert_eq!(tx.read_cursors().put(id, STRANGER, Seq::ZERO), Ok(None));
}

fn groups_with_something_to_read_are_found_and_read_to_their_end(tx: &mut dyn Tx) {
    let [ann, bob] = two_users(tx);
    let ids: Vec<_> = ["a", "b", "c", "d"].map(|name| prepare(tx, name, ann, bob)).to_vec();
    let gone = prepare(tx, "gone", ann, bob);
    tx.groups().mark_deleted(gone, at(9)).unwrap();
    tx.read_cursors().advance(ids[1], bob, Seq::new(3)).unwrap();
    tx.read_cursors().put(ids[2], bob, Seq::new(1)).unwrap();
    let start = GroupId::new(0);
    assert_eq!(tx.read_cursors().unread_groups(bob, start, 9), Ok(vec![ids[0], ids[2], ids[3]]));
    assert_eq!(tx.read_cursors().unread_groups(bob, start, 2), Ok(vec![ids[0], ids[2]]));
    assert_eq!(tx.read_cursors().unread_groups(bob, ids[2], 2), Ok(vec![ids[3]]));
    assert_eq!(tx.read_cursors().unread_groups(ann, start, 9), Ok(vec![]));
    let mut moved = tx.read_cursors().advance_to_end(bob, &ids[..3]).unwrap();
    moved.sort_by_key(|cursor| cursor.group);
    let cursor = |group, version| ReadCursor { group, state: state(3, 0, version) };
    assert_eq!(moved, [cursor(ids[0], 1), cursor(ids[2], 2)]);
    assert_eq!(tx.read_cursors().advance_to_end(bob, &ids[..3]), Ok(vec![]));
    assert_eq!(tx.read_cursors().unread_groups(bob, start, 9), Ok(vec![ids[3]]));
}

fn readers(tx: &mut dyn Tx, group: GroupId, seq: i64, after: Option<UserId>, limit: i64) -> FoundReaders {
    let (seq, limit) = (Seq::new(seq), Limit::parse(limit).unwrap());
    let visibility = Visibility::Public;
    tx.read_cursors().readers(&ReaderQuery { group, visibility, seq, after, limit }).unwrap()
}

fn ids_of(found: &FoundReaders) -> Vec<UserId> {
    found.rows.iter().map(|reader| reader.user.id).collect()
}

fn hide(tx: &mut dyn Tx, user: UserId) {
    let shown = tx.accounts().find(user).unwrap().unwrap();
    let hidden = User { receipts: ReceiptSetting::Hidden, version: shown.version.next(), ..shown };
    stored(tx.accounts().update(&hidden).unwrap());
}

fn a_version_never_goes_back_for_who_comes_in_again(tx: &mut dyn Tx) {
    let [ann, bob] = two_users(tx);
    let id = prepare(tx, "chess", ann, bob);
    let again = |tx: &mut dyn Tx, user| {
        tx.members().remove(id, user).unwrap();
        join(tx, id, user, BuiltInRole::Member);
        tx.read_cursors().find(id, user).unwrap().unwrap().version.get()
    };
    assert_eq!(again(tx, bob), 1);
    for version in [2, 3, 4] {
        tx.read_cursors().put(id, bob, Seq::new(version % 2)).unwrap();
        tx.read_cursors().put(id, bob, Seq::new(2)).unwrap();
    }
    let version = tx.read_cursors().find(id, bob).unwrap().unwrap().version.get();
    assert!(version >= 4);
    assert_eq!(again(tx, bob), version);
    // One who has marked less leaves: nothing goes back.
    assert!(again(tx, ann) >= 1);
    assert_eq!(again(tx, bob), version);
}

fn those_who_have_read_and_show_it_are_listed_by_their_ids(tx: &mut dyn Tx) {
    let [ann, bob] = two_users(tx);
    let id = prepare(tx, "chess", ann, bob);
    let others: Vec<_> = ["cid", "dan", "eve"].map(|name| user(tx, name).id).to_vec();
    others.iter().for_each(|user| join(tx, id, *user, BuiltInRole::Member));
    let go = prepare(tx, "go", ann, bob);
    tx.read_cursors().advance(go, bob, Seq::new(3)).unwrap();
    for (user, seq) in [(bob, 1), (others[0], 2), (others[1], 3), (others[2], 3)] {
        tx.read_cursors().advance(id, user, Seq::new(seq)).unwrap();
    }
    hide(tx, others[1]);
    assert_eq!(ids_of(&readers(tx, id, 1, None, 9)), [ann, bob, others[0], others[2]]);
    assert_eq!(ids_of(&readers(tx, id, 2, None, 9)), [ann, others[0], others[2]]);
    assert_eq!(ids_of(&readers(tx, id, 3, None, 9)), [ann, others[2]]);
    assert_eq!(ids_of(&readers(tx, id, 1, None, 1)), [ann, bob], "one more than asked for");
    assert_eq!(ids_of(&readers(tx, id, 1, Some(bob), 9)), [others[0], others[2]]);
    let all = readers(tx, id, 1, None, 9);
    assert_eq!((all.looked_up_to, all.rows[1].read_seq), (None, Seq::new(1)));
    let deaf = RoleName::parse("Deaf").unwrap();
    let definition = RoleDefinition {
        rank: Rank::parse(3).unwrap(),
        permissions: PermissionSet::of(&[GroupPermission::View]),
    };
    tx.roles().put(id, &deaf, &definition).unwrap();
    tx.members().set_role(id, others[0], &deaf).unwrap();
    let looked_at = [bob, others[1], others[0], STRANGER];
    let mut shown = tx.read_cursors().shown(id, Visibility::Public, &looked_at).unwrap();
    shown.sort_unstable_by_key(|reader| reader.user.id);
    let seqs: Vec<_> = shown.iter().map(|reader| (reader.user.id, reader.read_seq)).collect();
    assert_eq!(seqs, [(bob, Seq::new(1)), (others[0], Seq::new(2))]);
    let reads = |reader: &Reader| reader.role.permissions.contains(GroupPermission::ReadHistory);
    assert_eq!(shown.iter().map(reads).collect::<Vec<_>>(), [true, false]);
    let listed = readers(tx, id, 1, None, 9);
    assert_eq!(listed.rows.iter().map(reads).collect::<Vec<_>>(), [true, true, false, true]);
    tx.accounts().mark_deleted(others[2], at(9)).unwrap();
    assert_eq!(ids_of(&readers(tx, id, 1, Some(others[1]), 9)), []);
}

/// However few have read.
fn a_page_of_readers_looks_at_a_bounded_number_of_members(tx: &mut dyn Tx) {
    let [ann, bob] = two_users(tx);
    let id = prepare(tx, "crowd", ann, bob);
    let many: Vec<_> = (0..MAX_LOOKED_AT).map(|nth| user(tx, &format!("u{nth}")).id).collect();
    many.iter().for_each(|user| join(tx, id, *user, BuiltInRole::Member));
    let last = *many.last().unwrap();
    tx.read_cursors().advance(id, last, Seq::new(3)).unwrap();
    let first = readers(tx, id, 3, None, 9);
    assert_eq!((ids_of(&first), first.looked_up_to), (vec![ann], Some(many[many.len() - 3])));
    let second = readers(tx, id, 3, first.looked_up_to, 9);
    assert_eq!((ids_of(&second), second.looked_up_to), (vec![last], None));
    // Exactly as many as are looked at: there is nobody else.
    let rest = readers(tx, id, 3, Some(bob), 9);
    assert_eq!((ids_of(&rest), rest.looked_up_to), (vec![last], None));
}

cases! { transaction:
    a_read_cursor_advances_and_never_moves_back
    a_read_cursor_is_put_anywhere_and_each_time_counts
    groups_with_something_to_read_are_found_and_read_to_their_end
    a_version_never_goes_back_for_who_comes_in_again
    those_who_have_read_and_show_it_are_listed_by_their_ids
    a_page_of_readers_looks_at_a_bounded_number_of_members
}
