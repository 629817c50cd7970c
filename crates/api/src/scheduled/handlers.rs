//! Handlers for scheduled messages.

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::MessageText;
use groupchat_domain::scheduled::{self, Scheduled, ScheduledId};
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::ScheduledDto;
use super::requests::{ScheduledChangesDto, ScheduledDraftDto};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Created, CreatedOrReplayed, Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Schedules a message
///
/// For members. It is sent once at its time, as if you sent it then: a refusal leaves it in the list with the reason. If one with
/// this `client_id` waits, schedules nothing and returns that one with 200 and `Idempotent-Replayed: true`.
#[api_v2_operation(tags(Scheduled), operation_id = "scheduleMessage")]
pub async fn schedule(
    state: State,
    key: Key,
    body: Body<ScheduledDraftDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<CreatedOrReplayed<ScheduledDto>, ApiError> {
    let (draft, send_at) = body.0.parse(path.0)?;
    let writing =
        Writing::of_text(key.0, draft.text.as_str()).in_groups().for_others(draft.text.mention_count());
    let accepted = state
        .storage
        .write_as(writing, move |tx, actor| scheduled::schedule(tx, actor, &draft, send_at))
        .await?;
    let (group, id) = (accepted.scheduled.new.draft.group, accepted.scheduled.id);
    let body = ScheduledDto::from(accepted.scheduled);
    if accepted.repeated {
        return Ok(CreatedOrReplayed::Replayed(body));
    }
    let location = format!("/api/groups/{group}/scheduled-messages/{id}");
    Ok(CreatedOrReplayed::Created(Created { body, location }))
}

/// Lists your scheduled messages to a group
///
/// Those that wait, and those that were refused: the latest scheduled first.
#[api_v2_operation(tags(Scheduled), operation_id = "listScheduledMessages")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<ScheduledDto>>, ApiError> {
    let Ids(group) = path;
    let (limit, cursor) = params.0.parse(list)?;
    let before = cursor.map(|cursor| ScheduledId::new(cursor.id));
    let listing =
        move |tx: &mut dyn Tx, actor: &Actor| scheduled::list_scheduled(tx, actor, group, before, limit);
    let place_after = |scheduled: &Scheduled| ListCursor::after(scheduled.id.get());
    state.read_large(key.in_groups(), listing, move |page, _| PageDto::new(list, page, place_after)).await
}

/// Changes a scheduled message
///
/// Until it is sent. One that was refused is tried again if it gets a new time.
#[api_v2_operation(tags(Scheduled), operation_id = "editScheduledMessage")]
pub async fn edit(
    state: State,
    key: Key,
    body: Body<ScheduledChangesDto>,
    path: Ids<(GroupId, ScheduledId)>,
    _: NoParams,
) -> Result<Ok200<ScheduledDto>, ApiError> {
    let (changes, Ids(place)) = (body.0.parse()?, path);
    let mentions = changes.text.as_ref().map_or(0, MessageText::mention_count);
    let writing = Writing::of_text(key.0, changes.text.as_ref().map_or("", MessageText::as_str))
        .in_groups()
        .for_others(mentions);
    let scheduled = state
        .storage
        .write_as(writing, move |tx, actor| scheduled::edit_scheduled(tx, actor, place, &changes))
        .await?;
    Ok(Ok200(scheduled.into()))
}

/// Drops a scheduled message
///
/// Until it is sent.
#[api_v2_operation(tags(Scheduled), operation_id = "dropScheduledMessage")]
pub async fn remove(
    state: State,
    key: Key,
    path: Ids<(GroupId, ScheduledId)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids(place) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| scheduled::drop_scheduled(tx, actor, place)).await?;
    Ok(NoContent)
}
