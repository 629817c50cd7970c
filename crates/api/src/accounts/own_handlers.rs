//! Handlers for what users do with their whole account: it takes the password again, and a code of those who have a second
//! factor.

use groupchat_domain::accounts;
use paperclip::actix::api_v2_operation;

use crate::extract::{Body, Key, NoParams};
use crate::factors::{ProofRequest, factor_ports};
use crate::problem::ApiError;
use crate::respond::NoContent;
use crate::state::State;

/// Deletes your own account
///
/// Takes your password, and a code if you have a second factor. Your messages stay; their author has no name. The last admin
/// stays, too.
#[api_v2_operation(tags(Accounts), operation_id = "deleteMe")]
pub async fn delete(
    state: State,
    key: Key,
    body: Body<ProofRequest>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    accounts::delete_self(factor_ports(&state), key.0, body.0.parse()?).await?;
    Ok(NoContent)
}
