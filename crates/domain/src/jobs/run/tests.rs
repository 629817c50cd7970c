use std::sync::Mutex;

use mockall::predicate::{always, eq};

use super::*;
use crate::admissions::SentInvitation;
use crate::events::{Audience, Event};
use crate::groups::VisibleGroup;
use crate::ids::{EventId, MessageId};
use crate::jobs::JobId;
use crate::permissions::BuiltInRole;
use crate::storage::{CommitDecision, StorageFault};
use crate::testing::{
    GROUP, INVITATION, ME, MESSAGE, MockTx, NOW, OTHER, Ran, ScriptedStorage, Step, assert_hands_faults_on,
    block_on, fault, group, standing,
};

const PURGE_GROUP: Job = Job { id: JobId::new(1), task: Task::PurgeGroup(GROUP) };
const PURGE_REACTIONS: Job = Job { id: JobId::new(2), task: Task::PurgeReactions(MESSAGE) };
const END_MEMBERSHIPS: Job = Job { id: JobId::new(3), task: Task::EndMemberships(OTHER) };

const END_BOTS: Job = Job { id: JobId::new(4), task: Task::EndBots(OTHER) };

/// The job that runs next is looked for.
fn finds(job: Option<Job>) -> MockTx {
    let mut tx = MockTx::new();
    let in_a_minute = NOW.plus(Duration::from_secs(60));
    tx.jobs.expect_next().with(eq(NOW), eq(in_a_minute)).times(1).returning(move |_, _| Ok(job));
    tx
}

/// A transaction that has found its job still to be done.
fn locks() -> MockTx {
    let mut tx = MockTx::new();
    tx.jobs.expect_lock().times(1).returning(|_| Ok(true));
    tx
}

fn finishes(mut tx: MockTx, job: Job) -> MockTx {
    tx.jobs.expect_finish().with(eq(job.id)).times(1).returning(|_| Ok(()));
    tx
}

fn purges_group(done: bool) -> MockTx {
    let mut tx = locks();
    tx.invitations.expect_some_to().with(eq(GROUP), always()).returning(|_, _| Ok(Vec::new()));
    let purge = tx.groups.expect_purge().withf(|id, rows| *id == GROUP && (1..=500).contains(rows)).times(1);
    purge.returning(move |_, _| Ok(done));
    tx
}

fn purges_likes(done: bool) -> MockTx {
    let mut tx = locks();
    let reactions = tx.messages.expect_purge_reactions();
    reactions
        .withf(|id, rows| *id == MESSAGE && (1..=500).contains(rows))
        .times(1)
        .returning(move |_, _| Ok(done));
    tx
}

/// The user is in these many groups (the same one, for the sake of the test), and leaves them.
fn ends_memberships(memberships: usize) -> MockTx {
    let mut tx = locks();
    tx.members
        .expect_groups_of()
        .withf(|user, limit| *user == OTHER && (1..=100).contains(limit))
        .times(1)
        .returning(move |_, _| Ok(vec![GROUP; memberships]));
    if memberships == 0 {
        let purge = tx.blocks.expect_purge().withf(|user, limit| *user == OTHER && (1..=500).contains(limit));
        purge.times(1).returning(|_, _| Ok(true));
    }
    tx.invitations.expect_some_with().with(eq(OTHER), always()).returning(|_, _| Ok(Vec::new()));
    tx.join_requests.expect_groups_of().with(eq(OTHER), always()).returning(|_, _| Ok(Vec::new()));
    tx.invite_links.expect_forget().with(eq(OTHER), always()).returning(|_, _| Ok(true));
    tx.groups.expect_lock().with(eq(GROUP)).times(memberships).returning(|_| Ok(()));
    let found = || VisibleGroup { group: group(), standing: Some(standing(BuiltInRole::Member)) };
    let visible = tx.groups.expect_find_visible().with(eq(GROUP), eq(OTHER)).times(memberships);
    visible.returning(move |_, _| Ok(Some(found())));
    tx.members.expect_remove().with(eq(GROUP), eq(OTHER)).times(memberships).returning(|_, _| Ok(()));
    tx.invitations.expect_remove_by().returning(|_, _| Ok(Vec::new()));
    if memberships == 0 {
        let forget = tx.bans.expect_forget().withf(|user, rows| *user == OTHER && (1..=500).contains(rows));
        forget.times(1).returning(|_, _| Ok(true));
        let forget = tx.mutes.expect_forget().withf(|user, rows| *user == OTHER && (1..=500).contains(rows));
        forget.times(1).returning(|_, _| Ok(true));
        tx.reminders.expect_forget().with(eq(OTHER)).times(1).returning(|_| Ok(()));
        let forget =
            tx.scheduled.expect_forget().withf(|user, rows| *user == OTHER && (1..=500).contains(rows));
        forget.times(1).returning(|_, _| Ok(true));
        let forget =
            tx.bookmarks.expect_forget().withf(|user, rows| *user == OTHER && (1..=500).contains(rows));
        forget.times(1).returning(|_, _| Ok(true));
        tx.threads
            .expect_unfollow_oldest()
            .with(eq(OTHER), eq(None), eq(0))
            .times(1)
            .returning(|_, _, _| Ok(vec![]));
    }
    tx
}

