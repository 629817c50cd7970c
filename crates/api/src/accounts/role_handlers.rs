//! Handlers for roles on the server.

use groupchat_domain::accounts;
use groupchat_domain::events::RolesOfUser;
use groupchat_domain::ids::RoleId;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::role_dto::{
    RolesOfUserDto, ServerPermissionsDto, ServerRoleChangesDto, ServerRoleDraftDto, ServerRoleDto,
    ServerRolesDto,
};
use crate::extract::{Body, Ids, Key, NoParams, UserOrMe};
use crate::problem::ApiError;
use crate::respond::{Created, NoContent, Ok200};
use crate::state::State;

/// Lists the roles on the server
///
/// `admin` and `member`, which every server has, and up to 100 that the server has defined, by name.
#[api_v2_operation(tags(Accounts), operation_id = "listServerRoles")]
pub async fn list(state: State, key: Key, _: NoParams) -> Result<Ok200<ServerRolesDto>, ApiError> {
    let roles = state.storage.read_as(key.0, accounts::list_server_roles).await?;
    Ok(Ok200(roles.into()))
}

/// Defines a role on the server
///
/// For those with `manage_roles`. The role can't allow what the caller may not do.
#[api_v2_operation(tags(Accounts), operation_id = "defineServerRole")]
pub async fn define(
    state: State,
    key: Key,
    body: Body<ServerRoleDraftDto>,
    _: NoParams,
) -> Result<Created<ServerRoleDto>, ApiError> {
    let (name, permissions) = body.0.parse()?;
    let role = state
        .storage
        .write_as(key.0, move |tx, actor| accounts::define_server_role(tx, actor, &name, permissions))
        .await?;
    let location = format!("/api/roles/{}", role.id);
    Ok(Created { body: role.into(), location })
}

/// Changes a role on the server
///
/// For those with `manage_roles`, if they may do all that the role allows before and after. Users with the role may do
/// at once what it allows then. What `admin` allows, and the names of `admin` and `member`, can't be changed.
#[api_v2_operation(tags(Accounts), operation_id = "editServerRole")]
pub async fn edit(
    state: State,
    key: Key,
    body: Body<ServerRoleChangesDto>,
    path: Ids<RoleId>,
    _: NoParams,
) -> Result<Ok200<ServerRoleDto>, ApiError> {
    let (changes, Ids(role)) = (body.0.parse()?, path);
    let role = state
        .storage
        .write_as(key.0, move |tx, actor| accounts::edit_server_role(tx, actor, role, &changes))
        .await?;
    Ok(Ok200(role.into()))
}

/// Deletes a role on the server
///
/// For those with `manage_roles`, if they may do all that the role allows. Nobody has the role any more.
#[api_v2_operation(tags(Accounts), operation_id = "deleteServerRole")]
pub async fn delete(state: State, key: Key, path: Ids<RoleId>, _: NoParams) -> Result<NoContent, ApiError> {
    let Ids(role) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy);
    state.storage.write_as(tidying, move |tx, actor| accounts::delete_server_role(tx, actor, role)).await?;
    Ok(NoContent)
}

/// Lists the roles of a user on the server
///
/// Everybody may see them, as everybody may see who is a server admin.
#[api_v2_operation(tags(Accounts), operation_id = "listUserRoles")]
pub async fn list_of_user(
    state: State,
    key: Key,
    path: Ids<UserOrMe>,
    _: NoParams,
) -> Result<Ok200<RolesOfUserDto>, ApiError> {
    let Ids(user) = path;
    let roles = state
        .storage
        .read_as(key.0, move |tx, actor| {
            let user = user.id(actor);
            Ok(RolesOfUser { user, roles: accounts::list_roles_of_user(tx, actor, user)? })
        })
        .await?;
    Ok(Ok200(roles.into()))
}

/// Gives a user a role on the server
///
/// For those with `manage_roles`, if they may do all that the role allows, and no less than the user. Only admins give
/// `admin`, which is the same as to set `is_admin`. Returns the user's roles.
#[api_v2_operation(tags(Accounts), operation_id = "giveServerRole")]
pub async fn give(
    state: State,
    key: Key,
    path: Ids<(UserOrMe, RoleId)>,
    _: NoParams,
) -> Result<Ok200<RolesOfUserDto>, ApiError> {
    let Ids((user, role)) = path;
    let roles = state
        .storage
        .write_as(key.0, move |tx, actor| {
            let user = user.id(actor);
            Ok(RolesOfUser { user, roles: accounts::give_server_role(tx, actor, user, role)? })
        })
        .await?;
    Ok(Ok200(roles.into()))
}

/// Takes a role on the server from a user
///
/// For those with `manage_roles`, if they may do all that the role allows, and no less than the user. Only admins take
/// `admin`, and never from the last one. Everybody keeps `member`.
#[api_v2_operation(tags(Accounts), operation_id = "takeServerRole")]
pub async fn take(
    state: State,
    key: Key,
    path: Ids<(UserOrMe, RoleId)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((user, role)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy);
    state
        .storage
        .write_as(tidying, move |tx, actor| accounts::take_server_role(tx, actor, user.id(actor), role))
        .await?;
    Ok(NoContent)
}

/// Explains what a user may do on the server
///
/// Of every permission, whether the user has it and why. Of others than oneself for those with `manage_users` or
/// `manage_roles`.
#[api_v2_operation(tags(Accounts), operation_id = "explainServerPermissions")]
pub async fn explain(
    state: State,
    key: Key,
    path: Ids<UserOrMe>,
    _: NoParams,
) -> Result<Ok200<ServerPermissionsDto>, ApiError> {
    let Ids(user) = path;
    let explained = state
        .storage
        .read_as(key.0, move |tx, actor| accounts::explain_on_server(tx, actor, user.id(actor)))
        .await?;
    Ok(Ok200(explained.into()))
}
