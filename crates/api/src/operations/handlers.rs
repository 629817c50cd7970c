//! What the routes for operations do.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use actix_web::rt::time::timeout;
use groupchat_domain::Error;
use groupchat_domain::storage::{Access, Caller, Mode, StorageFault};
use paperclip::actix::api_v2_operation;

use super::dto::{HealthDto, VersionDto};
use crate::extract::Client;
use crate::problem::ApiError;
use crate::respond::Ok200;
use crate::state::State;

/// How long the database may take before the server counts as unwell.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells whether the server is well
///
/// 200 when the database can be read and takes writes, else 503. Needs no key.
#[api_v2_operation(tags(Operations), operation_id = "getHealth")]
pub async fn health(state: State, client: Client) -> Result<Ok200<HealthDto>, ApiError> {
    // On behalf of the address and not of the server, so that nobody can crowd out the server's own work.
    let caller = Caller::Address(client.0.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let look = state.storage.run(Access { mode: Mode::Read, caller }, |tx| Ok(tx.accounts().any_ever()?));
    let touch = state.storage.run(Access { mode: Mode::Write, caller }, |_| Ok(()));
    let both = async {
        look.await?;
        touch.await
    };
    let slow = || Err(Error::from(StorageFault::Unavailable { reason: "no answer in time".to_owned() }));
    timeout(PATIENCE, both).await.unwrap_or_else(|_| slow())?;
    Ok(Ok200(HealthDto { status: "ok" }))
}

/// Tells the program's version
///
/// Needs no key.
#[api_v2_operation(tags(Operations), operation_id = "getVersion")]
pub async fn version(state: State) -> Ok200<VersionDto> {
    Ok200(VersionDto { name: "groupchat", version: state.version })
}
