//! Handlers for operations.

use groupchat_domain::storage::DiskSpace;
use paperclip::actix::api_v2_operation;

use super::dto::{HealthDto, Product, SemanticVersion, Status, VersionDto};
use crate::extract::NoParams;
use crate::problem::ApiError;
use crate::respond::Ok200;
use crate::state::State;

/// Reports the health of the server
///
/// Responds with 200 if the database can be read and written, and with 503 if it can't, is damaged, or has almost no
/// disk space left. Needs no key, and accepts any query, because monitors add queries to bypass caches.
#[api_v2_operation(tags(Operations), operation_id = "getHealth")]
pub async fn health(state: State) -> Result<Ok200<HealthDto>, ApiError> {
    let status = Status::from(state.health.look(&state.storage).await?);
    let storage_full = state.storage.disk_space().is_some_and(DiskSpace::is_nearly_full);
    Ok(Ok200(HealthDto { status: status.into(), storage_full: storage_full.into() }))
}

/// Returns the program's version
///
/// Needs no key.
#[api_v2_operation(tags(Operations), operation_id = "getVersion")]
pub async fn version(state: State, _: NoParams) -> Ok200<VersionDto> {
    Ok200(VersionDto {
        name: Product("groupchat".to_owned()).into(),
        version: SemanticVersion(state.version.to_owned()).into(),
    })
}
