//! Durable jobs: work that is too large for one command runs in several small ones, and continues after a restart.

use crate::ids::{EventId, GroupId, MessageId, RoleId, UserId, integer_newtype};

macro_rules! tasks {
    ($($(#[doc = $doc:literal])+ $name:ident($id:ident) = $word:literal;)+) => {
        /// What a job has to do, with the id of what it is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Task {
            $($(#[doc = $doc])+ $name($id),)+
        }

        impl Task {
            /// The stable name of its kind, and the id, as they are stored.
            pub const fn stored(self) -> (&'static str, i64) {
                match self {
                    $(Self::$name(id) => ($word, id.get()),)+
                }
            }

            /// The task that is stored like this; `None` for a kind that this program doesn't know.
            pub fn from_stored(kind: &str, id: i64) -> Option<Self> {
                match kind {
                    $($word => Some(Self::$name($id::new(id))),)+
                    _ => None,
                }
            }
        }
    };
}

tasks! {
    /// Remove all that a deleted group holds.
    PurgeGroup(GroupId) = "purge_group";
    /// Remove what is left of a deleted private group once the log no longer has its deletion; or all of a direct
    /// conversation that nobody is left in.
    ForgetGroup(GroupId) = "forget_group";
    /// Remove the reactions to a deleted message.
    PurgeReactions(MessageId) = "purge_likes";
    /// Remove the ballots in a poll whose message was deleted.
    PurgeBallots(MessageId) = "purge_ballots";
    /// End the memberships, invitations, requests and links of a deleted user, and remove what groups keep about the user besides, and
    /// blocks.
    EndMemberships(UserId) = "end_memberships";
    /// Delete the bots of a deleted user.
    EndBots(UserId) = "end_bots";
    /// Remove what is left of a deleted role on the server: who had it.
    RemoveRole(RoleId) = "remove_role";
    /// Compute the checksums that are missing in the messages after this one. Enqueued by the migration that adds
    /// them.
    ChecksumMessages(MessageId) = "checksum_messages";
    /// Compute the checksums that are missing in the events after this one. Enqueued by the migration that adds them.
    ChecksumEvents(EventId) = "checksum_events";
}

integer_newtype! {
    /// A durable job.
    JobId;
}

/// A job that waits to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The job's id.
    pub id: JobId,
    /// What it has to do.
    pub task: Task,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_reads_back_as_it_is_stored() {
        for task in [
            Task::PurgeGroup(GroupId::new(7)),
            Task::ForgetGroup(GroupId::new(6)),
            Task::PurgeReactions(MessageId::new(8)),
            Task::PurgeBallots(MessageId::new(14)),
            Task::EndMemberships(UserId::new(9)),
            Task::EndBots(UserId::new(13)),
            Task::RemoveRole(RoleId::new(12)),
            Task::ChecksumMessages(MessageId::new(10)),
            Task::ChecksumEvents(EventId::new(11)),
        ] {
            let (kind, id) = task.stored();
            assert_eq!(Task::from_stored(kind, id), Some(task));
        }
        assert_eq!(Task::from_stored("purge", 7), None);
    }
}
