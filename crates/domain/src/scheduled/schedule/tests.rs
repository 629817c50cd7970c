use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::Scope;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::ids::UserId;
use crate::messages::{ClientId, MessageRefusal, MessageText};
use crate::testing::{
    GROUP, GroupCaller, ME, MEMBER, MESSAGE, MY_SESSION, MockTx, NOW, OTHER, OUTSIDER,
    assert_hands_faults_on, me, message, my_group_token, my_token, scheduled,
};

const LATER: Timestamp = Timestamp::from_micros(NOW.as_micros() + 60_000_000);
const ID: ScheduledId = ScheduledId::new(5);

fn draft() -> MessageDraft {
    scheduled(ME).new.draft
}

fn new() -> NewScheduled {
    NewScheduled { created_at: NOW, send_at: LATER, ..scheduled(ME).new }
}

fn told() -> (Audience, Option<UserId>, Event) {
    (Audience::User(ME), Some(ME), Event::ScheduledUpdated(OwnSchedule { user: ME, group: GROUP }))
}

fn locks_me(mut tx: MockTx) -> MockTx {
    let mine = |users: &[UserId], how: &LockStrength| users == [ME] && *how == LockStrength::Exclusive;
    tx.accounts.expect_lock().withf(mine).returning(|_, _| Ok(()));
    tx
}

/// So many messages of the actor wait.
fn has(caller: GroupCaller, count: i64) -> MockTx {
    let mut tx = locks_me(MockTx::new().called_by(caller));
    tx.scheduled.expect_count().with(eq(ME)).returning(move |_| Ok(count));
    tx
}

fn inserts(mut tx: MockTx, new: NewScheduled) -> MockTx {
    tx.scheduled.expect_insert().with(eq(new)).times(1).returning(|_| Ok(ID));
    tx
}

#[test]
fn a_message_waits_for_its_time_and_only_own_devices_are_told() {
    let mut tx = inserts(has(MEMBER, MAX_SCHEDULED - 1), new());
    let accepted = Accepted { scheduled: Scheduled { id: ID, new: new(), failed: None }, repeated: false };
    assert_eq!(schedule(&mut tx, &me(), &draft(), LATER), Ok(accepted));
    assert_eq!(tx.emitted, [told()]);
}

#[test]
fn a_message_that_a_token_schedules_is_its() {
    for token in [my_token(Scope::Write), my_group_token(Scope::Write)] {
        let new = NewScheduled { token: Some(MY_SESSION), ..new() };
        assert!(schedule(&mut inserts(has(MEMBER, 0), new), &token, &draft(), LATER).is_ok());
    }
}

#[test]
fn the_time_is_in_the_future_and_not_far_away() {
    let year = NOW.plus(Duration::from_secs(366 * 24 * 3600));
    for (send_at, is_good) in
        [(NOW, false), (LATER, true), (year, true), (year.plus(Duration::from_secs(1)), false)]
    {
        let tx = has(MEMBER, 0);
        let mut tx = if is_good { inserts(tx, NewScheduled { send_at, ..new() }) } else { tx };
        assert_eq!(schedule(&mut tx, &me(), &draft(), send_at).is_ok(), is_good, "{send_at:?}");
    }
}

#[test]
fn there_are_at_most_so_many_and_only_members_have_any() {
    let outcome = schedule(&mut has(MEMBER, MAX_SCHEDULED), &me(), &draft(), LATER);
    assert_eq!(outcome, Err(ScheduledRefusal::TooMany.into()));
    let outcome = schedule(&mut MockTx::new().called_by(OUTSIDER), &me(), &draft(), LATER);
    assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()));
}

#[test]
fn what_it_refers_to_must_be_there() {
    let reply = MessageDraft { thread: Some(MESSAGE), ..draft() };
    let mut tx = has(MEMBER, 0).finds_message(None);
    assert_eq!(schedule(&mut tx, &me(), &reply, LATER), Err(MessageRefusal::NotFound.into()));
    let mut tx = inserts(
        has(MEMBER, 0).finds_message(Some(message(OTHER))),
        NewScheduled { draft: reply.clone(), ..new() },
    );
    assert!(schedule(&mut tx, &me(), &reply, LATER).is_ok());
    let quoting = MessageDraft { reply_to: Some(MESSAGE), ..draft() };
    let mut tx = has(MEMBER, 0).finds_message(None);
    assert_eq!(schedule(&mut tx, &me(), &quoting, LATER), Err(MessageRefusal::NotFound.into()));
}

#[test]
fn a_client_id_under_which_a_message_waits_schedules_no_other() {
    let client_id = ClientId::parse("later-1").unwrap();
    let named = MessageDraft { client_id: Some(client_id.clone()), ..draft() };
    let mut tx = locks_me(MockTx::new().called_by(MEMBER));
    let waits = tx.scheduled.expect_find_by_client_id().with(eq(ME), eq(GROUP), eq(client_id));
    waits.returning(|_, _, _| Ok(Some(scheduled(ME))));
    // Whatever the time.
    let accepted = Accepted { scheduled: scheduled(ME), repeated: true };
    assert_eq!(schedule(&mut tx, &me(), &named, NOW), Ok(accepted));
    assert_eq!(tx.emitted, []);
}

