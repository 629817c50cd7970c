//! Roles on the server: a name, and what users with the role may do.

use super::server::ServerPermission;
use super::set::ServerPermissionSet;
use crate::ids::RoleId;
use crate::text::{TextBytes, name_key, single_line, text_newtype};
use crate::validation::Violation;

/// How many roles a server can define. A user can have all of them.
pub const MAX_SERVER_ROLES: usize = 100;

/// The name of a role on the server: 1–50 characters on one line. Unique without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRoleName(String);
text_newtype!(ServerRoleName);

impl ServerRoleName {
    /// The most characters a name may have.
    pub const MAX_LENGTH: usize = 50;

    /// Normalizes and checks a name; surrounding white space is dropped.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        single_line(text, Self::MAX_LENGTH).map(Self)
    }

    /// The key by which names are compared and ordered.
    pub fn key(&self) -> String {
        name_key(&self.0)
    }
}

/// A role on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRole {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: ServerRoleName,
    /// What users with the role may do.
    pub permissions: ServerPermissionSet,
}

impl ServerRole {
    /// The role of server admins: it allows everything, and that can't be changed.
    pub const ADMIN: RoleId = RoleId::new(1);
    /// The role that every user has.
    pub const MEMBER: RoleId = RoleId::new(2);

    /// The role of server admins.
    pub fn admin() -> Self {
        let name = ServerRoleName("admin".to_owned());
        Self { id: Self::ADMIN, name, permissions: ServerPermissionSet::ALL }
    }

    /// The role of every user, on a server that has not changed what it allows.
    pub fn member() -> Self {
        let name = ServerRoleName("member".to_owned());
        Self { id: Self::MEMBER, name, permissions: ServerPermissionSet::EVERYBODYS }
    }

    /// Whether every server has it.
    pub fn is_built_in(&self) -> bool {
        self.id == Self::ADMIN || self.id == Self::MEMBER
    }

    /// All roles of a server that stores these: `admin`, `member`, and the others by name.
    pub fn all(mut stored: Vec<Self>) -> Vec<Self> {
        if stored.iter().all(|role| role.id != Self::MEMBER) {
            stored.push(Self::member());
        }
        stored.push(Self::admin());
        stored.sort_by_cached_key(|role| (!role.is_built_in(), role.name.key(), role.id));
        stored
    }

    /// Whether it allows this.
    pub const fn allows(&self, permission: ServerPermission) -> bool {
        self.permissions.contains(permission)
    }
}

impl TextBytes for ServerRole {
    fn text_bytes(&self) -> usize {
        self.name.text_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(id: i64, name: &str) -> ServerRole {
        let name = ServerRoleName::parse(name).unwrap();
        ServerRole { id: RoleId::new(id), name, permissions: ServerPermissionSet::EMPTY }
    }

    #[test]
    fn a_server_has_the_built_in_roles_and_then_its_own_by_name() {
        let all = ServerRole::all(vec![role(9, "Zoo"), role(7, "auditor")]);
        assert_eq!(all, [ServerRole::admin(), ServerRole::member(), role(7, "auditor"), role(9, "Zoo")]);
        let changed = role(2, "member");
        assert_eq!(ServerRole::all(vec![changed.clone()]), [ServerRole::admin(), changed]);
    }

    #[test]
    fn admins_may_do_everything_and_everybody_may_start_groups_and_conversations() {
        assert!(ServerPermission::ALL.iter().all(|permission| ServerRole::admin().allows(*permission)));
        let everybody: Vec<_> =
            ServerRole::member().permissions.iter().map(ServerPermission::as_str).collect();
        assert_eq!(everybody, ["create_groups", "create_private_groups", "start_direct"]);
    }

    #[test]
    fn a_name_has_one_to_fifty_characters() {
        assert_eq!(ServerRoleName::parse(" Auditor ").unwrap().as_str(), "Auditor");
        assert!(ServerRoleName::parse(" ").is_err());
        assert!(ServerRoleName::parse(&"x".repeat(ServerRoleName::MAX_LENGTH + 1)).is_err());
    }
}
