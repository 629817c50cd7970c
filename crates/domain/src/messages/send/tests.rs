use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::ids::{MessageId, Seq};
use crate::messages::model::Message;
use crate::permissions::BuiltInRole;
use crate::testing::{
    ADMIN, GROUP, ME, MEMBER, MESSAGE, MockTx, NOW, OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE,
    assert_hands_faults_on, group, me, message, text, tombstone,
};

fn draft() -> MessageDraft {
    MessageDraft { group: GROUP, text: text("hello"), client_id: None }
}

fn named_draft() -> MessageDraft {
    MessageDraft { client_id: Some(ClientId::parse("c-1").unwrap()), ..draft() }
}

/// The draft under the number after the group's last.
fn numbered(draft: MessageDraft) -> NewMessage {
    NewMessage {
        group: GROUP,
        seq: Seq::new(41),
        author: ME,
        text: draft.text,
        client_id: draft.client_id,
        created_at: NOW,
    }
}

fn stores(mut tx: MockTx, draft: MessageDraft, outcome: Unique<MessageId>) -> MockTx {
    tx.messages.expect_insert().with(eq(numbered(draft))).times(1).returning(move |_| Ok(outcome));
    tx
}

fn sends(draft: MessageDraft) -> MockTx {
    stores(
        MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member)),
        draft,
        Unique::Stored(MESSAGE),
    )
}

/// The draft was sent before, as `earlier`, which the actor likes by now.
fn sent_before(earlier: Message) -> MockTx {
    let tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member));
    let mut tx = stores(tx, named_draft(), Unique::Taken);
    tx.messages
        .expect_find_by_client_id()
        .withf(|group, author, id| *group == GROUP && *author == ME && id.as_str() == "c-1")
        .times(1)
        .returning(move |_, _, _| Ok(Some(MessageView { message: earlier.clone(), liked: true })));
    tx
}

#[test]
fn members_send_and_nobody_else_server_admins_not_excepted() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        let mut tx = stores(MockTx::new().called_by(caller), draft(), Unique::Stored(MESSAGE));
        assert!(send(&mut tx, &me(), &draft()).is_ok(), "{caller:?}");
    }
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let mut tx = MockTx::new().called_by(caller);
        let outcome = send(&mut tx, &me(), &draft());
        assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_message_takes_the_next_number_of_its_group() {
    for draft in [draft(), named_draft()] {
        let sent = send(&mut sends(draft.clone()), &me(), &draft).unwrap();
        let expected = numbered(draft).into_message(MESSAGE, me().user);
        assert_eq!(sent, Sent { view: MessageView { message: expected, liked: false }, repeated: false });
    }
}

#[test]
fn members_learn_of_a_message() {
    let mut tx = sends(draft());
    let message = send(&mut tx, &me(), &draft()).unwrap().view.message;
    assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), Event::MessageCreated(message))]);
}

#[test]
fn a_repeat_gives_the_message_of_then_as_it_is_now_and_emits_nothing() {
    for earlier in [message(ME), tombstone(ME)] {
        let mut tx = sent_before(earlier.clone());
        let sent = send(&mut tx, &me(), &named_draft()).unwrap();
        assert_eq!(sent, Sent { view: MessageView { message: earlier, liked: true }, repeated: true });
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_group_that_is_not_there_takes_no_messages() {
    let mut tx = MockTx::new().locks_group(None, None);
    assert_eq!(send(&mut tx, &me(), &draft()), Err(GroupRefusal::NotFound.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| sends(draft()), |tx| send(tx, &me(), &draft()));
    assert_hands_faults_on(|| sent_before(message(ME)), |tx| send(tx, &me(), &named_draft()));
}
