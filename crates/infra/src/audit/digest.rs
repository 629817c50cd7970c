//! Digests of settings, by which a start tells which of them were changed.
//!
//! A digest of a secret is a bcrypt hash: whoever reads the database, or a backup, may guess what people have made up.

use bcrypt::BcryptError;
use sha2::{Digest, Sha256};

use crate::hex::hexadecimal;

/// The bcrypt cost: a start hashes each secret once, beside its other work.
const COST: u32 = 10;

/// How bcrypt hashes begin.
const BCRYPT: &str = "$2";

/// The digest of a value.
///
/// # Errors
/// The system has no random numbers.
pub fn digest(value: &str, is_secret: bool) -> Result<String, BcryptError> {
    // In hexadecimal, it is shorter than what bcrypt would cut off.
    let plain = sha256(value);
    if is_secret { bcrypt::hash(plain, COST) } else { Ok(plain) }
}

/// Whether this is a digest of the value, with or without a secret.
pub fn is_digest_of(digest: &str, value: &str) -> bool {
    let plain = sha256(value);
    if digest.starts_with(BCRYPT) { bcrypt::verify(plain, digest).unwrap_or(false) } else { digest == plain }
}

fn sha256(value: &str) -> String {
    hexadecimal(&Sha256::digest(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_of_one_value() {
        let long = "x".repeat(500);
        for is_secret in [false, true] {
            for value in ["", "postgres://chat:secret@db/chat", &long] {
                let digest = digest(value, is_secret).unwrap();
                assert!(digest.len() <= 100);
                assert!(is_digest_of(&digest, value));
                assert!(!is_digest_of(&digest, &format!("{value}y")));
            }
        }
    }

    /// They are stored: others would tell of changes that nobody has made.
    #[test]
    fn digests_never_change() {
        let stored = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        assert_eq!(digest("foo", false).unwrap(), stored);
    }

    #[test]
    fn a_secret_is_not_found_by_its_digest_alone() {
        let [one, other] = [(); 2].map(|()| digest("secret", true).unwrap());
        assert_ne!(one, other, "they are salted");
        assert!(!one.contains(&sha256("secret")));
    }
}
