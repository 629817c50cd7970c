//! Handlers for messages.

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::messages::{self, Emoji, FilterStart, PinSeq, Reactor};
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{LikesDto, MessageDto, ReactionsDto, ReactorDto};
use super::format::{Formatted, MessageParams, PinListParams};
use super::requests::MessageDraftDto;
use super::sent::created_or_replayed;
use super::window::{ListedMessages, MessageListParams, place_of, position_of};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{CreatedOrReplayed, Large, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Sends a message
///
/// For members. With `thread_id`, the message is a reply. With `reply_to`, it quotes a message that the caller may read.
/// With `poll`, it is a poll, for members who may create polls. If the
/// caller has used the `client_id` in the group before, stores nothing and returns that message with 200 and
/// `Idempotent-Replayed: true`, whatever the text.
#[api_v2_operation(tags(Messages), operation_id = "sendMessage")]
pub async fn send(
    state: State,
    key: Key,
    body: Body<MessageDraftDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<CreatedOrReplayed<MessageDto>, ApiError> {
    let draft = body.0.parse(path.0)?;
    let writing =
        Writing::of_texts(key.0, 1, draft.bytes()).in_groups().for_others(draft.text.mention_count());
    let online = draft.online(state.live.as_ref());
    let sending =
        move |tx: &mut dyn Tx, actor: &Actor| messages::send_with_online(tx, actor, &draft, &online);
    let sent = state.storage.write_as(writing, sending).await?;
    Ok(created_or_replayed(sent))
}

/// Lists messages
///
/// For members. Messages are always returned newest first. Replies are returned only with `thread_id`, and then no other
/// messages. With `author_id`, `since` or `until`, the order is that of the times at which messages were sent.
#[api_v2_operation(tags(Messages), operation_id = "listMessages")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<MessageListParams>,
) -> Result<Large<PageDto<MessageDto>>, ApiError> {
    let Ids(group) = path;
    let ListedMessages { thread, filter, start, limit, format } = params.0.parse(list)?;
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| {
                let window = match start {
                    FilterStart::At(window) if filter.is_none() => window,
                    start => {
                        let filter = filter.unwrap_or_default().of(actor);
                        let of = (group, thread);
                        let page = messages::list_filtered(tx, actor, of, &filter, start, limit)?;
                        return Ok(format.of_page(page.items, page.next.map(place_of)));
                    }
                };
                let page = match thread {
                    Some(root) => messages::list_replies(tx, actor, group, root, window, limit)?,
                    None => messages::list(tx, actor, group, window, limit)?,
                };
                Ok(format.of_page(page.items, page.next.map(position_of)))
            },
            move |page, _| {
                let next = page.next.map(|next| next.encode(list));
                PageDto { items: page.items.into_iter().map(MessageDto::from).collect(), next }
            },
        )
        .await
}

/// Returns a message
///
/// For members. Returns a tombstone for a deleted message.
#[api_v2_operation(tags(Messages), operation_id = "getMessage")]
pub async fn show(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    params: Params<MessageParams>,
) -> Result<Large<MessageDto>, ApiError> {
    let (format, Ids((group, id))) = (params.0.parse()?, path);
    let read = move |tx: &mut dyn Tx, actor: &Actor| Ok(format.of(messages::find(tx, actor, group, id)?));
    state.read_large(key.in_groups(), read, |shown, _| MessageDto::from(shown)).await
}

/// Finds a message
///
/// By its id alone, for members of its group. For others it doesn't exist.
#[api_v2_operation(tags(Messages), operation_id = "findMessage")]
pub async fn show_anywhere(
    state: State,
    key: Key,
    path: Ids<MessageId>,
    params: Params<MessageParams>,
) -> Result<Large<MessageDto>, ApiError> {
    let (format, Ids(id)) = (params.0.parse()?, path);
    let read = move |tx: &mut dyn Tx, actor: &Actor| Ok(format.of(messages::find_anywhere(tx, actor, id)?));
    state.read_large(key.in_groups(), read, |shown, _| MessageDto::from(shown)).await
}

