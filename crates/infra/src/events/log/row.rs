//! Events as rows of the log's table.

use diesel::prelude::*;
use groupchat_domain::events::{Audience, Event, SubjectIds};
use groupchat_domain::ids::UserId;
use groupchat_domain::messages::Emoji;
use groupchat_domain::time::Timestamp;

use crate::checksum::EventColumns;
use crate::schema::events;

/// A row of the log without its id: the type and the ids of the subject, never text that somebody wrote.
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
    checksum: i64,
    invitation_id: Option<i64>,
    emoji: Option<&'static str>,
}

impl EventRow {
    /// The row of an event that happened at this time.
    pub(crate) fn new(at: Timestamp, to: Audience, actor: Option<UserId>, event: &Event) -> Self {
        let SubjectIds { group, user, message, invitation, emoji } = event.ids();
        let (audience, session_id) = columns(to);
        let row = Self {
            at: at.as_micros(),
            event_type: event.event_type().as_str(),
            actor_id: actor.map(|id| id.get()),
            audience,
            group_id: group.map(|id| id.get()),
            user_id: user.map(|id| id.get()),
            message_id: message.map(|id| id.get()),
            session_id,
            checksum: 0,
            invitation_id: invitation.map(|id| id.get()),
            emoji: emoji.map(Emoji::as_str),
        };
        Self { checksum: row.checksum(), ..row }
    }

    fn checksum(&self) -> i64 {
        let columns = EventColumns {
            at: &self.at,
            event_type: &self.event_type,
            actor_id: &self.actor_id,
            audience: &self.audience,
            group_id: &self.group_id,
            user_id: &self.user_id,
            message_id: &self.message_id,
            session_id: &self.session_id,
            invitation_id: &self.invitation_id,
            emoji: &self.emoji,
        };
        columns.checksum()
    }
}

/// An audience as stored: its name, and the session if it is one. The group or user of an audience is that of the
/// subject.
fn columns(audience: Audience) -> (&'static str, Option<i64>) {
    match audience {
        Audience::All => ("all", None),
        Audience::Group(_) => ("group", None),
        Audience::GroupAndUser(..) => ("group_and_user", None),
        Audience::User(_) => ("user", None),
        Audience::Session(session) => ("session", Some(session.get())),
    }
}
