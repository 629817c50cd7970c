//! Looking up one's own second factors.

use crate::accounts::{Actor, FactorPolicy, reject_tokens};
use crate::error::Error;
use crate::factors::held::has_totp;
use crate::factors::passkey::Passkey;
use crate::storage::Tx;

/// The second factors of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factors {
    /// Whether there are one-time passwords.
    pub totp: bool,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<Passkey>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
    /// Whether the server requires a factor of the user.
    pub required: bool,
}

/// The actor's second factors, on a server with this policy.
///
/// # Errors
/// [`InsufficientScope`](crate::accounts::AccountRefusal::InsufficientScope), or a fault.
pub fn find_factors(tx: &mut dyn Tx, actor: &Actor, policy: FactorPolicy) -> Result<Factors, Error> {
    reject_tokens(actor)?;
    let totp = has_totp(tx, actor.id())?;
    let passkeys = tx.passkeys().list(actor.id())?;
    let recovery_codes_left = tx.factors().recovery_codes_left(actor.id())?;
    Ok(Factors { totp, passkeys, recovery_codes_left, required: policy.requires_of(actor.factor) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on, me, totp};

    fn finds(confirmed: bool) -> MockTx {
        let mut tx = MockTx::new();
        let found = totp(ME, confirmed.then_some(NOW));
        tx.factors.expect_totp().times(1).returning(move |_| Ok(Some(found.clone())));
        tx.passkeys.expect_list().times(1).returning(|_| Ok(Vec::new()));
        tx.factors.expect_recovery_codes_left().times(1).returning(|_| Ok(9));
        tx
    }

    #[test]
    fn what_is_not_confirmed_is_none_yet() {
        for totp in [true, false] {
            let found = find_factors(&mut finds(totp), &me(), FactorPolicy::Admins);
            assert_eq!(
                found,
                Ok(Factors { totp, passkeys: Vec::new(), recovery_codes_left: 9, required: false })
            );
        }
        let required = find_factors(&mut finds(true), &me(), FactorPolicy::Everybody);
        assert!(required.unwrap().required);
        assert_hands_faults_on(|| finds(true), |tx| find_factors(tx, &me(), FactorPolicy::Nobody));
    }
}
