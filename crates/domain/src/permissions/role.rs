//! Roles in a group: a name, a rank, and what members with the role may do.

use std::fmt;

use super::set::PermissionSet;
use crate::text::{TextBytes, name_key, single_line};
use crate::validation::{Violation, ViolationCode};

/// How many roles a group can define.
pub const MAX_ROLES: usize = 20;

/// How high a role stands. Members act only on members of a lower rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(u8);

impl Rank {
    /// The rank of owners, which no other role has.
    pub const OWNER: Self = Self(100);

    /// A stored rank; `None` if no role but `owner` can have it.
    pub fn from_stored(rank: i64) -> Option<Self> {
        u8::try_from(rank).ok().filter(|rank| (1..Self::OWNER.0).contains(rank)).map(Self)
    }

    /// The rank of a role that a group defines.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`].
    pub fn parse(rank: i64) -> Result<Self, Violation> {
        Self::from_stored(rank).ok_or_else(|| {
            let highest = Self::OWNER.0 - 1;
            Violation::new(ViolationCode::OutOfRange, format!("must be 1 to {highest}, is {rank}"))
        })
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A role that every group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuiltInRole {
    /// Reads and reacts.
    Readonly,
    /// What users are who join. Also sends, and edits and deletes own messages.
    Member,
    /// Also moderates.
    Admin,
    /// May do everything; that can't be changed.
    Owner,
}

impl BuiltInRole {
    /// Every built-in role, the lowest rank first.
    pub const ALL: [Self; 4] = [Self::Readonly, Self::Member, Self::Admin, Self::Owner];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Readonly => "readonly",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The rank, which can't be changed.
    pub const fn rank(self) -> Rank {
        match self {
            Self::Readonly => Rank(5),
            Self::Member => Rank(10),
            Self::Admin => Rank(50),
            Self::Owner => Rank::OWNER,
        }
    }

    /// The built-in role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// The name of a role: of a built-in one, or 1–50 characters on one line. Unique in its group without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleName {
    /// Of a role that every group has.
    BuiltIn(BuiltInRole),
    /// Of a role that a group has defined.
    Custom(Box<str>),
}

impl RoleName {
    /// The name of owners.
    pub const OWNER: Self = Self::BuiltIn(BuiltInRole::Owner);
    /// The name of plain members.
    pub const MEMBER: Self = Self::BuiltIn(BuiltInRole::Member);

    /// The most characters a name may have.
    pub const MAX_LENGTH: usize = 50;

    /// Normalizes and checks a name; surrounding white space is dropped.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let name = single_line(text, Self::MAX_LENGTH)?;
        if matches!(name.as_str(), "." | "..") {
            let detail = "must not be . or .., which clients drop from the path of a role";
            return Err(Violation::new(ViolationCode::InvalidFormat, detail));
        }
        Ok(Self::from_stored(name))
    }

    /// Wraps a name that was checked before it was stored.
    pub fn from_stored(name: String) -> Self {
        BuiltInRole::from_name(&name).map_or_else(|| Self::Custom(name.into()), Self::BuiltIn)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::BuiltIn(role) => role.as_str(),
            Self::Custom(name) => name,
        }
    }

    /// The key by which names are compared.
    pub fn key(&self) -> String {
        name_key(self.as_str())
    }

    /// The built-in role of this name.
    pub const fn built_in(&self) -> Option<BuiltInRole> {
        match self {
            Self::BuiltIn(role) => Some(*role),
            Self::Custom(_) => None,
        }
    }
}

impl From<BuiltInRole> for RoleName {
    fn from(role: BuiltInRole) -> Self {
        Self::BuiltIn(role)
    }
}

impl PartialEq<BuiltInRole> for RoleName {
    fn eq(&self, role: &BuiltInRole) -> bool {
        self.built_in() == Some(*role)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TextBytes for RoleName {
    fn text_bytes(&self) -> usize {
        match self {
            Self::BuiltIn(_) => 0,
            Self::Custom(name) => name.len(),
        }
    }
}

/// What a group stores about a role: about each that it has defined, and about a built-in one that it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleDefinition {
    /// How high it stands.
    pub rank: Rank,
    /// What members with the role may do.
    pub permissions: PermissionSet,
}

/// What a group stores about a role, with the role's name.
pub type StoredRole = (RoleName, RoleDefinition);

/// A role's name and rank: what others need to know of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleTitle {
    /// The name.
    pub name: RoleName,
    /// How high it stands.
    pub rank: Rank,
}

impl RoleTitle {
    /// The title of a role with this name. `stored` is the rank that the group stores. `None` if the group has no such
    /// role.
    pub fn resolve(name: RoleName, stored: Option<Rank>) -> Option<Self> {
        let rank = name.built_in().map(BuiltInRole::rank).or(stored)?;
        Some(Self { name, rank })
    }
}

impl From<BuiltInRole> for RoleTitle {
    fn from(role: BuiltInRole) -> Self {
        Self { name: role.into(), rank: role.rank() }
    }
}

