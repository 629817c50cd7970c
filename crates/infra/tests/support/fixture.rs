//! Users, groups and messages to test with. Everything here has to succeed.

use groupchat_domain::accounts::{
    ClientInfo, DisplayName, Email, KeyHash, NewSession, NewUser, PasswordHash, SessionKind, User, Username,
};
use groupchat_domain::groups::{Ban, GroupName, History, NewGroup, NewMembership, Visibility};
use groupchat_domain::ids::{EventId, GroupId, MessageId, Seq, SessionId, UserId};
use groupchat_domain::messages::{
    Attachments, ClientId, Emoji, InThread, Message, MessageText, MessageView, NewMessage, Participation,
    Thread,
};
use groupchat_domain::paging::Limit;
use groupchat_domain::permissions::{BuiltInRole, GroupPermission, PermittedRoles};
use groupchat_domain::search::SearchText;
use groupchat_domain::storage::{Tx, Unique};
use groupchat_domain::time::Timestamp;

/// A point in time, `micros` after some day in 2023.
pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + micros)
}

pub(crate) fn limit(rows: i64) -> Limit {
    Limit::parse(rows).expect("a limit within its range")
}

pub(crate) fn sought(text: &str) -> SearchText {
    SearchText::parse(text).expect("a text to search for")
}

pub(crate) fn text(text: &str) -> MessageText {
    MessageText::parse(text).expect("a good text")
}

pub(crate) fn client_id(id: &str) -> ClientId {
    ClientId::parse(id).expect("a good client id")
}

/// What was stored.
#[track_caller]
pub(crate) fn stored<T>(unique: Unique<T>) -> T {
    match unique {
        Unique::Stored(value) => value,
        Unique::Taken => panic!("taken"),
    }
}

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        username: Username::parse(name).expect("a good username"),
        display_name: Some(DisplayName::parse(&format!("{name} Übergang")).expect("a good display name")),
        email: Some(Email::parse(&format!("{name}@mail.example")).expect("a good address")),
        is_admin: false,
        password: PasswordHash::from_stored(format!("hash of {name}")),
        created_at: at(1),
    }
}

pub(crate) fn user(tx: &mut dyn Tx, name: &str) -> User {
    let new = new_user(name);
    let id = stored(tx.accounts().insert(&new).unwrap());
    new.into_user(id)
}

pub(crate) fn admin(tx: &mut dyn Tx, name: &str) -> User {
    let new = NewUser { is_admin: true, ..new_user(name) };
    let id = stored(tx.accounts().insert(&new).unwrap());
    new.into_user(id)
}

/// A key hash that differs for each number.
pub(crate) fn key(number: u8) -> KeyHash {
    KeyHash::new([number; 32])
}

pub(crate) fn new_session(user: UserId, number: u8, expires_at: Timestamp) -> NewSession {
    NewSession {
        user,
        kind: SessionKind::Login,
        key: key(number),
        created_at: at(1),
        expires_at,
        client: ClientInfo::default(),
        name: None,
        refresh: None,
    }
}

pub(crate) fn session(tx: &mut dyn Tx, user: UserId, number: u8, expires_at: Timestamp) -> SessionId {
    tx.sessions().insert(&new_session(user, number, expires_at)).unwrap()
}

pub(crate) fn new_group(name: &str) -> NewGroup {
    NewGroup {
        name: GroupName::parse(name).expect("a good group name"),
        description: None,
        visibility: Visibility::Public,
        history: History::All,
        created_at: at(2),
    }
}

pub(crate) fn group(tx: &mut dyn Tx, name: &str) -> GroupId {
    stored(tx.groups().insert(&new_group(name)).unwrap())
}

pub(crate) fn new_membership(group: GroupId, user: UserId, role: BuiltInRole) -> NewMembership {
    let (joined_at, read_seq, since_event) = (at(3), Seq::ZERO, EventId::new(1));
    NewMembership {
        group,
        user,
        role: role.into(),
        joined_at,
        read_seq,
        joined_seq: Seq::ZERO,
        since_event,
        as_admin: false,
    }
}

