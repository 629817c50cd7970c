//! Runs durable jobs in commands that are small enough not to delay others.

use std::time::Duration;

use crate::admissions::{end_all_of_group, end_all_of_user, end_requests_of_user};
use crate::bots::end_bots;
use crate::error::Error;
use crate::groups::end_membership;
use crate::ids::UserId;
use crate::jobs::model::{Job, Task};
use crate::storage::{Access, Caller, Mode, Storage, Tx};

/// The maximum number of rows that one command of a job touches.
const ROWS_PER_STEP: i64 = 400;
/// The maximum number of memberships, or of requests to join, that one command ends. Each takes several statements and up to two events.
const MEMBERSHIPS_PER_STEP: i64 = 50;
/// The maximum number of invitations that one command ends. Each takes a statement and an event.
const INVITATIONS_PER_STEP: i64 = 100;
/// The maximum number of bots that one command deletes. Each takes some twenty statements.
const BOTS_PER_STEP: i64 = 10;
/// How long a job waits after a failure. A job that seems to wait for longer was stored by a clock that was ahead, and
/// is due.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// Runs all jobs that may run now, until none is left. A job that fails is postponed for a minute, so that it doesn't
/// keep others from running, and reported to `on_failure`.
///
/// # Errors
/// A fault that would make the other jobs fail, too.
pub async fn run_due_jobs(storage: &dyn Storage, on_failure: impl Fn(Job, &Error)) -> Result<(), Error> {
    let read = Access { mode: Mode::Read, caller: Caller::System };
    let write = Access { mode: Mode::Write, caller: Caller::System };
    while let Some(job) = storage.run(read, |tx| next(tx)).await? {
        if let Err(error) = storage.run(write, move |tx| step(tx, job)).await {
            on_failure(job, &error);
            storage.run(write, move |tx| postpone(tx, job)).await?;
        }
    }
    Ok(())
}

fn next(tx: &mut dyn Tx) -> Result<Option<Job>, Error> {
    let now = tx.now();
    Ok(tx.jobs().next(now, now.plus(RETRY_AFTER))?)
}

fn postpone(tx: &mut dyn Tx, job: Job) -> Result<(), Error> {
    let until = tx.now().plus(RETRY_AFTER);
    Ok(tx.jobs().postpone(job.id, until)?)
}

/// Runs the next step of the job. Removes the job with the last step.
fn step(tx: &mut dyn Tx, job: Job) -> Result<(), Error> {
    // Another server may have finished it.
    if !tx.jobs().lock(job.id)? {
        return Ok(());
    }
    let done = match job.task {
        Task::PurgeGroup(group) => {
            end_all_of_group(tx, group, INVITATIONS_PER_STEP)? && tx.groups().purge(group, ROWS_PER_STEP)?
        }
        Task::ForgetGroup(group) => tx.groups().forget(group, ROWS_PER_STEP)?,
        Task::PurgeReactions(message) => tx.messages().purge_reactions(message, ROWS_PER_STEP)?,
        Task::PurgeBallots(message) => tx.polls().purge_ballots(message, ROWS_PER_STEP)?,
        Task::EndMemberships(user) => end_memberships(tx, user)?,
        Task::EndBots(owner) => end_bots(tx, owner, BOTS_PER_STEP)?,
        Task::RemoveRole(role) => tx.server_roles().remove_holders(role, ROWS_PER_STEP)?,
        Task::ChecksumMessages(after) => {
            let last = tx.messages().add_checksums(after, ROWS_PER_STEP)?;
            go_on(tx, last.map(Task::ChecksumMessages))?
        }
        Task::ChecksumEvents(after) => {
            let last = tx.events().add_checksums(after, ROWS_PER_STEP)?;
            go_on(tx, last.map(Task::ChecksumEvents))?
        }
    };
    if done {
        tx.jobs().finish(job.id)?;
    }
    Ok(())
}

/// Replaces a job by the one that is left of it, if any: a job says by its id how far it has come.
fn go_on(tx: &mut dyn Tx, rest: Option<Task>) -> Result<bool, Error> {
    if let Some(rest) = rest {
        let now = tx.now();
        tx.jobs().enqueue(rest, now)?;
    }
    Ok(true)
}

/// Ends memberships of a deleted user and, after the last of them, invitations, requests, links, bans, mutes, bookmarks,
/// reminders, scheduled messages and blocks. Nobody is told that a deleted user follows no threads any more.
fn end_memberships(tx: &mut dyn Tx, user: UserId) -> Result<bool, Error> {
    let groups = tx.members().groups_of(user, MEMBERSHIPS_PER_STEP)?;
    for group in &groups {
        end_membership(tx, *group, user)?;
    }
    Ok(groups.is_empty()
        && end_all_of_user(tx, user, INVITATIONS_PER_STEP)?
        && end_requests_of_user(tx, user, MEMBERSHIPS_PER_STEP)?
        && tx.invite_links().forget(user, ROWS_PER_STEP)?
        && tx.bans().forget(user, ROWS_PER_STEP)?
        && tx.mutes().forget(user, ROWS_PER_STEP)?
        && tx.threads().unfollow_oldest(user, None, 0)?.is_empty()
        && tx.bookmarks().forget(user, ROWS_PER_STEP)?
        && tx.reminders().forget(user).map(|()| true)?
        && tx.scheduled().forget(user, ROWS_PER_STEP)?
        && tx.blocks().purge(user, ROWS_PER_STEP)?)
}

#[cfg(test)]
mod tests;
