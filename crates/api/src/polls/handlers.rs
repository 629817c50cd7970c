//! Handlers for polls.

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::polls::{self, OptionId};
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{PollDto, VoterDto};
use super::requests::{OptionDraftDto, VoteDto};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Large, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Votes in a poll
///
/// For members who may react to messages. Replaces the vote that the caller has given before; the same vote again changes
/// nothing.
#[api_v2_operation(tags(Polls), operation_id = "vote")]
pub async fn vote(
    state: State,
    key: Key,
    body: Body<VoteDto>,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<PollDto>, ApiError> {
    let (choices, Ids((group, id))) = (body.0.parse()?, path);
    let voting = move |tx: &mut dyn Tx, actor: &Actor| polls::vote(tx, actor, group, id, choices);
    Ok(Ok200(state.storage.write_as(key.in_groups(), voting).await?.into()))
}

/// Takes your vote back
///
/// If there is none, nothing changes.
#[api_v2_operation(tags(Polls), operation_id = "unvote")]
pub async fn unvote(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<PollDto>, ApiError> {
    let Ids((group, id)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    let view = state.storage.write_as(tidying, move |tx, actor| polls::unvote(tx, actor, group, id)).await?;
    Ok(Ok200(view.into()))
}

/// Closes a poll
///
/// For its author, and for owners and admins of the group. Then nobody votes any more, and everybody is shown the results.
/// Closing it again changes nothing.
#[api_v2_operation(tags(Polls), operation_id = "closePoll")]
pub async fn close(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<PollDto>, ApiError> {
    let Ids((group, id)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    let view = state.storage.write_as(tidying, move |tx, actor| polls::close(tx, actor, group, id)).await?;
    Ok(Ok200(view.into()))
}

/// Adds an option to a poll
///
/// For its author, as long as nobody has voted; with `options_by` `members`, for all members who may write, until it is
/// closed. An option that is there already, whatever the case of its letters, changes nothing. A poll can have 20 options.
#[api_v2_operation(tags(Polls), operation_id = "addPollOption")]
pub async fn add_option(
    state: State,
    key: Key,
    body: Body<OptionDraftDto>,
    path: Ids<(GroupId, MessageId)>,
    _: NoParams,
) -> Result<Ok200<PollDto>, ApiError> {
    let (text, Ids((group, id))) = (body.0.parse()?, path);
    let writing = Writing::of_text(key.0, text.as_str()).in_groups();
    let adding = move |tx: &mut dyn Tx, actor: &Actor| polls::add_option(tx, actor, group, id, &text);
    Ok(Ok200(state.storage.write_as(writing, adding).await?.into()))
}

/// Lists who votes for an option
///
/// For members who are shown the results, in the order of the users' ids. Not for anonymous polls. A page may have fewer items
/// than `limit`, or none, and still have a `next`.
#[api_v2_operation(tags(Polls), operation_id = "listVoters")]
pub async fn list_voters(
    state: State,
    key: Key,
    path: Ids<(GroupId, MessageId, OptionId)>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<VoterDto>>, ApiError> {
    let Ids(option) = path;
    let (limit, cursor) = params.0.parse(list)?;
    let after = cursor.map(|cursor| UserId::new(cursor.id));
    let listing = move |tx: &mut dyn Tx, actor: &Actor| polls::list_voters(tx, actor, option, after, limit);
    state
        .read_large(key.in_groups(), listing, move |page, _| PageDto {
            items: page.items.into_iter().map(VoterDto::from).collect(),
            next: page.next.map(|user| ListCursor::after(user.get()).encode(list)),
        })
        .await
}
