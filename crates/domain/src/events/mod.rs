//! The event log: the events that commands emit, in order.
//!
//! `table` has a row for each event type, with its `subject` and its `audience`; `about` is what all subjects have. The
//! log stores a `record` of each event, and `load` turns it back into an event. A `subscriber` gets a `replay` of the
//! log, then `live` events.

mod about;
mod audience;
mod cursor;
mod end;
mod live;
mod load;
mod model;
mod prune;
mod read_cursors;
mod record;
mod replay;
mod repository;
mod restore;
mod rows;
mod subject;
mod subscriber;
mod table;
mod viewer;

pub use about::SubjectIds;
pub use audience::Audience;
pub use cursor::{Cursor, Epoch, LogState};
pub use end::EndReason;
#[cfg(test)]
pub(crate) use live::MockLiveEvents;
pub use live::{Delivery, EphemeralAudience, EphemeralEvent, Feed, LiveEvents, ReadUpdate, SharedEvent};
pub use load::{load, load_after};
pub use model::LoggedEvent;
pub use prune::{Retention, prune};
pub(crate) use read_cursors::moved_since;
pub use read_cursors::read_since;
pub use record::EventRecord;
pub(crate) use replay::viewer_at;
pub use replay::{ReplayPage, log_state, replay};
#[cfg(test)]
pub(crate) use repository::MockEventRepository;
pub use repository::{EventRepository, Removed, Retained};
pub use subject::{
    AddedMember, BanUpdate, BookmarkUpdate, DirectPartner, DraftUpdate, EndedBan, EndedJoinRequest,
    GroupMember, GroupSenders, GroupUpdate, JoinRequestUpdate, MentionUpdate, MessageReaction, OwnMembership,
    OwnSchedule, OwnThread, PollUpdate, ReminderUpdate, RemovedGroup, RemovedMember, RolesOfUser,
    SentScheduled, ServerRoles, Subject, SubjectKind, ThreadUpdate, Tombstone, TrimmedHistory, UserUpdate,
};
pub use subscriber::{Backpressure, Delivered, Item, Subscriber, SubscriberKind, Subscription};
pub use table::{Event, EventType};
pub use viewer::Viewer;