/// Computes checksums after the job's id, and enqueues the rest if there is any.
fn computes_checksums(task: Task, last: Option<i64>) -> MockTx {
    let mut tx = locks();
    let rest = match task {
        Task::ChecksumMessages(after) => {
            let add = tx.messages.expect_add_checksums();
            add.withf(move |id, rows| *id == after && (1..=500).contains(rows))
                .times(1)
                .returning(move |_, _| Ok(last.map(MessageId::new)));
            last.map(|last| Task::ChecksumMessages(MessageId::new(last)))
        }
        Task::ChecksumEvents(after) => {
            let add = tx.events.expect_add_checksums();
            add.withf(move |id, rows| *id == after && (1..=500).contains(rows))
                .times(1)
                .returning(move |_, _| Ok(last.map(EventId::new)));
            last.map(|last| Task::ChecksumEvents(EventId::new(last)))
        }
        _ => unreachable!("computes no checksums"),
    };
    if let Some(rest) = rest {
        tx.jobs.expect_enqueue().with(eq(rest), eq(NOW)).times(1).returning(|_, _| Ok(()));
    }
    tx
}

/// The job is put off for a minute.
fn postpones(job: Job) -> MockTx {
    let mut tx = MockTx::new();
    let until = NOW.plus(Duration::from_secs(60));
    tx.jobs.expect_postpone().with(eq(job.id), eq(until)).times(1).returning(|_, _| Ok(()));
    tx
}

/// A job that was reported as failed, and why.
type Failure = (Job, Error);

/// Works the script off: the outcome, the failures, and what ran.
fn run(script: Vec<Step>) -> (Result<(), Error>, Vec<Failure>, Vec<Ran>) {
    let storage = ScriptedStorage::of(script);
    let failures = Mutex::new(Vec::new());
    let report = |job, error: &Error| failures.lock().unwrap().push((job, error.clone()));
    let outcome = block_on(run_due_jobs(&storage, report));
    (outcome, failures.into_inner().unwrap(), storage.finish())
}

/// Works a script off in which nothing fails.
fn run_smoothly(script: impl IntoIterator<Item = MockTx>) -> Vec<Ran> {
    let (outcome, failures, ran) = run(script.into_iter().map(Step::from).collect());
    assert_eq!((outcome, failures), (Ok(()), vec![]));
    ran
}

#[test]
fn without_jobs_there_is_one_look_on_a_reader() {
    let ran = run_smoothly([finds(None)]);
    assert_eq!(ran[0].access, Access { mode: Mode::Read, caller: Caller::System });
}

#[test]
fn the_bots_of_a_deleted_user_are_deleted_by_a_job() {
    let bot = UserId::new(30);
    let mut tx = locks().owns_bots(OTHER, &[bot]).finds_user(crate::testing::bot(bot, OTHER));
    tx.accounts.expect_lock().withf(move |users, _| *users == [bot]).times(1).returning(|_, _| Ok(()));
    let ran =
        run_smoothly([finds(Some(END_BOTS)), finishes(tx.deletes_user(bot, &[]), END_BOTS), finds(None)]);
    assert_eq!(ran[1].emitted, [(Audience::All, None, Event::UserDeleted(bot))]);
}

#[test]
fn a_step_writes_on_behalf_of_the_server() {
    let ran =
        run_smoothly([finds(Some(PURGE_GROUP)), finishes(purges_group(true), PURGE_GROUP), finds(None)]);
    assert_eq!(ran[1].access, Access { mode: Mode::Write, caller: Caller::System });
}

#[test]
fn a_group_is_purged_in_small_steps_and_the_job_removed_with_the_last() {
    run_smoothly([
        finds(Some(PURGE_GROUP)),
        purges_group(false),
        finds(Some(PURGE_GROUP)),
        finishes(purges_group(true), PURGE_GROUP),
        finds(None),
    ]);
}

#[test]
fn invitations_end_before_their_group_is_purged_and_after_the_memberships_of_their_user() {
    let invitations = || vec![SentInvitation { id: INVITATION, user: ME, invited_by: OTHER }];
    let mut of_group = locks();
    of_group.blocks.expect_find_many().returning(|_| Ok(Vec::new()));
    of_group.invitations.expect_remove().with(eq(INVITATION)).times(1).returning(|_| Ok(true));
    of_group.invitations.expect_some_to().times(1).returning(move |_, _| Ok(invitations()));
    let script = [finds(Some(PURGE_GROUP)), of_group, finds(None)];
    let ran = run_smoothly(script);
    assert_eq!(ran[1].emitted.len(), 1);
    let mut of_user = locks();
    of_user.blocks.expect_find_many().returning(|_| Ok(Vec::new()));
    let removal = of_user.invitations.expect_remove_with().with(eq(INVITATION), eq(OTHER));
    removal.times(1).returning(|_, _| Ok(true));
    of_user.members.expect_groups_of().times(1).returning(|_, _| Ok(Vec::new()));
    of_user.invitations.expect_some_with().times(1).returning(move |_, _| Ok(invitations()));
    let ran = run_smoothly([finds(Some(END_MEMBERSHIPS)), of_user, finds(None)]);
    assert_eq!(ran[1].emitted.len(), 1);
}

