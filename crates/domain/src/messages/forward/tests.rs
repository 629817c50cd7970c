use mockall::predicate::{always, eq};

use super::*;
use crate::events::{Audience, Event};
use crate::groups::{Group, GroupRefusal, History, Standing};
use crate::ids::Seq;
use crate::messages::model::{MessageView, NewMessage};
use crate::permissions::BuiltInRole;
use crate::storage::Unique;
use crate::testing::{
    GROUP, ME, MESSAGE, MockTx, NOW, OTHER, assert_hands_faults_on, group, lacks, me, message, standing,
    text, tombstone, view,
};

/// The group that messages go to, which has a smaller id than the other one.
const THERE: GroupId = GroupId::new(5);
const NEXT: MessageId = MessageId::new(77);

fn draft() -> ForwardDraft {
    ForwardDraft { from: GROUP, message: MESSAGE, to: THERE, client_id: None }
}

/// Somebody with these roles in the two groups, `None` where they are not in it, finds the message.
fn finds(here: Option<BuiltInRole>, there: Option<BuiltInRole>, found: Option<Message>) -> MockTx {
    let mut tx = MockTx::new();
    let group_there = Group { id: THERE, last_seq: Seq::new(8), ..group() };
    let mut order = mockall::Sequence::new();
    for id in [THERE, GROUP] {
        let lock = tx.groups.expect_lock_visible().with(eq(id), eq(ME)).times(1);
        lock.in_sequence(&mut order).returning(|_, _| Ok(true));
        let (group, role) = if id == GROUP { (group(), here) } else { (group_there.clone(), there) };
        let visible = VisibleGroup { group, standing: role.map(standing) };
        let find = tx.groups.expect_find_visible().with(eq(id), eq(ME)).times(1);
        find.in_sequence(&mut order).returning(move |_, _| Ok(Some(visible.clone())));
    }
    tx.messages
        .expect_find()
        .with(eq(GROUP), eq(MESSAGE), eq(ME))
        .returning(move |_, _, _| Ok(found.clone().map(view)));
    tx
}

const MEMBER: Option<BuiltInRole> = Some(BuiltInRole::Member);

fn new() -> NewMessage {
    NewMessage {
        group: THERE,
        thread: None,
        seq: Seq::new(9),
        author: ME,
        text: text("hello"),
        client_id: None,
        created_at: NOW,
        attachments: Attachments::FORWARD,
    }
}

fn forwards() -> MockTx {
    let mut tx = finds(MEMBER, MEMBER, Some(message(OTHER)));
    tx.messages.expect_insert().with(eq(new())).times(1).returning(|_| Ok(Unique::Stored(NEXT)));
    tx.quotes.expect_put().with(eq(NEXT), eq(MESSAGE)).times(1).returning(|_, _| Ok(()));
    tx
}

#[test]
fn a_message_is_forwarded_with_the_text_of_now_and_events_don_t_say_from_where() {
    let mut tx = forwards();
    let sent = forward(&mut tx, &me(), &draft()).unwrap();
    let expected = new().into_message(NEXT, me().user);
    assert!(expected.is_forwarded() && expected.reply_to.is_none());
    let quoted = Some(message(OTHER).as_quoted());
    assert_eq!(sent, Sent { view: MessageView { quoted, ..view(expected.clone()) }, repeated: false });
    assert_eq!(tx.emitted, [(Audience::Group(THERE), Some(ME), Event::MessageCreated(expected))]);
}

#[test]
fn it_takes_the_rights_in_both_groups() {
    let readonly = Some(BuiltInRole::Readonly);
    for (here, there, refusal) in [
        (None, MEMBER, GroupRefusal::MembersOnly),
        (None, None, GroupRefusal::MembersOnly),
        (MEMBER, None, GroupRefusal::MembersOnly),
        (MEMBER, readonly, lacks(GroupPermission::Send)),
    ] {
        let mut tx = finds(here, there, Some(message(OTHER)));
        assert_eq!(forward(&mut tx, &me(), &draft()), Err(refusal.into()), "{here:?}, {there:?}");
        assert_eq!(tx.emitted, []);
    }
    let mut tx = finds(readonly, MEMBER, None);
    assert_eq!(forward(&mut tx, &me(), &draft()), Err(MessageRefusal::NotFound.into()));
    let mut tx = finds(readonly, MEMBER, Some(tombstone(OTHER)));
    assert_eq!(forward(&mut tx, &me(), &draft()), Err(MessageRefusal::Deleted.into()));
}

#[test]
fn what_is_from_before_one_came_in_is_not_forwarded() {
    let mut tx = MockTx::new();
    tx.groups.expect_lock_visible().returning(|_, _| Ok(true));
    tx.groups.expect_find_visible().returning(|id, _| {
        let group = Group { id, history: History::Joined, ..group() };
        let standing = Standing { joined_seq: Seq::new(33), ..standing(BuiltInRole::Member) };
        Ok(Some(VisibleGroup { group, standing: Some(standing) }))
    });
    tx.messages.expect_find().returning(|_, _, _| Ok(Some(view(message(OTHER)))));
    assert_eq!(forward(&mut tx, &me(), &draft()), Err(MessageRefusal::NotFound.into()));
}

#[test]
fn a_repeat_gives_the_message_of_then_whatever_became_of_the_first() {
    let named = ForwardDraft { client_id: Some(ClientId::parse("c-1").unwrap()), ..draft() };
    for found in [Some(tombstone(OTHER)), None] {
        let mut tx = finds(MEMBER, MEMBER, found);
        let earlier = view(message(ME));
        let again = earlier.clone();
        let find = tx.messages.expect_find_by_client_id().with(eq(THERE), eq(ME), always());
        find.times(1).returning(move |_, _, _| Ok(Some(again.clone())));
        assert_eq!(forward(&mut tx, &me(), &named), Ok(Sent { view: earlier, repeated: true }));
    }
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(forwards, |tx| forward(tx, &me(), &draft()));
}
