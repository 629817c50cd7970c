//! The values of events and their form in JSON.

use groupchat_domain::events::{Cursor, EndReason};
use groupchat_domain::presence::Presence;
use groupchat_domain::validation::{Violation, ViolationCode};
use serde::Serializer;
use serde_json::{Value, json};

use crate::wire::{Described, FromJson, ToJson, id_rules, plain_texts, write_as_str};

/// The longest that a poll waits, in seconds.
const MAX_WAIT: u64 = 60;

/// Why a stream may end.
const ENDS: [EndReason; 4] =
    [EndReason::SignedOut, EndReason::TooSlow, EndReason::Stopping, EndReason::Unavailable];
const PRESENCES: [Presence; 3] = [Presence::Online, Presence::Away, Presence::Offline];

plain_texts! {
    /// A ticket that was just issued.
    // Without `Debug`, which would show it.
    TicketText => json!({"minLength": 1, "example": "gc_7Yq2mWl0sXcVb4nRk9TzHuJdPf6gEo1aLi3tQyBx5Nw"});
}

impl Described for Cursor {
    type Json = String;

    fn rules() -> Value {
        json!({"minLength": 1, "example": "0badc0de-41"})
    }
}

impl FromJson for Cursor {
    fn from_json(json: String) -> Result<Self, Violation> {
        let detail = "must be the `cursor` of an event or of an earlier response";
        Self::parse(&json).ok_or_else(|| Violation::new(ViolationCode::InvalidFormat, detail))
    }
}

impl ToJson for Cursor {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// For how many seconds to wait.
#[derive(Debug)]
pub(super) struct Wait(pub u64);

impl FromJson for Wait {
    fn from_json(seconds: u64) -> Result<Self, Violation> {
        if seconds <= MAX_WAIT {
            return Ok(Self(seconds));
        }
        let detail = format!("must be from 0 to {MAX_WAIT} seconds, is {seconds}");
        Err(Violation::new(ViolationCode::OutOfRange, detail))
    }
}

/// A number of seconds.
#[derive(Debug)]
pub(crate) struct Seconds(pub u64);

/// A number of milliseconds.
#[derive(Debug)]
pub(crate) struct Milliseconds(pub u64);

macro_rules! durations {
    ($($name:ident => $rules:expr;)+) => {$(
        impl Described for $name {
            type Json = u64;

            fn rules() -> Value {
                $rules
            }
        }

        impl ToJson for $name {
            fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }
    )+};
}

durations! {
    Wait => json!({"minimum": 0, "maximum": MAX_WAIT, "default": 0, "example": MAX_WAIT});
    Seconds => json!({"minimum": 0, "example": 30});
    Milliseconds => json!({"minimum": 0, "example": 1_734});
}

/// The id of what is gone: a user, or a group.
#[derive(Debug)]
pub(crate) struct GoneId(pub i64);

impl Described for GoneId {
    type Json = i64;

    fn rules() -> Value {
        id_rules(true)
    }
}

impl ToJson for GoneId {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

/// The server's version.
#[derive(Debug)]
pub(crate) struct ServerVersion(pub &'static str);

impl ServerVersion {
    const fn as_str(&self) -> &'static str {
        self.0
    }
}

macro_rules! words {
    ($($name:ident => $rules:expr;)+) => {$(
        impl Described for $name {
            type Json = String;

            fn rules() -> Value {
                $rules
            }
        }
    )+};
}

words! {
    ServerVersion => json!({"example": "1.0.0"});
    EndReason => json!({"enum": ENDS.map(EndReason::as_str)});
    Presence => json!({"enum": PRESENCES.map(presence_word), "example": presence_word(Presence::Online)});
}

write_as_str! { ServerVersion EndReason }

/// How a presence is written.
const fn presence_word(presence: Presence) -> &'static str {
    match presence {
        Presence::Online => "online",
        Presence::Away => "away",
        Presence::Offline => "offline",
    }
}

impl ToJson for Presence {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(presence_word(*self))
    }
}
