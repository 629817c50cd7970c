//! What the limits of pages and queues count: a text that isn't counted takes memory without a limit.

use crate::accounts::{DeviceName, DisplayName, Email, Session, SessionKind, User, Username};
use crate::events::{
    AddedMember, Audience, Event, GroupUpdate, RemovedGroup, RemovedMember, Tombstone, UserUpdate,
};
use crate::groups::{Description, Group, GroupName, GroupView, History, Member};
use crate::ids::SessionId;
use crate::messages::{ClientId, Emoji, Message, MessagePage, MessageText, MessageView, Reactions};
use crate::paging::Page;
use crate::permissions::BuiltInRole;
use crate::testing::{EARLIER, GROUP, ME, group, member, message, placed, user, view};
use crate::text::TextBytes;

// Each text has a length of its own, a power of two, so a sum tells which texts were counted.

fn author() -> User {
    User {
        username: Username::from_stored("x".to_owned()),
        display_name: Some(DisplayName::from_stored("x".repeat(2))),
        email: Some(Email::from_stored("x".repeat(4))),
        ..user(ME)
    }
}

fn sent() -> Message {
    Message {
        author: author().as_ref(),
        text: Some(MessageText::from_stored("ü".repeat(4))),
        client_id: Some(ClientId::from_stored("x".repeat(16))),
        reactions: Reactions::NONE,
        ..message(ME)
    }
}

fn described() -> Group {
    Group {
        name: Some(GroupName::from_stored("x".repeat(32))),
        description: Some(Description::from_stored("x".repeat(64))),
        ..group()
    }
}

fn insider() -> Member {
    Member { user: author().as_ref(), ..member(ME, BuiltInRole::Member) }
}

#[test]
fn every_text_of_a_user_counts_in_bytes() {
    assert_eq!(author().text_bytes(), 1 + 2 + 4);
    assert_eq!(author().as_ref().text_bytes(), 1 + 2);
    assert_eq!(User { display_name: None, email: None, ..author() }.text_bytes(), 1);
    assert_eq!(insider().text_bytes(), 1 + 2);
}

#[test]
fn every_text_of_a_session_counts() {
    let session = Session {
        id: SessionId::new(1),
        kind: SessionKind::Login,
        name: DeviceName::parse("x").ok(),
        created_at: EARLIER,
        expires_at: EARLIER,
        key_expires_at: None,
        last_used_at: None,
        user_agent: Some("x".repeat(2)),
        address: Some("x".repeat(4)),
    };
    assert_eq!(session.text_bytes(), 1 + 2 + 4);
}

#[test]
fn every_text_of_a_message_counts() {
    let sent = sent();
    assert_eq!(sent.text_bytes(), 1 + 2 + 8 + 16);
    assert_eq!(view(sent).text_bytes(), 1 + 2 + 8 + 16);
}

#[test]
fn every_reaction_to_a_message_counts_as_much_as_it_takes() {
    let mut reactions = Reactions::NONE;
    for emoji in [Emoji::LIKE, Emoji::PARTY, Emoji::LIKE] {
        reactions.add(emoji);
    }
    let liked = Message { reactions, ..sent() };
    assert_eq!(view(liked.clone()).text_bytes(), 27 + 2 * 64);
    assert_eq!(Event::MessageCreated(liked).text_bytes(), 27 + 2 * 64);
}

#[test]
fn every_text_of_a_group_counts_and_that_of_its_last_message() {
    assert_eq!(described().text_bytes(), 32 + 64);
    let shown = GroupView {
        group: described(),
        standing: None,
        last_message: Some(view(sent())),
        unread_mentions: 0,
        owner: None,
    };
    assert_eq!(shown.text_bytes(), 32 + 64 + 1 + 2 + 8 + 16);
}

#[test]
fn a_page_has_the_texts_of_its_items() {
    let items: Vec<MessageView> = vec![view(sent()), view(sent())];
    assert_eq!(Page { items: items.clone(), more: false }.text_bytes(), 2 * 27);
    assert_eq!(MessagePage { items, next: None }.text_bytes(), 2 * 27);
    assert_eq!(placed([author()])[0].text_bytes(), 1 + 2 + 4);
}

#[test]
fn an_event_has_the_texts_of_its_subject() {
    for (event, bytes) in [
        (Event::UserCreated(author()), 1 + 2 + 4),
        (Event::UserUpdated(UserUpdate::logged(author(), Audience::All)), 1 + 2 + 4),
        (Event::UserDeleted(ME), 0),
        (Event::GroupCreated(GroupUpdate::of(described())), 32 + 64),
        (Event::GroupDeleted(RemovedGroup::of(&described())), 0),
        (Event::MemberAdded(AddedMember { group: GROUP, member: insider(), history: History::All }), 1 + 2),
        (Event::MemberRemoved(RemovedMember { group: GROUP, user: ME }), 0),
        (Event::MessageCreated(sent()), 1 + 2 + 8 + 16),
        (Event::MessageDeleted(Tombstone(sent().into_tombstone(EARLIER))), 1 + 2 + 16),
    ] {
        assert_eq!(event.text_bytes(), bytes, "{event:?}");
    }
}
