//! Handlers for login and users.

use groupchat_domain::accounts::{self, Actor, LoginPorts, OwnPasswordPorts, SignedIn};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::device_header::DeviceHeader;
use super::dto::{CreatedUserDto, LoginDto, TemporaryPasswordDto, UserDto};
use super::requests::{
    LoginRequest, PasswordChangeDto, ProfileChangesDto, UserChangesDto, UserDraftDto, UserListParams,
};
use crate::extract::{Body, Client, Ids, Key, NoParams, OPEN_BODY_LIMIT, Params};
use crate::problem::ApiError;
use crate::respond::{Created, Large, NoContent, Ok200};
use crate::state::{AppState, State};
use crate::wire::{List, PageDto};

/// Signs in
///
/// The key in the response is valid until `expires_at`, by default for 30 days. With `refresh`, it is valid for an hour by
/// default, and `refresh_token` gets the next one. If the account has a second factor, a right password is answered with
/// `mfa_required` and a `ticket` for `loginWithCode`. Failed attempts are limited for each address and account, and the wait
/// grows with each. With `X-Device-Token`, a device on which the user has signed in before has attempts of its own, so
/// that nobody else can use them up.
#[api_v2_operation(tags(Accounts), operation_id = "login")]
pub async fn login(
    state: State,
    body: Body<LoginRequest, OPEN_BODY_LIMIT>,
    client: Client,
    device: DeviceHeader,
    _: NoParams,
) -> Result<Ok200<LoginDto>, ApiError> {
    let attempt = body.0.parse(client.0, device.0)?;
    match accounts::login(login_ports(&state), attempt).await? {
        SignedIn::Complete(logged_in) => Ok(Ok200(logged_in.into())),
        SignedIn::HalfWay(half) => Err(half.into()),
    }
}

/// What every login needs.
pub(crate) fn login_ports(state: &AppState) -> LoginPorts<'_> {
    let options = state.options();
    LoginPorts {
        storage: &*state.storage,
        hasher: &*state.hasher,
        keys: &*state.keys,
        attempts: &*state.attempts,
        journal: &*state.journal,
        lifetime: options.login_lifetime,
        refresh: options.refresh,
        sessions_per_user: options.sessions_per_user,
        networks_known_for: options.networks_known_for,
        devices_known_for: options.devices_known_for,
    }
}

/// Creates a user
///
/// For those with `manage_users`. Only admins create admins.
#[api_v2_operation(tags(Accounts), operation_id = "createUser")]
pub async fn create(
    state: State,
    key: Key,
    body: Body<UserDraftDto>,
    _: NoParams,
) -> Result<Created<CreatedUserDto>, ApiError> {
    let draft = body.0.parse()?;
    let (storage, hasher, keys) = (&*state.storage, &*state.hasher, &*state.keys);
    let welcome = state.welcome.clone();
    let created = accounts::create(storage, hasher, keys, welcome, key.0, draft).await?;
    let location = format!("/api/users/{}", created.user.id);
    Ok(Created { body: created.into(), location })
}

/// Lists users
///
/// By name.
#[api_v2_operation(tags(Accounts), operation_id = "listUsers")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<UserListParams>,
) -> Result<Large<PageDto<UserDto>>, ApiError> {
    let query = params.0.parse(list)?;
    state
        .read_large(
            key.0,
            move |tx, actor| accounts::list_users(tx, actor, &query),
            move |page, actor| PageDto::by_name(list, page, |user| UserDto::seen_by(actor.id(), user)),
        )
        .await
}

/// Returns a user
#[api_v2_operation(tags(Accounts), operation_id = "getUser")]
pub async fn show(
    state: State,
    key: Key,
    path: Ids<UserId>,
    _: NoParams,
) -> Result<Ok200<UserDto>, ApiError> {
    let Ids(id) = path;
    let read = move |tx: &mut dyn Tx, actor: &Actor| {
        Ok(UserDto::seen_by(actor.id(), accounts::find_user(tx, actor, id)?))
    };
    Ok(Ok200(state.storage.read_as(key.0, read).await?))
}

