//! Handlers for tokens.

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::TokenId;
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use groupchat_domain::tokens::{self, Token};
use paperclip::actix::api_v2_operation;

use super::dto::{NewTokenDto, TokenDto};
use super::requests::TokenDraftDto;
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Created, Large, NoContent};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Lists your tokens
///
/// Newest first, without their keys. Those that have expired are left out.
#[api_v2_operation(tags(Tokens), operation_id = "listTokens")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<TokenDto>>, ApiError> {
    let (limit, cursor) = params.0.parse(list)?;
    let below = cursor.map(|cursor| TokenId::new(cursor.id));
    let place_after = |token: &Token| ListCursor::after(token.id.get());
    state
        .read_large(
            key.0,
            move |tx, actor| tokens::list_tokens(tx, actor, below, limit),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Issues a token
///
/// A program that sends its key acts for you, as far as the scopes go and never beyond what you may do yourself. It
/// changes nothing of how you sign in: password, address, factors, sessions and tokens. The key is shown only in this response.
#[api_v2_operation(tags(Tokens), operation_id = "createToken")]
pub async fn create(
    state: State,
    key: Key,
    body: Body<TokenDraftDto>,
    _: NoParams,
) -> Result<Created<NewTokenDto>, ApiError> {
    let draft = body.0.parse()?;
    let issued = state.keys.issue_token();
    let hash = issued.hash;
    let create = move |tx: &mut dyn Tx, actor: &Actor| tokens::create_token(tx, actor, &draft, hash);
    let token = state.storage.write_as(key.0, create).await?;
    let location = format!("/api/tokens/{}", token.id);
    Ok(Created { body: NewTokenDto::new(token, &issued.secret), location })
}

/// Ends a token
///
/// Its key stops working at once, and connections that were opened with it end.
#[api_v2_operation(tags(Tokens), operation_id = "endToken")]
pub async fn end(state: State, key: Key, path: Ids<TokenId>, _: NoParams) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let securing = Writing::new(key.0, WritePurpose::Secure);
    state.storage.write_as(securing, move |tx, actor| tokens::end_token(tx, actor, id)).await?;
    Ok(NoContent)
}
