//! Messages, reactions, pins and read cursors.

use groupchat_domain::accounts::UserRef;
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::messages::{
    Emoji, Message, MessageQuery, MessageRange, NewMessage, Pin, PinQuery, PinSeq, PinState, ReactionQuery,
};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Tx, Unique};

use crate::support::fixture::*;

/// A group with two members.
fn group_of_two(tx: &mut dyn Tx) -> (GroupId, UserId, UserId) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    join(tx, id, bob, BuiltInRole::Member);
    (id, ann, bob)
}

fn read_seq(tx: &mut dyn Tx, group: GroupId, user: UserId) -> Seq {
    tx.groups().find_visible(group, user).unwrap().unwrap().standing.expect("a member").read_seq
}

fn with_client_id(tx: &mut dyn Tx, group: GroupId, author: UserId, name: &str) -> NewMessage {
    NewMessage { client_id: Some(client_id(name)), ..new_message(tx, group, author, "hello") }
}

fn a_message_reads_back_as_it_was_stored(tx: &mut dyn Tx) {
    let (group_id, ann, bob) = group_of_two(tx);
    let author = tx.accounts().find(ann).unwrap().unwrap().as_ref();
    let long = "👍 ".repeat(4_999) + "!";
    let new = NewMessage { text: text(&long), ..with_client_id(tx, group_id, ann, "~ 1") };
    let id = stored(tx.messages().insert(&new).unwrap());
    let message = new.into_message(id, author);
    let found = view(tx, group_id, id, bob);
    assert_eq!((found.message, found.liked), (message, false));
}

fn a_message_moves_the_groups_last_number_and_its_authors_cursor_alone(tx: &mut dyn Tx) {
    let (id, ann, bob) = group_of_two(tx);
    let other = group(tx, "go");
    join(tx, other, ann, BuiltInRole::Owner);
    post(tx, id, ann, "one");
    post(tx, id, ann, "two");
    assert_eq!((last_seq(tx, id, ann), last_seq(tx, other, ann)), (Seq::new(2), Seq::ZERO));
    assert_eq!((read_seq(tx, id, ann), read_seq(tx, id, bob)), (Seq::new(2), Seq::ZERO));
    assert_eq!(read_seq(tx, other, ann), Seq::ZERO);
    post(tx, id, bob, "three");
    assert_eq!((read_seq(tx, id, ann), read_seq(tx, id, bob)), (Seq::new(2), Seq::new(3)));
}

fn a_repeated_client_id_is_taken_and_stores_nothing(tx: &mut dyn Tx) {
    let (id, ann, bob) = group_of_two(tx);
    let first = with_client_id(tx, id, ann, "a");
    let first = stored(tx.messages().insert(&first).unwrap());
    post(tx, id, bob, "between");
    let before = view(tx, id, first, ann);
    let again = NewMessage { text: text("other words"), ..with_client_id(tx, id, ann, "a") };
    assert_eq!(tx.messages().insert(&again), Ok(Unique::Taken));
    assert_eq!(last_seq(tx, id, ann), Seq::new(2));
    assert_eq!(read_seq(tx, id, ann), Seq::new(1));
    assert_eq!(tx.messages().find_by_client_id(id, ann, &client_id("a")), Ok(Some(before.clone())));
    // For ever, also once the message is deleted.
    tx.messages().update(&tombstone(before.message)).unwrap();
    assert_eq!(tx.messages().insert(&again), Ok(Unique::Taken));
}

fn a_client_id_counts_for_one_author_and_one_group(tx: &mut dyn Tx) {
    let (chess, ann, bob) = group_of_two(tx);
    let go = group(tx, "go");
    join(tx, go, ann, BuiltInRole::Owner);
    let mut insert = |group, author, name: &str| {
        let new = with_client_id(tx, group, author, name);
        stored(tx.messages().insert(&new).unwrap())
    };
    let ids =
        [insert(chess, ann, "a"), insert(chess, ann, "A"), insert(chess, bob, "a"), insert(go, ann, "a")];
    let mut find = |group, author, name: &str| {
        let found = tx.messages().find_by_client_id(group, author, &client_id(name)).unwrap();
        found.map(|view| view.message.id)
    };
    assert_eq!(find(chess, ann, "a"), Some(ids[0]));
    assert_eq!(find(chess, ann, "A"), Some(ids[1]));
    assert_eq!(find(chess, bob, "a"), Some(ids[2]));
    assert_eq!(find(go, ann, "a"), Some(ids[3]));
    assert_eq!(find(go, bob, "a"), None);
}

