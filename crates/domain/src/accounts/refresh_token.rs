//! Refresh tokens. A token is a selector, which all tokens of a session have in common, and a verifier, which each token
//! has for itself. A token that a session has given up is recognized by its selector, without being stored.

use std::fmt;

use crate::accounts::session::{RefreshHashes, Secret};

/// Bytes of a selector.
pub const SELECTOR_BYTES: usize = 16;
/// Bytes of a verifier.
pub const VERIFIER_BYTES: usize = 32;

/// A refresh token as a client sent it, well-formed and not yet checked. `Debug` doesn't print it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// What the tokens of a session have in common.
    pub selector: [u8; SELECTOR_BYTES],
    /// What this token has for itself.
    pub verifier: [u8; VERIFIER_BYTES],
    /// The hashes of both.
    pub hashes: RefreshHashes,
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

/// Random bytes from which, together with a token, the next token and key follow. Worth nothing without the token.
/// `Debug` doesn't print it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Wraps random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// A new refresh token: the secret for its owner and the hashes for the database.
#[derive(Debug, Clone)]
pub struct IssuedRefresh {
    /// The token, returned only once.
    pub secret: Secret,
    /// The hashes to store.
    pub hashes: RefreshHashes,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::session::KeyHash;

    #[test]
    fn debug_shows_neither_tokens_nor_salts() {
        let hashes = RefreshHashes { selector: KeyHash::new([1; 32]), verifier: KeyHash::new([2; 32]) };
        let token = RefreshToken { selector: [3; 16], verifier: [4; 32], hashes };
        assert_eq!(format!("{token:?}"), "RefreshToken(…)");
        assert_eq!(format!("{:?}", Salt::new([5; 32])), "Salt(…)");
        assert_eq!(Salt::new([5; 32]).as_bytes(), &[5; 32]);
    }
}
