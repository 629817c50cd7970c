//! Durable jobs.

use diesel::prelude::*;
use groupchat_domain::ids::{GroupId, JobId, MessageId, UserId};
use groupchat_domain::jobs::{Job, JobRepository, Task};
use groupchat_domain::storage::{StorageFault, Tx};
use groupchat_domain::time::Timestamp;

use super::locks;
use crate::connection::on_backend;
use crate::schema::jobs;
use crate::tx::DbTx;

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct JobRow {
    id: i64,
    kind: String,
    subject_id: i64,
}

impl TryFrom<JobRow> for Job {
    type Error = diesel::result::Error;

    fn try_from(row: JobRow) -> Result<Self, Self::Error> {
        let task = match row.kind.as_str() {
            PURGE_GROUP => Task::PurgeGroup(GroupId::new(row.subject_id)),
            PURGE_LIKES => Task::PurgeLikes(MessageId::new(row.subject_id)),
            END_MEMBERSHIPS => Task::EndMemberships(UserId::new(row.subject_id)),
            unknown => {
                let reason = format!("the database holds an unknown kind of job: {unknown:?}");
                return Err(Self::Error::DeserializationError(reason.into()));
            }
        };
        Ok(Self { id: JobId::new(row.id), task })
    }
}

const PURGE_GROUP: &str = "purge_group";
const PURGE_LIKES: &str = "purge_likes";
const END_MEMBERSHIPS: &str = "end_memberships";

/// A task as the table holds it: its kind, and the id of what it is about.
const fn columns(task: Task) -> (&'static str, i64) {
    match task {
        Task::PurgeGroup(group) => (PURGE_GROUP, group.get()),
        Task::PurgeLikes(message) => (PURGE_LIKES, message.get()),
        Task::EndMemberships(user) => (END_MEMBERSHIPS, user.get()),
    }
}

impl JobRepository for DbTx<'_> {
    fn enqueue(&mut self, task: Task, at: Timestamp) -> Result<(), StorageFault> {
        let (kind, subject) = columns(task);
        let row = diesel::insert_into(jobs::table).values((
            jobs::kind.eq(kind),
            jobs::subject_id.eq(subject),
            jobs::run_after.eq(at.as_micros()),
            jobs::created_at.eq(self.now().as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn next(&mut self, now: Timestamp, furthest: Timestamp) -> Result<Option<Job>, StorageFault> {
        let in_order = jobs::table.order((jobs::run_after, jobs::id));
        let due = in_order.filter(jobs::run_after.le(now.as_micros()));
        let impossible = in_order.filter(jobs::run_after.gt(furthest.as_micros()));
        on_backend!(self, |connection| {
            let row = match due.select(JobRow::as_select()).first(connection).optional()? {
                Some(row) => Some(row),
                None => impossible.select(JobRow::as_select()).first(connection).optional()?,
            };
            row.map(Job::try_from).transpose()
        })
    }

    fn lock(&mut self, job: JobId) -> Result<bool, StorageFault> {
        self.run(|connection| locks::job(connection, job))
    }

    fn postpone(&mut self, job: JobId, until: Timestamp) -> Result<(), StorageFault> {
        let row = jobs::table.filter(jobs::id.eq(job.get()));
        let change = diesel::update(row).set(jobs::run_after.eq(until.as_micros()));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn finish(&mut self, job: JobId) -> Result<(), StorageFault> {
        let row = jobs::table.filter(jobs::id.eq(job.get()));
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(drop)
    }
}
