//! Handlers for second factors.

use groupchat_domain::accounts::{self, Actor, OwnPasswordPorts, SecondFactorPorts};
use groupchat_domain::factors::{self, FactorPorts};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Asking, Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{FactorsDto, RecoveryCodesDto, TotpSetUpDto};
use super::requests::{OwnPasswordRequest, PasscodeRequest, PasswordAndCodeRequest, SecondFactorRequest};
use crate::accounts::{DeviceHeader, LoginDto, login_ports};
use crate::extract::{Body, Client, Ids, Key, NoParams, OPEN_BODY_LIMIT};
use crate::problem::ApiError;
use crate::respond::{NoContent, Ok200};
use crate::state::{AppState, State};

/// What authenticators call a server that has no public address.
const ISSUER: &str = "groupchat";

/// What checking passwords and codes needs.
pub(crate) fn factor_ports(state: &AppState) -> FactorPorts<'_> {
    let password =
        OwnPasswordPorts { storage: &*state.storage, hasher: &*state.hasher, attempts: &*state.attempts };
    FactorPorts { password, codes: state.factors.clone(), sealer: state.sealer.clone() }
}

/// What authenticators call the server: the host of its public address.
fn issuer(state: &AppState) -> String {
    let options = state.options();
    let site = options.public_url.as_deref().and_then(|url| url.split_once("://"));
    let host = site.map(|(_, authority)| authority.split_once(':').map_or(authority, |(host, _)| host));
    let is_plain = |host: &&str| {
        !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    host.filter(is_plain).unwrap_or(ISSUER).to_owned()
}

/// Signs in with a second factor
///
/// With the `ticket` of a login that was answered with `mfa_required`, and a code. The ticket is valid for 5 minutes and
/// ends after 5 wrong codes. A code works once. The response is that of a login. Wrong codes are limited for each account.
#[api_v2_operation(tags("Second factors"), operation_id = "loginWithCode")]
pub async fn login(
    state: State,
    body: Body<SecondFactorRequest, OPEN_BODY_LIMIT>,
    client: Client,
    device: DeviceHeader,
    _: NoParams,
) -> Result<Ok200<LoginDto>, ApiError> {
    let (ticket, code) = body.0.parse()?;
    let ports = SecondFactorPorts {
        login: login_ports(&state),
        codes: state.factors.clone(),
        sealer: state.sealer.clone(),
    };
    Ok(Ok200(accounts::login_with_code(ports, ticket, code, device.0, client.0).await?.into()))
}

/// Shows your second factors
#[api_v2_operation(tags("Second factors"), operation_id = "getFactors")]
pub async fn show(state: State, key: Key, _: NoParams) -> Result<Ok200<FactorsDto>, ApiError> {
    let policy = state.storage.factor_policy();
    let find = move |tx: &mut dyn Tx, actor: &Actor| factors::find_factors(tx, actor, policy);
    let found = state.storage.read_as(Asking::from(key.0).before_factor(), find).await?;
    Ok(Ok200(found.into()))
}

/// Removes the second factors of a user
///
/// For a user who has lost them, with the recovery codes. For those with `manage_users` if they may do no less than the user.
/// All sessions of the user end.
#[api_v2_operation(tags("Second factors"), operation_id = "resetFactors")]
pub async fn reset(state: State, key: Key, path: Ids<UserId>, _: NoParams) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let securing = Writing::new(key.0, WritePurpose::Secure);
    state.storage.write_as(securing, move |tx, actor| accounts::reset_factors(tx, actor, id)).await?;
    Ok(NoContent)
}

/// Begins to set up one-time passwords
///
/// For an authenticator app (TOTP, RFC 6238). Nothing asks for them before `confirmTotp`, which has to come within 15
/// minutes. Another begin replaces the secret.
#[api_v2_operation(tags("Second factors"), operation_id = "setUpTotp")]
pub async fn set_up(
    state: State,
    key: Key,
    body: Body<OwnPasswordRequest>,
    _: NoParams,
) -> Result<Ok200<TotpSetUpDto>, ApiError> {
    let password = body.0.parse()?;
    let issuer = issuer(&state);
    Ok(Ok200(factors::set_up_totp(factor_ports(&state), key.0, password, &issuer).await?.into()))
}

/// Confirms one-time passwords
///
/// With one of them, which is used up. From now on, logins with a password answer `mfa_required`. Existing sessions stay.
/// Returns ten recovery codes.
#[api_v2_operation(tags("Second factors"), operation_id = "confirmTotp")]
pub async fn confirm(
    state: State,
    key: Key,
    body: Body<PasscodeRequest>,
    _: NoParams,
) -> Result<Ok200<RecoveryCodesDto>, ApiError> {
    let code = body.0.parse()?;
    Ok(Ok200(factors::confirm_totp(factor_ports(&state), key.0, code).await?.into()))
}

/// Disables one-time passwords
///
/// With the password and a code. The recovery codes are gone, too.
#[api_v2_operation(tags("Second factors"), operation_id = "disableTotp")]
pub async fn disable(
    state: State,
    key: Key,
    body: Body<PasswordAndCodeRequest>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let (password, code) = body.0.parse()?;
    factors::disable_totp(factor_ports(&state), key.0, password, code).await?;
    Ok(NoContent)
}

/// Replaces your recovery codes
///
/// With the password and a code. Returns ten new ones; the others stop working.
#[api_v2_operation(tags("Second factors"), operation_id = "renewRecoveryCodes")]
pub async fn renew_recovery_codes(
    state: State,
    key: Key,
    body: Body<PasswordAndCodeRequest>,
    _: NoParams,
) -> Result<Ok200<RecoveryCodesDto>, ApiError> {
    let (password, code) = body.0.parse()?;
    Ok(Ok200(factors::renew_recovery_codes(factor_ports(&state), key.0, password, code).await?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::ServerOptions;
    use crate::testing::state_with;

    #[test]
    fn authenticators_call_a_server_by_its_host() {
        for (url, expected) in [
            (None, "groupchat"),
            (Some("https://chat.example.org"), "chat.example.org"),
            (Some("http://127.0.0.1:5000"), "127.0.0.1"),
            (Some("http://[::1]:5000"), "groupchat"),
        ] {
            let public_url = url.map(str::to_owned);
            let state = state_with(ServerOptions { public_url, ..ServerOptions::default() });
            assert_eq!(issuer(&state), expected, "{url:?}");
        }
    }
}
