//! Bodies for roles on the server and for what somebody may do there.

use groupchat_domain::accounts::ServerRoleChanges;
use groupchat_domain::events::RolesOfUser;
use groupchat_domain::ids::{RoleId, UserId};
use groupchat_domain::permissions::{
    MAX_SERVER_ROLES, ServerDecision, ServerPermission, ServerPermissionSet, ServerRole, ServerRoleName,
};
use paperclip::actix::Apiv2Schema;
use serde::{Deserialize, Serialize};

use crate::permissions::ReasonDto;
use crate::problem::ApiError;
use crate::wire::{Change, Field, Fields, Items, Required};

/// How many roles there can be on a server: those that it defines, `admin` and `member`.
const MAX_ROLES: usize = MAX_SERVER_ROLES + 2;

/// A role on the server.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ServerRole")]
pub struct ServerRoleDto {
    /// The id.
    pub id: Field<RoleId>,
    /// The name.
    pub name: Field<ServerRoleName>,
    /// What users with the role may do.
    pub permissions: Field<ServerPermissionSet>,
    /// Whether every server has it.
    pub built_in: Field<bool>,
}

impl From<ServerRole> for ServerRoleDto {
    fn from(role: ServerRole) -> Self {
        let built_in = role.is_built_in().into();
        Self { id: role.id.into(), name: role.name.into(), permissions: role.permissions.into(), built_in }
    }
}

/// Roles on the server.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ServerRoles")]
pub struct ServerRolesDto {
    /// `admin`, `member`, and then the others by name.
    pub items: Items<ServerRoleDto, MAX_ROLES>,
}

impl From<Vec<ServerRole>> for ServerRolesDto {
    fn from(roles: Vec<ServerRole>) -> Self {
        Self { items: roles.into_iter().map(ServerRoleDto::from).collect() }
    }
}

/// The roles of a user on the server.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "RolesOfUser")]
pub struct RolesOfUserDto {
    /// The user.
    pub user_id: Field<UserId>,
    /// All roles that the user has, in the order of the list of roles.
    pub items: Items<ServerRoleDto, MAX_ROLES>,
}

impl From<RolesOfUser> for RolesOfUserDto {
    fn from(of: RolesOfUser) -> Self {
        Self { user_id: of.user.into(), items: of.roles.into_iter().map(ServerRoleDto::from).collect() }
    }
}

/// A role to define.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ServerRoleDraft")]
pub(super) struct ServerRoleDraftDto {
    /// The name: 1–50 characters.
    pub name: Required<ServerRoleName>,
    /// What users with the role may do.
    pub permissions: Required<ServerPermissionSet>,
}

impl ServerRoleDraftDto {
    pub(super) fn parse(self) -> Result<(ServerRoleName, ServerPermissionSet), ApiError> {
        let mut fields = Fields::new();
        let name = fields.required("name", self.name);
        let permissions = fields.required("permissions", self.permissions);
        match (name, permissions) {
            (Some(name), Some(permissions)) => Ok((name, permissions)),
            _ => Err(fields.into()),
        }
    }
}

/// Changes to a role. Absent fields keep their value.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ServerRoleChanges")]
pub(super) struct ServerRoleChangesDto {
    /// The name: 1–50 characters. That of a built-in role can't be changed.
    #[serde(default)]
    pub name: Change<ServerRoleName>,
    /// What users with the role may do. What `admin` allows can't be changed.
    #[serde(default)]
    pub permissions: Change<ServerPermissionSet>,
}

impl ServerRoleChangesDto {
    pub(super) fn parse(self) -> Result<ServerRoleChanges, ApiError> {
        let mut fields = Fields::new();
        let changes = ServerRoleChanges {
            name: fields.changeable("name", self.name),
            permissions: fields.changeable("permissions", self.permissions),
        };
        fields.finish()?;
        Ok(changes)
    }
}

/// What a user may do on the server.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ServerPermissions")]
pub(super) struct ServerPermissionsDto {
    /// Every permission.
    pub items: Items<ExplainedDto, { ServerPermission::ALL.len() }>,
}

/// Whether a user has a permission on the server, and why.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ExplainedServerPermission")]
pub(super) struct ExplainedDto {
    /// The permission.
    pub permission: Field<ServerPermission>,
    /// Whether the user has it.
    pub allowed: Field<bool>,
    /// Why, or why not.
    pub reason: ReasonDto,
}

impl From<Vec<(ServerPermission, ServerDecision)>> for ServerPermissionsDto {
    fn from(explained: Vec<(ServerPermission, ServerDecision)>) -> Self {
        let explain = |(permission, decision): (ServerPermission, ServerDecision)| ExplainedDto {
            permission: permission.into(),
            allowed: decision.is_allowed().into(),
            reason: ReasonDto::new(decision.reason(), &decision),
        };
        Self { items: explained.into_iter().map(explain).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn a_role_has_a_name_and_known_permissions() {
        let parse = |json: &str| serde_json::from_str::<ServerRoleDraftDto>(json).unwrap().parse();
        let good = parse(r#"{"name": "Auditor", "permissions": ["view_audit"]}"#).unwrap();
        let permissions = ServerPermissionSet::of(&[ServerPermission::ViewAudit]);
        assert_eq!(good, (ServerRoleName::parse("Auditor").unwrap(), permissions));
        for bad in [
            "{}",
            r#"{"name": "", "permissions": []}"#,
            r#"{"name": "x"}"#,
            r#"{"name": "x", "permissions": ["fly"]}"#,
            r#"{"name": "x", "permissions": ["view"]}"#,
        ] {
            assert_eq!(parse(bad).unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }
}
