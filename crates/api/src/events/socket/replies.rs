//! Executes the requests of clients on the socket, by the same use cases as the REST routes, and replies.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, MessageDraft, ReadMark};
use groupchat_domain::presence::Activity;
use groupchat_domain::storage::{Caller, Principal, WritePurpose, Writing};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::requests::{SocketRequest, id_of};
use crate::events::subscriber::HttpSubscriber;
use crate::json;
use crate::limits;
use crate::messages::{MessageDto, ReactionChange, ReactionsDto, ReadStateDto};
use crate::problem::{ApiError, Code};
use crate::state::State;

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
    Reactions(ReactionsDto),
    Nothing {},
}

impl ReplyData {
    /// Whether it is that of an earlier request; `None` where none could be.
    const fn replayed(&self) -> Option<bool> {
        match self {
            Self::Message(sent) => Some(sent.replayed),
            Self::Read(_) | Self::Reactions(_) | Self::Nothing {} => None,
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
    let (id, request) = SocketRequest::parse(text);
    let outcome = match request {
        Ok(request) => RequestContext { state, principal, subscriber }.execute(request).await,
        Err(error) => Err(error),
    };
    let is_signed_out = outcome.as_ref().is_err_and(|error| error.code() == Code::InvalidKey);
    Answered { frame: frame(&id, outcome), is_signed_out }
}

/// The frame that rejects a request without executing it, or something that is not a request.
pub(super) fn refuse(text: &str, error: &ApiError) -> String {
    frame(&id_of(text).unwrap_or_default(), Err(error.clone()))
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
    json::to_string(&reply).expect("strings and numbers are always JSON")
}

/// What executing a request takes.
struct RequestContext<'a> {
    state: &'a State,
    principal: Principal,
    subscriber: &'a mut HttpSubscriber,
}

impl RequestContext<'_> {
    async fn execute(mut self, request: SocketRequest) -> Result<ReplyData, ApiError> {
        if let Some(class) = request.class() {
            limits::count(self.state, class, Caller::User(self.subscriber.actor().id()))?;
        }
        match request {
            SocketRequest::Send(draft) => self.send(draft).await,
            SocketRequest::Read(group, thread, mark) => self.mark_read(group, thread, mark).await,
            SocketRequest::React(group, change) => self.react(group, change).await,
            SocketRequest::Typing { group, is_active } => self.typing(group, is_active),
            SocketRequest::Presence(activity) => self.act(activity),
            SocketRequest::Ping => Ok(ReplyData::Nothing {}),
        }
    }

    async fn send(&mut self, draft: MessageDraft) -> Result<ReplyData, ApiError> {
        let writing = Writing::of_texts(self.principal, 1, draft.bytes()).in_groups();
        let (storage, writing) = (&self.state.storage, writing.for_others(draft.text.mention_count()));
        let online = draft.online(self.state.live.as_ref());
        let sent = storage
            .write_as(writing, move |tx, actor| messages::send_with_online(tx, actor, &draft, &online))
            .await?;
        self.subscriber.act(Activity::Active)?;
        Ok(ReplyData::Message(SentReply { message: Box::new(sent.view.into()), replayed: sent.repeated }))
    }

    async fn mark_read(
        &mut self,
        group: GroupId,
        thread: Option<MessageId>,
        mark: ReadMark,
    ) -> Result<ReplyData, ApiError> {
        let (storage, live) = (self.state.storage.as_ref(), self.state.live.as_ref());
        let marked = match thread {
            Some(root) => {
                let of = (group, root);
                messages::mark_thread_read_and_publish(storage, live, self.principal, of, mark).await?
            }
            None => messages::mark_read_and_publish(storage, live, self.principal, group, mark).await?,
        };
        self.subscriber.act(Activity::Active)?;
        Ok(ReplyData::Read(marked.into()))
    }

    async fn react(&mut self, group: GroupId, change: ReactionChange) -> Result<ReplyData, ApiError> {
        let ReactionChange { message, emoji, is_removal } = change;
        let purpose = if is_removal { WritePurpose::Tidy } else { WritePurpose::Grow };
        let (storage, writing) = (&self.state.storage, Writing::new(self.principal, purpose).in_groups());
        let use_case = if is_removal { messages::unreact } else { messages::react };
        let view =
            storage.write_as(writing, move |tx, actor| use_case(tx, actor, group, message, emoji)).await?;
        self.subscriber.act(Activity::Active)?;
        Ok(ReplyData::Reactions(view.into()))
    }

    fn typing(&mut self, group: GroupId, is_active: bool) -> Result<ReplyData, ApiError> {
        let user = self.subscriber.actor().user.clone();
        self.act(if is_active {
            Activity::StartTyping(group, user)
        } else {
            Activity::StopTyping(group, user)
        })
    }

    fn act(&mut self, activity: Activity) -> Result<ReplyData, ApiError> {
        self.subscriber.act(activity)?;
        Ok(ReplyData::Nothing {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client compares the numbers as it has written them; `Math.random()` makes such.
    #[test]
    fn a_reply_has_the_number_of_its_request() {
        for id in ["1.5e+200", "0.30000000000000004", "0.8444218515250481", "18446744073709551615", "-1"] {
            let (parsed, _) = SocketRequest::parse(&format!(r#"{{"type": "ping", "id": {id}}}"#));
            assert_eq!(parsed.to_string(), id);
        }
    }
}