/// Likes a message
///
/// For members of its group. Liking it again changes nothing.
#[api_v2_operation(tags(Messages), operation_id = "likeMessage")]
pub async fn like(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<LikesDto>, ApiError> {
    let Ids((group, id)) = path;
    let view = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| messages::like(tx, actor, group, id))
        .await?;
    Ok(Ok200(view.into()))
}

/// Removes your like from a message
///
/// If there is no like, nothing changes.
#[api_v2_operation(tags(Messages), operation_id = "unlikeMessage")]
pub async fn unlike(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<LikesDto>, ApiError> {
    let Ids((group, id)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    let view =
        state.storage.write_as(tidying, move |tx, actor| messages::unlike(tx, actor, group, id)).await?;
    Ok(Ok200(view.into()))
}

/// Reacts to a message
///
/// For members of its group. The same reaction again changes nothing. A message can have 20 different reactions, each an
/// emoji of Unicode 18.0. 👍 is a like.
#[api_v2_operation(tags(Messages), operation_id = "reactToMessage")]
pub async fn react(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId, Emoji)>,
    _: NoParams,
) -> Result<Ok200<ReactionsDto>, ApiError> {
    let Ids((group, id, emoji)) = path;
    let view = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| messages::react(tx, actor, group, id, emoji))
        .await?;
    Ok(Ok200(view.into()))
}

/// Removes your reaction from a message
///
/// If there is no such reaction, nothing changes.
#[api_v2_operation(tags(Messages), operation_id = "unreactToMessage")]
pub async fn unreact(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId, Emoji)>,
    _: NoParams,
) -> Result<Ok200<ReactionsDto>, ApiError> {
    let Ids((group, id, emoji)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    let view = state
        .storage
        .write_as(tidying, move |tx, actor| messages::unreact(tx, actor, group, id, emoji))
        .await?;
    Ok(Ok200(view.into()))
}

/// Lists who has given a reaction
///
/// For members, in the order of the users' ids. A deleted message has no reactions.
#[api_v2_operation(tags(Messages), operation_id = "listReactors")]
pub async fn list_reactors(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId, Emoji)>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<ReactorDto>>, ApiError> {
    let Ids(reaction) = path;
    let (limit, cursor) = params.0.parse(list)?;
    let after = cursor.map(|cursor| UserId::new(cursor.id));
    let listing =
        move |tx: &mut dyn Tx, actor: &Actor| messages::list_reactors(tx, actor, reaction, after, limit);
    let place_after = |reactor: &Reactor| ListCursor::after(reactor.user.id.get());
    state.read_large(key.in_groups(), listing, move |page, _| PageDto::new(list, page, place_after)).await
}

/// Pins a message
///
/// For owners and admins of the group. Pinning it again changes nothing. A group can have 100 pinned messages.
#[api_v2_operation(tags(Messages), operation_id = "pinMessage")]
pub async fn pin(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<MessageDto>, ApiError> {
    let Ids((group, id)) = path;
    let view =
        state.storage.write_as(key.in_groups(), move |tx, actor| messages::pin(tx, actor, group, id)).await?;
    Ok(Ok200(view.into()))
}

/// Unpins a message
///
/// For owners and admins of the group. If it is not pinned, nothing changes.
#[api_v2_operation(tags(Messages), operation_id = "unpinMessage")]
pub async fn unpin(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<MessageDto>, ApiError> {
    let Ids((group, id)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    let view =
        state.storage.write_as(tidying, move |tx, actor| messages::unpin(tx, actor, group, id)).await?;
    Ok(Ok200(view.into()))
}

/// Lists pinned messages
///
/// For members; the newest pin first.
#[api_v2_operation(tags(Messages), operation_id = "listPins")]
pub async fn list_pins(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<PinListParams>,
) -> Result<Large<PageDto<MessageDto>>, ApiError> {
    let Ids(group) = path;
    let (limit, cursor, format) = params.0.parse(list)?;
    let before = cursor.map(|cursor| PinSeq::new(cursor.id));
    let place_after =
        |shown: &Formatted| ListCursor::after(shown.view.message.pin.map_or(0, |pin| pin.seq.get()));
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| Ok(format.of_list(messages::list_pins(tx, actor, group, before, limit)?)),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}
