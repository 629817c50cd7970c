//! The event log: the events that commands emit, in order.

mod cursor;
mod event_type;
mod live;
mod load;
mod model;
mod prune;
mod reads;
mod record;
mod replay;
mod repository;
mod viewer;

pub use cursor::{Cursor, Epoch, LogState};
pub use event_type::EventType;
#[cfg(test)]
pub(crate) use live::MockLiveEvents;
pub use live::{Delivery, Feed, LiveEvents, Passing, PassingTo, Shared};
pub use load::{load, load_after};
pub use model::{Audience, Event, LoggedEvent};
pub use prune::{Retention, prune};
pub use reads::read_since;
pub use record::EventRecord;
pub use replay::{Stretch, log_state, replay};
#[cfg(test)]
pub(crate) use repository::MockEventRepository;
pub use repository::{EventRepository, Kept};
pub use viewer::Viewer;
