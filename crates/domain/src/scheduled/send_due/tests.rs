use mockall::predicate::eq;

use super::*;
use crate::accounts::Actor;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::ids::{MessageId, SessionId};
use crate::permissions::BuiltInRole;
use crate::storage::Unique;
use crate::testing::{
    GROUP, ME, MockTx, NOW, Ran, ScriptedStorage, block_on, group, me, my_token, scheduled, user,
};

const ID: ScheduledId = ScheduledId::new(5);
const SENT: MessageId = MessageId::new(71);

/// The message is taken by this transaction, or was by another.
fn takes(found: Option<Scheduled>) -> MockTx {
    let mut tx = MockTx::new();
    let take = tx.scheduled.expect_take().with(eq(ID), eq(NOW)).times(1);
    take.returning(move |_, _| Ok(found.clone()));
    tx
}

/// Its author acts like this.
fn acts(mut tx: MockTx, actor: Option<Actor>) -> MockTx {
    tx.accounts.expect_find().with(eq(ME)).returning(|_| Ok(Some(user(ME))));
    tx.sessions.expect_acting().with(eq(ME)).returning(move |_| Ok(actor.clone()));
    tx
}

fn in_group(tx: MockTx, role: Option<BuiltInRole>) -> MockTx {
    tx.locks_group(Some(group()), role)
}

fn stores(mut tx: MockTx) -> MockTx {
    tx.messages.expect_insert().times(1).returning(|_| Ok(Unique::Stored(SENT)));
    tx
}

/// Whether it is still due when its refusal is noted.
fn fails(code: &'static str, is_due: bool) -> MockTx {
    let mut tx = MockTx::new();
    let noted = tx.scheduled.expect_fail();
    noted
        .withf(move |id, failure| *id == ID && failure.code == code && failure.at == NOW)
        .times(1)
        .returning(move |_, _| Ok(is_due.then_some((ME, GROUP))));
    tx
}

fn name_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Group(GroupRefusal::MembersOnly) => "members_only",
        Refusal::Account(AccountRefusal::Suspended) => "suspended",
        Refusal::Account(AccountRefusal::Unauthenticated) => "unauthenticated",
        Refusal::Account(AccountRefusal::PasswordChangeRequired) => "password_change_required",
        _ => "other",
    }
}

fn run(script: impl IntoIterator<Item = MockTx>) -> Vec<Ran> {
    run_to(None, script)
}

fn run_to(sent: Option<MessageId>, script: impl IntoIterator<Item = MockTx>) -> Vec<Ran> {
    let storage = ScriptedStorage::new(script);
    let sending = Sending { storage: &storage, name_of: &name_of };
    assert_eq!(block_on(send_due(&sending, ID, Vec::new())), Ok(sent));
    storage.finish()
}

#[test]
fn what_is_due_is_sent_as_its_author_in_the_transaction_that_removes_it() {
    let ran = run_to(
        Some(SENT),
        [stores(in_group(acts(takes(Some(scheduled(ME))), Some(me())), Some(BuiltInRole::Member)))],
    );
    let emitted = &ran[0].emitted;
    assert!(
        matches!(emitted[0], (Audience::Group(GROUP), Some(ME), Event::MessageCreated(_))),
        "{emitted:?}"
    );
    let sent = SentScheduled { user: ME, group: GROUP, message: SENT };
    assert_eq!(emitted[1], (Audience::User(ME), Some(ME), Event::ScheduledSent(sent)));
}

#[test]
fn what_another_has_sent_is_left_alone() {
    assert_eq!(run([takes(None)])[0].emitted, []);
}

#[test]
fn what_is_refused_stays_with_the_reason_and_the_author_is_told() {
    for (is_due, told) in [(true, 1), (false, 0)] {
        let refused = in_group(acts(takes(Some(scheduled(ME))), Some(me())), None);
        let ran = run([refused, fails("members_only", is_due)]);
        let failed = Event::ScheduledFailed(OwnSchedule { user: ME, group: GROUP });
        assert_eq!(ran[1].emitted, vec![(Audience::User(ME), None, failed); told]);
    }
}

#[test]
fn nobody_sends_who_could_not_act_now() {
    let must_change = Actor { must_change_password: true, ..me() };
    for (actor, code) in [(None, "suspended"), (Some(must_change), "password_change_required")] {
        run([acts(takes(Some(scheduled(ME))), actor), fails(code, true)]);
    }
    let mut deleted = takes(Some(scheduled(ME)));
    deleted.accounts.expect_find().with(eq(ME)).returning(|_| Ok(None));
    assert_eq!(run([deleted])[0].emitted, []);
}

#[test]
fn what_a_token_has_scheduled_is_sent_as_long_as_there_is_the_token() {
    let token = SessionId::new(12);
    let mut by_token = scheduled(ME);
    by_token.new.token = Some(token);
    let held = |actor: Option<Actor>| {
        let mut tx = takes(Some(by_token.clone()));
        tx.accounts.expect_find().returning(|_| Ok(Some(user(ME))));
        tx.sessions.expect_holder().with(eq(token), eq(NOW)).returning(move |_, _| Ok(actor.clone()));
        tx
    };
    run_to(
        Some(SENT),
        [stores(in_group(held(Some(my_token(crate::accounts::Scope::Write))), Some(BuiltInRole::Member)))],
    );
    run([held(None), fails("unauthenticated", true)]);
    // Its scope is that of now.
    run([held(Some(my_token(crate::accounts::Scope::Read))), fails("other", true)]);
}
