//! Messages that are sent later.

mod error;
mod model;
mod repository;
mod schedule;
mod send_due;

pub use error::ScheduledRefusal;
pub use model::{Failure, MAX_SCHEDULED, NewScheduled, Scheduled, ScheduledChanges, ScheduledId};
#[cfg(test)]
pub(crate) use repository::MockScheduledRepository;
pub use repository::{ScheduledQuery, ScheduledRepository};
pub use schedule::{Accepted, drop_scheduled, edit_scheduled, list_scheduled, schedule};
pub(crate) use send_due::{Sending, send_due};
