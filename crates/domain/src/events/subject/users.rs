//! Subjects about users and their roles on the server.

use crate::accounts::User;
use crate::events::about::{About, SubjectIds};
use crate::events::audience::{Audience, Limited, OfUser};
use crate::ids::{RoleId, UserId};
use crate::permissions::ServerRole;
use crate::text::TextBytes;

impl About for User {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(self.id), ..SubjectIds::default() }
    }
}

/// A user after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserUpdate {
    /// The user.
    pub user: User,
    viewers: Audience,
}

impl UserUpdate {
    /// The change from `before` to `after`. Everybody sees a change of public fields. A change of other fields is only
    /// for the user's own devices: to others, hiding must look the same as going offline.
    pub fn between(before: &User, after: &User) -> Self {
        let is_private = before.public_part() == after.public_part();
        let viewers = if is_private { Audience::User(after.id) } else { Audience::All };
        Self { user: after.without_private_fields(), viewers }
    }

    /// The change as the log contains it. To emit one, use [`between`](Self::between).
    pub const fn logged(user: User, viewers: Audience) -> Self {
        Self { user, viewers }
    }
}

impl About for UserUpdate {
    fn ids(&self) -> SubjectIds {
        self.user.ids()
    }
}

impl TextBytes for UserUpdate {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes()
    }
}

impl Limited for UserUpdate {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

impl About for UserId {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(*self), ..SubjectIds::default() }
    }
}

impl TextBytes for UserId {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl OfUser for UserId {
    fn user_id(&self) -> UserId {
        *self
    }
}

/// The roles on the server: `admin`, `member`, and the others by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRoles(pub Vec<ServerRole>);

impl About for ServerRoles {
    fn ids(&self) -> SubjectIds {
        SubjectIds::default()
    }
}

impl TextBytes for ServerRoles {
    fn text_bytes(&self) -> usize {
        self.0.iter().map(TextBytes::text_bytes).sum()
    }
}

/// The roles of a user on the server, in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolesOfUser {
    /// The user.
    pub user: UserId,
    /// The roles.
    pub roles: Vec<ServerRole>,
}

impl RolesOfUser {
    /// The roles of a user, of all roles on the server. `held` says who has which.
    pub fn of(user: &User, all: &[ServerRole], held: &[(UserId, RoleId)]) -> Self {
        let has = |role: &&ServerRole| match role.id {
            ServerRole::ADMIN => user.is_admin,
            ServerRole::MEMBER => true,
            id => held.contains(&(user.id, id)),
        };
        Self { user: user.id, roles: all.iter().filter(has).cloned().collect() }
    }
}

impl About for RolesOfUser {
    fn ids(&self) -> SubjectIds {
        self.user.ids()
    }
}

impl TextBytes for RolesOfUser {
    fn text_bytes(&self) -> usize {
        self.roles.iter().map(TextBytes::text_bytes).sum()
    }
}
