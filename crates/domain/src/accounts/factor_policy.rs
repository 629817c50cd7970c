//! Of whom a second factor is required.

use crate::ids::UserId;

/// Of whom the server requires a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FactorPolicy {
    /// Of nobody.
    #[default]
    Nobody,
    /// Of server admins.
    Admins,
    /// Of everybody.
    Everybody,
}

/// What of a user decides whether a second factor is required, as of the authentication. Good for nothing else: rights are
/// read under a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactorStanding {
    /// Whether the user is a server admin.
    pub is_admin: bool,
    /// Of a bot, its owner: a bot has the second factor that its owner has.
    pub owner: Option<UserId>,
}

impl FactorPolicy {
    /// Whether somebody with this standing has to have a second factor.
    pub const fn requires_of(self, standing: FactorStanding) -> bool {
        match self {
            Self::Nobody => false,
            Self::Admins => standing.is_admin,
            Self::Everybody => true,
        }
    }
}
