//! What happened, in order: the events that commands emit and the log keeps.

mod model;

pub use model::{Audience, Event, EventType, LoggedEvent};