fn a_message_is_found_in_its_group_alone(tx: &mut dyn Tx) {
    let (chess, ann, _) = group_of_two(tx);
    let go = group(tx, "go");
    let id = post(tx, chess, ann, "hello");
    assert_eq!(view(tx, chess, id, ann).message.id, id);
    assert_eq!(tx.messages().find(go, id, ann), Ok(None));
    assert_eq!(tx.messages().find(chess, MessageId::new(4711), ann), Ok(None));
}

fn messages_are_found_by_their_ids_in_any_group_that_exists(tx: &mut dyn Tx) {
    let (chess, ann, bob) = group_of_two(tx);
    let [go, bridge] = ["go", "bridge"].map(|name| group(tx, name));
    let ids = [(chess, ann, "one"), (chess, bob, "two"), (go, bob, "three"), (bridge, ann, "four")]
        .map(|(group, author, words)| post(tx, group, author, words));
    like(tx, chess, ids[0], bob);
    let second = view(tx, chess, ids[1], ann).message;
    tx.messages().update(&tombstone(second)).unwrap();
    tx.groups().mark_deleted(bridge, at(9)).unwrap();
    tx.accounts().mark_deleted(ann, at(9)).unwrap();
    let asked = [ids[3], ids[2], MessageId::new(9_999), ids[0], ids[1], ids[2]];
    let mut found = tx.messages().find_many(&asked).unwrap();
    found.sort_by_key(|message| message.id);
    let expected =
        [(chess, ids[0]), (chess, ids[1]), (go, ids[2])].map(|(group, id)| view(tx, group, id, bob).message);
    assert_eq!(found, expected, "each once, as `find` has it");
    assert!(found[1].is_deleted(), "a tombstone is found like a message");
    assert_eq!(tx.messages().find_many(&[]), Ok(Vec::new()));
}

fn messages_are_listed_upwards_and_downwards(tx: &mut dyn Tx) {
    let (id, ann, bob) = group_of_two(tx);
    let other = group(tx, "go");
    for _ in 0..5 {
        post(tx, id, ann, "here");
        post(tx, other, ann, "elsewhere");
    }
    let mut seqs = |run, rows| -> Vec<i64> {
        let query = MessageQuery {
            group: id,
            thread: None,
            viewer: bob,
            run,
            above: Seq::ZERO,
            hidden: None,
            limit: limit(rows),
        };
        let views = tx.messages().list(&query).unwrap();
        views.into_iter().map(|view| view.message.seq.get()).collect()
    };
    assert_eq!(seqs(MessageRange::Below(None), 10), [5, 4, 3, 2, 1]);
    assert_eq!(seqs(MessageRange::Below(None), 2), [5, 4, 3], "one more than asked for");
    assert_eq!(seqs(MessageRange::Below(Some(Seq::new(3))), 1), [2, 1]);
    assert_eq!(seqs(MessageRange::Below(Some(Seq::new(3))), 2), [2, 1]);
    assert_eq!(seqs(MessageRange::Below(Some(Seq::new(1))), 2), [0; 0]);
    assert_eq!(seqs(MessageRange::Above(Seq::ZERO), 2), [1, 2, 3]);
    assert_eq!(seqs(MessageRange::Above(Seq::new(3)), 2), [4, 5]);
    assert_eq!(seqs(MessageRange::Above(Seq::new(5)), 2), [0; 0]);
}

