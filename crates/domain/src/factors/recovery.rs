//! New recovery codes.

use crate::accounts::KeyHash;
use crate::factors::model::RecoveryCode;
use crate::factors::ports::FactorCodes;

/// Recovery codes that are drawn before the command that stores their hashes, which may run more than once.
pub(super) struct Drawn {
    pub(super) codes: Vec<RecoveryCode>,
    pub(super) hashes: Vec<KeyHash>,
}

impl Drawn {
    pub(super) fn draw(ports: &dyn FactorCodes) -> Self {
        let codes = ports.issue_recovery_codes();
        let hashes = codes.iter().map(|code| ports.digest_recovery_code(code)).collect();
        Self { codes, hashes }
    }
}
