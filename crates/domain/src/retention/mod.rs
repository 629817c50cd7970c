//! Removing messages for their age.

mod choose;
mod due;
mod preview;
mod repository;
mod run;
mod step;
mod terms;

pub use preview::{RetentionPreview, preview_retention};
#[cfg(test)]
pub(crate) use repository::MockRetentionRepository;
pub use repository::{AgedMessage, Purged, RetentionRepository, TrimState};
pub use run::{RetentionBy, RetentionRun, run_retention};
pub use step::{Step, trim};
pub use terms::RetentionTerms;
