//! Handlers for sessions: refreshing, listing and ending them.

use groupchat_domain::Error;
use groupchat_domain::accounts::{self, Actor, RefreshPorts, Session};
use groupchat_domain::ids::SessionId;
use groupchat_domain::paging::{Limit, Page};
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{LoginDto, SessionDto};
use super::requests::{LogoutRequest, RefreshRequest};
use crate::extract::{Body, Client, Ids, Key, KeyOrBody, NoParams, OPEN_BODY_LIMIT, Params, UserOrMe};
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::{AppState, State};
use crate::wire::{List, ListCursor, PageDto, PageParams};

fn refresh_ports(state: &AppState) -> RefreshPorts<'_> {
    RefreshPorts {
        storage: &*state.storage,
        keys: &*state.keys,
        journal: &*state.journal,
        mails: &*state.mails,
        terms: state.options().refresh,
    }
}

/// Exchanges a refresh token
///
/// Returns a new key and a new refresh token. The key of before works for a minute more, and connections stay open. Each
/// token works once: if it is used again after 15 seconds, by default, it may be stolen, and the session ends. Until
/// then, the same token gets the same answer, in case that the first one was lost.
#[api_v2_operation(tags(Accounts), operation_id = "refreshLogin")]
pub async fn refresh(
    state: State,
    body: Body<RefreshRequest, OPEN_BODY_LIMIT>,
    client: Client,
    _: NoParams,
) -> Result<Ok200<LoginDto>, ApiError> {
    let token = body.0.parse()?;
    Ok(Ok200(accounts::refresh(refresh_ports(&state), token, client.0).await?.into()))
}

/// Signs out
///
/// Ends the session of the key of this request, or that of the refresh token in the body, which needs no key. Its key
/// and its refresh token stop working at once.
#[api_v2_operation(tags(Accounts), operation_id = "logout")]
pub async fn logout(
    state: State,
    request: KeyOrBody<LogoutRequest>,
    client: Client,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    match request.body.map(LogoutRequest::parse).transpose()?.flatten() {
        Some(token) => accounts::logout_by_refresh(refresh_ports(&state), token, client.0).await?,
        None => {
            let securing =
                Writing::new(request.key?, WritePurpose::Secure).before_password_change().before_factor();
            state.storage.write_as(securing, accounts::logout).await?;
        }
    }
    Ok(NoContent)
}

/// A page of the sessions that a use case lists.
async fn page(
    state: &AppState,
    key: Key,
    list: List,
    params: Params<PageParams>,
    sessions: impl Fn(&mut dyn Tx, &Actor, Option<SessionId>, Limit) -> Result<Page<Session>, Error>
    + Send
    + 'static,
) -> Result<Large<PageDto<SessionDto>>, ApiError> {
    let (limit, cursor) = params.0.parse(list)?;
    let below = cursor.map(|cursor| SessionId::new(cursor.id));
    let place_after = |session: &Session| ListCursor::after(session.id.get());
    state
        .read_large(
            key.0,
            move |tx, actor| sessions(tx, actor, below, limit),
            move |page, actor| {
                PageDto::with(list, page, place_after, |session| SessionDto::new(session, actor.session))
            },
        )
        .await
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
    page(&state, key, list, params, accounts::list_sessions).await
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

/// Lists the sessions of a user
///
/// For the user, and for those with `manage_users` if they may do no less than the user. Newest first.
#[api_v2_operation(tags(Accounts), operation_id = "listUserSessions")]
pub async fn list_of_user(
    state: State,
    key: Key,
    path: Ids<UserOrMe>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<SessionDto>>, ApiError> {
    let Ids(user) = path;
    page(&state, key, list, params, move |tx, actor, below, limit| {
        accounts::list_sessions_of(tx, actor, user.id(actor), below, limit)
    })
    .await
}

/// Ends all sessions of a user
///
/// For the user, and for those with `manage_users` if they may do no less than the user.
#[api_v2_operation(tags(Accounts), operation_id = "endUserSessions")]
pub async fn end_of_user(
    state: State,
    key: Key,
    path: Ids<UserOrMe>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids(user) = path;
    let securing = Writing::new(key.0, WritePurpose::Secure);
    let end = move |tx: &mut dyn Tx, actor: &Actor| accounts::end_sessions_of(tx, actor, user.id(actor));
    state.storage.write_as(securing, end).await?;
    Ok(NoContent)
}

/// Ends a session of a user
///
/// For the user, and for those with `manage_users` if they may do no less than the user.
#[api_v2_operation(tags(Accounts), operation_id = "endUserSession")]
pub async fn end_one_of_user(
    state: State,
    key: Key,
    path: Ids<(UserOrMe, SessionId)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((user, session)) = path;
    let securing = Writing::new(key.0, WritePurpose::Secure);
    let end =
        move |tx: &mut dyn Tx, actor: &Actor| accounts::end_session_of(tx, actor, user.id(actor), session);
    state.storage.write_as(securing, end).await?;
    Ok(NoContent)
}
