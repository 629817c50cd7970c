//! The requests of clients on the socket. They call the same use cases as the REST routes.

use groupchat_domain::ids::GroupId;
use groupchat_domain::messages;
use groupchat_domain::presence::Activity;
use groupchat_domain::storage::{Principal, Writing};
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::events::subscriber::HttpSubscriber;
use crate::extract::parse_json;
use crate::messages::{MessageDraftDto, MessageDto, ReadMarkDto, ReadStateDto};
use crate::problem::{ApiError, Code};
use crate::state::State;
use crate::wire::{Described, Fields, FromJson, Optional, Required};

/// The maximum number of characters in a request's id.
pub(crate) const MAX_ID_LENGTH: usize = 64;

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

/// A reply with the request's id.
#[derive(Serialize)]
struct Reply<'a> {
    #[serde(rename = "type")]
    reply_type: &'static str,
    id: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    replayed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<ReplyData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ReplyData {
    Message(SentReply),
    Read(ReadStateDto),
    Nothing {},
}

impl ReplyData {
    /// Whether it is that of an earlier request; `None` where none could be.
    const fn replayed(&self) -> Option<bool> {
        match self {
            Self::Message(sent) => Some(sent.replayed),
            Self::Read(_) | Self::Nothing {} => None,
        }
    }
}

/// A message as it is now, and, told beside it, whether an earlier request with the same `client_id` had sent it.
struct SentReply {
    message: Box<MessageDto>,
    replayed: bool,
}

impl Serialize for SentReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.message.serialize(serializer)
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

/// The result of a request.
pub(super) struct Answered {
    /// The reply frame.
    pub frame: String,
    /// Whether the request was rejected because the session has ended.
    pub is_signed_out: bool,
}

/// Executes a request.
pub(super) async fn serve(
    state: &State,
    principal: Principal,
    subscriber: &mut HttpSubscriber,
    text: &str,
) -> Answered {
    let (id, outcome) = match id_of(text) {
        Ok(id) => match read::<RequestHead>(text) {
            Ok(head) => (id, RequestContext { state, principal, subscriber, text }.serve(&head).await),
            Err(error) => (id, Err(error)),
        },
        Err(error) => (Value::Null, Err(error)),
    };
    let is_signed_out = outcome.as_ref().is_err_and(|error| error.code() == Code::InvalidKey);
    Answered { frame: frame(&id, outcome), is_signed_out }
}

/// The frame that rejects a request without executing it, or something that is not a request.
pub(super) fn refuse(text: &str, error: &ApiError) -> String {
    frame(&id_of(text).unwrap_or_default(), Err(error.clone()))
}

/// The id of a request, or null if it has none.
///
/// # Errors
/// It is not a request, or a reply can't contain its id.
fn id_of(text: &str) -> Result<Value, ApiError> {
    let named = match read::<WithId>(text) {
        Ok(named) => named,
        // In an object that is otherwise valid, this is a number too large, a value nested too deeply, or a duplicate
        // key.
        Err(_) => return read::<Anything>(text).and_then(|_| Err(no_id())),
    };
    if is_id(&named.id) { Ok(named.id) } else { Err(no_id()) }
}

fn frame(id: &Value, outcome: Result<ReplyData, ApiError>) -> String {
    let reply = match outcome {
        Ok(data) => {
            Reply { reply_type: "reply", id, replayed: data.replayed(), data: Some(data), error: None }
        }
        Err(error) => {
            Reply { reply_type: "error", id, replayed: None, data: None, error: Some(error.to_json()) }
        }
    };
    serde_json::to_string(&reply).expect("strings and numbers are always JSON")
}

/// A request, with everything needed to execute it.
struct RequestContext<'a> {
    state: &'a State,
    principal: Principal,
    subscriber: &'a mut HttpSubscriber,
    text: &'a str,
}

impl RequestContext<'_> {
    async fn serve(mut self, head: &RequestHead) -> Result<ReplyData, ApiError> {
        match head.request_type.as_deref() {
            Some("send") => self.send(group(head)?).await,
            Some("read") => self.mark_read(group(head)?).await,
            Some("typing") => self.typing(group(head)?),
            Some("presence") => self.presence(),
            Some("ping") => Ok(ReplyData::Nothing {}),
            Some(_) => {
                let detail = "must be one of: send, read, typing, presence, ping";
                Err(Violation::new(ViolationCode::InvalidFormat, detail).in_field("type").into())
            }
            None => Err(Violation::new(ViolationCode::Required, "must be given").in_field("type").into()),
        }
    }

    async fn send(&mut self, group: GroupId) -> Result<ReplyData, ApiError> {
        let draft = read::<MessageDraftDto>(self.text)?.parse(group)?;
        let (storage, writing) = (&self.state.storage, Writing::of_text(self.principal, draft.text.as_str()));
        let sent = storage.write_as(writing, move |tx, actor| messages::send(tx, actor, &draft)).await?;
        self.subscriber.act(Activity::Active)?;
        Ok(ReplyData::Message(SentReply { message: Box::new(sent.view.into()), replayed: sent.repeated }))
    }

    async fn mark_read(&mut self, group: GroupId) -> Result<ReplyData, ApiError> {
        let seq = read::<ReadMarkDto>(self.text)?.parse()?;
        let (storage, live) = (self.state.storage.as_ref(), self.state.live.as_ref());
        let marked = messages::mark_read_and_publish(storage, live, self.principal, group, seq).await?;
        self.subscriber.act(Activity::Active)?;
        Ok(ReplyData::Read(marked.into()))
    }

    fn typing(&mut self, group: GroupId) -> Result<ReplyData, ApiError> {
        let user = self.subscriber.actor().user.clone();
        let is_active = read::<TypingRequest>(self.text)?.active.0.unwrap_or(true);
        self.subscriber.act(if is_active {
            Activity::StartTyping(group, user)
        } else {
            Activity::StopTyping(group, user)
        })?;
        Ok(ReplyData::Nothing {})
    }

    fn presence(&mut self) -> Result<ReplyData, ApiError> {
        let activity = read::<PresenceRequest>(self.text)?.parse()?;
        self.subscriber.act(activity)?;
        Ok(ReplyData::Nothing {})
    }
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
