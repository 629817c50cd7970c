//! The server's keys, as far as secrets of factors depend on them.

use crate::error::Error;
use crate::factors::model::Totp;
use crate::ids::UserId;
use crate::secrets::{SealError, Sealer, SecretKeyId};
use crate::storage::Tx;

/// Secrets that one command looks at.
const BATCH: i64 = 100;

/// The keys that secrets are encrypted with, by their ids.
///
/// # Errors
/// A fault.
pub fn keys_in_use(tx: &mut dyn Tx) -> Result<Vec<SecretKeyId>, Error> {
    Ok(tx.factors().keys_in_use()?)
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
    let secrets = tx.factors().secrets(after, BATCH)?;
    for (user, old) in secrets.iter().filter(|(_, sealed)| sealed.key != newest) {
        let context = Totp::context(*user);
        let new = sealer.open(&context, old).and_then(|secret| sealer.seal(&context, &secret));
        if let Ok(new) = new {
            // Nothing happens if the user has set up another one meanwhile.
            tx.factors().reseal(*user, old, &new)?;
        }
    }
    Ok(next(&secrets))
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
    let secrets = tx.factors().secrets(after, BATCH)?;
    for (user, sealed) in &secrets {
        match sealer.open(&Totp::context(*user), sealed) {
            Ok(_) => found.readable += 1,
            Err(SealError::NoKey | SealError::UnknownKey(_)) => found.without_key += 1,
            Err(SealError::Damaged) => found.damaged += 1,
        }
    }
    Ok((found, next(&secrets)))
}

fn next<T>(secrets: &[(UserId, T)]) -> Option<UserId> {
    let is_full = i64::try_from(secrets.len()).is_ok_and(|rows| rows >= BATCH);
    secrets.last().filter(|_| is_full).map(|(user, _)| *user)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::secrets::{MockSealer, Sealed};
    use crate::testing::{MockTx, assert_hands_faults_on};

    const NEWEST: SecretKeyId = SecretKeyId::new(2);

    fn sealed(key: u32, bytes: &str) -> Sealed {
        Sealed { key: SecretKeyId::new(key), bytes: bytes.as_bytes().to_vec() }
    }

    fn user(id: i64) -> UserId {
        UserId::new(id)
    }

    /// Opens what is not damaged with a key that it has, and seals with the newest.
    fn sealer() -> MockSealer {
        let mut sealer = MockSealer::new();
        sealer.expect_open().returning(|context, sealed| match (sealed.key.get(), sealed.bytes.as_slice()) {
            (9, _) => Err(SealError::UnknownKey(sealed.key)),
            (_, b"damaged") => Err(SealError::Damaged),
            (_, bytes) => Ok([context.as_bytes(), bytes].concat()),
        });
        sealer.expect_seal().returning(|_, secret| Ok(Sealed { key: NEWEST, bytes: secret.to_vec() }));
        sealer
    }

    fn lists(after: Option<UserId>, found: Vec<(UserId, Sealed)>) -> MockTx {
        let mut tx = MockTx::new();
        let secrets = tx.factors.expect_secrets().with(eq(after), eq(BATCH));
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
        let full: Vec<_> = (1..=BATCH).map(|id| (user(id), sealed(1, "a"))).collect();
        let mut tx = lists(None, full);
        let (found, next) = check_secrets(&mut tx, &sealer(), None, SecretsCondition::default()).unwrap();
        assert_eq!((found.readable, next), (100, Some(user(BATCH))));
        let rest = || lists(next, vec![(user(200), sealed(1, "damaged")), (user(201), sealed(9, "c"))]);
        let expected = SecretsCondition { readable: 100, without_key: 1, damaged: 1 };
        assert_eq!(check_secrets(&mut rest(), &sealer(), next, found), Ok((expected, None)));
        assert_hands_faults_on(rest, |tx| check_secrets(tx, &sealer(), next, found));
    }
}
