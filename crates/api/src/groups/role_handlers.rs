//! Handlers for the roles of groups.

use groupchat_domain::groups;
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::RoleName;
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::role_dto::{ExplainParams, PermissionsDto, RoleChangesDto, RoleDraftDto, RoleDto, RolesDto};
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::problem::ApiError;
use crate::respond::{Created, NoContent, Ok200};
use crate::state::State;

/// What is encoded in a segment of a path: all but the unreserved characters (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Lists the roles of a group
///
/// The highest rank first: `owner`, `admin`, `member` and `readonly`, which every group has, and up to 20 that the
/// group has defined.
#[api_v2_operation(tags(Groups), operation_id = "listRoles")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Ok200<RolesDto>, ApiError> {
    let Ids(group) = path;
    let roles =
        state.storage.read_as(key.in_groups(), move |tx, actor| groups::list_roles(tx, actor, group)).await?;
    Ok(Ok200(roles.into()))
}

/// Defines a role
///
/// For those who may `manage_roles`. The rank must be lower than the caller's, and the role can't allow what the caller
/// may not do.
#[api_v2_operation(tags(Groups), operation_id = "defineRole")]
pub async fn define(
    state: State,
    key: Key,
    body: Body<RoleDraftDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Created<RoleDto>, ApiError> {
    let ((name, definition), Ids(group)) = (body.0.parse()?, path);
    let role = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| groups::define_role(tx, actor, group, &name, definition))
        .await?;
    let location =
        format!("/api/groups/{group}/roles/{}", utf8_percent_encode(role.title.name.as_str(), SEGMENT));
    Ok(Created { body: role.into(), location })
}

/// Changes a role
///
/// For those who may `manage_roles`, if the role has a lower rank than theirs. Members with the role may do at once
/// what it allows then. What `owner` allows, and the rank of a built-in role, can't be changed.
#[api_v2_operation(tags(Groups), operation_id = "editRole")]
pub async fn edit(
    state: State,
    key: Key,
    body: Body<RoleChangesDto>,
    path: Ids<(GroupId, RoleName)>,
    _: NoParams,
) -> Result<Ok200<RoleDto>, ApiError> {
    let (changes, Ids((group, name))) = (body.0.parse()?, path);
    let role = state
        .storage
        .write_as(key.in_groups(), move |tx, actor| groups::edit_role(tx, actor, group, &name, changes))
        .await?;
    Ok(Ok200(role.into()))
}

/// Deletes a role
///
/// For those who may `manage_roles`, if the role has a lower rank than theirs and no member has it.
#[api_v2_operation(tags(Groups), operation_id = "deleteRole")]
pub async fn delete(
    state: State,
    key: Key,
    path: Ids<(GroupId, RoleName)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, name)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| groups::delete_role(tx, actor, group, &name)).await?;
    Ok(NoContent)
}

/// Explains what a user may do in a group
///
/// Of every permission, whether the user has it and why.
#[api_v2_operation(tags(Groups), operation_id = "explainPermissions")]
pub async fn explain(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    params: Params<ExplainParams>,
) -> Result<Ok200<PermissionsDto>, ApiError> {
    let (Ids(group), user) = (path, params.0.parse()?);
    let explained = state
        .storage
        .read_as(key.in_groups(), move |tx, actor| groups::explain(tx, actor, group, user.id(actor)))
        .await?;
    Ok(Ok200(explained.into()))
}
