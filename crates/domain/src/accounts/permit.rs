//! Which commands a session may have run: the one place where this is decided, for all transports.

use crate::accounts::error::AccountRefusal;
use crate::accounts::session::Actor;

/// The sessions that a command is open to, besides those that may do whatever their user may. By default, there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    before_password_change: bool,
}

impl Reach {
    /// Only sessions that may do whatever their user may.
    pub const USUAL: Self = Self { before_password_change: false };

    /// Also those of users who must choose another password first.
    #[must_use]
    pub const fn before_password_change(self) -> Self {
        Self { before_password_change: true }
    }
}

/// Rejects a command that the actor's session may not have run, whatever the user may do.
pub(crate) const fn permit(actor: &Actor, reach: Reach) -> Result<(), AccountRefusal> {
    if actor.must_change_password && !reach.before_password_change {
        return Err(AccountRefusal::PasswordChangeRequired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{me, me_provisioned};

    #[test]
    fn who_must_change_the_password_does_little_else() {
        let must_change = Actor { must_change_password: true, ..me() };
        let anyway = Reach::USUAL.before_password_change();
        assert_eq!(permit(&must_change, Reach::USUAL), Err(AccountRefusal::PasswordChangeRequired));
        assert_eq!(Reach::default(), Reach::USUAL);
        assert_eq!(permit(&must_change, anyway), Ok(()));
        for usual in [me(), me_provisioned()] {
            for reach in [Reach::USUAL, anyway] {
                assert_eq!(permit(&usual, reach), Ok(()), "{usual:?}");
            }
        }
    }
}
