//! The one function that answers "may I?" on the server.

use std::fmt;

use super::server::ServerPermission;
use super::set::ServerPermissionSet;

/// What a user may do on the server, and by what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerRights {
    /// Whether the user has the role `admin`.
    pub is_admin: bool,
    /// What the role `member` allows, which every user has.
    pub everybodys: ServerPermissionSet,
    /// What the user's other roles allow together.
    pub own: ServerPermissionSet,
}

impl ServerRights {
    /// The rights of an account that is gone.
    pub const NONE: Self =
        Self { is_admin: false, everybodys: ServerPermissionSet::EMPTY, own: ServerPermissionSet::EMPTY };

    /// All that the user may do. Admins may do everything, whatever else changes.
    pub const fn permissions(&self) -> ServerPermissionSet {
        if self.is_admin { ServerPermissionSet::ALL } else { self.everybodys.union(self.own) }
    }

    /// Whether the user may do this.
    pub const fn allow(&self, permission: ServerPermission) -> bool {
        self.permissions().contains(permission)
    }
}

/// What somebody gives or takes, or changes a role to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gift {
    /// The role `admin`.
    Admin,
    /// Roles with these permissions together.
    Permissions(ServerPermissionSet),
}

/// What somebody wants to act on.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerScope {
    /// The rights of the user that is acted on.
    pub target: Option<ServerRights>,
    /// What is given, taken or changed.
    pub gift: Option<Gift>,
}

impl ServerScope {
    /// An act on nobody in particular.
    pub const NOBODY: Self = Self { target: None, gift: None };

    /// The same act on a user with these rights.
    #[must_use]
    pub const fn over(self, target: ServerRights) -> Self {
        Self { target: Some(target), ..self }
    }

    /// The same act that gives, takes or changes this.
    #[must_use]
    pub const fn giving(self, gift: Gift) -> Self {
        Self { gift: Some(gift), ..self }
    }
}

/// The answer, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerDecision {
    /// Yes.
    Allowed(ServerGrant),
    /// No.
    Denied(ServerDenial),
}

/// Why it is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerGrant {
    /// They are a server admin.
    Admin,
    /// A role that they have allows it.
    Role,
    /// Everybody may.
    Everybody,
}

/// Why it is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerDenial {
    /// None of their roles has this permission.
    Lacks(ServerPermission),
    /// The user that is acted on is a server admin.
    TargetIsAdmin,
    /// The user that is acted on has this permission, which the actor lacks.
    TargetMay(ServerPermission),
    /// Only admins make others admins.
    GivesAdmin,
    /// The role that is given, taken or changed has this permission, which the actor lacks.
    GivesMore(ServerPermission),
}

impl ServerGrant {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Role => "role",
            Self::Everybody => "everybody",
        }
    }
}

impl fmt::Display for ServerGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admin => "server admins may do everything",
            Self::Role => "a role on the server allows it",
            Self::Everybody => "every user may do this",
        })
    }
}

impl fmt::Display for ServerDenial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks(permission) => {
                write!(f, "this takes a role on the server with the permission {}", permission.as_str())
            }
            Self::TargetIsAdmin => f.write_str("only a server admin may do this to a server admin"),
            Self::TargetMay(permission) => {
                write!(f, "the user has the permission {}, which you lack", permission.as_str())
            }
            Self::GivesAdmin => f.write_str("only a server admin may decide who is one"),
            Self::GivesMore(permission) => {
                write!(f, "the role has the permission {}, which you lack", permission.as_str())
            }
        }
    }
}

impl fmt::Display for ServerDecision {
    /// The reason, in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(grant) => grant.fmt(f),
            Self::Denied(denial) => denial.fmt(f),
        }
    }
}

impl ServerDecision {
    /// The stable name of the reason.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Allowed(grant) => grant.as_str(),
            Self::Denied(_) => "role",
        }
    }

    /// Whether it is allowed.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Whether somebody may do something there.
///
/// Admins may do everything. Others may do what their roles allow: never to somebody who may do more than they
/// themselves, and never by giving, taking or changing a role that allows more. Otherwise whoever sets a password or
/// defines a role would come to have what nobody gave them.
pub fn decide_server(
    who: &ServerRights,
    permission: ServerPermission,
    scope: &ServerScope,
) -> ServerDecision {
    if who.is_admin {
        return ServerDecision::Allowed(ServerGrant::Admin);
    }
    match denial(who, permission, scope) {
        Some(denial) => ServerDecision::Denied(denial),
        None if who.everybodys.contains(permission) => ServerDecision::Allowed(ServerGrant::Everybody),
        None => ServerDecision::Allowed(ServerGrant::Role),
    }
}

fn denial(who: &ServerRights, permission: ServerPermission, scope: &ServerScope) -> Option<ServerDenial> {
    let held = who.permissions();
    if !held.contains(permission) {
        return Some(ServerDenial::Lacks(permission));
    }
    if let Some(target) = scope.target {
        if target.is_admin {
            return Some(ServerDenial::TargetIsAdmin);
        }
        if let Some(more) = target.permissions().without_all(held).first() {
            return Some(ServerDenial::TargetMay(more));
        }
    }
    match scope.gift? {
        Gift::Admin => Some(ServerDenial::GivesAdmin),
        Gift::Permissions(given) => given.without_all(held).first().map(ServerDenial::GivesMore),
    }
}

#[cfg(test)]
mod tests;
