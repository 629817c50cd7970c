//! Durable jobs.

use groupchat_domain::jobs::{Job, JobId, JobRepository, Task};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::state::JobRow;
use crate::model::tx::ModelTx;

impl JobRepository for ModelTx<'_> {
    fn enqueue(&mut self, task: Task, at: Timestamp) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let id = JobId::new(tables.job_ids.take());
        tables.jobs.put(id, JobRow { task, run_after: at });
        self.has_enqueued = true;
        Ok(())
    }

    fn next(&mut self, now: Timestamp, furthest: Timestamp) -> Result<Option<Job>, StorageFault> {
        let tables = self.read()?;
        let longest_waiting = |may_run: &dyn Fn(Timestamp) -> bool| {
            let jobs = tables.jobs.iter().filter(|(_, job)| may_run(job.run_after));
            jobs.min_by_key(|(id, job)| (job.run_after, **id))
        };
        let next = longest_waiting(&|at| at <= now).or_else(|| longest_waiting(&|at| at > furthest));
        Ok(next.map(|(id, job)| Job { id: *id, task: job.task }))
    }

    fn lock(&mut self, job: JobId) -> Result<bool, StorageFault> {
        Ok(self.read()?.jobs.contains(&job))
    }

    fn postpone(&mut self, job: JobId, until: Timestamp) -> Result<(), StorageFault> {
        self.write()?.jobs.change(&job, |job| job.run_after = until);
        Ok(())
    }

    fn finish(&mut self, job: JobId) -> Result<(), StorageFault> {
        self.write()?.jobs.remove(&job);
        Ok(())
    }
}
