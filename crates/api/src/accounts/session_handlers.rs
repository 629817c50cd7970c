//! Handlers for the caller's sessions.

use groupchat_domain::accounts::{self, Session};
use groupchat_domain::ids::SessionId;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::SessionDto;
use crate::extract::{Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Large, NoContent};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Signs out
///
/// The key of this request stops working at once.
#[api_v2_operation(tags(Accounts), operation_id = "logout")]
pub async fn logout(state: State, key: Key, _: NoParams) -> Result<NoContent, ApiError> {
    state.storage.write_as(Writing::new(key.0, WritePurpose::Secure), accounts::logout).await?;
    Ok(NoContent)
}

/// Lists your sessions
///
/// Newest first.
#[api_v2_operation(tags(Accounts), operation_id = "listSessions")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<SessionDto>>, ApiError> {
    let (limit, cursor) = params.0.parse(list)?;
    let below = cursor.map(|cursor| SessionId::new(cursor.id));
    let place_after = |session: &Session| ListCursor::after(session.id.get());
    state
        .read_large(
            key.0,
            move |tx, actor| accounts::list_sessions(tx, actor, below, limit),
            move |page, actor| {
                PageDto::with(list, page, place_after, |session| SessionDto::new(session, actor.session))
            },
        )
        .await
}

/// Ends one of your sessions
#[api_v2_operation(tags(Accounts), operation_id = "endSession")]
pub async fn end(state: State, key: Key, path: Ids<SessionId>, _: NoParams) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let securing = Writing::new(key.0, WritePurpose::Secure);
    state.storage.write_as(securing, move |tx, actor| accounts::end_session(tx, actor, id)).await?;
    Ok(NoContent)
}

/// Ends all of your sessions except this one
#[api_v2_operation(tags(Accounts), operation_id = "endOtherSessions")]
pub async fn end_others(state: State, key: Key, _: NoParams) -> Result<NoContent, ApiError> {
    state.storage.write_as(Writing::new(key.0, WritePurpose::Secure), accounts::end_other_sessions).await?;
    Ok(NoContent)
}
