//! What a request for events asks.

use std::time::Duration;

use groupchat_domain::events::Cursor;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use crate::problem::ApiError;
use crate::wire::Fields;

/// The longest that a poll waits, in seconds.
pub(crate) const LONGEST_WAIT: u64 = 60;

/// Where to begin.
#[derive(Debug, Deserialize, Apiv2Schema)]
pub struct StreamParams {
    /// The cursor of the last event that the client has got. Without one: from now on.
    pub cursor: Option<String>,
    /// A ticket, for clients that can't send headers.
    #[allow(dead_code, reason = "read where the caller is; here for the document")]
    pub ticket: Option<String>,
}

/// Where to begin, and how long to wait.
#[derive(Debug, Deserialize, Apiv2Schema)]
pub struct PollParams {
    /// The cursor of the last event that the client has got. Without one, the answer has the cursor of now.
    pub cursor: Option<String>,
    /// How many seconds to wait for an event if there is none: 0–60, usually 0.
    pub wait: Option<u64>,
}

impl StreamParams {
    /// The cursor; that of the header, which a browser sends when it comes back, wins over that of the URL it
    /// began with.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(self, last_event_id: Option<&str>) -> Result<Option<Cursor>, ApiError> {
        let mut fields = Fields::new();
        let cursor = fields.optional("cursor", last_event_id.or(self.cursor.as_deref()), parse_cursor);
        fields.finish()?;
        Ok(cursor)
    }
}

impl PollParams {
    /// The cursor and the time to wait.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(self) -> Result<(Option<Cursor>, Duration), ApiError> {
        let mut fields = Fields::new();
        let cursor = fields.optional("cursor", self.cursor.as_deref(), parse_cursor);
        let wait = fields.optional("wait", self.wait, parse_wait).unwrap_or_default();
        fields.finish()?;
        Ok((cursor, wait))
    }
}

fn parse_cursor(text: &str) -> Result<Cursor, Violation> {
    Cursor::parse(text).ok_or_else(|| {
        Violation::new(
            ViolationCode::InvalidFormat,
            "must be the `cursor` of an event or of an earlier answer",
        )
    })
}

fn parse_wait(seconds: u64) -> Result<Duration, Violation> {
    if seconds <= LONGEST_WAIT {
        Ok(Duration::from_secs(seconds))
    } else {
        let detail = format!("must be from 0 to {LONGEST_WAIT} seconds, is {seconds}");
        Err(Violation::new(ViolationCode::OutOfRange, detail))
    }
}
