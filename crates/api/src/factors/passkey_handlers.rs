//! Handlers for passkeys.

use groupchat_domain::accounts::{self, Actor, PasskeyLoginPorts};
use groupchat_domain::factors::{self, PasskeyPorts};
use groupchat_domain::ids::PasskeyId;
use groupchat_domain::storage::Tx;
use paperclip::actix::api_v2_operation;

use super::handlers::factor_ports;
use super::passkey_dto::{CeremonyDto, PasskeyDto, RegisteredPasskeyDto};
use super::passkey_requests::{
    FactorRequest, LoginRequest, NameRequest, RegistrationRequest, RemovalRequest, TicketRequest,
};
use super::requests::OwnPasswordRequest;
use crate::accounts::{DeviceHeader, LoginDto, login_ports};
use crate::extract::{Body, Client, Ids, Key, NoParams, OPEN_BODY_LIMIT};
use crate::options::ServerOptions;
use crate::problem::ApiError;
use crate::respond::{NoContent, Ok200};
use crate::state::{AppState, State};

fn passkey_ports<'a>(state: &'a AppState, options: &'a ServerOptions) -> PasskeyPorts<'a> {
    let site = options.public_url.as_deref();
    PasskeyPorts { factors: factor_ports(state), ceremonies: state.ceremonies.clone(), site }
}

fn passkey_login_ports<'a>(state: &'a AppState, options: &'a ServerOptions) -> PasskeyLoginPorts<'a> {
    let site = options.public_url.as_deref();
    PasskeyLoginPorts { login: login_ports(state), ceremonies: state.ceremonies.clone(), site }
}

/// Begins to register a passkey
///
/// With the password. The authenticator has to verify its user and to keep the passkey (`residentKey`). `finishPasskey` has
/// to come within 5 minutes.
#[api_v2_operation(tags("Second factors"), operation_id = "beginPasskey")]
pub async fn begin(
    state: State,
    key: Key,
    body: Body<OwnPasswordRequest>,
    _: NoParams,
) -> Result<Ok200<CeremonyDto>, ApiError> {
    let password = body.0.parse()?;
    let options = state.options();
    let begun = factors::begin_passkey(passkey_ports(&state, &options), key.0, password).await?;
    Ok(Ok200(begun.into()))
}

/// Registers a passkey
///
/// From now on, logins with a password ask for it or for another second factor, and it signs in by itself. If it is the first
/// second factor, there are ten recovery codes.
#[api_v2_operation(tags("Second factors"), operation_id = "finishPasskey")]
pub async fn finish(
    state: State,
    key: Key,
    body: Body<RegistrationRequest>,
    _: NoParams,
) -> Result<Ok200<RegisteredPasskeyDto>, ApiError> {
    let (shown, name) = body.0.parse()?;
    let options = state.options();
    let registered = factors::register_passkey(passkey_ports(&state, &options), key.0, shown, name).await?;
    Ok(Ok200(registered.into()))
}

/// Gives a passkey another name
///
/// It signs in as before. Your other devices get `security.factors_updated`.
#[api_v2_operation(tags("Second factors"), operation_id = "renamePasskey")]
pub async fn rename(
    state: State,
    key: Key,
    body: Body<NameRequest>,
    path: Ids<PasskeyId>,
    _: NoParams,
) -> Result<Ok200<PasskeyDto>, ApiError> {
    let (name, id) = (body.0.parse()?, path.0);
    let rename =
        move |tx: &mut dyn Tx, actor: &Actor| Ok(factors::rename_passkey(tx, actor, id, &name)?.into());
    Ok(Ok200(state.storage.write_as(key.0, rename).await?))
}

/// Removes a passkey
///
/// With the password, and with a code if there is no other second factor; then the recovery codes are gone, too.
#[api_v2_operation(tags("Second factors"), operation_id = "removePasskey")]
pub async fn remove(
    state: State,
    key: Key,
    body: Body<RemovalRequest>,
    path: Ids<PasskeyId>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let (password, code) = body.0.parse()?;
    factors::remove_passkey(factor_ports(&state), key.0, path.0, password, code).await?;
    Ok(NoContent)
}

/// Begins to show a passkey as a second factor
///
/// With the `ticket` of a login that was answered with `mfa_required`.
#[api_v2_operation(tags("Second factors"), operation_id = "beginPasskeyFactor")]
pub async fn begin_factor(
    state: State,
    body: Body<TicketRequest, OPEN_BODY_LIMIT>,
    client: Client,
    _: NoParams,
) -> Result<Ok200<CeremonyDto>, ApiError> {
    let ticket = body.0.parse()?;
    let options = state.options();
    let begun =
        accounts::begin_passkey_factor(passkey_login_ports(&state, &options), ticket, client.0).await?;
    Ok(Ok200(begun.into()))
}

/// Signs in with a passkey as a second factor
///
/// As `loginWithCode` does with a code: the ticket works once and ends after 5 wrong codes or passkeys.
#[api_v2_operation(tags("Second factors"), operation_id = "loginWithPasskeyFactor")]
pub async fn finish_factor(
    state: State,
    body: Body<FactorRequest, OPEN_BODY_LIMIT>,
    client: Client,
    device: DeviceHeader,
    _: NoParams,
) -> Result<Ok200<LoginDto>, ApiError> {
    let (ticket, shown) = body.0.parse()?;
    let options = state.options();
    let ports = passkey_login_ports(&state, &options);
    Ok(Ok200(accounts::login_with_passkey_factor(ports, ticket, shown, device.0, client.0).await?.into()))
}

/// Begins to sign in with a passkey
///
/// Without a name: the authenticator lets its user choose among the passkeys of this server.
#[api_v2_operation(tags("Second factors"), operation_id = "beginPasskeyLogin")]
pub async fn begin_login(state: State, client: Client, _: NoParams) -> Result<Ok200<CeremonyDto>, ApiError> {
    let options = state.options();
    let begun = accounts::begin_passkey_login(passkey_login_ports(&state, &options), client.0).await?;
    Ok(Ok200(begun.into()))
}

/// Signs in with a passkey
///
/// Without a password and without another factor: the authenticator has verified its user. The response is that of a login.
#[api_v2_operation(tags("Second factors"), operation_id = "loginWithPasskey")]
pub async fn finish_login(
    state: State,
    body: Body<LoginRequest, OPEN_BODY_LIMIT>,
    client: Client,
    device: DeviceHeader,
    _: NoParams,
) -> Result<Ok200<LoginDto>, ApiError> {
    let attempt = body.0.parse(client.0, device.0)?;
    let options = state.options();
    Ok(Ok200(accounts::login_with_passkey(passkey_login_ports(&state, &options), attempt).await?.into()))
}
