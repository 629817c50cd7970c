//! Messages that quote others of their group.

use super::*;
use crate::messages::quote::Quote;
use crate::messages::{ChangeTerms, delete, find};
use crate::permissions::Role;
use crate::testing::{OTHER, REPLY, reply};

const NEXT: MessageId = MessageId::new(77);

fn quoting() -> MessageDraft {
    MessageDraft { reply_to: Some(MESSAGE), ..draft() }
}

fn quoted_number() -> NewMessage {
    NewMessage { attachments: Attachments::QUOTE, ..numbered(draft()) }
}

/// A member of the group with this history, who came in after its 33rd message, finds what is to be quoted.
fn finds_quoted(history: History, quoted: Option<Message>) -> MockTx {
    let standing = Standing { joined_seq: Seq::new(33), ..standing(BuiltInRole::Member) };
    let group = Group { history, ..group() };
    let mut tx = MockTx::new().locks_visible_group(Some(VisibleGroup { group, standing: Some(standing) }));
    tx.messages
        .expect_find()
        .with(eq(GROUP), eq(MESSAGE), eq(ME))
        .returning(move |_, _, _| Ok(quoted.clone().map(view)));
    tx
}

fn stores_quote(mut tx: MockTx) -> MockTx {
    let insert = tx.messages.expect_insert().with(eq(quoted_number()));
    insert.times(1).returning(|_| Ok(Unique::Stored(NEXT)));
    tx.quotes.expect_put().with(eq(NEXT), eq(MESSAGE)).times(1).returning(|_, _| Ok(()));
    tx
}

/// The message that the draft becomes.
fn quoting_message() -> Message {
    Message { reply_to: Some(MESSAGE), ..quoted_number().into_message(NEXT, me().user) }
}

#[test]
fn a_message_quotes_another_one_and_events_only_name_it() {
    let mut tx = stores_quote(finds_quoted(History::All, Some(message(OTHER))));
    let sent = send(&mut tx, &me(), &quoting()).unwrap();
    let expected = MessageView { quoted: Some(message(OTHER).as_quoted()), ..view(quoting_message()) };
    assert_eq!(sent, Sent { view: expected, repeated: false });
    assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), Event::MessageCreated(quoting_message()))]);
}

#[test]
fn what_the_sender_may_not_read_or_what_is_deleted_is_not_quoted() {
    for (history, quoted, refusal) in [
        (History::All, None, MessageRefusal::NotFound),
        (History::Joined, Some(message(OTHER)), MessageRefusal::NotFound),
        (History::Joined, Some(reply(OTHER)), MessageRefusal::NotFound),
        (History::All, Some(tombstone(OTHER)), MessageRefusal::Deleted),
    ] {
        let mut tx = finds_quoted(history, quoted);
        assert_eq!(send(&mut tx, &me(), &quoting()), Err(refusal.into()));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn faults_of_quotes_are_returned() {
    let sends = || stores_quote(finds_quoted(History::All, Some(message(OTHER))));
    assert_hands_faults_on(sends, |tx| send(tx, &me(), &quoting()));
}

/// A message with another number that quotes [`MESSAGE`], as repositories find it.
fn bare() -> Message {
    Message { id: NEXT, seq: Seq::new(40), attachments: Attachments::QUOTE, ..message(ME) }
}

/// A member who came in after the 33rd message reads the one that quotes another one.
fn reads(history: History, quoted: &Message, role: Role) -> MessageView {
    let standing = Standing { joined_seq: Seq::new(33), role, ..standing(BuiltInRole::Member) };
    let group = Group { history, ..group() };
    let visible = VisibleGroup { group, standing: Some(standing) };
    let mut tx = MockTx::new();
    tx.groups.expect_lock_visible().returning(|_, _| Ok(true));
    tx.groups.expect_find_visible().returning(move |_, _| Ok(Some(visible.clone())));
    tx.messages.expect_find().returning(|_, _, _| Ok(Some(view(bare()))));
    let quote = Quote { by: NEXT, quoted: quoted.as_quoted() };
    let find_many = tx.quotes.expect_find_many().withf(|by| by == [NEXT]);
    find_many.times(1).returning(move |_| Ok(vec![quote.clone()]));
    find(&mut tx, &me(), GROUP, NEXT).unwrap()
}

#[test]
fn what_is_quoted_is_shown_as_it_is_now() {
    let member = || Role::unchanged(BuiltInRole::Member, false);
    for quoted in [message(OTHER), tombstone(OTHER), reply(OTHER)] {
        let found = reads(History::All, &quoted, member());
        assert_eq!(found.message.reply_to, Some(quoted.id));
        assert_eq!(found.quoted, Some(quoted.as_quoted()));
    }
    assert!(tombstone(OTHER).as_quoted().is_deleted());
}

#[test]
fn who_may_not_read_what_is_quoted_sees_only_which_it_is() {
    for quoted in [message(OTHER), reply(OTHER)] {
        let found = reads(History::Joined, &quoted, Role::unchanged(BuiltInRole::Member, false));
        assert_eq!((found.message.reply_to, found.quoted), (Some(quoted.id), None));
    }
    assert_eq!(reply(OTHER).id, REPLY);
    let newer = Message { seq: Seq::new(34), ..message(OTHER) };
    let found = reads(History::Joined, &newer, Role::unchanged(BuiltInRole::Member, false));
    assert_eq!(found.quoted, Some(newer.as_quoted()));
}

#[test]
fn a_deleted_message_quotes_nothing_any_more() {
    let mut tx = MockTx::new().called_by(MEMBER);
    tx.messages.expect_find().returning(|_, _, _| Ok(Some(view(bare()))));
    tx.quotes
        .expect_find_many()
        .returning(|_| Ok(vec![Quote { by: NEXT, quoted: message(OTHER).as_quoted() }]));
    tx.quotes.expect_remove().with(eq(NEXT)).times(1).returning(|_| Ok(()));
    tx.messages.expect_attach().with(eq(NEXT), eq(Attachments::default())).times(1).returning(|_, _| Ok(()));
    tx.messages.expect_purge_reactions().returning(|_, _| Ok(true));
    let left = Message { attachments: Attachments::default(), ..bare() }.into_tombstone(NOW);
    tx.messages.expect_update().with(eq(left)).times(1).returning(|_| Ok(()));
    assert_eq!(delete(&mut tx, &me(), GROUP, NEXT, ChangeTerms::default()), Ok(()));
}
