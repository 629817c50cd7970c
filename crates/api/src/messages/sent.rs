//! The response to a message that was sent.

use groupchat_domain::messages::{MessageView, Sent};

use super::dto::MessageDto;
use crate::respond::{Created, CreatedOrReplayed};

/// 201 with the message, or 200 if an earlier request sent it.
pub(super) fn created_or_replayed(sent: Sent) -> CreatedOrReplayed<MessageDto> {
    if sent.repeated {
        CreatedOrReplayed::Replayed(sent.view.into())
    } else {
        let location = location(&sent.view);
        CreatedOrReplayed::Created(Created { body: sent.view.into(), location })
    }
}

fn location(view: &MessageView) -> String {
    format!("/api/groups/{}/messages/{}", view.message.group_id, view.message.id)
}
