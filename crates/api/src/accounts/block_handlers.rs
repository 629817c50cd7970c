//! Handlers for blocks.

use groupchat_domain::accounts::Block;
use groupchat_domain::groups;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::BlockDto;
use crate::extract::{Ids, Key, NoParams, Params, UserOrMe};
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Lists the users you have blocked
///
/// By id.
#[api_v2_operation(tags(Accounts), operation_id = "listBlocks")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<BlockDto>>, ApiError> {
    let (limit, cursor) = params.0.parse(list)?;
    let after = cursor.map(|cursor| UserId::new(cursor.id));
    let place_after = |block: &Block| ListCursor::after(block.user.id.get());
    state
        .read_large(
            key.0,
            move |tx, actor| groups::list_blocks(tx, actor, after, limit),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Blocks a user
///
/// You and the user can't start direct conversations with each other, and can't write in the one of you two. Nobody
/// else is told. Repeating it changes nothing.
#[api_v2_operation(tags(Accounts), operation_id = "blockUser")]
pub async fn block(
    state: State,
    key: Key,
    path: Ids<UserOrMe>,
    _: NoParams,
) -> Result<Ok200<BlockDto>, ApiError> {
    let Ids(user) = path;
    let block =
        state.storage.write_as(key.0, move |tx, actor| groups::block(tx, actor, user.id(actor))).await?;
    Ok(Ok200(block.into()))
}

/// Ends a block
///
/// Repeating it changes nothing.
#[api_v2_operation(tags(Accounts), operation_id = "unblockUser")]
pub async fn unblock(
    state: State,
    key: Key,
    path: Ids<UserOrMe>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids(user) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy);
    state.storage.write_as(tidying, move |tx, actor| groups::unblock(tx, actor, user.id(actor))).await?;
    Ok(NoContent)
}