/// This message of the actor is looked for.
fn finds(found: Option<Scheduled>) -> MockTx {
    let mut tx = locks_me(MockTx::new());
    tx.scheduled.expect_find().with(eq(ME), eq(ID)).returning(move |_, _| Ok(found.clone()));
    tx
}

fn edit(tx: &mut MockTx, changes: &ScheduledChanges) -> Result<Scheduled, Error> {
    edit_scheduled(tx, &me(), (GROUP, ID), changes)
}

#[test]
fn a_message_gets_another_text_or_another_time_until_it_is_sent() {
    let failure = crate::testing::failure();
    let failed = Scheduled { failed: Some(failure), ..scheduled(ME) };
    let text = MessageText::parse("On second thoughts").unwrap();
    let mut reworded = failed.clone();
    reworded.new.draft.text = text.clone();
    let again = Scheduled {
        new: NewScheduled { send_at: LATER, ..scheduled(ME).new },
        failed: None,
        ..scheduled(ME)
    };
    for (changes, left) in [
        (ScheduledChanges { text: Some(text), send_at: None }, reworded),
        (ScheduledChanges { text: None, send_at: Some(LATER) }, again),
    ] {
        for (is_there, outcome) in [(true, Ok(left.clone())), (false, Err(ScheduledRefusal::NotFound.into()))]
        {
            let mut tx = finds(Some(failed.clone()));
            tx.scheduled.expect_update().with(eq(left.clone())).times(1).returning(move |_| Ok(is_there));
            assert_eq!(edit(&mut tx, &changes), outcome);
            assert_eq!(tx.emitted, if is_there { vec![told()] } else { vec![] });
        }
    }
    let mut tx = finds(Some(failed.clone()));
    assert_eq!(edit(&mut tx, &ScheduledChanges::default()), Ok(failed.clone()));
    let past = ScheduledChanges { send_at: Some(NOW), ..ScheduledChanges::default() };
    assert!(matches!(
        edit(&mut finds(Some(failed)), &past),
        Err(Error::Refused(crate::error::Refusal::Invalid(_)))
    ));
}

#[test]
fn a_message_is_dropped_once() {
    for (is_there, outcome) in [(true, Ok(())), (false, Err(ScheduledRefusal::NotFound.into()))] {
        let mut tx = finds(Some(scheduled(ME)));
        tx.scheduled.expect_remove().with(eq(ID)).times(1).returning(move |_| Ok(is_there));
        assert_eq!(drop_scheduled(&mut tx, &me(), (GROUP, ID)), outcome);
        assert_eq!(tx.emitted, if is_there { vec![told()] } else { vec![] });
    }
}

#[test]
fn a_message_is_found_only_where_it_is_to_be_sent() {
    let gone = || Err(ScheduledRefusal::NotFound.into());
    assert_eq!(drop_scheduled(&mut finds(None), &me(), (GROUP, ID)), gone());
    assert_eq!(drop_scheduled(&mut finds(Some(scheduled(ME))), &me(), (GroupId::new(8), ID)), gone());
    let elsewhere = Scheduled {
        new: NewScheduled { draft: MessageDraft { group: GroupId::new(8), ..draft() }, ..scheduled(ME).new },
        ..scheduled(ME)
    };
    let token = my_group_token(Scope::Write);
    assert_eq!(drop_scheduled(&mut finds(Some(elsewhere)), &token, (GroupId::new(8), ID)), gone());
}

#[test]
fn a_list_has_only_what_the_session_is_for() {
    for (actor, group, asked) in [
        (me(), GROUP, GROUP),
        (my_group_token(Scope::Read), GROUP, GROUP),
        (my_group_token(Scope::Read), GroupId::new(8), GroupId::new(0)),
    ] {
        let mut tx = MockTx::new();
        let query = ScheduledQuery { user: ME, group: asked, before: Some(ID), limit: Limit::ONE };
        tx.scheduled
            .expect_list()
            .with(eq(query))
            .times(1)
            .returning(|_| Ok(vec![scheduled(ME), scheduled(ME)]));
        let page = list_scheduled(&mut tx, &actor, group, Some(ID), Limit::ONE);
        assert_eq!(page, Ok(Page { items: vec![scheduled(ME)], more: true }));
    }
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| inserts(has(MEMBER, 0), new()), |tx| schedule(tx, &me(), &draft(), LATER));
    let dropping = || {
        let mut tx = finds(Some(scheduled(ME)));
        tx.scheduled.expect_remove().returning(|_| Ok(true));
        tx
    };
    assert_hands_faults_on(dropping, |tx| drop_scheduled(tx, &me(), (GROUP, ID)));
    let editing = || {
        let mut tx = finds(Some(scheduled(ME)));
        tx.scheduled.expect_update().returning(|_| Ok(true));
        tx
    };
    let changes = ScheduledChanges { send_at: Some(LATER), ..ScheduledChanges::default() };
    assert_hands_faults_on(editing, |tx| edit_scheduled(tx, &me(), (GROUP, ID), &changes));
}
