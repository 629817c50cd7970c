//! Runs durable jobs in the background.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::jobs::run_due_jobs;
use groupchat_domain::storage::Storage;

use crate::runner::{Signal, repeat};

/// How often to look for jobs that were put off, or that another process has enqueued.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Works jobs off as they come, until it is dropped.
pub(crate) async fn run(storage: Arc<dyn Storage>, signal: Arc<Signal>) {
    let run_jobs = async || {
        run_due_jobs(&*storage, |job, error| {
            tracing::warn!(job = %job.id, task = ?job.task, %error, "a job failed and was postponed");
        })
        .await?;
        Ok(POLL_INTERVAL)
    };
    repeat("running jobs", signal, run_jobs).await;
}
