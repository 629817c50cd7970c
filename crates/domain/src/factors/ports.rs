//! The ports of second factors to the outside world, other than the database.

use std::sync::Arc;

use crate::accounts::{KeyHash, OwnPasswordPorts};
use crate::factors::model::{Passcode, RecoveryCode, Step, TotpSecret};
use crate::secrets::Sealer;
use crate::time::Timestamp;

/// Makes and checks the codes of second factors.
#[cfg_attr(test, mockall::automock)]
pub trait FactorCodes: Send + Sync {
    /// A new secret of 160 random bits.
    fn new_secret(&self) -> TotpSecret;

    /// The step whose password this is (RFC 6238 with SHA-1 and 30 seconds), if it is the one of `now` or one of those
    /// beside it. Whether the password was used before is for the caller to know.
    fn matching_step(&self, secret: &TotpSecret, code: &Passcode, now: Timestamp) -> Option<Step>;

    /// New recovery codes of 80 random bits each.
    fn issue_recovery_codes(&self) -> Vec<RecoveryCode>;

    /// The hash of a recovery code.
    fn digest_recovery_code(&self, code: &RecoveryCode) -> KeyHash;

    /// A QR code of a text of at most 1,000 ASCII characters, as an SVG image without scripts.
    fn qr_code(&self, text: &str) -> String;
}

/// The ports that managing second factors needs.
#[derive(Clone)]
pub struct FactorPorts<'a> {
    /// The database, and checking passwords.
    pub password: OwnPasswordPorts<'a>,
    /// Makes and checks codes.
    pub codes: Arc<dyn FactorCodes>,
    /// Encrypts secrets.
    pub sealer: Arc<dyn Sealer>,
}
