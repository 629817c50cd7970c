//! Handlers for mentions.

use groupchat_domain::messages;
use paperclip::actix::api_v2_operation;

use super::dto::MessageDto;
use super::mention_requests::{MentionList, MentionListParams};
use crate::extract::{Key, Params};
use crate::problem::ApiError;
use crate::respond::Large;
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto};

/// Lists messages that mention you
///
/// Over all groups whose messages you can read now, the newest first: those that mention you by name, those that say `@all`,
/// and those that said `@here` while you were online. A page may have fewer items than its limit, or none, where the list goes on.
#[api_v2_operation(tags(Messages), operation_id = "listMentions")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<MentionListParams>,
) -> Result<Large<PageDto<MessageDto>>, ApiError> {
    let MentionList { unread, before, limit, format } = params.0.parse(list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| {
                let page = messages::list_mentions(tx, actor, unread, before, limit)?;
                Ok(format.of_page(page.items, page.next.map(|last| ListCursor::after(last.get()))))
            },
            move |page, _| PageDto {
                items: page.items.into_iter().map(MessageDto::from).collect(),
                next: page.next.map(|place| place.encode(list)),
            },
        )
        .await
}
