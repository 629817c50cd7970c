//! The codes of invite links.

use crate::accounts::KeyHash;
use crate::codes::Code;

/// The code of an invite link: who knows it may come in. It has 100 bits.
pub type LinkCode = Code<20>;

/// SHA-256 of the symbols of a code. The code itself is never stored.
pub type CodeHash = KeyHash;

/// Makes and hashes the codes of invite links.
#[cfg_attr(test, mockall::automock)]
pub trait LinkCodes: Send + Sync {
    /// A new code of 100 random bits.
    fn issue_code(&self) -> LinkCode;

    /// The hash of a code.
    fn digest_code(&self, code: &LinkCode) -> CodeHash;
}
