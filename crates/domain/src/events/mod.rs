//! What happened, in order: the events that commands emit and the log keeps.

mod event_type;
mod load;
mod model;
mod record;
mod repository;

pub use event_type::EventType;
pub use load::load;
pub use model::{Audience, Event, LoggedEvent};
pub use record::EventRecord;
pub use repository::EventRepository;
#[cfg(test)]
pub(crate) use repository::MockEventRepository;
