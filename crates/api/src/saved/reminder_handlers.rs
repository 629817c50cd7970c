//! Handlers for reminders.

use groupchat_domain::ids::MessageId;
use groupchat_domain::paging::Page;
use groupchat_domain::saved;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{ReminderDto, ShownReminder};
use super::requests::{ReminderDraftDto, ReminderListParams};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::messages::MessageFormat;
use crate::problem::ApiError;
use crate::respond::{Large, NoContent, Ok200};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto};

/// Asks to be reminded of a message
///
/// By its id alone, for members of its group who may read it; nobody else is told. There is one reminder of a message: asking
/// again replaces its time, and it waits again.
#[api_v2_operation(tags(Saved), operation_id = "remindOfMessage")]
pub async fn put(
    state: State,
    key: Key,
    body: Body<ReminderDraftDto>,
    path: Ids<MessageId>,
    _: NoParams,
) -> Result<Ok200<ReminderDto>, ApiError> {
    let (at, Ids(message)) = (body.0.parse()?, path);
    let view = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| saved::put_reminder(tx, actor, message, at))
        .await?;
    Ok(Ok200(ShownReminder::of(view, MessageFormat::Text).into()))
}

/// Removes a reminder
///
/// Also of a message that you can't read any more. If there is none, nothing changes.
#[api_v2_operation(tags(Saved), operation_id = "removeReminder")]
pub async fn remove(
    state: State,
    key: Key,
    path: Ids<MessageId>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids(message) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| saved::remove_reminder(tx, actor, message)).await?;
    Ok(NoContent)
}

/// Lists your reminders
///
/// Over all groups, in the order of their times, those that are due among them until you remove them. One whose message you can't
/// read now has none.
#[api_v2_operation(tags(Saved), operation_id = "listReminders")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<ReminderListParams>,
) -> Result<Large<PageDto<ReminderDto>>, ApiError> {
    let (after, limit, format) = params.0.parse(list)?;
    let place_after = |shown: &ShownReminder| {
        ListCursor::after_about(shown.reminder.message.get(), shown.reminder.at.as_micros())
    };
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| {
                let Page { items, more } = saved::list_reminders(tx, actor, after, limit)?;
                let items = items.into_iter().map(|view| ShownReminder::of(view, format)).collect();
                Ok(Page { items, more })
            },
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}