fn messages_that_the_viewer_may_not_read_are_not_listed(tx: &mut dyn Tx) {
    let (group, ann, viewer) = group_of_two(tx);
    let ids = [(); 5].map(|()| post(tx, group, ann, "here"));
    for (seq, id) in (1..).zip(ids) {
        pin(tx, group, id, ann, seq);
    }
    let mut seqs = |run, above| -> Vec<i64> {
        let query = MessageQuery {
            group,
            thread: None,
            viewer,
            run,
            above: Seq::new(above),
            hidden: None,
            limit: limit(2),
        };
        let views = tx.messages().list(&query).unwrap();
        views.into_iter().map(|view| view.message.seq.get()).collect()
    };
    assert_eq!(seqs(MessageRange::Below(None), 3), [5, 4]);
    assert_eq!(seqs(MessageRange::Below(Some(Seq::new(5))), 3), [4]);
    assert_eq!(seqs(MessageRange::Below(Some(Seq::new(3))), 3), [0; 0]);
    assert_eq!(seqs(MessageRange::Above(Seq::ZERO), 3), [4, 5]);
    assert_eq!(seqs(MessageRange::Above(Seq::new(4)), 3), [5]);
    assert_eq!(seqs(MessageRange::Below(None), 5), [0; 0]);
    let pins = PinQuery { group, viewer, before: None, above: Seq::new(3), hidden: None, limit: limit(3) };
    let pinned = tx.messages().list_pins(&pins).unwrap().into_iter().map(|view| view.message.id);
    assert_eq!(pinned.collect::<Vec<_>>(), [ids[4], ids[3]]);
}

fn an_edit_is_stored(tx: &mut dyn Tx) {
    let (id, ann, _) = group_of_two(tx);
    let first = post(tx, id, ann, "frist");
    let other = post(tx, id, ann, "other");
    let mut message = view(tx, id, first, ann).message;
    message.text = Some(text("first"));
    message.edited_at = Some(at(700));
    message.version = message.version.next();
    tx.messages().update(&message).unwrap();
    assert_eq!(view(tx, id, first, ann).message, message);
    assert_eq!(view(tx, id, other, ann).message.text, Some(text("other")));
}

fn a_deleted_message_leaves_a_tombstone_that_nobody_likes(tx: &mut dyn Tx) {
    let (group_id, ann, bob) = group_of_two(tx);
    let new = with_client_id(tx, group_id, ann, "a");
    let id = stored(tx.messages().insert(&new).unwrap());
    like(tx, group_id, id, bob);
    let message = tombstone(view(tx, group_id, id, ann).message);
    tx.messages().update(&message).unwrap();
    // Its likes are purged later, but are not seen any more.
    let found = view(tx, group_id, id, bob);
    assert_eq!((&found.message, found.liked), (&message, false));
    let query = MessageQuery {
        group: group_id,
        thread: None,
        viewer: bob,
        run: MessageRange::Below(None),
        above: Seq::ZERO,
        hidden: None,
        limit: limit(1),
    };
    assert_eq!(tx.messages().list(&query), Ok(vec![found.clone()]));
    assert_eq!(tx.messages().find_by_client_id(group_id, ann, &client_id("a")).unwrap(), Some(found));
}

fn a_deleted_author_has_no_name(tx: &mut dyn Tx) {
    let (group, ann, bob) = group_of_two(tx);
    let id = post(tx, group, ann, "hello");
    tx.accounts().mark_deleted(ann, at(9)).unwrap();
    let author = UserRef { id: ann, username: None, display_name: None };
    let found = view(tx, group, id, bob);
    assert_eq!((&found.message.author, &found.message.text), (&author, &Some(text("hello"))));
    let query = MessageQuery {
        group,
        thread: None,
        viewer: bob,
        run: MessageRange::Below(None),
        above: Seq::ZERO,
        hidden: None,
        limit: limit(1),
    };
    assert_eq!(tx.messages().list(&query), Ok(vec![found]));
}

fn a_like_is_stored_once_and_belongs_to_one_viewer(tx: &mut dyn Tx) {
    let (group, ann, bob) = group_of_two(tx);
    let id = post(tx, group, ann, "hello");
    let other = post(tx, group, ann, "again");
    assert_eq!(tx.messages().add_reaction(id, bob, Emoji::LIKE, at(1)), Ok(true));
    assert_eq!(tx.messages().add_reaction(id, bob, Emoji::LIKE, at(2)), Ok(false));
    let mut counted = view(tx, group, id, bob).message;
    assert_eq!(counted.reactions.likes(), 0, "counting is the use-case's");
    // Once it is counted, it is shown.
    counted.reactions.add(Emoji::LIKE);
    tx.messages().update(&counted).unwrap();
    let mut liked = |id, viewer| view(tx, group, id, viewer).liked;
    assert_eq!((liked(id, bob), liked(id, ann), liked(other, bob)), (true, false, false));
    assert_eq!(tx.messages().add_reaction(id, ann, Emoji::LIKE, at(3)), Ok(true));
    assert_eq!(tx.messages().remove_reaction(id, bob, Emoji::LIKE), Ok(true));
    assert_eq!(tx.messages().remove_reaction(id, bob, Emoji::LIKE), Ok(false));
    let mut liked = |viewer| view(tx, group, id, viewer).liked;
    assert_eq!((liked(bob), liked(ann)), (false, true));
}

