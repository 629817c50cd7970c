//! What the routes for operations do.

use groupchat_domain::storage::DiskSpace;
use paperclip::actix::api_v2_operation;

use super::dto::{HealthDto, Product, SemanticVersion, Status, VersionDto};
use crate::extract::NoParams;
use crate::problem::ApiError;
use crate::respond::Ok200;
use crate::state::State;

/// Tells whether the server is well
///
/// 200 when the database can be read and takes writes, 503 when it can't, is damaged or has next to no room left. Needs
/// no key, and takes any query: monitors add some against caches.
#[api_v2_operation(tags(Operations), operation_id = "getHealth")]
pub async fn health(state: State) -> Result<Ok200<HealthDto>, ApiError> {
    let status = Status::from(state.health.look(&state.storage).await?);
    let storage_full = state.storage.disk_space().is_some_and(DiskSpace::is_nearly_full);
    Ok(Ok200(HealthDto { status: status.into(), storage_full: storage_full.into() }))
}

/// Tells the program's version
///
/// Needs no key.
#[api_v2_operation(tags(Operations), operation_id = "getVersion")]
pub async fn version(state: State, _: NoParams) -> Ok200<VersionDto> {
    Ok200(VersionDto {
        name: Product("groupchat".to_owned()).into(),
        version: SemanticVersion(state.version.to_owned()).into(),
    })
}
