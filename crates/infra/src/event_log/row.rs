//! Events as rows of the log's table.

use diesel::prelude::*;
use groupchat_domain::events::{Audience, Event};
use groupchat_domain::ids::UserId;
use groupchat_domain::time::Timestamp;

use crate::schema::events;

/// A row of the log but for its id: the type and the ids, never what somebody wrote.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub(crate) struct EventRow {
    at: i64,
    event_type: &'static str,
    actor_id: Option<i64>,
    audience: &'static str,
    group_id: Option<i64>,
    user_id: Option<i64>,
    message_id: Option<i64>,
    session_id: Option<i64>,
}

impl EventRow {
    /// The row of an event that happened `at` this time.
    pub(crate) fn new(at: Timestamp, to: Audience, actor: Option<UserId>, event: &Event) -> Self {
        let mut row = Self {
            at: at.as_micros(),
            event_type: event.event_type().as_str(),
            actor_id: actor.map(|id| id.get()),
            audience: "all",
            group_id: event.subject_group().map(|id| id.get()),
            user_id: event.subject_user().map(|id| id.get()),
            message_id: event.subject_message().map(|id| id.get()),
            session_id: None,
        };
        row.address_to(to);
        row
    }

    /// Where an audience names a group or a user, it is the one that the event is about.
    fn address_to(&mut self, audience: Audience) {
        match audience {
            Audience::All => self.audience = "all",
            Audience::Group(group) => {
                self.audience = "group";
                self.group_id = Some(group.get());
            }
            Audience::GroupAndUser(group, user) => {
                self.audience = "group_and_user";
                self.group_id = Some(group.get());
                self.user_id = Some(user.get());
            }
            Audience::User(user) => {
                self.audience = "user";
                self.user_id = Some(user.get());
            }
            Audience::Session(session) => {
                self.audience = "session";
                self.session_id = Some(session.get());
            }
        }
    }
}
