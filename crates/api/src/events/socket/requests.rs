//! The requests of clients on the socket, parsed into domain values.

use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{MessageDraft, ReadMark};
use groupchat_domain::presence::Activity;
use groupchat_domain::rates::RequestClass;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::extract::parse_json;
use crate::messages::{MessageDraftDto, ReactionChange, ReactionRequest, mark};
use crate::problem::ApiError;
use crate::wire::{Described, Fields, FromJson, Optional, Required};

/// The maximum number of characters in a request's id.
pub(crate) const MAX_ID_LENGTH: usize = 64;

/// What a client can ask for on the socket.
pub(super) enum SocketRequest {
    /// To send a message.
    Send(MessageDraft),
    /// To move the read cursor of a group, or of a thread.
    Read(GroupId, Option<MessageId>, ReadMark),
    /// To react to a message of a group, or to take a reaction back.
    React(GroupId, ReactionChange),
    /// To tell the members of a group whether the caller is typing.
    Typing { group: GroupId, is_active: bool },
    /// To tell others whether the caller is at the device.
    Presence(Activity),
    /// A reply.
    Ping,
}

impl SocketRequest {
    /// What it counts as; `None` for what only the limit on frames counts.
    pub(super) const fn class(&self) -> Option<RequestClass> {
        match self {
            Self::Send(_) => Some(RequestClass::Send),
            Self::Read(..) | Self::React(..) => Some(RequestClass::Write),
            Self::Typing { .. } | Self::Presence(_) | Self::Ping => None,
        }
    }

    /// Parses the text of a frame, and returns the id for the reply with it.
    pub(super) fn parse(text: &str) -> (Value, Result<Self, ApiError>) {
        match id_of(text) {
            Ok(id) => (id, read(text).and_then(|head| Self::with_head(&head, text))),
            Err(error) => (Value::Null, Err(error)),
        }
    }

    fn with_head(head: &RequestHead, text: &str) -> Result<Self, ApiError> {
        match head.request_type.as_deref() {
            Some("send") => {
                let group = group(head)?;
                read::<MessageDraftDto>(text)?.parse(group).map(Self::Send)
            }
            Some("read") => {
                let group = group(head)?;
                let (thread, mark) = read::<ReadRequest>(text)?.parse()?;
                Ok(Self::Read(group, thread, mark))
            }
            Some("react") => {
                let group = group(head)?;
                read::<ReactionRequest>(text)?.parse().map(|change| Self::React(group, change))
            }
            Some("typing") => {
                let group = group(head)?;
                let is_active = read::<TypingRequest>(text)?.active.0.unwrap_or(true);
                Ok(Self::Typing { group, is_active })
            }
            Some("presence") => read::<PresenceRequest>(text)?.parse().map(Self::Presence),
            Some("ping") => Ok(Self::Ping),
            Some(_) => {
                let detail = "must be one of: send, read, react, typing, presence, ping";
                Err(Violation::new(ViolationCode::InvalidFormat, detail).in_field("type").into())
            }
            None => Err(Violation::new(ViolationCode::Required, "must be given").in_field("type").into()),
        }
    }
}

/// What a reply contains, even if the request is invalid otherwise.
#[derive(Deserialize)]
struct WithId {
    #[serde(default)]
    id: Value,
}

/// A JSON object with any content.
#[derive(Deserialize)]
struct Anything {}

/// The parts of a request that are parsed first.
#[derive(Deserialize)]
struct RequestHead {
    #[serde(rename = "type")]
    request_type: Option<String>,
    group_id: Option<i64>,
}

/// How far you have read.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct ReadRequest {
    /// The number of the last message read; with `unread`, of the first that is to be unread.
    seq: Required<Seq>,
    /// Whether to mark as unread, from this message on; the default is false.
    unread: Optional<bool>,
    /// The thread, by the id of the message that was replied to; without, the group itself.
    thread_id: Optional<MessageId>,
}

impl ReadRequest {
    fn parse(self) -> Result<(Option<MessageId>, ReadMark), ApiError> {
        let mut fields = Fields::new();
        let thread = fields.optional("thread_id", self.thread_id);
        match fields.required("seq", self.seq) {
            Some(seq) if fields.are_good() => Ok((thread, mark(seq, &self.unread))),
            _ => Err(fields.into()),
        }
    }
}

/// That you type.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct TypingRequest {
    /// Whether you are typing; the default is true.
    active: Optional<bool>,
}

/// How you are there.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct PresenceRequest {
    /// `online` or `away`.
    state: Required<DeviceState>,
}

/// What a client says of whoever uses it.
pub(crate) enum DeviceState {
    /// They are at the device.
    Online,
    /// They have turned away.
    Away,
}

impl DeviceState {
    fn activity(self) -> Activity {
        match self {
            Self::Online => Activity::Active,
            Self::Away => Activity::Away,
        }
    }
}

impl Described for DeviceState {
    type Json = String;

    fn rules() -> Value {
        json!({"enum": ["online", "away"]})
    }
}

impl FromJson for DeviceState {
    fn from_json(json: String) -> Result<Self, Violation> {
        match json.as_str() {
            "online" => Ok(Self::Online),
            "away" => Ok(Self::Away),
            _ => Err(Violation::new(ViolationCode::InvalidFormat, "must be online or away")),
        }
    }
}

impl PresenceRequest {
    fn parse(self) -> Result<Activity, ApiError> {
        let mut fields = Fields::new();
        let state = fields.required("state", self.state);
        state.map(DeviceState::activity).ok_or_else(|| fields.into())
    }
}

/// The id of a request, or null if it has none.
///
/// # Errors
/// It is not a request, or a reply can't contain its id.
pub(super) fn id_of(text: &str) -> Result<Value, ApiError> {
    let named = match read::<WithId>(text) {
        Ok(named) => named,
        // In an object that is otherwise valid, this is a number too large, a value nested too deeply, or a duplicate
        // key.
        Err(_) => return read::<Anything>(text).and_then(|_| Err(no_id())),
    };
    if is_id(&named.id) { Ok(named.id) } else { Err(no_id()) }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    parse_json(text.as_bytes())
}

fn group(head: &RequestHead) -> Result<GroupId, ApiError> {
    let missing = || Violation::new(ViolationCode::Required, "must be given").in_field("group_id");
    let id = head.group_id.ok_or_else(missing)?;
    Ok(GroupId::parse(id).map_err(|violation| violation.in_field("group_id"))?)
}

/// Whether this is an id that a reply can carry: null, a number, or a short text.
fn is_id(id: &Value) -> bool {
    match id {
        Value::Null | Value::Number(_) => true,
        Value::String(text) => text.chars().count() <= MAX_ID_LENGTH,
        _ => false,
    }
}

fn no_id() -> ApiError {
    let detail = format!("must be a number, or text of at most {MAX_ID_LENGTH} characters");
    Violation::new(ViolationCode::InvalidFormat, detail).in_field("id").into()
}
