//! Forwarding messages: the request and its handler.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, ClientId, ForwardDraft, MessageText};
use groupchat_domain::storage::Writing;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use super::dto::MessageDto;
use super::sent::created_or_replayed;
use crate::extract::{Body, Ids, Key, NoParams};
use crate::problem::ApiError;
use crate::respond::CreatedOrReplayed;
use crate::state::State;
use crate::wire::{Fields, Optional, Required};

/// Where to forward a message.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ForwardDraft", example = r#"{"group_id": 1}"#)]
pub(super) struct ForwardDraftDto {
    /// The group to send it to, which may be the same.
    pub group_id: Required<GroupId>,
    /// An id of your choice, so that a repeated request sends the message once: 1–64 printable ASCII
    /// characters.
    pub client_id: Optional<ClientId>,
}

impl ForwardDraftDto {
    pub(crate) fn parse(self, from: GroupId, message: MessageId) -> Result<ForwardDraft, ApiError> {
        let mut fields = Fields::new();
        let to = fields.required("group_id", self.group_id);
        let client_id = fields.optional("client_id", self.client_id);
        match to {
            Some(to) if fields.are_good() => Ok(ForwardDraft { from, message, to, client_id }),
            _ => Err(fields.into()),
        }
    }
}

/// Forwards a message
///
/// For members of its group who can read it and can send in the other one. Sends its present text. Where it is from is shown
/// only to those who can read it there. `client_id` works as for sending a message.
#[api_v2_operation(tags(Messages), operation_id = "forwardMessage")]
pub async fn forward(
    state: State,
    key: Key,
    body: Body<ForwardDraftDto>,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<CreatedOrReplayed<MessageDto>, ApiError> {
    let Ids((from, message)) = path;
    let draft = body.0.parse(from, message)?;
    // How long the text is, is not known yet. A long one is charged, so that small requests don't store much for little.
    let writing = Writing::of_copy(key.0, MessageText::MAX_LENGTH).in_groups();
    let sent = state.storage.write_as(writing, move |tx, actor| messages::forward(tx, actor, &draft)).await?;
    Ok(created_or_replayed(sent))
}
