//! Logs which default groups new users were not put into.

use groupchat_domain::groups::{GroupJournal, SkipReason};
use groupchat_domain::ids::GroupId;

/// Logs one line for each group.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogGroupJournal;

impl GroupJournal for LogGroupJournal {
    fn skipped(&self, group: GroupId, reason: SkipReason) {
        tracing::warn!(%group, %reason, "a new user was not put into a default group");
    }
}
