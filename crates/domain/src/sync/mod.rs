//! What a client shows first, in one snapshot, and what has changed of it since an earlier one.

mod changes;
mod model;
mod repository;
mod take;

pub use changes::MAX_EVENTS;
pub use model::{GroupOverview, LatestMessage, MAX_GROUPS, MAX_INVITATIONS, Snapshot};
#[cfg(test)]
pub(crate) use repository::MockOverviewRepository;
pub use repository::{OverviewQuery, OverviewRepository, StoredOverview};
pub use take::take;
