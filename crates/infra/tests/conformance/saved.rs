//! What users keep for themselves.

use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId, Version};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::saved::{
    Bookmark, BookmarkNote, BookmarkPlace, BookmarkQuery, Draft, DraftPlace, DraftText,
};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

fn draft(user: UserId, group: GroupId, thread: Option<MessageId>, text: &str) -> Draft {
    Draft {
        place: DraftPlace { user, group, thread },
        text: DraftText::parse(text).unwrap(),
        version: Version::new(3),
        updated_at: at(5),
    }
}

/// A group with these members, and a message of the first.
fn room(tx: &mut dyn Tx, name: &str, members: &[UserId]) -> (GroupId, MessageId) {
    let id = group(tx, name);
    for member in members {
        join(tx, id, *member, BuiltInRole::Member);
    }
    (id, post(tx, id, members[0], "Hello"))
}

fn a_user_has_one_draft_in_each_place(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let ((chess, root), (go, _)) = (room(tx, "chess", &[ann, bob]), room(tx, "go", &[ann]));
    let all = [
        draft(ann, chess, None, "I"),
        draft(ann, chess, Some(root), "think"),
        draft(ann, go, None, "it"),
        draft(bob, chess, None, "is"),
    ];
    for draft in &all {
        assert_eq!(tx.drafts().find(&draft.place), Ok(None));
        tx.drafts().put(draft).unwrap();
    }
    for draft in &all {
        assert_eq!(tx.drafts().find(&draft.place), Ok(Some(draft.clone())));
    }
    assert_eq!((tx.drafts().count(ann), tx.drafts().count(bob)), (Ok(3), Ok(1)));
    let next = Draft {
        text: DraftText::parse("so").unwrap(),
        version: Version::new(4),
        updated_at: at(6),
        ..all[1].clone()
    };
    tx.drafts().put(&next).unwrap();
    let outlines = tx.drafts().outlines(ann).unwrap();
    let outlines: Vec<_> =
        outlines.into_iter().map(|of| (of.place, of.beginning.into_string(), of.version)).collect();
    let expected = [&all[0], &next, &all[2]].map(|of| (of.place, of.text.as_str().to_owned(), of.version));
    assert_eq!(outlines, expected);
    let places = [all[3].place, next.place, DraftPlace { user: bob, group: go, thread: None }];
    let mut found = tx.drafts().find_many(&places).unwrap();
    found.sort_by_key(|draft| draft.place);
    assert_eq!(found, [next.clone(), all[3].clone()]);
    assert_eq!(tx.drafts().find_many(&[]), Ok(vec![]));
    assert_eq!((tx.drafts().remove(&next.place), tx.drafts().remove(&next.place)), (Ok(true), Ok(false)));
    assert_eq!(tx.drafts().count(ann), Ok(2));
}

fn drafts_end_with_the_membership_and_with_the_group(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let (chess, root) = room(tx, "chess", &[ann, bob]);
    let (go, _) = room(tx, "go", &[ann]);
    for draft in [
        draft(ann, chess, None, "one"),
        draft(ann, chess, Some(root), "two"),
        draft(ann, go, None, "three"),
        draft(bob, chess, None, "four"),
    ] {
        tx.drafts().put(&draft).unwrap();
    }
    tx.members().remove(chess, ann).unwrap();
    assert_eq!((tx.drafts().count(ann), tx.drafts().count(bob)), (Ok(1), Ok(1)));
    tx.groups().mark_deleted(chess, at(9)).unwrap();
    while !tx.groups().purge(chess, 2).unwrap() {}
    assert_eq!((tx.drafts().count(ann), tx.drafts().count(bob)), (Ok(1), Ok(0)));
}

fn bookmark(user: UserId, message: MessageId, note: Option<&str>) -> Bookmark {
    let note = note.map(|note| BookmarkNote::parse(note).unwrap());
    Bookmark { user, message, note, created_at: at(4) }
}

/// The messages that a user has bookmarked before this place, and the places.
fn listed(tx: &mut dyn Tx, user: UserId, before: Option<i64>, limit: i64) -> Vec<(MessageId, i64)> {
    let before = before.map(BookmarkPlace::new);
    let found = tx.bookmarks().list(&BookmarkQuery { user, before, limit }).unwrap();
    found.into_iter().map(|own| (own.bookmark.message, own.place.get())).collect()
}

fn bookmarks_are_in_the_order_in_which_they_were_made(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let (chess, first) = room(tx, "chess", &[ann, bob]);
    let second = post(tx, chess, bob, "Hello, Ann");
    let answer = reply(tx, chess, first, bob);
    for (user, message) in [(ann, second), (bob, second), (ann, answer), (ann, first)] {
        assert_eq!(tx.bookmarks().find(user, message), Ok(None));
        tx.bookmarks().insert(&bookmark(user, message, Some("!"))).unwrap();
    }
    assert_eq!(listed(tx, ann, None, 10), [(first, 3), (answer, 2), (second, 1)]);
    assert_eq!(listed(tx, ann, Some(3), 1), [(answer, 2)]);
    assert_eq!(listed(tx, bob, None, 10), [(second, 1)]);
    assert_eq!((tx.bookmarks().count(ann, 10), tx.bookmarks().count(ann, 2)), (Ok(3), Ok(2)));
    let own = tx.bookmarks().find(ann, answer).unwrap().unwrap();
    assert_eq!((own.group, own.history_seq, own.place.get()), (chess, Seq::new(1), 2));
    assert_eq!(own.bookmark, bookmark(ann, answer, Some("!")));
    let noted = bookmark(ann, answer, None);
    tx.bookmarks().note(&noted).unwrap();
    let mut found = tx.bookmarks().find_many(&[(ann, answer), (bob, answer), (bob, second)]).unwrap();
    found.sort_by_key(|bookmark| bookmark.user);
    assert_eq!(found, [noted, bookmark(bob, second, Some("!"))]);
    tx.bookmarks().remove(ann, first).unwrap();
    tx.bookmarks().remove(ann, first).unwrap();
    tx.bookmarks().insert(&bookmark(ann, first, None)).unwrap();
    assert_eq!(listed(tx, ann, None, 1), [(first, 3)]);
}

fn bookmarks_go_with_their_user_and_with_their_message(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let (chess, first) = room(tx, "chess", &[ann, bob]);
    let (_, elsewhere) = room(tx, "go", &[ann]);
    let answer = reply(tx, chess, first, bob);
    for message in [first, elsewhere, answer] {
        for user in [ann, bob] {
            tx.bookmarks().insert(&bookmark(user, message, None)).unwrap();
        }
    }
    assert_eq!((tx.bookmarks().forget(bob, 2), tx.bookmarks().forget(bob, 2)), (Ok(false), Ok(true)));
    assert_eq!(listed(tx, bob, None, 10), []);
    tx.groups().mark_deleted(chess, at(9)).unwrap();
    while !tx.groups().purge(chess, 2).unwrap() {}
    assert_eq!(listed(tx, ann, None, 10), [(elsewhere, 2)]);
}

cases! { transaction:
    a_user_has_one_draft_in_each_place
    drafts_end_with_the_membership_and_with_the_group
    bookmarks_are_in_the_order_in_which_they_were_made
    bookmarks_go_with_their_user_and_with_their_message
}
