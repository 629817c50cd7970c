//! Which commands a session may have run: the one place where this is decided, for all transports.

use crate::accounts::error::AccountRefusal;
use crate::accounts::scope::Scope;
use crate::accounts::session::{Actor, SessionKind};
use crate::storage::Mode;

/// The sessions that a command is open to, besides those that may do whatever their user may, and tokens for all groups of
/// the scope that it takes: `write` if it writes, else `read`. By default, there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    before_password_change: bool,
    before_factor: bool,
    for_readers: bool,
    in_groups: bool,
}

impl Reach {
    /// Only sessions that may do whatever their user may, and tokens for all groups.
    pub const USUAL: Self =
        Self { before_password_change: false, before_factor: false, for_readers: false, in_groups: false };

    /// Also those of users who must choose another password first.
    #[must_use]
    pub const fn before_password_change(self) -> Self {
        Self { before_password_change: true, ..self }
    }

    /// Also those of users who lack a second factor that is required of them.
    #[must_use]
    pub const fn before_factor(self) -> Self {
        Self { before_factor: true, ..self }
    }

    /// Also tokens of the scope `read`, though the command writes: nothing but what reading takes.
    #[must_use]
    pub const fn for_readers(self) -> Self {
        Self { for_readers: true, ..self }
    }

    /// Also tokens for some groups: the command finds each group that it shows or changes by
    /// [`access`](crate::groups), or shows only the groups of the token.
    #[must_use]
    pub const fn in_groups(self) -> Self {
        Self { in_groups: true, ..self }
    }
}

/// Rejects a command that the actor's session may not have run, whatever the user may do. `lacks_factor` is whether the actor
/// lacks a second factor that the server requires.
pub(crate) fn permit(
    actor: &Actor,
    mode: Mode,
    reach: Reach,
    lacks_factor: bool,
) -> Result<(), AccountRefusal> {
    if actor.must_change_password && !reach.before_password_change {
        return Err(AccountRefusal::PasswordChangeRequired);
    }
    if lacks_factor && !reach.before_factor {
        return Err(AccountRefusal::FactorRequired);
    }
    if let SessionKind::Token(terms) = &actor.session_kind {
        let takes = if mode == Mode::Write && !reach.for_readers { Scope::Write } else { Scope::Read };
        if terms.scope < takes || (terms.groups.is_some() && !reach.in_groups) {
            return Err(AccountRefusal::InsufficientScope);
        }
    }
    Ok(())
}

/// Rejects tokens, whatever their scope, where somebody looks after how they sign in themselves: a token changes neither
/// the password nor the address of its user, and doesn't even see the factors, the sessions and the tokens.
pub(crate) const fn reject_tokens(actor: &Actor) -> Result<(), AccountRefusal> {
    match actor.session_kind {
        SessionKind::Token(_) => Err(AccountRefusal::InsufficientScope),
        SessionKind::Login | SessionKind::Provisioned => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{me, me_provisioned, my_group_token, my_token};

    fn with_all_factors(actor: &Actor, mode: Mode, reach: Reach) -> Result<(), AccountRefusal> {
        super::permit(actor, mode, reach, false)
    }

    #[test]
    fn who_must_change_the_password_does_little_else() {
        let must_change = Actor { must_change_password: true, ..me() };
        let anyway = Reach::USUAL.before_password_change();
        let permit = with_all_factors;
        for mode in [Mode::Read, Mode::Write] {
            let refused = permit(&must_change, mode, Reach::USUAL);
            assert_eq!(refused, Err(AccountRefusal::PasswordChangeRequired));
            assert_eq!(permit(&must_change, mode, anyway), Ok(()));
            for usual in [me(), me_provisioned()] {
                for reach in [Reach::USUAL, anyway] {
                    assert_eq!(permit(&usual, mode, reach), Ok(()), "{usual:?}");
                }
            }
        }
        assert_eq!(Reach::default(), Reach::USUAL);
    }

    #[test]
    fn a_token_writes_with_a_scope_for_it() {
        let permit = with_all_factors;
        let refused = Err(AccountRefusal::InsufficientScope);
        for scope in Scope::ALL {
            let token = my_token(scope);
            assert_eq!(permit(&token, Mode::Read, Reach::USUAL), Ok(()));
            let writes = if scope == Scope::Read { refused.clone() } else { Ok(()) };
            assert_eq!(permit(&token, Mode::Write, Reach::USUAL), writes, "{scope:?}");
            assert_eq!(permit(&token, Mode::Write, Reach::USUAL.for_readers()), Ok(()), "{scope:?}");
        }
    }

    #[test]
    fn what_is_not_opened_to_tokens_for_some_groups_is_closed_to_them() {
        let permit = with_all_factors;
        let refused = Err(AccountRefusal::InsufficientScope);
        for scope in Scope::ALL {
            let token = my_group_token(scope);
            for mode in [Mode::Read, Mode::Write] {
                assert_eq!(permit(&token, mode, Reach::USUAL), refused, "{scope:?}");
                assert_eq!(permit(&token, mode, Reach::USUAL.for_readers()), refused, "{scope:?}");
            }
            let open = Reach::USUAL.in_groups();
            assert_eq!(permit(&token, Mode::Read, open), Ok(()), "{scope:?}");
            let writes = if scope == Scope::Read { refused.clone() } else { Ok(()) };
            assert_eq!(permit(&token, Mode::Write, open), writes, "{scope:?}");
        }
    }

    #[test]
    fn tokens_look_after_no_credentials() {
        assert_eq!(reject_tokens(&me()), Ok(()));
        assert_eq!(reject_tokens(&me_provisioned()), Ok(()));
        for scope in Scope::ALL {
            assert_eq!(reject_tokens(&my_token(scope)), Err(AccountRefusal::InsufficientScope));
        }
    }

    #[test]
    fn who_lacks_a_factor_that_is_required_does_little_else() {
        let refused = Err(AccountRefusal::FactorRequired);
        for mode in [Mode::Read, Mode::Write] {
            for actor in [me(), me_provisioned(), my_token(Scope::Admin)] {
                let permit = |reach| permit(&actor, mode, reach, true);
                assert_eq!(permit(Reach::USUAL), refused, "{actor:?}");
                assert_eq!(permit(Reach::USUAL.before_password_change()), refused, "{actor:?}");
                assert_eq!(permit(Reach::USUAL.before_factor()), Ok(()), "{actor:?}");
            }
        }
        // Of two things, the password comes first.
        let both = Actor { must_change_password: true, ..me() };
        let permit = |reach| permit(&both, Mode::Read, reach, true);
        assert_eq!(permit(Reach::USUAL), Err(AccountRefusal::PasswordChangeRequired));
        let next = Reach::USUAL.before_password_change();
        assert_eq!(permit(next), refused);
        assert_eq!(permit(next.before_factor()), Ok(()));
    }
}
