//! Looking up one's own second factors.

use crate::accounts::Actor;
use crate::error::Error;
use crate::storage::Tx;

/// The second factors of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factors {
    /// Whether there are one-time passwords.
    pub totp: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
}

/// The actor's second factors.
///
/// # Errors
/// A fault.
pub fn find_factors(tx: &mut dyn Tx, actor: &Actor) -> Result<Factors, Error> {
    let totp = tx.factors().totp(actor.id())?.is_some_and(|totp| totp.confirmed_at.is_some());
    let recovery_codes_left = tx.factors().recovery_codes_left(actor.id())?;
    Ok(Factors { totp, recovery_codes_left })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on, me, totp};

    fn finds(confirmed: bool) -> MockTx {
        let mut tx = MockTx::new();
        let found = totp(ME, confirmed.then_some(NOW));
        tx.factors.expect_totp().times(1).returning(move |_| Ok(Some(found.clone())));
        tx.factors.expect_recovery_codes_left().times(1).returning(|_| Ok(9));
        tx
    }

    #[test]
    fn what_is_not_confirmed_is_none_yet() {
        for totp in [true, false] {
            let found = find_factors(&mut finds(totp), &me());
            assert_eq!(found, Ok(Factors { totp, recovery_codes_left: 9 }));
        }
        assert_hands_faults_on(|| finds(true), |tx| find_factors(tx, &me()));
    }
}