fn reactions_are_counted_in_order_and_belong_to_who_gave_them(tx: &mut dyn Tx) {
    let (group, ann, bob) = group_of_two(tx);
    let (id, other) = (post(tx, group, ann, "hello"), post(tx, group, ann, "again"));
    for (user, text) in [(ann, "🎉"), (bob, "👍"), (bob, "❤"), (bob, "🎉")] {
        react(tx, group, id, user, text);
    }
    assert_eq!(tx.messages().add_reaction(id, bob, emoji("❤️"), at(2)), Ok(false), "the same without U+FE0F");
    react(tx, group, other, bob, "👩‍🚀");
    let shown = view(tx, group, id, bob);
    let counts: Vec<_> =
        shown.message.reactions.iter().map(|found| (found.emoji.as_str(), found.count)).collect();
    assert_eq!(counts, [("🎉", 2), ("👍", 1), ("❤️", 1)]);
    assert_eq!((shown.liked, &shown.reacted), (true, &vec![emoji("🎉"), emoji("❤️")]));
    let anns = view(tx, group, id, ann);
    assert_eq!((anns.liked, &anns.reacted), (false, &vec![emoji("🎉")]));
    let query = MessageQuery {
        group,
        thread: None,
        viewer: bob,
        run: MessageRange::Above(Seq::ZERO),
        above: Seq::ZERO,
        hidden: None,
        limit: limit(9),
    };
    let page = tx.messages().list(&query).unwrap();
    assert_eq!((&page[0], &page[1].reacted), (&shown, &vec![emoji("👩‍🚀")]), "as `find` has it");
    let newest = tx.groups().view(group, bob).unwrap().expect("a group").last_message;
    assert_eq!(newest.as_ref(), Some(&page[1]));
    assert_eq!(tx.messages().remove_reaction(id, bob, emoji("🎉")), Ok(true));
    assert_eq!(tx.messages().remove_reaction(id, bob, emoji("🎉")), Ok(false));
    assert_eq!(view(tx, group, id, bob).reacted, [emoji("❤️")]);
    tx.messages().update(&tombstone(shown.message)).unwrap();
    let left = view(tx, group, id, bob);
    assert!(left.message.reactions.is_empty() && !left.liked && left.reacted.is_empty());
}

fn those_who_reacted_are_listed_by_id(tx: &mut dyn Tx) {
    let (group, ann, bob) = group_of_two(tx);
    let id = post(tx, group, ann, "hello");
    for (user, text) in [(bob, "🎉"), (ann, "🎉"), (bob, "👍")] {
        react(tx, group, id, user, text);
    }
    let mut listed = |text, after, rows| {
        let query = ReactionQuery { message: id, emoji: emoji(text), after, limit: limit(rows) };
        let found = tx.messages().list_reactors(&query).unwrap().into_iter();
        found.map(|reactor| (reactor.user.id, reactor.at)).collect::<Vec<_>>()
    };
    assert_eq!(listed("🎉", None, 2), [(ann, at(500)), (bob, at(500))]);
    assert_eq!(listed("🎉", None, 1).len(), 2, "one more than the limit");
    assert_eq!(listed("🎉", Some(ann), 2), [(bob, at(500))]);
    assert_eq!(listed("👍", None, 2), [(bob, at(500))]);
    assert_eq!(listed("😀", None, 2), []);
}

fn likes_of_deleted_users_stay_counted(tx: &mut dyn Tx) {
    let (group, ann, bob) = group_of_two(tx);
    let id = post(tx, group, ann, "hello");
    like(tx, group, id, bob);
    tx.members().remove(group, bob).unwrap();
    tx.accounts().mark_deleted(bob, at(9)).unwrap();
    assert_eq!(view(tx, group, id, ann).message.reactions.likes(), 1);
}

/// Stores a pin, as the use case does.
fn pin(tx: &mut dyn Tx, group: GroupId, id: MessageId, by: UserId, seq: i64) -> Message {
    let message = view(tx, group, id, by).message;
    let pin = Some(Pin { seq: PinSeq::new(seq), at: at(800), by });
    let pinned = Message { pin, version: message.version.next(), ..message };
    tx.messages().update(&pinned).unwrap();
    pinned
}

