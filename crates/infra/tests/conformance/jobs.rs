//! Durable jobs.

use groupchat_domain::ids::{EventId, GroupId, MessageId, UserId};
use groupchat_domain::jobs::Task;
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Timestamp;

use crate::support::fixture::at;

const FIRST: Task = Task::PurgeGroup(GroupId::new(7));
const SECOND: Task = Task::EndMemberships(UserId::new(8));

/// Further away than any job is put off.
const FAR: Timestamp = Timestamp::from_micros(i64::MAX);

/// What is to be done at the time `micros`.
fn due(tx: &mut dyn Tx, micros: i64) -> Option<Task> {
    tx.jobs().next(at(micros), FAR).unwrap().map(|job| job.task)
}

fn jobs_run_when_they_are_due_the_longest_waiting_first(tx: &mut dyn Tx) {
    assert_eq!(due(tx, 100), None);
    tx.jobs().enqueue(SECOND, at(20)).unwrap();
    tx.jobs().enqueue(FIRST, at(10)).unwrap();
    assert_eq!(due(tx, 9), None);
    assert_eq!(due(tx, 10), Some(FIRST));
    assert_eq!(due(tx, 30), Some(FIRST));
    let job = tx.jobs().next(at(30), FAR).unwrap().unwrap();
    tx.jobs().finish(job.id).unwrap();
    assert_eq!(due(tx, 19), None);
    assert_eq!(due(tx, 30), Some(SECOND));
}

fn a_postponed_job_lets_others_go_first(tx: &mut dyn Tx) {
    tx.jobs().enqueue(FIRST, at(10)).unwrap();
    tx.jobs().enqueue(SECOND, at(10)).unwrap();
    let job = tx.jobs().next(at(10), FAR).unwrap().unwrap();
    assert_eq!(job.task, FIRST, "of two the one that was there first");
    tx.jobs().postpone(job.id, at(50)).unwrap();
    assert_eq!(due(tx, 50), Some(SECOND));
    let other = tx.jobs().next(at(49), FAR).unwrap().unwrap();
    tx.jobs().finish(other.id).unwrap();
    assert_eq!(due(tx, 49), None);
    assert_eq!(due(tx, 50), Some(FIRST));
}

fn a_job_of_a_clock_that_was_ahead_is_due_after_all_others(tx: &mut dyn Tx) {
    tx.jobs().enqueue(FIRST, at(1_000)).unwrap();
    tx.jobs().enqueue(SECOND, at(50)).unwrap();
    let next = |tx: &mut dyn Tx, now, furthest| {
        tx.jobs().next(at(now), at(furthest)).unwrap().map(|job| (job.id, job.task))
    };
    assert_eq!(next(tx, 40, 1_000), None);
    assert_eq!(next(tx, 40, 999).map(|(_, task)| task), Some(FIRST));
    let (id, task) = next(tx, 50, 999).unwrap();
    assert_eq!(task, SECOND);
    tx.jobs().finish(id).unwrap();
    assert_eq!(next(tx, 50, 999).map(|(_, task)| task), Some(FIRST));
}

fn a_job_is_locked_until_it_is_done(tx: &mut dyn Tx) {
    tx.jobs().enqueue(FIRST, at(10)).unwrap();
    let job = tx.jobs().next(at(10), FAR).unwrap().unwrap();
    assert_eq!(tx.jobs().lock(job.id), Ok(true));
    tx.jobs().finish(job.id).unwrap();
    assert_eq!(tx.jobs().lock(job.id), Ok(false));
}

fn every_task_is_read_back_as_it_was_stored(tx: &mut dyn Tx) {
    let tasks = [
        FIRST,
        SECOND,
        Task::PurgeReactions(MessageId::new(9)),
        Task::ChecksumMessages(MessageId::new(10)),
        Task::ChecksumEvents(EventId::new(11)),
    ];
    for (place, task) in (1..).zip(tasks) {
        tx.jobs().enqueue(task, at(place)).unwrap();
    }
    for task in tasks {
        let job = tx.jobs().next(at(100), FAR).unwrap().unwrap();
        assert_eq!(job.task, task);
        tx.jobs().finish(job.id).unwrap();
    }
    assert_eq!(due(tx, 100), None);
}

cases! { transaction:
    jobs_run_when_they_are_due_the_longest_waiting_first
    a_job_of_a_clock_that_was_ahead_is_due_after_all_others
    a_postponed_job_lets_others_go_first
    a_job_is_locked_until_it_is_done
    every_task_is_read_back_as_it_was_stored
}
