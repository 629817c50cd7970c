//! The server's keys, as far as secrets of factors depend on them.

use crate::error::Error;
use crate::factors::model::Totp;
use crate::ids::UserId;
use crate::secrets::{SECRETS_AT_ONCE, SealError, Sealer, SecretKeyId, after_batch, resealed};
use crate::storage::Tx;

/// The keys that secrets are encrypted with, those of anonymous polls among them, by their ids.
///
/// # Errors
/// A fault.
pub fn keys_in_use(tx: &mut dyn Tx) -> Result<Vec<SecretKeyId>, Error> {
    let mut used = tx.factors().keys_in_use()?;
    used.extend(tx.polls().keys_in_use()?);
    used.sort_unstable();
    used.dedup();
    Ok(used)
}

/// Encrypts a batch of secrets with the newest key that are encrypted with another one. Returns where to go on; `None` at
/// the end. A secret that can't be read stays as it is.
///
/// # Errors
/// A fault.
pub fn reseal_secrets(
    tx: &mut dyn Tx,
    sealer: &dyn Sealer,
    newest: SecretKeyId,
    after: Option<UserId>,
) -> Result<Option<UserId>, Error> {
    let secrets = tx.factors().secrets(after, SECRETS_AT_ONCE)?;
    for (user, old) in &secrets {
        if let Some(new) = resealed(sealer, newest, &Totp::context(*user), old) {
            // Nothing happens if the user has set up another one meanwhile.
            tx.factors().reseal(*user, old, &new)?;
        }
    }
    Ok(after_batch(&secrets))
}

/// How secrets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecretsCondition {
    /// How many can be read.
    pub readable: u64,
    /// How many are encrypted with a key that the server lacks.
    pub without_key: u64,
    /// How many are damaged.
    pub damaged: u64,
}

impl SecretsCondition {
    /// Counts a secret that was read, or couldn't be.
    pub(crate) fn note(&mut self, opened: &Result<Vec<u8>, SealError>) {
        match opened {
            Ok(_) => self.readable += 1,
            Err(SealError::NoKey | SealError::UnknownKey(_)) => self.without_key += 1,
            Err(SealError::Damaged) => self.damaged += 1,
        }
    }
}

/// Reads a batch of secrets, and adds to what was found of earlier ones. Returns where to go on; `None` at the end.
///
/// # Errors
/// A fault.
pub fn check_secrets(
    tx: &mut dyn Tx,
    sealer: &dyn Sealer,
    after: Option<UserId>,
    mut found: SecretsCondition,
) -> Result<(SecretsCondition, Option<UserId>), Error> {
    let secrets = tx.factors().secrets(after, SECRETS_AT_ONCE)?;
    for (user, sealed) in &secrets {
        found.note(&sealer.open(&Totp::context(*user), sealed));
    }
    Ok((found, after_batch(&secrets)))
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::secrets::Sealed;
    use crate::testing::{
        MockTx, NEWEST_KEY as NEWEST, assert_hands_faults_on, sealed_with as sealed, sealer,
    };

    fn user(id: i64) -> UserId {
        UserId::new(id)
    }

    fn lists(after: Option<UserId>, found: Vec<(UserId, Sealed)>) -> MockTx {
        let mut tx = MockTx::new();
        let secrets = tx.factors.expect_secrets().with(eq(after), eq(SECRETS_AT_ONCE));
        secrets.times(1).returning(move |_, _| Ok(found.clone()));
        tx
    }

    #[test]
    fn secrets_of_other_keys_are_encrypted_again_if_they_can_be_read() {
        let reseals = || {
            let found = vec![(user(1), sealed(1, "a")), (user(2), sealed(2, "b")), (user(3), sealed(9, "c"))];
            let mut tx = lists(None, found);
            let new = sealed(2, "totp:1a");
            let reseal = tx.factors.expect_reseal().with(eq(user(1)), eq(sealed(1, "a")), eq(new));
            reseal.times(1).returning(|_, _, _| Ok(true));
            tx
        };
        assert_eq!(reseal_secrets(&mut reseals(), &sealer(), NEWEST, None), Ok(None));
        assert_hands_faults_on(reseals, |tx| reseal_secrets(tx, &sealer(), NEWEST, None));
    }

    #[test]
    fn what_can_t_be_read_is_counted_and_batches_go_on() {
        let full: Vec<_> = (1..=SECRETS_AT_ONCE).map(|id| (user(id), sealed(1, "a"))).collect();
        let mut tx = lists(None, full);
        let (found, next) = check_secrets(&mut tx, &sealer(), None, SecretsCondition::default()).unwrap();
        assert_eq!((found.readable, next), (100, Some(user(SECRETS_AT_ONCE))));
        let rest = || lists(next, vec![(user(200), sealed(1, "damaged")), (user(201), sealed(9, "c"))]);
        let expected = SecretsCondition { readable: 100, without_key: 1, damaged: 1 };
        assert_eq!(check_secrets(&mut rest(), &sealer(), next, found), Ok((expected, None)));
        assert_hands_faults_on(rest, |tx| check_secrets(tx, &sealer(), next, found));
    }
}