/// A role of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Name and rank.
    pub title: RoleTitle,
    /// What members with the role may do.
    pub permissions: PermissionSet,
}

impl Role {
    /// The role of this name in a group. `stored` is what the group stores about it. `None` if the group has no such
    /// role.
    pub fn resolve(name: RoleName, stored: Option<RoleDefinition>, is_private: bool) -> Option<Self> {
        let permissions = match name.built_in() {
            Some(BuiltInRole::Owner) => PermissionSet::ALL,
            Some(role) => stored
                .map_or_else(|| PermissionSet::default_of(role, is_private), |stored| stored.permissions),
            None => stored?.permissions,
        };
        let title = RoleTitle::resolve(name, stored.map(|stored| stored.rank))?;
        Some(Self { title, permissions })
    }

    /// A built-in role that the group has not changed.
    pub fn unchanged(role: BuiltInRole, is_private: bool) -> Self {
        Self { title: role.into(), permissions: PermissionSet::default_of(role, is_private) }
    }
}

/// All roles of a group, of which it stores these, in no particular order.
pub(crate) fn roles_of(stored: &[StoredRole], is_private: bool) -> impl Iterator<Item = Role> {
    let custom = stored.iter().map(|(name, _)| name.clone()).filter(|name| name.built_in().is_none());
    let names = BuiltInRole::ALL.map(RoleName::from).into_iter().chain(custom);
    names.filter_map(move |name| {
        let stored = stored.iter().find(|(known, _)| *known == name).map(|(_, definition)| *definition);
        Role::resolve(name, stored, is_private)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::GroupPermission;

    #[test]
    fn a_name_can_stand_in_a_path() {
        for name in [".", "..", " . "] {
            assert_eq!(RoleName::parse(name).unwrap_err().code, ViolationCode::InvalidFormat, "{name}");
        }
        assert!(RoleName::parse("...").is_ok());
    }

    fn custom(name: &str) -> RoleName {
        RoleName::parse(name).unwrap()
    }

    #[test]
    fn built_in_names_are_recognized_and_others_are_of_roles_that_groups_define() {
        for role in BuiltInRole::ALL {
            assert_eq!(custom(role.as_str()), role);
            assert_eq!(RoleName::from_stored(role.as_str().to_owned()), RoleName::BuiltIn(role));
        }
        assert_eq!(
            (custom(" Teacher ").to_string(), custom("Teacher").text_bytes()),
            ("Teacher".to_owned(), 7)
        );
        assert_eq!(custom("Teacher").key(), custom("TEACHER").key());
        assert!(custom("Owner").built_in().is_none(), "told apart by their keys");
        assert!(RoleName::parse("").is_err());
        assert!(RoleName::parse(&"x".repeat(RoleName::MAX_LENGTH + 1)).is_err());
    }

    #[test]
    fn ranks_of_built_in_roles_rise_and_no_other_role_has_that_of_owners() {
        assert!(BuiltInRole::ALL.is_sorted_by_key(|role| role.rank()));
        assert_eq!(BuiltInRole::ALL.map(|role| role.rank().get()), [5, 10, 50, 100]);
        assert_eq!(Rank::from_stored(99).map(Rank::get), Some(99));
        assert_eq!(Rank::parse(99).map(Rank::get), Ok(99));
        assert_eq!(Rank::parse(100).unwrap_err().detail, "must be 1 to 99, is 100");
        for rank in [i64::MIN, 0, 100, 256 + 5] {
            assert_eq!(Rank::from_stored(rank), None);
        }
    }

    #[test]
    fn a_group_changes_what_built_in_roles_may_do_except_owner() {
        let changed =
            RoleDefinition { rank: Rank(99), permissions: PermissionSet::of(&[GroupPermission::View]) };
        for role in BuiltInRole::ALL {
            let found = Role::resolve(role.into(), Some(changed), false).unwrap();
            assert_eq!(found.title.rank, role.rank(), "the rank stays");
            let is_owner = role == BuiltInRole::Owner;
            let expected = if is_owner { PermissionSet::ALL } else { changed.permissions };
            assert_eq!(found.permissions, expected, "{role:?}");
            for is_private in [false, true] {
                let unchanged = Role::unchanged(role, is_private);
                assert_eq!(Role::resolve(role.into(), None, is_private), Some(unchanged), "{role:?}");
            }
        }
    }

    #[test]
    fn a_role_that_the_group_has_not_defined_does_not_exist() {
        let definition = RoleDefinition { rank: Rank(30), permissions: PermissionSet::EMPTY };
        let found = Role::resolve(custom("Teacher"), Some(definition), false).unwrap();
        assert_eq!((found.title.rank, found.permissions), (Rank(30), PermissionSet::EMPTY));
        assert_eq!(Role::resolve(custom("Teacher"), None, false), None);
        assert_eq!(RoleTitle::resolve(custom("Teacher"), None), None);
    }
}
