//! One-time passwords and recovery codes.

use std::fmt;

use crate::codes::Code;
use crate::ids::UserId;
use crate::secrets::Sealed;
use crate::time::Timestamp;
use crate::validation::{Violation, ViolationCode};

/// How many recovery codes a user gets.
pub const RECOVERY_CODES: usize = 10;

/// A code that works once, for users without their authenticator. It has 80 bits, so it can't be guessed from its hash.
pub type RecoveryCode = Code<16>;

/// The secret that one-time passwords follow from: 160 bits, as RFC 4226, section 4, recommends.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

/// The alphabet of RFC 4648, section 6, which authenticators read.
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl TotpSecret {
    /// Wraps the bytes.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// As people type it into an authenticator: 32 symbols of base 32.
    pub fn reveal(&self) -> String {
        let symbol = |bits: u64| char::from(BASE_32[(bits & 0b1_1111) as usize]);
        // Five bytes are eight symbols.
        let eight = |five: &[u8]| {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            (0..8).map(move |place| symbol(bits >> (35 - 5 * place)))
        };
        self.0.chunks(5).flat_map(eight).collect()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// A step of time, which has one password: 30 seconds, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step(pub i64);

/// The steps whose passwords were used lately. A clock that was ahead for a while locks nobody out, as it would if only
/// later steps than the last one counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsedSteps(Vec<Step>);

impl UsedSteps {
    /// How many are kept: several times as many as are good at a time.
    pub const MAX: usize = 16;

    /// Reads what is stored: eight bytes each.
    pub fn from_stored(bytes: &[u8]) -> Self {
        let (steps, _) = bytes.as_chunks::<8>();
        Self(steps.iter().map(|step| Step(i64::from_be_bytes(*step))).collect())
    }

    /// As it is stored.
    pub fn to_stored(&self) -> Vec<u8> {
        self.0.iter().flat_map(|step| step.0.to_be_bytes()).collect()
    }

    /// The same with one step more; `None` if it was used before.
    #[must_use]
    pub fn with(&self, step: Step) -> Option<Self> {
        if self.0.contains(&step) {
            return None;
        }
        let kept = &self.0[self.0.len().saturating_sub(Self::MAX - 1)..];
        Some(Self(kept.iter().copied().chain([step]).collect()))
    }
}

/// The one-time passwords of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totp {
    /// Whose they are.
    pub user: UserId,
    /// The secret, encrypted.
    pub secret: Sealed,
    /// When the set-up began.
    pub created_at: Timestamp,
    /// When the user has shown to have them. Before, they are asked for nowhere.
    pub confirmed_at: Option<Timestamp>,
    /// Which were used.
    pub used: UsedSteps,
}

impl Totp {
    /// What the secret of a user is encrypted as.
    pub fn context(user: UserId) -> String {
        format!("totp:{}", user.get())
    }
}

/// A one-time password, as somebody types it: six digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Passcode(String);

impl Passcode {
    /// How many digits it has.
    pub const LENGTH: usize = 6;

    /// Reads what somebody typed. Spaces and hyphens mean nothing.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for what can't be one.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let written = text.chars().filter(|character| !matches!(character, '-' | ' '));
        let digits: String = written.take(Self::LENGTH + 1).collect();
        if digits.len() == Self::LENGTH && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            let detail = format!("must have {} digits", Self::LENGTH);
            Err(Violation::new(ViolationCode::InvalidFormat, detail))
        }
    }

    /// The digits.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passcode(…)")
    }
}

/// A code, as somebody types it where either kind will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedCode {
    /// A one-time password.
    Passcode(Passcode),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl TypedCode {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for what can't be either.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let passcode = Passcode::parse(text).map(Self::Passcode);
        passcode.or_else(|_| RecoveryCode::parse(text).map(Self::Recovery)).map_err(|_| {
            let detail = "must be the 6 digits of an authenticator, or a recovery code of 16 symbols";
            Violation::new(ViolationCode::InvalidFormat, detail)
        })
    }
}

/// What a user can show as a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorMethod {
    /// A one-time password.
    Totp,
    /// A passkey.
    Passkey,
    /// A recovery code.
    RecoveryCode,
}

impl FactorMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Totp, Self::Passkey, Self::RecoveryCode];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_in_base_32_and_never_printed() {
        // RFC 4648, section 10, of this many bytes: "foobar" begins with MZXW6YTBOI.
        let secret = TotpSecret::new(*b"12345678901234567890");
        assert_eq!(secret.reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(TotpSecret::new(*b"foobarfoobarfoobarfo").reveal(), "MZXW6YTBOJTG633CMFZGM33PMJQXEZTP");
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
    }

    #[test]
    fn a_step_is_used_once_and_the_latest_are_kept() {
        let mut used = UsedSteps::default();
        for step in 0..40 {
            used = used.with(Step(step)).unwrap();
            assert_eq!(used.with(Step(step)), None);
            assert_eq!(UsedSteps::from_stored(&used.to_stored()), used);
        }
        assert_eq!(used.to_stored().len(), UsedSteps::MAX * 8);
        assert!(used.with(Step(39 - 15)).is_none() && used.with(Step(39 - 16)).is_some());
        // Also one from before, as when the clock was ahead for a while.
        assert!(UsedSteps::default().with(Step(1_000_000)).unwrap().with(Step(5)).is_some());
    }

    #[test]
    fn a_code_is_one_of_two_kinds() {
        for typed in ["123456", " 123 456", "123-456"] {
            assert_eq!(TypedCode::parse(typed), Ok(TypedCode::Passcode(Passcode("123456".to_owned()))));
        }
        assert!(matches!(TypedCode::parse("abcd-efgh-jkmn-pqrs"), Ok(TypedCode::Recovery(_))));
        let long = "1".repeat(100_000);
        for wrong in ["", "12345", "1234567", "١٢٣٤٥٦", "12345a", "abcd-efgh-jkmn-pqr", &long] {
            assert_eq!(TypedCode::parse(wrong).unwrap_err().code, ViolationCode::InvalidFormat, "{wrong}");
        }
        assert!(Passcode::parse("0000000000000000").is_err());
        let printed =
            format!("{:?}{:?}", TypedCode::parse("123456"), TypedCode::parse("0000-0000-0000-0000"));
        assert!(!printed.contains('0') && !printed.contains('1'), "{printed}");
    }
}
