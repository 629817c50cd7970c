//! What the program must never ask for. The database rejects it, as a fault, and keeps nothing of the command.

use groupchat_domain::Error;
use groupchat_domain::ids::{GroupId, Seq, UserId};
use groupchat_domain::messages::NewMessage;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::support::Database;
use crate::support::fixture::*;

/// A group with one member, who has written one message.
fn prepare(database: &Database) -> (GroupId, UserId) {
    let prepared = database.write(|tx| {
        let ann = user(tx, "ann").id;
        let id = group(tx, "chess");
        join(tx, id, ann, BuiltInRole::Owner);
        post(tx, id, ann, "first");
        Ok((id, ann))
    });
    prepared.expect("a group can be made")
}

/// Fails unless `work` ends in a fault.
#[track_caller]
fn assert_fault<T: Send + 'static>(
    database: &Database,
    work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
) {
    match database.write(work) {
        Err(Error::Fault(_)) => {}
        Err(other) => panic!("not a fault: {other}"),
        Ok(_) => panic!("it was stored"),
    }
}

fn seq(database: &Database, group: GroupId) -> Seq {
    database.read(move |tx| Ok(last_seq(tx, group, UserId::new(0)))).expect("a group can be read")
}

fn a_number_that_is_taken_is_a_fault(database: &Database) {
    let (group, ann) = prepare(database);
    for client_id in [None, Some(client_id("a"))] {
        assert_fault(database, move |tx| {
            let new = new_message(tx, group, ann, "second");
            let new = NewMessage { seq: Seq::new(1), client_id: client_id.clone(), ..new };
            Ok(tx.messages().insert(&new)?)
        });
    }
    assert_eq!(seq(database, group), Seq::new(1));
}

fn a_member_of_no_group_is_a_fault(database: &Database) {
    let (_, ann) = prepare(database);
    assert_fault(database, move |tx| {
        Ok(tx.members().insert(&new_membership(GroupId::new(4711), ann, BuiltInRole::Member))?)
    });
}

fn a_message_without_an_author_is_a_fault(database: &Database) {
    let (group, ann) = prepare(database);
    assert_fault(database, move |tx| {
        let new = NewMessage { author: UserId::new(4711), ..new_message(tx, group, ann, "second") };
        Ok(tx.messages().insert(&new)?)
    });
    assert_eq!(seq(database, group), Seq::new(1));
}

fn what_the_domain_would_refuse_is_a_fault(database: &Database) {
    use groupchat_domain::groups::GroupName;
    use groupchat_domain::messages::MessageText;

    let (group, ann) = prepare(database);
    assert_fault(database, move |tx| {
        let mut new = new_group("fine");
        new.name = GroupName::from_stored("n".repeat(GroupName::MAX_LENGTH + 1));
        Ok(tx.groups().insert(&new)?)
    });
    assert_fault(database, move |tx| {
        let too_long = MessageText::from_stored("t".repeat(MessageText::MAX_LENGTH + 1));
        let new = NewMessage { text: too_long, ..new_message(tx, group, ann, "second") };
        Ok(tx.messages().insert(&new)?)
    });
}

fn after_a_fault_a_transaction_does_nothing_more(database: &Database) {
    let (group, ann) = prepare(database);
    assert_fault(database, move |tx| {
        let new = NewMessage { seq: Seq::new(1), ..new_message(tx, group, ann, "second") };
        let fault = tx.messages().insert(&new).expect_err("the number is taken");
        assert_eq!(tx.groups().find_visible(group, ann), Err(fault.clone()));
        assert_eq!(tx.read_cursors().advance(group, ann, Seq::ZERO), Err(fault));
        // A use case that goes on regardless stores nothing either.
        Ok(())
    });
    assert_eq!(seq(database, group), Seq::new(1));
}

cases! { database:
    a_number_that_is_taken_is_a_fault
    a_member_of_no_group_is_a_fault
    a_message_without_an_author_is_a_fault
    what_the_domain_would_refuse_is_a_fault
    after_a_fault_a_transaction_does_nothing_more
}
