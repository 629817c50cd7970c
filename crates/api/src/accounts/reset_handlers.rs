//! Handlers for resets of passwords.

use groupchat_domain::accounts::{self, ResetPorts};
use groupchat_domain::codes::SecretCode;
use paperclip::actix::api_v2_operation;

use super::reset_requests::{PasswordResetDto, ResetRequestDto};
use crate::extract::{Body, Client, Ids, NoParams, OPEN_BODY_LIMIT};
use crate::problem::ApiError;
use crate::respond::{NoContent, Queued};
use crate::state::State;

/// Asks for a code that resets a password
///
/// The code comes by mail, if there is an account with this username and an e-mail address, or with this e-mail address.
/// The answer is the same in any case. An account gets at most three codes a day. `not_configured` if the server sends no
/// mail.
#[api_v2_operation(tags(Accounts), operation_id = "requestPasswordReset")]
pub async fn request(
    state: State,
    body: Body<ResetRequestDto, OPEN_BODY_LIMIT>,
    client: Client,
    _: NoParams,
) -> Result<Queued, ApiError> {
    accounts::request_reset(&*state.mails, body.0.parse()?, client.0)?;
    Ok(Queued)
}

/// Sets a new password by a code
///
/// The code works once, for 30 minutes, and no longer once the password or the address has changed. All sessions of the
/// user end. What else it takes to sign in stays.
#[api_v2_operation(tags(Accounts), operation_id = "resetPassword")]
pub async fn reset(
    state: State,
    body: Body<PasswordResetDto, OPEN_BODY_LIMIT>,
    path: Ids<SecretCode>,
    client: Client,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let new = body.0.parse()?;
    let ports = ResetPorts {
        storage: &*state.storage,
        hasher: &*state.hasher,
        keys: &*state.keys,
        codes: &*state.codes,
    };
    accounts::reset_password(ports, &path.0, new, client.0).await?;
    Ok(NoContent)
}
