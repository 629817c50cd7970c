//! Durable jobs.

use diesel::prelude::*;
use groupchat_domain::jobs::{Job, JobId, JobRepository, Task};
use groupchat_domain::storage::{StorageFault, Tx};
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::schema::jobs;
use crate::sql::locks;
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
        let task = Task::from_stored(&row.kind, row.subject_id).ok_or_else(|| {
            let reason = format!("the database holds an unknown kind of job: {:?}", row.kind);
            Self::Error::DeserializationError(reason.into())
        })?;
        Ok(Self { id: JobId::new(row.id), task })
    }
}

impl JobRepository for DbTx<'_> {
    fn enqueue(&mut self, task: Task, at: Timestamp) -> Result<(), StorageFault> {
        let (kind, subject) = task.stored();
        let row = diesel::insert_into(jobs::table).values((
            jobs::kind.eq(kind),
            jobs::subject_id.eq(subject),
            jobs::run_after.eq(at.as_micros()),
            jobs::created_at.eq(self.now().as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection))?;
        self.note_job();
        Ok(())
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
