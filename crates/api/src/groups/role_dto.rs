//! Bodies for the roles of groups and for what somebody may do.

use groupchat_domain::groups::RoleChanges;
use groupchat_domain::permissions::{
    BuiltInRole, Decision, GroupPermission, MAX_ROLES, PermissionSet, Rank, Role, RoleDefinition, RoleName,
};
use paperclip::actix::Apiv2Schema;
use serde::{Deserialize, Serialize};

use crate::extract::UserOrMe;
use crate::permissions::ReasonDto;
use crate::problem::ApiError;
use crate::wire::{Change, Field, Fields, Given, Items, Optional, Required};

/// A role of a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "GroupRole")]
pub struct RoleDto {
    /// The name.
    pub name: Field<RoleName>,
    /// How high it stands. Members act only on members of a lower rank.
    pub rank: Field<Rank>,
    /// What members with the role may do.
    pub permissions: Field<PermissionSet>,
    /// Whether every group has it.
    pub built_in: Field<bool>,
}

impl From<Role> for RoleDto {
    fn from(role: Role) -> Self {
        let built_in = role.title.name.built_in().is_some();
        Self {
            name: role.title.name.into(),
            rank: role.title.rank.into(),
            permissions: role.permissions.into(),
            built_in: built_in.into(),
        }
    }
}

/// The roles of a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "GroupRoles")]
pub struct RolesDto {
    /// The highest rank first.
    pub items: Items<RoleDto, { BuiltInRole::ALL.len() + MAX_ROLES }>,
}

impl From<Vec<Role>> for RolesDto {
    fn from(roles: Vec<Role>) -> Self {
        Self { items: roles.into_iter().map(RoleDto::from).collect() }
    }
}

/// A role to define.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "GroupRoleDraft")]
pub(super) struct RoleDraftDto {
    /// The name: 1–50 characters.
    pub name: Required<RoleName>,
    /// The rank: 1–99.
    pub rank: Required<Rank>,
    /// What members with the role may do; `view` must be among it.
    pub permissions: Required<PermissionSet>,
}

impl RoleDraftDto {
    pub(super) fn parse(self) -> Result<(RoleName, RoleDefinition), ApiError> {
        let mut fields = Fields::new();
        let name = fields.required("name", self.name);
        let rank = fields.required("rank", self.rank);
        let permissions = fields.required("permissions", self.permissions);
        match (name, rank, permissions) {
            (Some(name), Some(rank), Some(permissions)) => Ok((name, RoleDefinition { rank, permissions })),
            _ => Err(fields.into()),
        }
    }
}

/// Changes to a role. Absent fields keep their value.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "GroupRoleChanges")]
pub(super) struct RoleChangesDto {
    /// The rank: 1–99. That of a built-in role can't be changed.
    #[serde(default)]
    pub rank: Change<Rank>,
    /// What members with the role may do; `view` must be among it.
    #[serde(default)]
    pub permissions: Change<PermissionSet>,
    // Known, so that nobody believes that it was changed.
    #[serde(default)]
    name: Given,
}

impl RoleChangesDto {
    pub(super) fn parse(self) -> Result<RoleChanges, ApiError> {
        let mut fields = Fields::new();
        let changes = RoleChanges {
            rank: fields.changeable("rank", self.rank),
            permissions: fields.changeable("permissions", self.permissions),
        };
        fields.fixed([("name", self.name)]);
        fields.finish()?;
        Ok(changes)
    }
}

/// Whose permissions to explain.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct ExplainParams {
    /// The user's id, or `me`; by default the caller. Others are for those who may manage roles.
    user_id: Optional<UserOrMe>,
}

impl ExplainParams {
    pub(super) fn parse(self) -> Result<UserOrMe, ApiError> {
        let mut fields = Fields::new();
        let user = fields.optional("user_id", self.user_id);
        fields.finish()?;
        Ok(user.unwrap_or(UserOrMe::Me))
    }
}

/// What a user may do in a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "GroupPermissions")]
pub struct PermissionsDto {
    /// Every permission.
    pub items: Items<ExplainedDto, { GroupPermission::ALL.len() }>,
}

/// Whether a user has a permission, and why.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ExplainedPermission")]
pub struct ExplainedDto {
    /// The permission.
    pub permission: Field<GroupPermission>,
    /// Whether the user has it.
    pub allowed: Field<bool>,
    /// Why, or why not.
    pub reason: ReasonDto,
}

impl From<Vec<(GroupPermission, Decision)>> for PermissionsDto {
    fn from(explained: Vec<(GroupPermission, Decision)>) -> Self {
        let explain = |(permission, decision): (GroupPermission, Decision)| ExplainedDto {
            permission: permission.into(),
            allowed: decision.is_allowed().into(),
            reason: ReasonDto::new(decision.reason(), &decision).until(decision.until()),
        };
        Self { items: explained.into_iter().map(explain).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn a_role_has_a_name_a_rank_and_known_permissions() {
        let parse = |json: &str| serde_json::from_str::<RoleDraftDto>(json).unwrap().parse();
        let good = parse(r#"{"name": "Teacher", "rank": 30, "permissions": ["view", "pin"]}"#).unwrap();
        let permissions = PermissionSet::of(&[GroupPermission::View, GroupPermission::Pin]);
        let definition = RoleDefinition { rank: Rank::parse(30).unwrap(), permissions };
        assert_eq!(good, (RoleName::parse("Teacher").unwrap(), definition));
        for bad in [
            "{}",
            r#"{"name": "", "rank": 30, "permissions": ["view"]}"#,
            r#"{"name": "x", "rank": 100, "permissions": ["view"]}"#,
            r#"{"name": "x", "rank": 30, "permissions": ["view", "fly"]}"#,
            r#"{"name": "x", "rank": 30, "permissions": ["pin"]}"#,
        ] {
            assert_eq!(parse(bad).unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }
}
