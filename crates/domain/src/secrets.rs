//! Secrets that the server has to read back: they are stored encrypted with a key that is not in the database.

use std::fmt;

/// Which of the server's keys something is encrypted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretKeyId(u32);

impl SecretKeyId {
    /// Wraps an id.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// An encrypted secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key that opens it.
    pub key: SecretKeyId,
    /// What is stored.
    pub bytes: Vec<u8>,
}

impl Sealed {
    /// The most bytes that one has.
    pub const MAX_BYTES: usize = 200;
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({:08x}, …)", self.key.get())
    }
}

/// Why a secret can't be encrypted or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The server has no key.
    #[error("the server has no key for secrets")]
    NoKey,
    /// The server lacks the key that the secret was encrypted with.
    #[error("the server lacks the key {:08x}, with which a secret is encrypted", .0.get())]
    UnknownKey(SecretKeyId),
    /// It was changed, or belongs to something else.
    #[error("an encrypted secret is damaged")]
    Damaged,
}

/// Encrypts and authenticates secrets. What is encrypted in one context MUST be rejected in any other, so that nobody who
/// can write to the database makes a secret of one user that of another. MUST NOT block for long: it is asked within
/// transactions.
#[cfg_attr(test, mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Encrypts a secret with the newest key.
    ///
    /// # Errors
    /// [`SealError::NoKey`].
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Sealed, SealError>;

    /// Reads a secret that was encrypted in the same context.
    ///
    /// # Errors
    /// [`SealError`].
    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError>;
}

/// Secrets that one command looks at, when it goes through all that are stored.
pub(crate) const SECRETS_AT_ONCE: i64 = 100;

/// Where to go on after a batch of secrets, by what each of them is of; `None` at the end.
pub(crate) fn after_batch<K: Copy, T>(secrets: &[(K, T)]) -> Option<K> {
    let is_full = i64::try_from(secrets.len()).is_ok_and(|rows| rows >= SECRETS_AT_ONCE);
    secrets.last().filter(|_| is_full).map(|(of, _)| *of)
}

/// A secret encrypted again with the newest key. `None` for one that is encrypted with it, or that can't be read.
pub(crate) fn resealed(
    sealer: &dyn Sealer,
    newest: SecretKeyId,
    context: &str,
    old: &Sealed,
) -> Option<Sealed> {
    if old.key == newest {
        return None;
    }
    sealer.open(context, old).and_then(|secret| sealer.seal(context, &secret)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_is_not_printed() {
        let sealed = Sealed { key: SecretKeyId::new(0xAB), bytes: vec![1, 2, 3] };
        assert_eq!(format!("{sealed:?}"), "Sealed(000000ab, …)");
        assert!(SealError::UnknownKey(sealed.key).to_string().contains("000000ab"));
    }
}