fn pins(tx: &mut dyn Tx, group: GroupId, viewer: UserId, before: Option<i64>, rows: i64) -> Vec<MessageId> {
    let query = PinQuery {
        group,
        viewer,
        before: before.map(PinSeq::new),
        above: Seq::ZERO,
        hidden: None,
        limit: limit(rows),
    };
    tx.messages().list_pins(&query).unwrap().into_iter().map(|view| view.message.id).collect()
}

fn a_pin_is_stored_until_it_is_removed_or_its_message_is_deleted(tx: &mut dyn Tx) {
    let (group, ann, bob) = group_of_two(tx);
    let ids = ["one", "two", "three"].map(|words| post(tx, group, bob, words));
    let pinned = [(ids[0], 1), (ids[1], 2)].map(|(id, seq)| pin(tx, group, id, ann, seq));
    like(tx, group, ids[1], bob);
    let liked = view(tx, group, ids[1], bob);
    assert_eq!((liked.message.pin, liked.liked), (pinned[1].pin, true), "a like leaves the pin alone");
    assert_eq!(view(tx, group, ids[0], bob).message, pinned[0]);
    assert_eq!(tx.messages().find_many(&ids[..1]), Ok(vec![pinned[0].clone()]));
    assert_eq!(view(tx, group, ids[2], bob).message.pin, None);
    let query =
        PinQuery { group, viewer: bob, before: None, above: Seq::ZERO, hidden: None, limit: limit(1) };
    assert_eq!(tx.messages().list_pins(&query).unwrap()[0], liked, "as `find` has it");
    tx.messages().update(&Message { pin: None, ..pinned[0].clone() }).unwrap();
    tx.messages().update(&tombstone(liked.message)).unwrap();
    assert_eq!(pins(tx, group, bob, None, 10), []);
    assert_eq!(tx.messages().pin_state(group), Ok(PinState { count: 0, last: PinSeq::ZERO }));
}

fn pins_are_listed_and_counted_in_their_group_the_newest_first(tx: &mut dyn Tx) {
    let (chess, ann, bob) = group_of_two(tx);
    let go = group(tx, "go");
    join(tx, go, ann, BuiltInRole::Owner);
    let ids = ["one", "two", "three"].map(|words| post(tx, chess, bob, words));
    let elsewhere = post(tx, go, ann, "four");
    for (id, seq) in [(ids[2], 3), (ids[0], 5), (ids[1], 7)] {
        pin(tx, chess, id, ann, seq);
    }
    pin(tx, go, elsewhere, ann, 7);
    assert_eq!(pins(tx, chess, bob, None, 10), [ids[1], ids[0], ids[2]]);
    assert_eq!(pins(tx, chess, bob, None, 1), [ids[1], ids[0]], "one more than asked for");
    assert_eq!(pins(tx, chess, bob, Some(7), 2), [ids[0], ids[2]]);
    assert_eq!(pins(tx, chess, bob, Some(3), 2), []);
    assert_eq!(pins(tx, go, ann, None, 10), [elsewhere]);
    assert_eq!(tx.messages().pin_state(chess), Ok(PinState { count: 3, last: PinSeq::new(7) }));
}

cases! { transaction:
    a_message_reads_back_as_it_was_stored
    a_message_moves_the_groups_last_number_and_its_authors_cursor_alone
    a_repeated_client_id_is_taken_and_stores_nothing
    a_client_id_counts_for_one_author_and_one_group
    a_message_is_found_in_its_group_alone
    messages_are_found_by_their_ids_in_any_group_that_exists
    messages_are_listed_upwards_and_downwards
    messages_that_the_viewer_may_not_read_are_not_listed
    an_edit_is_stored
    a_deleted_message_leaves_a_tombstone_that_nobody_likes
    a_deleted_author_has_no_name
    a_like_is_stored_once_and_belongs_to_one_viewer
    reactions_are_counted_in_order_and_belong_to_who_gave_them
    those_who_reacted_are_listed_by_id
    likes_of_deleted_users_stay_counted
    a_pin_is_stored_until_it_is_removed_or_its_message_is_deleted
    pins_are_listed_and_counted_in_their_group_the_newest_first
}
