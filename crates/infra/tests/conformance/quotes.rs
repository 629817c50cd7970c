//! Which messages quote which.

use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::messages::{Attachments, Excerpt, Message, NewMessage, Quote};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// A group with a member and two messages, the second of which quotes the first.
struct Room {
    group: GroupId,
    ann: UserId,
    quoted: MessageId,
    by: MessageId,
}

fn room(tx: &mut dyn Tx, name: &str, words: &str) -> Room {
    let ann = user(tx, &format!("ann-{name}")).id;
    let group = group(tx, name);
    join(tx, group, ann, BuiltInRole::Owner);
    let quoted = post(tx, group, ann, words);
    let by = quoting(tx, group, ann, quoted);
    Room { group, ann, quoted, by }
}

fn quoting(tx: &mut dyn Tx, group: GroupId, author: UserId, quoted: MessageId) -> MessageId {
    let new = NewMessage { attachments: Attachments::QUOTE, ..new_message(tx, group, author, "I say") };
    let id = stored(tx.messages().insert(&new).unwrap());
    tx.quotes().put(id, quoted).unwrap();
    id
}

fn message(tx: &mut dyn Tx, room: &Room, id: MessageId) -> Message {
    view(tx, room.group, id, room.ann).message
}

fn found(tx: &mut dyn Tx, by: &[MessageId]) -> Vec<Quote> {
    let mut quotes = tx.quotes().find_many(by).unwrap();
    quotes.sort_by_key(|quote| quote.by);
    quotes
}

fn a_quote_shows_the_quoted_message_as_it_is_now(tx: &mut dyn Tx) {
    let room = room(tx, "chess", "What do you think?");
    assert_eq!(message(tx, &room, room.by).attachments, Attachments::QUOTE);
    let quoted = message(tx, &room, room.quoted);
    assert_eq!(found(tx, &[room.by]), [Quote { by: room.by, quoted: quoted.as_quoted() }]);
    let edited = Message { text: Some(text("Whatever")), ..quoted };
    tx.messages().update(&edited).unwrap();
    assert_eq!(found(tx, &[room.by])[0].quoted.excerpt, Some(Excerpt::of("Whatever")));
    tx.messages().update(&tombstone(edited.clone())).unwrap();
    let left = found(tx, &[room.by]).remove(0).quoted;
    assert_eq!(left, tombstone(edited).as_quoted());
    assert!(left.is_deleted());
}

fn an_excerpt_is_the_same_wherever_it_is_cut(tx: &mut dyn Tx) {
    for (number, one) in ["a", "日", "👍🏽", "👩\u{200d}🚀", "x\u{302}\u{301}"].iter().enumerate() {
        let words = format!("b{}", one.repeat(1_000));
        let room = room(tx, &format!("chess{number}"), &words);
        assert_eq!(found(tx, &[room.by])[0].quoted, message(tx, &room, room.quoted).as_quoted(), "{one}");
    }
}

fn several_are_found_at_once_with_replies_among_them(tx: &mut dyn Tx) {
    let (chess, go) = (room(tx, "chess", "one"), room(tx, "go", "two"));
    let reply = reply(tx, go.group, go.quoted, go.ann);
    let of_reply = quoting(tx, go.group, go.ann, reply);
    let expected: Vec<_> =
        [(&chess, chess.by, chess.quoted), (&go, go.by, go.quoted), (&go, of_reply, reply)]
            .into_iter()
            .map(|(room, by, quoted)| Quote { by, quoted: message(tx, room, quoted).as_quoted() })
            .collect();
    let asked = [of_reply, chess.by, chess.quoted, go.by, go.by, MessageId::new(4711)];
    assert_eq!(found(tx, &asked), expected);
    assert_eq!(expected[2].quoted.root, Some(go.quoted));
    assert_eq!(found(tx, &[]), []);
}

fn what_is_removed_or_gone_is_not_found(tx: &mut dyn Tx) {
    let (chess, go) = (room(tx, "chess", "one"), room(tx, "go", "two"));
    // As what was forwarded.
    let forwarded = quoting(tx, chess.group, chess.ann, go.quoted);
    tx.quotes().remove(chess.by).unwrap();
    tx.quotes().remove(chess.quoted).unwrap();
    assert_eq!(found(tx, &[chess.by]), []);
    assert_eq!(found(tx, &[forwarded]).len(), 1);
    tx.groups().mark_deleted(go.group, at(9)).unwrap();
    assert_eq!(found(tx, &[forwarded, go.by]), []);
    let left = (1..50).find(|_| tx.groups().purge(go.group, 2).unwrap());
    assert!(left.is_some(), "the group is not emptied");
    assert_eq!(found(tx, &[forwarded, go.by]), []);
    assert!(message(tx, &chess, forwarded).quotes());
}

cases! {
    transaction:
    a_quote_shows_the_quoted_message_as_it_is_now
    an_excerpt_is_the_same_wherever_it_is_cut
    several_are_found_at_once_with_replies_among_them
    what_is_removed_or_gone_is_not_found
}
