//! Sets of permissions.

use std::fmt;

use super::group::GroupPermission;
use super::server::ServerPermission;
use crate::validation::{Violation, ViolationCode};

macro_rules! permission_sets {
    ($($(#[doc = $doc:literal])+ $set:ident of $permission:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u32);

        impl $set {
            /// Nothing.
            pub const EMPTY: Self = Self(0);

            /// Everything there is.
            pub const ALL: Self = Self::of($permission::ALL);

            /// These permissions.
            pub const fn of(permissions: &[$permission]) -> Self {
                let (mut set, mut index) = (Self::EMPTY, 0);
                while index < permissions.len() {
                    set = set.with(permissions[index]);
                    index += 1;
                }
                set
            }

            /// The set of these names, of which there are at most as many as permissions.
            fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Violation> {
                let mut set = Self::EMPTY;
                for (index, name) in names.into_iter().enumerate() {
                    if index == $permission::ALL.len() {
                        return Err(too_many(index));
                    }
                    set = set.with($permission::from_name(name).ok_or_else(|| unknown(name))?);
                }
                Ok(set)
            }

            /// Reads a stored set; `None` if it has a bit that this program doesn't know.
            pub fn from_stored(bits: i64) -> Option<Self> {
                let set = Self(u32::try_from(bits).ok()?);
                (set.without_all(Self::ALL) == Self::EMPTY).then_some(set)
            }

            /// The set as it is stored.
            pub const fn stored(self) -> i64 {
                self.0 as i64
            }

            /// Whether the permission is in it.
            pub const fn contains(self, permission: $permission) -> bool {
                self.0 & (1 << permission.bit()) != 0
            }

            /// The set with this permission.
            #[must_use]
            pub const fn with(self, permission: $permission) -> Self {
                Self(self.0 | 1 << permission.bit())
            }

            /// The set without this permission.
            #[must_use]
            pub const fn without(self, permission: $permission) -> Self {
                Self(self.0 & !(1 << permission.bit()))
            }

            /// The set without everything that is in `other`.
            #[must_use]
            pub const fn without_all(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// What is in this set and in `other`.
            #[must_use]
            pub const fn both(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// What is in this set or in `other`.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The permission with the lowest bit; `None` if the set is empty.
            pub fn first(self) -> Option<$permission> {
                self.iter().next()
            }

            /// What is in it, in the order of the bits.
            pub fn iter(self) -> impl Iterator<Item = $permission> {
                $permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
            }
        }

        impl fmt::Debug for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.iter().map($permission::as_str)).finish()
            }
        }

        impl FromIterator<$permission> for $set {
            fn from_iter<I: IntoIterator<Item = $permission>>(permissions: I) -> Self {
                permissions.into_iter().fold(Self::EMPTY, Self::with)
            }
        }
    )+};
}

permission_sets! {
    /// A set of permissions in a group: one bit each, stored in one integer column.
    PermissionSet of GroupPermission;
    /// A set of permissions on the server: one bit each, stored in one integer column.
    ServerPermissionSet of ServerPermission;
}

fn unknown(name: &str) -> Violation {
    // Shortened, since it may be long.
    let name: String = name.chars().take(50).collect();
    Violation::new(ViolationCode::InvalidFormat, format!("{name:?} is no permission"))
}

fn too_many(most: usize) -> Violation {
    Violation::new(ViolationCode::OutOfRange, format!("must contain at most {most} permissions"))
}

impl PermissionSet {
    /// The set of these names, for a role.
    ///
    /// # Errors
    /// An unknown name, more names than there are permissions, or [`GroupPermission::View`] is missing: every member
    /// sees the group.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Violation> {
        let set = Self::named(names)?;
        if set.contains(GroupPermission::View) {
            return Ok(set);
        }
        Err(Violation::new(ViolationCode::Required, "must contain view: every member sees the group"))
    }
}

impl ServerPermissionSet {
    /// What every user may do unless the server says otherwise.
    pub const EVERYBODYS: Self = {
        let (mut set, mut index) = (Self::EMPTY, 0);
        while index < ServerPermission::ALL.len() {
            let permission = ServerPermission::ALL[index];
            if permission.is_everybodys() {
                set = set.with(permission);
            }
            index += 1;
        }
        set
    };

    /// The set of these names, for a role. It may be empty.
    ///
    /// # Errors
    /// An unknown name, or more names than there are permissions.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Violation> {
        Self::named(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back_as_it_is_stored() {
        for set in [
            PermissionSet::EMPTY,
            PermissionSet::ALL,
            PermissionSet::of(&[GroupPermission::Send, GroupPermission::DeleteGroup]),
        ] {
            assert_eq!(PermissionSet::from_stored(set.stored()), Some(set));
            assert_eq!(set.iter().collect::<PermissionSet>(), set);
        }
        assert_eq!(PermissionSet::of(&[GroupPermission::Send, GroupPermission::React]).stored(), 0b1_0100);
        for unknown in [-1, 1 << 22, i64::MAX] {
            assert_eq!(PermissionSet::from_stored(unknown), None);
        }
    }

    #[test]
    fn a_role_is_given_permissions_by_name_and_view_is_among_them() {
        let both = PermissionSet::of(&[GroupPermission::View, GroupPermission::Pin]);
        assert_eq!(PermissionSet::parse(["pin", "view", "pin"]), Ok(both));
        let code = |names: &[&str]| {
            PermissionSet::parse(names.iter().copied()).unwrap_err().in_field("permissions").violation.code
        };
        assert_eq!(code(&["view", "fly"]), ViolationCode::InvalidFormat);
        assert_eq!(code(&["pin"]), ViolationCode::Required);
        let all = [GroupPermission::View.as_str(); GroupPermission::ALL.len() + 1];
        assert!(PermissionSet::parse(all[1..].iter().copied()).is_ok());
        assert_eq!(code(&all), ViolationCode::OutOfRange);
    }

    #[test]
    fn sets_are_added_and_taken_away() {
        let both = PermissionSet::of(&[GroupPermission::View, GroupPermission::Pin]);
        let one = both.without(GroupPermission::View);
        assert_eq!((one.first(), one.without_all(both).first()), (Some(GroupPermission::Pin), None));
        assert_eq!(one.with(GroupPermission::View), both);
        assert_eq!(one.union(both), both);
        assert_eq!(format!("{both:?}"), r#"{"view", "pin"}"#);
    }

    #[test]
    fn a_role_on_the_server_may_allow_nothing_and_nothing_unknown() {
        assert_eq!(ServerPermissionSet::parse([]), Ok(ServerPermissionSet::EMPTY));
        let one = ServerPermissionSet::of(&[ServerPermission::ManageRoles]);
        assert_eq!(ServerPermissionSet::parse(["manage_roles"]), Ok(one));
        assert_eq!(ServerPermissionSet::from_stored(one.stored()), Some(one));
        assert_eq!(ServerPermissionSet::from_stored(1 << 9), None);
        let error = ServerPermissionSet::parse(["pin"]).unwrap_err().in_field("permissions");
        assert_eq!(error.violation.code, ViolationCode::InvalidFormat);
    }
}
