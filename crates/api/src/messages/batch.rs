//! Sending several messages at once, and importing messages.

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::messages::{self, BatchItem, ClientId, MAX_BATCH, MessageText, Sent};
use groupchat_domain::storage::{Tx, Writing};
use groupchat_domain::text::TextBytes;
use groupchat_domain::time::Timestamp;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};

use super::dto::MessageDto;
use crate::extract::{Body, Ids, Key, NoParams};
use crate::problem::ApiError;
use crate::respond::{Large, LargeCreatedOrReplayed};
use crate::state::State;
use crate::wire::{Fields, Given, Items, Optional, Required, RequiredItems};

/// Messages to send.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "MessageBatch", example = r#"{"messages": [{"text": "Hello, Grace!"}]}"#)]
pub(super) struct BatchDto {
    /// The messages, in their order.
    pub messages: RequiredItems<BatchItemDto, MAX_BATCH>,
}

/// A message to send with others, or to import.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "MessageBatchItem", example = r#"{"text": "Hello, Grace!"}"#)]
pub(super) struct BatchItemDto {
    /// The text: 1–10,000 characters.
    pub text: Required<MessageText>,
    /// An id of your choice, so that a repeated request sends the message once: 1–64 printable ASCII characters.
    pub client_id: Optional<ClientId>,
    /// When the message was written, which imports it: a time that is past.
    pub created_at: Optional<Timestamp>,
    /// The id of the user who has written the message, which imports it.
    pub author_id: Optional<UserId>,
    #[serde(default)]
    thread_id: Given,
    #[serde(default)]
    reply_to: Given,
    #[serde(default)]
    mentions: Given,
    #[serde(default)]
    poll: Given,
    #[serde(default)]
    files: Given,
}

impl BatchDto {
    pub(super) fn parse(self) -> Result<Vec<BatchItem>, ApiError> {
        let mut fields = Fields::new();
        let items = fields.check("messages", self.messages.parse()).unwrap_or_default();
        let parse = |(index, item): (usize, BatchItemDto)| item.parse(index, &mut fields);
        let items: Vec<_> = items.into_iter().enumerate().filter_map(parse).collect();
        fields.finish()?;
        Ok(items)
    }
}

impl BatchItemDto {
    fn parse(self, index: usize, fields: &mut Fields) -> Option<BatchItem> {
        let name = |field: &str| format!("messages[{index}].{field}");
        let text = fields.required(&name("text"), self.text);
        let client_id = fields.optional(&name("client_id"), self.client_id);
        let created_at = fields.optional(&name("created_at"), self.created_at);
        let author = fields.optional(&name("author_id"), self.author_id);
        let alone = [
            ("thread_id", self.thread_id),
            ("reply_to", self.reply_to),
            ("mentions", self.mentions),
            ("poll", self.poll),
        ];
        for (field, given) in alone {
            fields.fixed([(&name(field), given)]);
        }
        fields.unbuilt([(&name("files"), self.files)]);
        Some(BatchItem { text: text?, client_id, author, created_at })
    }
}

/// At most how many bytes of text the response has for a message: what was sent before with the same client id can be
/// longer than this text.
fn response_bytes(item: &BatchItem) -> usize {
    let text = item.text.as_str().len();
    let longest = MessageText::MAX_LENGTH * char::MAX.len_utf8();
    BESIDE_TEXT + if item.client_id.is_some() { longest } else { text }
}

/// About what a message of a response has besides its text.
const BESIDE_TEXT: usize = 1024;

/// The messages that were sent.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "SentMessages")]
pub(super) struct SentDto {
    /// The messages, in the order of the request, as they are now.
    pub items: Items<MessageDto, MAX_BATCH>,
}

/// Sends several messages at once
///
/// For members. Sends 1–100 messages to the group, in their order: all of them, or none. A message whose `client_id` its author
/// has used in the group before is not sent again; if this is true of all, the response is 200 with `Idempotent-Replayed: true`.
///
/// With `created_at` or `author_id` in one of them, all messages are imported. For this, members need `manage_groups` on the server.
#[api_v2_operation(tags(Messages), operation_id = "sendMessages")]
pub async fn send_batch(
    state: State,
    key: Key,
    body: Body<BatchDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<LargeCreatedOrReplayed<SentDto>, ApiError> {
    let (items, Ids(group)) = (body.0.parse()?, path);
    let bytes = items.iter().map(|item| item.text.as_str().len()).sum();
    // Before anything is sent: who has too much undelivered sends nothing.
    let permit = state.reserve(key.0, items.iter().map(response_bytes).sum())?;
    let mentions = items.iter().map(|item| item.text.mention_count()).sum();
    let writing = Writing::of_texts(key.0, items.len(), bytes).in_groups().for_others(mentions);
    let online = BatchItem::online(&items, group, state.live.as_ref());
    let send = move |tx: &mut dyn Tx, actor: &Actor| messages::send_batch(tx, actor, group, &items, &online);
    let sent = state.storage.write_as(writing, send).await?;
    let is_repeated = sent.iter().all(|sent| sent.repeated);
    let text = sent.iter().map(|sent| sent.view.text_bytes()).sum();
    let body = SentDto { items: sent.into_iter().map(|Sent { view, .. }| view.into()).collect() };
    let body = Large::of(&body, text, permit)?;
    Ok(if is_repeated {
        LargeCreatedOrReplayed::Replayed(body)
    } else {
        LargeCreatedOrReplayed::Created(body, format!("/api/groups/{group}/messages"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Vec<BatchItem>, ApiError> {
        serde_json::from_str::<BatchDto>(json).unwrap().parse()
    }

    fn fields(json: &str) -> String {
        parse(json).unwrap_err().to_json()["errors"].to_string()
    }

    #[test]
    fn every_mistake_is_told_with_the_index_of_its_message() {
        let told =
            fields(r#"{"messages": [{"text": "a"}, {"text": ""}, {"client_id": "ä", "author_id": 0}]}"#);
        for field in
            ["messages[1].text", "messages[2].text", "messages[2].client_id", "messages[2].author_id"]
        {
            assert!(told.contains(&format!("\"{field}\"")), "{told}");
        }
    }

    #[test]
    fn what_a_batch_doesn_t_set_is_refused_and_not_dropped() {
        let told = fields(
            r#"{"messages": [{"text": "a", "thread_id": 3}, {"text": "a", "reply_to": 3, "poll": {}}]}"#,
        );
        for field in ["messages[0].thread_id", "messages[1].reply_to", "messages[1].poll"] {
            assert!(told.contains(&format!("\"{field}\"")), "{told}");
        }
    }

    #[test]
    fn the_response_to_a_repeat_may_be_longer_than_the_request() {
        let bytes = |json: &str| response_bytes(&parse(&format!(r#"{{"messages": [{json}]}}"#)).unwrap()[0]);
        assert!(bytes(r#"{"text": "a"}"#) < 2_000);
        assert!(bytes(r#"{"text": "a", "client_id": "a"}"#) > 4 * MessageText::MAX_LENGTH);
    }

    #[test]
    fn a_batch_has_one_message_to_a_hundred() {
        let batch = |count: usize| {
            let items = vec![r#"{"text": "a"}"#; count].join(",");
            parse(&format!(r#"{{"messages": [{items}]}}"#)).map(|items| items.len()).ok()
        };
        assert_eq!([0, 1, 100, 101].map(batch), [None, Some(1), Some(100), None]);
        assert!(fields("{}").contains("required"));
    }
}
