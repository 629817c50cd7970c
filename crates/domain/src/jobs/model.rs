//! Durable jobs: work that is too large for one command runs in several small ones, and continues after a restart.

use crate::ids::{GroupId, JobId, MessageId, UserId};

/// What a job has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Remove all that a deleted group holds.
    PurgeGroup(GroupId),
    /// Remove the likes of a deleted message.
    PurgeLikes(MessageId),
    /// End the memberships of a deleted user.
    EndMemberships(UserId),
}

/// A job that waits to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The job's id.
    pub id: JobId,
    /// What it has to do.
    pub task: Task,
}
