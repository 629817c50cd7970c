//! What tokens hold of what their users may do.

use std::sync::Arc;

use crate::ids::GroupId;
use crate::permissions::{ServerPermission, ServerPermissionSet, ServerRights};
use crate::validation::{Violation, ViolationCode, one_of};

/// What a token is for. Each scope contains those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Reads what its user reads.
    Read,
    /// Also writes, and changes what is of its user, but nothing that tells how the user signs in.
    Write,
    /// Also uses the permissions that its user has on the server, but for roles.
    Admin,
}

impl Scope {
    /// All of them, each after those that it contains.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// What a token may use of the permissions on the server without the scope `admin`: those that everybody has by
    /// default, which administer nothing.
    const ORDINARY: ServerPermissionSet = ServerPermissionSet::EVERYBODYS;

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope of this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(&Self::ALL, Self::as_str, text)
    }

    /// The scopes that it contains, itself among them.
    pub fn contained(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |scope| *scope <= self)
    }

    /// The permissions on the server that a token uses of its user's.
    const fn usable(self) -> ServerPermissionSet {
        match self {
            Self::Read | Self::Write => Self::ORDINARY,
            Self::Admin => ServerPermissionSet::ALL.without(ServerPermission::ManageRoles),
        }
    }
}

/// The groups that a token is for: 1–50, each once, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenGroups(Arc<[GroupId]>);

impl TokenGroups {
    /// How many there can be.
    pub const MAX: usize = 50;

    /// These groups, in whatever order.
    ///
    /// # Errors
    /// There are none, or too many.
    pub fn parse(mut groups: Vec<GroupId>) -> Result<Self, Violation> {
        groups.sort_unstable();
        groups.dedup();
        match groups.len() {
            0 => Err(Violation::new(ViolationCode::Required, "must name a group")),
            1..=Self::MAX => Ok(Self(groups.into())),
            _ => {
                let detail = format!("must name at most {} groups", Self::MAX);
                Err(Violation::new(ViolationCode::TooLong, detail))
            }
        }
    }

    /// Their ids, in order.
    pub fn ids(&self) -> &[GroupId] {
        &self.0
    }

    /// Whether this group is one of them.
    pub fn contain(&self, group: GroupId) -> bool {
        self.0.binary_search(&group).is_ok()
    }
}

/// What a token holds of what its user may do at the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTerms {
    /// What it is for.
    pub scope: Scope,
    /// The groups that it is for; `None` for all, and for what is in no group.
    pub groups: Option<TokenGroups>,
}

impl TokenTerms {
    /// What it holds of these rights. It never is an admin, who may do everything, also in future; so it acts on nobody who
    /// is one, and gives no roles.
    pub(crate) const fn limit(&self, rights: &ServerRights) -> ServerRights {
        let usable = self.scope.usable();
        let (everybodys, own) = if rights.is_admin {
            (usable, usable)
        } else {
            (rights.everybodys.both(usable), rights.own.both(usable))
        };
        ServerRights { is_admin: false, everybodys, own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{GROUP, me, my_group_token, my_token, rights, rights_with};

    const fn terms(scope: Scope) -> TokenTerms {
        TokenTerms { scope, groups: None }
    }

    #[test]
    fn each_scope_contains_those_before_it() {
        let names = |scope: Scope| scope.contained().map(Scope::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(Scope::ALL.map(names), ["read", "read write", "read write admin"]);
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Ok(scope));
        }
        assert!(Scope::parse("root").is_err());
    }

    #[test]
    fn groups_are_named_once_and_there_are_at_most_fifty() {
        let ids = |ids: &[i64]| ids.iter().map(|id| GroupId::new(*id)).collect::<Vec<_>>();
        let groups = TokenGroups::parse(ids(&[9, 4, 9])).unwrap();
        assert_eq!(groups.ids(), ids(&[4, 9]));
        assert!(groups.contain(GroupId::new(4)) && !groups.contain(GroupId::new(5)));
        let many = |last: i64| TokenGroups::parse((1..=last).map(GroupId::new).collect());
        assert!(many(50).is_ok());
        assert_eq!(
            [many(0), many(51)].map(|many| many.unwrap_err().code),
            [ViolationCode::Required, ViolationCode::TooLong]
        );
        let some = my_group_token(Scope::Read);
        assert!(some.reaches(GROUP) && !some.reaches(GroupId::new(5)));
        assert!(my_token(Scope::Read).reaches(GroupId::new(5)) && me().reaches(GroupId::new(5)));
    }

    #[test]
    fn only_the_scope_admin_uses_rights_on_the_server_and_none_gives_roles() {
        use ServerPermission::{CreateGroups, ManageRoles, ManageUsers, ViewAudit};
        for scope in Scope::ALL {
            let of_admin = terms(scope).limit(&rights(true));
            assert!(!of_admin.is_admin, "{scope:?}");
            assert!(of_admin.allow(CreateGroups), "{scope:?}");
            assert!(!of_admin.allow(ManageRoles), "{scope:?}");
            assert_eq!(of_admin.allow(ManageUsers), scope == Scope::Admin, "{scope:?}");
            let of_auditor = terms(scope).limit(&rights_with(&[ViewAudit, ManageRoles]));
            assert_eq!(of_auditor.allow(ViewAudit), scope == Scope::Admin, "{scope:?}");
            assert!(!of_auditor.allow(ManageUsers) && !of_auditor.allow(ManageRoles), "{scope:?}");
            assert_eq!(terms(scope).limit(&ServerRights::NONE), ServerRights::NONE, "{scope:?}");
        }
    }
}
