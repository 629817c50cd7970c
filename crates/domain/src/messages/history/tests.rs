use mockall::predicate::eq;

use super::*;
use crate::groups::{Group, GroupRefusal, History};
use crate::ids::{Seq, UserId};
use crate::messages::error::MessageRefusal;
use crate::messages::model::Message;
use crate::permissions::BuiltInRole;
use crate::testing::{
    ADMIN, EARLIER, GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, OWNER,
    SERVER_ADMIN, SERVER_ADMIN_INSIDE, assert_hands_faults_on, direct, group, lacks, me, message, text,
    tombstone,
};

const BEFORE: Option<Version> = Some(Version::new(4));

fn edited(author: UserId) -> Message {
    Message { edited_at: Some(NOW), ..message(author) }
}

fn earlier(version: i64) -> EarlierText {
    EarlierText { version: Version::new(version), text: text("hello"), written_at: EARLIER }
}

fn two() -> Limit {
    Limit::parse(2).unwrap()
}

fn lists(mut tx: MockTx) -> MockTx {
    let query = EditQuery { message: MESSAGE, before: BEFORE, limit: two() };
    let found = vec![earlier(3), earlier(2), earlier(1)];
    tx.edits.expect_list().with(eq(query)).times(1).returning(move |_| Ok(found.clone()));
    tx
}

fn history(tx: &mut dyn Tx) -> Result<Page<EarlierText>, Error> {
    list_history(tx, &me(), GROUP, MESSAGE, BEFORE, two())
}

fn asks(caller: GroupCaller) -> MockTx {
    MockTx::new().finds_group(Some(group()), caller.role)
}

fn sees(group: Group, role: BuiltInRole, message: Message) -> MockTx {
    MockTx::new().finds_group(Some(group), Some(role)).finds_message(Some(message))
}

#[test]
fn authors_and_those_who_may_delete_anything_read_what_a_message_said() {
    for (caller, author) in [(MEMBER, ME), (SERVER_ADMIN_INSIDE, ME), (ADMIN, OTHER), (OWNER, OTHER)] {
        let mut tx = lists(asks(caller).finds_message(Some(edited(author))));
        let page = Page { items: vec![earlier(3), earlier(2)], more: true };
        assert_eq!(history(&mut tx), Ok(page), "{caller:?} of {author}");
    }
}

#[test]
fn nobody_else_reads_it() {
    for caller in [MEMBER, SERVER_ADMIN_INSIDE] {
        let mut tx = asks(caller).finds_message(Some(edited(OTHER)));
        assert_eq!(history(&mut tx), Err(lacks(GroupPermission::DeleteAny).into()), "{caller:?}");
    }
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let mut tx = asks(caller);
        assert_eq!(history(&mut tx), Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
    }
}

#[test]
fn what_others_said_in_a_direct_conversation_is_theirs() {
    let mut tx = sees(direct(), BuiltInRole::Member, edited(OTHER));
    assert_eq!(history(&mut tx), Err(GroupRefusal::Direct.into()));
    assert!(history(&mut lists(sees(direct(), BuiltInRole::Member, edited(ME)))).is_ok());
}

#[test]
fn an_archived_group_is_read_on() {
    let archived = || Group { archived_at: Some(EARLIER), ..group() };
    for (role, author) in [(BuiltInRole::Member, ME), (BuiltInRole::Admin, OTHER)] {
        assert!(history(&mut lists(sees(archived(), role, edited(author)))).is_ok());
    }
}

#[test]
fn a_message_from_before_one_came_in_is_not_there() {
    let joined = Group { history: History::Joined, ..group() };
    let before = Message { seq: Seq::new(20), ..edited(ME) };
    let mut tx = sees(joined, BuiltInRole::Admin, before);
    assert_eq!(history(&mut tx), Err(MessageRefusal::NotFound.into()));
}

#[test]
fn what_was_never_edited_and_what_is_deleted_has_no_history() {
    let deleted = Message { edited_at: Some(EARLIER), ..tombstone(ME) };
    for found in [message(ME), deleted] {
        let mut tx = asks(MEMBER).finds_message(Some(found));
        assert_eq!(history(&mut tx), Ok(Page { items: Vec::new(), more: false }));
    }
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| lists(asks(ADMIN).finds_message(Some(edited(OTHER)))), history);
}