#[test]
fn a_job_that_another_server_has_done_meanwhile_is_left_alone() {
    let mut tx = MockTx::new();
    tx.jobs.expect_lock().with(eq(PURGE_GROUP.id)).times(1).returning(|_| Ok(false));
    run_smoothly([finds(Some(PURGE_GROUP)), tx, finds(None)]);
}

#[test]
fn likes_are_purged_in_small_steps_and_the_job_removed_with_the_last() {
    run_smoothly([
        finds(Some(PURGE_REACTIONS)),
        purges_likes(false),
        finds(Some(PURGE_REACTIONS)),
        finishes(purges_likes(true), PURGE_REACTIONS),
        finds(None),
    ]);
}

#[test]
fn memberships_end_until_none_is_left_and_only_then_the_job_is_removed() {
    let ran = run_smoothly([
        finds(Some(END_MEMBERSHIPS)),
        ends_memberships(2),
        finds(Some(END_MEMBERSHIPS)),
        finishes(ends_memberships(0), END_MEMBERSHIPS),
        finds(None),
    ]);
    assert_eq!(ran[1].emitted.len(), 2, "each group learns of it");
}

#[test]
fn checksums_are_computed_in_small_steps_each_of_which_continues_where_the_last_ended() {
    let messages = |id| Job { id: JobId::new(4), task: Task::ChecksumMessages(MessageId::new(id)) };
    let events = |id| Job { id: JobId::new(5), task: Task::ChecksumEvents(EventId::new(id)) };
    for (first, rest) in [(messages(0), messages(400)), (events(0), events(400))] {
        run_smoothly([
            finds(Some(first)),
            finishes(computes_checksums(first.task, Some(400)), first),
            finds(Some(rest)),
            finishes(computes_checksums(rest.task, None), rest),
            finds(None),
        ]);
    }
}

#[test]
fn a_job_that_fails_is_reported_and_put_off_and_the_next_runs() {
    let mut failing = locks();
    failing.invitations.expect_some_to().returning(|_, _| Ok(Vec::new()));
    failing.groups.expect_purge().returning(|_, _| Err(fault()));
    let (outcome, failures, ran) = run(vec![
        finds(Some(PURGE_GROUP)).into(),
        failing.into(),
        postpones(PURGE_GROUP).into(),
        finds(Some(PURGE_REACTIONS)).into(),
        finishes(purges_likes(true), PURGE_REACTIONS).into(),
        finds(None).into(),
    ]);
    assert_eq!((outcome, failures), (Ok(()), vec![(PURGE_GROUP, fault().into())]));
    assert_eq!(ran[1].decisions, [CommitDecision::RollBack]);
}

#[test]
fn a_job_that_panics_is_put_off_likewise() {
    let (outcome, failures, _) = run(vec![
        finds(Some(PURGE_GROUP)).into(),
        Step::refused(StorageFault::Panicked),
        postpones(PURGE_GROUP).into(),
        finds(None).into(),
    ]);
    assert_eq!((outcome, failures), (Ok(()), vec![(PURGE_GROUP, StorageFault::Panicked.into())]));
}

#[test]
fn when_not_even_putting_off_works_there_is_no_going_on() {
    let (outcome, failures, _) = run(vec![
        finds(Some(PURGE_GROUP)).into(),
        Step::refused(StorageFault::Panicked),
        Step::refused(fault()),
    ]);
    assert_eq!((outcome, failures.len()), (Err(fault().into()), 1));
}

#[test]
fn when_not_even_looking_works_there_is_no_going_on() {
    let (outcome, failures, _) = run(vec![Step::refused(fault())]);
    assert_eq!((outcome, failures), (Err(fault().into()), vec![]));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| finds(None), next);
    assert_hands_faults_on(|| postpones(PURGE_GROUP), |tx| postpone(tx, PURGE_GROUP));
    assert_hands_faults_on(|| finishes(purges_group(true), PURGE_GROUP), |tx| step(tx, PURGE_GROUP));
    assert_hands_faults_on(|| finishes(purges_likes(true), PURGE_REACTIONS), |tx| step(tx, PURGE_REACTIONS));
    assert_hands_faults_on(|| ends_memberships(2), |tx| step(tx, END_MEMBERSHIPS));
}
