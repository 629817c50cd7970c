mod quotes;

use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::{Group, GroupRefusal, History, SlowMode, Standing, VisibleGroup};
use crate::ids::{MessageId, Seq};
use crate::messages::model::Message;
use crate::permissions::BuiltInRole;
use crate::testing::{
    ADMIN, EARLIER, GROUP, ME, MEMBER, MESSAGE, MockTx, NOW, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, me, message, root, standing, text, tombstone, view,
};
use crate::time::Timestamp;

fn draft() -> MessageDraft {
    MessageDraft {
        group: GROUP,
        text: text("hello"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    }
}

fn named_draft() -> MessageDraft {
    MessageDraft { client_id: Some(ClientId::parse("c-1").unwrap()), ..draft() }
}

/// The draft under the number after the group's last.
fn numbered(draft: MessageDraft) -> NewMessage {
    NewMessage {
        group: GROUP,
        thread: None,
        seq: Seq::new(41),
        author: ME,
        text: draft.text,
        client_id: draft.client_id,
        created_at: NOW,
        attachments: Attachments::default(),
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
        .returning(move |_, _, _| {
            Ok(Some(MessageView { liked: true, ..MessageView::without_own_reactions(earlier.clone()) }))
        });
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
        assert_eq!(sent, Sent { view: MessageView::without_own_reactions(expected), repeated: false });
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
        let view = MessageView { liked: true, ..MessageView::without_own_reactions(earlier) };
        assert_eq!(sent, Sent { view, repeated: true });
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

/// The group in slow mode, or archived, found by a member who sent their last message at this time.
fn finds(group: Group, role: BuiltInRole, last_sent_at: Timestamp) -> MockTx {
    let mut tx = MockTx::new();
    let standing = Some(Standing { last_sent_at, ..standing(role) });
    let found = VisibleGroup { group, standing };
    tx.groups.expect_lock_visible().returning(|_, _| Ok(true));
    tx.groups.expect_find_visible().returning(move |_, _| Ok(Some(found.clone())));
    tx
}

fn slowed() -> Group {
    Group { slow_mode: SlowMode::parse(60).unwrap(), ..group() }
}

fn archived() -> Group {
    Group { archived_at: Some(NOW), ..group() }
}

#[test]
fn members_wait_in_slow_mode_and_those_who_moderate_don_t() {
    let ten_seconds_ago = NOW.minus(Duration::from_secs(10));
    let slowed_down = GroupRefusal::SlowMode { retry_after: Duration::from_secs(50) };
    let mut tx = finds(slowed(), BuiltInRole::Member, ten_seconds_ago);
    assert_eq!(send(&mut tx, &me(), &draft()), Err(slowed_down.into()));
    assert_eq!(tx.emitted, []);
    for (role, last_sent_at) in [
        (BuiltInRole::Member, NOW.minus(Duration::from_secs(60))),
        (BuiltInRole::Member, NOW.plus(Duration::from_secs(1))),
        (BuiltInRole::Admin, ten_seconds_ago),
        (BuiltInRole::Owner, ten_seconds_ago),
    ] {
        let mut tx = stores(finds(slowed(), role, last_sent_at), draft(), Unique::Stored(MESSAGE));
        assert!(send(&mut tx, &me(), &draft()).is_ok(), "{role:?}, {last_sent_at:?}");
    }
}

#[test]
fn nobody_sends_to_an_archived_group() {
    for role in [BuiltInRole::Member, BuiltInRole::Admin, BuiltInRole::Owner] {
        let mut tx = finds(archived(), role, EARLIER);
        assert_eq!(send(&mut tx, &me(), &draft()), Err(GroupRefusal::Archived.into()), "{role:?}");
    }
}

#[test]
fn a_repeat_is_answered_where_nothing_can_be_sent() {
    for (group, refusal) in [
        (slowed(), GroupRefusal::SlowMode { retry_after: Duration::from_secs(60) }),
        (archived(), GroupRefusal::Archived),
    ] {
        for earlier in [Some(message(ME)), None] {
            let mut tx = finds(group.clone(), BuiltInRole::Member, NOW);
            let found = earlier.clone().map(view);
            tx.messages.expect_find_by_client_id().times(1).returning(move |_, _, _| Ok(found.clone()));
            let expected = earlier.map(|message| Sent { view: view(message), repeated: true });
            assert_eq!(send(&mut tx, &me(), &named_draft()), expected.ok_or_else(|| refusal.into()));
        }
    }
}

#[test]
fn a_repeat_shows_no_thread_to_an_author_who_came_in_again_later() {
    let in_again = Standing { joined_seq: root(true).message.seq, ..standing(BuiltInRole::Member) };
    let with_history = Group { history: History::Joined, ..group() };
    let mut tx = MockTx::new()
        .locks_visible_group(Some(VisibleGroup { group: with_history, standing: Some(in_again) }));
    tx.messages.expect_insert().returning(|_| Ok(Unique::Taken));
    let earlier = MessageView { thread: None, ..root(true) };
    tx.messages.expect_find_by_client_id().returning(move |_, _, _| Ok(Some(earlier.clone())));
    let sent = send(&mut tx, &me(), &named_draft()).unwrap();
    assert!(sent.repeated);
    assert_eq!(sent.view.thread, None);
}
