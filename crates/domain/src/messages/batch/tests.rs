use mockall::Sequence;

use super::*;
use crate::accounts::AccountRefusal;
use crate::groups::SlowMode;
use crate::ids::{MessageId, Seq};
use crate::permissions::{BuiltInRole, ServerDenial};
use crate::testing::{
    EARLIER, GROUP, ME, MEMBER, MockTx, NOW, OTHER, OUTSIDER, SERVER_ADMIN_INSIDE, assert_hands_faults_on,
    direct, group, me, message, text, told, user, view,
};

fn item(words: &str) -> BatchItem {
    BatchItem { text: text(words), client_id: None, author: None, created_at: None }
}

fn imported(words: &str) -> BatchItem {
    BatchItem { author: Some(OTHER), created_at: Some(EARLIER), ..item(words) }
}

fn named(name: &str) -> Option<ClientId> {
    Some(ClientId::parse(name).unwrap())
}

fn refused(items: &[BatchItem], mut tx: MockTx) -> Error {
    let refusal = send_batch(&mut tx, &me(), GROUP, items, &[]).unwrap_err();
    assert_eq!(tx.emitted, []);
    refusal
}

fn fields(error: Error) -> Vec<String> {
    match error {
        Error::Refused(Refusal::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn messages_are_sent_one_after_the_other_as_each_alone() {
    let mut tx = MockTx::new();
    let mut order = Sequence::new();
    for seq in [41, 42] {
        tx.groups.expect_lock_visible().times(1).in_sequence(&mut order).returning(|_, _| Ok(true));
        tx.groups.expect_find_visible().times(1).in_sequence(&mut order).returning(move |_, _| {
            let group = crate::groups::Group { last_seq: Seq::new(seq - 1), ..group() };
            let standing = Some(crate::testing::standing(BuiltInRole::Member));
            Ok(Some(crate::groups::VisibleGroup { group, standing }))
        });
        tx.messages
            .expect_insert()
            .withf(move |new| new.seq == Seq::new(seq) && new.author == ME && new.created_at == NOW)
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_| Ok(Unique::Stored(MessageId::new(seq))));
    }
    let sent = send_batch(&mut tx, &me(), GROUP, &[item("one"), item("two")], &[]).unwrap();
    let texts: Vec<_> = sent.iter().map(|sent| sent.view.message.text.clone().unwrap()).collect();
    assert_eq!(texts, [text("one"), text("two")]);
    assert_eq!(tx.emitted.len(), 2);
}

#[test]
fn what_is_refused_of_one_message_is_refused_of_all() {
    let slow = crate::groups::Group { slow_mode: SlowMode::parse(60).unwrap(), ..group() };
    let mut tx = MockTx::new();
    tx.groups.expect_lock_visible().returning(|_, _| Ok(true));
    tx.groups.expect_find_visible().returning(move |_, _| {
        let standing =
            crate::groups::Standing { last_sent_at: NOW, ..crate::testing::standing(BuiltInRole::Member) };
        Ok(Some(crate::groups::VisibleGroup { group: slow.clone(), standing: Some(standing) }))
    });
    assert!(matches!(
        refused(&[item("one"), item("two")], tx),
        Error::Refused(Refusal::Group(GroupRefusal::SlowMode { .. }))
    ));
    let outsider = MockTx::new().locks_group(Some(group()), OUTSIDER.role);
    assert_eq!(refused(&[item("one")], outsider), GroupRefusal::MembersOnly.into());
}

#[test]
fn fields_of_a_message_are_named_with_its_index() {
    let error = Violation::new(ViolationCode::Required, "must be given").in_field("text");
    assert_eq!(fields(at(3, error.into())), ["messages[3].text"]);
    let other = Error::from(MessageRefusal::Deleted);
    assert_eq!(at(3, other.clone()), other);
}

/// The group is locked, and the actor manages all groups.
fn imports() -> MockTx {
    let mut tx = MockTx::new().called_by(SERVER_ADMIN_INSIDE);
    tx.accounts.expect_find_many().withf(|ids| ids == [OTHER]).returning(|_| Ok(vec![user(OTHER)]));
    tx
}

fn stores(mut tx: MockTx, seq: i64, author: crate::ids::UserId, at: Timestamp) -> MockTx {
    tx.messages
        .expect_insert()
        .withf(move |new| new.seq == Seq::new(seq) && new.author == author && new.created_at == at)
        .times(1)
        .returning(move |_| Ok(Unique::Stored(MessageId::new(seq))));
    tx
}

#[test]
fn whoever_manages_all_groups_imports_what_others_wrote() {
    let mut tx = stores(stores(imports(), 41, OTHER, EARLIER), 42, ME, NOW);
    let sent = send_batch(&mut tx, &me(), GROUP, &[imported("one"), item("two")], &[]).unwrap();
    let [first, second] = [&sent[0].view.message, &sent[1].view.message];
    assert_eq!((first.author.id, first.created_at, first.is_imported()), (OTHER, EARLIER, true));
    assert_eq!((second.author.id, second.created_at, second.is_imported()), (ME, NOW, true));
    assert!(tx.emitted.iter().all(|(_, actor, _)| *actor == Some(ME)));
    assert_eq!(tx.emitted.len(), 2);
    assert_eq!(told(&tx.recorded), [format!("messages.imported in {GROUP} about 41")]);
}

#[test]
fn nobody_else_imports_anything() {
    let only_time = BatchItem { created_at: Some(EARLIER), ..item("one") };
    let only_author = BatchItem { author: Some(ME), ..item("one") };
    for given in [only_time, only_author] {
        let missing = ServerDenial::Lacks(ServerPermission::ManageGroups);
        let refusal = AccountRefusal::NotPermitted(missing);
        assert_eq!(refused(&[given], MockTx::new().called_by(MEMBER)), refusal.into());
    }
}

#[test]
fn nothing_is_imported_into_a_direct_conversation() {
    let tx = MockTx::new().called_by_in(SERVER_ADMIN_INSIDE, direct());
    assert_eq!(refused(&[imported("one")], tx), GroupRefusal::Direct.into());
}

#[test]
fn authors_must_exist_and_times_be_past() {
    let mut tx = MockTx::new().called_by(SERVER_ADMIN_INSIDE);
    tx.accounts.expect_find_many().returning(|_| Ok(Vec::new()));
    let later = BatchItem {
        author: None,
        created_at: Some(Timestamp::from_micros(NOW.as_micros() + 1)),
        ..item("x")
    };
    let error = refused(&[item("fine"), imported("by nobody"), later], tx);
    assert_eq!(fields(error), ["messages[1].author_id", "messages[2].created_at"]);
}

#[test]
fn what_was_imported_before_comes_back_if_the_actor_may_read_it() {
    let again = BatchItem { client_id: named("a"), ..imported("one") };
    let mut tx = imports().finds_message(Some(message(OTHER)));
    tx.messages.expect_insert().times(1).returning(|_| Ok(Unique::Taken));
    tx.messages
        .expect_find_by_client_id()
        .withf(|group, author, id| (*group, *author) == (GROUP, OTHER) && *id == named("a").unwrap())
        .times(1)
        .returning(|_, _, _| Ok(Some(view(message(OTHER)))));
    let sent = send_batch(&mut tx, &me(), GROUP, std::slice::from_ref(&again), &[]).unwrap();
    assert_eq!(sent, [Sent { view: view(message(OTHER)), repeated: true }]);
    assert!(tx.emitted.is_empty() && tx.recorded.is_empty());
    let mut tx = imports().finds_message(None);
    tx.messages.expect_insert().times(1).returning(|_| Ok(Unique::Taken));
    tx.messages.expect_find_by_client_id().returning(|_, _, _| Ok(Some(view(message(OTHER)))));
    assert_eq!(refused(&[again], tx), MessageRefusal::NotFound.into());
}

#[test]
fn faults_are_returned() {
    let items = [imported("one"), item("two")];
    assert_hands_faults_on(
        || stores(stores(imports(), 41, OTHER, EARLIER), 42, ME, NOW),
        |tx| send_batch(tx, &me(), GROUP, &items, &[]),
    );
}
