//! The handler of snapshots.

use std::sync::Arc;

use groupchat_domain::sync;
use paperclip::actix::api_v2_operation;

use super::dto::{SettingsDto, SyncDto};
use super::requests::SyncParams;
use crate::extract::{Key, Params};
use crate::problem::ApiError;
use crate::respond::Large;
use crate::state::State;

/// Returns what a client shows first
///
/// You, your groups and direct conversations, your invitations, and the cursor from which events go on, all of one moment.
/// With the cursor of an earlier moment, only what has changed since.
#[api_v2_operation(tags(Sync), operation_id = "sync")]
pub async fn sync(state: State, key: Key, params: Params<SyncParams>) -> Result<Large<SyncDto>, ApiError> {
    let since = params.0.parse()?;
    let has_cursor = since.is_some();
    let (live, settings) = (Arc::clone(&state.live), SettingsDto::from(&**state.options()));
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| sync::take(tx, actor, since.as_ref()),
            move |snapshot, actor| {
                let present = live.presence_in(&snapshot.direct, actor.id());
                SyncDto::new(snapshot, has_cursor, settings, present)
            },
        )
        .await
}