pub(crate) fn join(tx: &mut dyn Tx, group: GroupId, user: UserId, role: BuiltInRole) {
    stored(tx.members().insert(&new_membership(group, user, role)).unwrap());
}

/// A ban without an end.
pub(crate) fn ban(user: &User, by: UserId) -> Ban {
    Ban { user: user.as_ref(), reason: None, until: None, banned_by: by, created_at: at(4), terms_at: at(5) }
}

/// The roles that may approve requests in a group that has changed none.
pub(crate) fn approvers() -> PermittedRoles {
    PermittedRoles::with(GroupPermission::ApproveRequests, &[], false)
}

/// The roles that may ban in a group that has changed none.
pub(crate) fn moderators() -> PermittedRoles {
    PermittedRoles::with(GroupPermission::BanMembers, &[], false)
}

/// The number of the group's newest message.
pub(crate) fn last_seq(tx: &mut dyn Tx, group: GroupId, viewer: UserId) -> Seq {
    tx.groups().find_visible(group, viewer).unwrap().expect("a group").group.last_seq
}

pub(crate) fn new_message(tx: &mut dyn Tx, group: GroupId, author: UserId, words: &str) -> NewMessage {
    let seq = last_seq(tx, group, author).next();
    NewMessage {
        group,
        thread: None,
        seq,
        author,
        text: text(words),
        client_id: None,
        created_at: at(100 + seq.get()),
        attachments: Attachments::default(),
    }
}

pub(crate) fn post(tx: &mut dyn Tx, group: GroupId, author: UserId, words: &str) -> MessageId {
    let new = new_message(tx, group, author, words);
    stored(tx.messages().insert(&new).unwrap())
}

/// Stores the next reply to a message, and what it changes of the thread, as the use case does.
pub(crate) fn reply(tx: &mut dyn Tx, group: GroupId, root: MessageId, author: UserId) -> MessageId {
    let root_seq = view(tx, group, root, author).message.seq;
    let known = tx.threads().find_many(&[root]).unwrap().pop();
    let seq = known.as_ref().map_or(Seq::new(1), |thread| thread.last_seq.next());
    let thread = Some(InThread { root, root_seq });
    let new = NewMessage { thread, seq, ..new_message(tx, group, author, "well") };
    let id = stored(tx.messages().insert(&new).unwrap());
    let place = match &known {
        Some(thread) if thread.participants.iter().any(|known| known.id == author) => None,
        Some(thread) => i64::try_from(thread.participants.len() + 1).ok().filter(|place| *place <= 5),
        None => Some(1),
    };
    let thread = Thread {
        root,
        root_seq,
        group,
        reply_count: known.map_or(0, |thread| thread.reply_count) + 1,
        last_seq: seq,
        last_reply: id,
        last_reply_at: new.created_at,
        participants: Vec::new(),
    };
    tx.threads().put(&thread).unwrap();
    tx.threads().participate(root, author, &Participation { read_seq: seq, reply: id, place }).unwrap();
    id
}

/// A message as `viewer` sees it.
pub(crate) fn view(tx: &mut dyn Tx, group: GroupId, id: MessageId, viewer: UserId) -> MessageView {
    tx.messages().find(group, id, viewer).unwrap().expect("a message")
}

/// Stores a like and counts it, as the use case does.
pub(crate) fn like(tx: &mut dyn Tx, group: GroupId, id: MessageId, user: UserId) {
    react(tx, group, id, user, "👍");
}

/// An emoji.
pub(crate) fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).expect("an emoji")
}

/// Stores a reaction and counts it, as the use case does.
pub(crate) fn react(tx: &mut dyn Tx, group: GroupId, id: MessageId, user: UserId, text: &str) {
    assert!(tx.messages().add_reaction(id, user, emoji(text), at(500)).unwrap(), "reacted twice");
    let mut message = view(tx, group, id, user).message;
    message.reactions.add(emoji(text));
    message.version = message.version.next();
    tx.messages().update(&message).unwrap();
}

/// What is left of a message.
pub(crate) fn tombstone(message: Message) -> Message {
    message.into_tombstone(at(900))
}
