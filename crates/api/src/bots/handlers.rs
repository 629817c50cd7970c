//! Handlers for bots.

use groupchat_domain::accounts::{Actor, User};
use groupchat_domain::bots;
use groupchat_domain::ids::{TokenId, UserId};
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use groupchat_domain::tokens::Token;
use paperclip::actix::api_v2_operation;

use super::requests::{BotDraftDto, BotOwnerDto, BotParams};
use crate::accounts::UserDto;
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Created, Large, NoContent, Ok200};
use crate::state::State;
use crate::tokens::{NewTokenDto, TokenDraftDto, TokenDto};
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Lists bots
///
/// Yours, or those of another user, by id.
#[api_v2_operation(tags(Bots), operation_id = "listBots")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<BotParams>,
) -> Result<Large<PageDto<UserDto>>, ApiError> {
    let query = params.0.parse(list)?;
    let place_after = |bot: &User| ListCursor::after(bot.id.get());
    state
        .read_large(
            key.0,
            move |tx, actor| bots::list_bots(tx, actor, query),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Creates a bot
///
/// A bot is a user that programs act as: it has no password and is never a server admin, but can do all else that a user can,
/// in the groups that it is in, by its tokens. You answer for it: everybody sees that it is yours, and it can do
/// nothing while you are suspended, and ends with your account unless you hand it over.
#[api_v2_operation(tags(Bots), operation_id = "createBot")]
pub async fn create(
    state: State,
    key: Key,
    body: Body<BotDraftDto>,
    _: NoParams,
) -> Result<Created<UserDto>, ApiError> {
    let draft = body.0.parse()?;
    let create = move |tx: &mut dyn Tx, actor: &Actor| bots::create_bot(tx, actor, &draft);
    let bot = state.storage.write_as(key.0, create).await?;
    let location = format!("/api/users/{}", bot.id);
    Ok(Created { body: bot.into(), location })
}

/// Hands a bot over
///
/// Its owner may, and who manages users. Its tokens stay, so that the program goes on; the next owner can end them.
#[api_v2_operation(tags(Bots), operation_id = "handOverBot")]
pub async fn hand_over(
    state: State,
    key: Key,
    path: Ids<UserId>,
    body: Body<BotOwnerDto>,
    _: NoParams,
) -> Result<Ok200<UserDto>, ApiError> {
    let (Ids(id), to) = (path, body.0.parse()?);
    let hand_over = move |tx: &mut dyn Tx, actor: &Actor| bots::hand_over_bot(tx, actor, id, to);
    Ok(Ok200(state.storage.write_as(key.0, hand_over).await?.into()))
}

/// Deletes a bot
///
/// Its owner may, and who manages users. Its tokens stop working at once; its messages stay.
#[api_v2_operation(tags(Bots), operation_id = "deleteBot")]
pub async fn delete(state: State, key: Key, path: Ids<UserId>, _: NoParams) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy);
    state.storage.write_as(tidying, move |tx, actor| bots::delete_bot(tx, actor, id)).await?;
    Ok(NoContent)
}

/// Lists the tokens of a bot
///
/// For its owner. Newest first, without their keys. Those that have expired are left out.
#[api_v2_operation(tags(Bots), operation_id = "listBotTokens")]
pub async fn list_tokens(
    state: State,
    key: Key,
    path: Ids<UserId>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<TokenDto>>, ApiError> {
    let (Ids(bot), (limit, cursor)) = (path, params.0.parse(list)?);
    let below = cursor.map(|cursor| TokenId::new(cursor.id));
    let place_after = |token: &Token| ListCursor::after(token.id.get());
    state
        .read_large(
            key.0,
            move |tx, actor| bots::list_bot_tokens(tx, actor, bot, below, limit),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Issues a token of a bot
///
/// For its owner. A program that sends its key acts as the bot, as far as the scopes go. The key is shown only in this
/// response.
#[api_v2_operation(tags(Bots), operation_id = "createBotToken")]
pub async fn create_token(
    state: State,
    key: Key,
    path: Ids<UserId>,
    body: Body<TokenDraftDto>,
    _: NoParams,
) -> Result<Created<NewTokenDto>, ApiError> {
    let (Ids(bot), draft) = (path, body.0.parse()?);
    let issued = state.keys.issue_token();
    let hash = issued.hash;
    let create = move |tx: &mut dyn Tx, actor: &Actor| bots::create_bot_token(tx, actor, bot, &draft, hash);
    let token = state.storage.write_as(key.0, create).await?;
    let location = format!("/api/bots/{bot}/tokens/{}", token.id);
    Ok(Created { body: NewTokenDto::new(token, &issued.secret), location })
}

/// Ends a token of a bot
///
/// For its owner. The key stops working at once, and connections that were opened with it end.
#[api_v2_operation(tags(Bots), operation_id = "endBotToken")]
pub async fn end_token(
    state: State,
    key: Key,
    path: Ids<(UserId, TokenId)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((bot, token)) = path;
    let securing = Writing::new(key.0, WritePurpose::Secure);
    state.storage.write_as(securing, move |tx, actor| bots::end_bot_token(tx, actor, bot, token)).await?;
    Ok(NoContent)
}