/// Returns the signed-in user
#[api_v2_operation(tags(Accounts), operation_id = "getMe")]
pub async fn show_self(state: State, key: Key, _: NoParams) -> Result<Ok200<UserDto>, ApiError> {
    let asking = key.in_groups().before_password_change().before_factor();
    let user = state.storage.read_as(asking, accounts::find_self).await?;
    Ok(Ok200(UserDto::own(user)))
}

/// Edits your own profile
///
/// Where the server sends mail, another e-mail address takes the current password: whoever gets the mail can reset it.
#[api_v2_operation(tags(Accounts), operation_id = "editMe")]
pub async fn edit_self(
    state: State,
    key: Key,
    body: Body<ProfileChangesDto>,
    _: NoParams,
) -> Result<Ok200<UserDto>, ApiError> {
    let (changes, current) = body.0.parse()?;
    let user = accounts::edit_profile(own_password(&state), &*state.mails, key.0, changes, current).await?;
    Ok(Ok200(UserDto::own(user)))
}

/// Changes your own password
///
/// Ends all your other sessions. The server forgets all devices on which you have signed in, except the one of
/// `X-Device-Token`.
#[api_v2_operation(tags(Accounts), operation_id = "changePassword")]
pub async fn change_password(
    state: State,
    key: Key,
    body: Body<PasswordChangeDto>,
    device: DeviceHeader,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let (current, new) = body.0.parse()?;
    let (storage, hasher, attempts) = (&*state.storage, &*state.hasher, &*state.attempts);
    let device = device.0.and_then(|token| state.keys.read_device(token.reveal()));
    accounts::change_password(storage, hasher, attempts, key.0, current, new, device).await?;
    Ok(NoContent)
}

fn own_password(state: &AppState) -> OwnPasswordPorts<'_> {
    OwnPasswordPorts { storage: &*state.storage, hasher: &*state.hasher, attempts: &*state.attempts }
}

/// Edits a user
///
/// For those with `manage_users`, if they may do no less than the user. Only admins decide who is an admin. A new
/// password ends the user's sessions, and so does `suspended`: the user can't sign in until it is false again, while
/// memberships, rights and messages stay. To change your own password, use `changePassword`, which asks for the current
/// one.
#[api_v2_operation(tags(Accounts), operation_id = "editUser")]
pub async fn edit(
    state: State,
    key: Key,
    body: Body<UserChangesDto>,
    path: Ids<UserId>,
    _: NoParams,
) -> Result<Ok200<UserDto>, ApiError> {
    let changes = body.0.parse()?;
    let user = accounts::edit_user(&*state.storage, &*state.hasher, key.0, path.0, changes).await?;
    Ok(Ok200(user.into()))
}

/// Gives a user a temporary password
///
/// For those with `manage_users`, if they may do no less than the user. Ends all sessions of the user. Whoever signs in
/// with the password has to change it (`changePassword`) before anything else.
#[api_v2_operation(tags(Accounts), operation_id = "setTemporaryPassword")]
pub async fn set_temporary_password(
    state: State,
    key: Key,
    path: Ids<UserId>,
    _: NoParams,
) -> Result<Created<TemporaryPasswordDto>, ApiError> {
    let Ids(id) = path;
    let (storage, hasher, keys) = (&*state.storage, &*state.hasher, &*state.keys);
    let password = accounts::set_temporary_password(storage, hasher, keys, key.0, id).await?;
    Ok(Created { body: password.into(), location: "/api/users/me/password".to_owned() })
}

/// Deletes a user
///
/// For those with `manage_users`, if they may do no less than the user. The user's messages stay; their author has no
/// name.
#[api_v2_operation(tags(Accounts), operation_id = "deleteUser")]
pub async fn delete(state: State, key: Key, path: Ids<UserId>, _: NoParams) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy);
    state.storage.write_as(tidying, move |tx, actor| accounts::delete_user(tx, actor, id)).await?;
    Ok(NoContent)
}
