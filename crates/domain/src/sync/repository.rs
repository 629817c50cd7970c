//! The port for overviews of one's groups.

use crate::accounts::UserRef;
use crate::groups::{Group, Standing};
use crate::ids::{GroupId, UserId};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::sync::model::LatestMessage;

/// Which groups to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewQuery {
    /// Whose groups.
    pub viewer: UserId,
    /// Only these; `None` for all.
    pub only: Option<Vec<GroupId>>,
    /// The most rows.
    pub limit: i64,
}

/// A group as it is stored, with what is stored beside it for an overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOverview {
    /// The group.
    pub group: Group,
    /// How the viewer, a member, stands in it.
    pub standing: Standing,
    /// How many messages mention the viewer who has not read them, whether or not the role allows to.
    pub unread_mentions: i64,
    /// The newest message, whether or not the viewer may read it.
    pub latest: Option<LatestMessage>,
}

repository! {
    /// Groups as lists of groups show them.
    #[cfg_attr(test, mockall::automock)]
    pub trait OverviewRepository {
        /// Groups and direct conversations that the viewer is in: the one with the newest message first, where a group
        /// without any counts as if one had been sent when it was created; of equal times the one with the greatest id.
        /// MUST be one query.
        fn list(&mut self, query: &OverviewQuery) -> Result<Vec<StoredOverview>, StorageFault>;

        /// The direct conversations that the user is in, the newest first: at most `limit`.
        fn direct(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault>;

        /// The others in these groups than the user, by group and then by id.
        fn people(&mut self, user: UserId, groups: &[GroupId]) -> Result<Vec<(GroupId, UserRef)>, StorageFault>;
    }
}
