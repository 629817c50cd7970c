//! Ports of second factors for unit tests.

use std::sync::Arc;

use crate::accounts::KeyHash;
use crate::factors::model::{Passcode, RecoveryCode, Step, TotpSecret, TypedCode};
use crate::factors::ports::{FactorCodes, MockFactorCodes};
use crate::secrets::{MockSealer, SealError, Sealer};
use crate::testing::{ME, sealed};

/// The secret that is sealed.
pub(crate) const SECRET: TotpSecret = TotpSecret::new([9; 20]);
/// The step of the code [`right`].
pub(crate) const STEP: Step = Step(77);

pub(crate) fn right() -> TypedCode {
    TypedCode::Passcode(Passcode::parse("111111").unwrap())
}

pub(crate) fn wrong() -> TypedCode {
    TypedCode::Passcode(Passcode::parse("222222").unwrap())
}

pub(crate) fn recovery(number: u8) -> RecoveryCode {
    RecoveryCode::from_bits([number; 16])
}

pub(crate) fn recovery_hash(number: u8) -> KeyHash {
    KeyHash::new([number; 32])
}

/// 111111 is the code of a step; two recovery codes are issued.
pub(crate) fn codes() -> Arc<dyn FactorCodes> {
    let mut codes = MockFactorCodes::new();
    codes.expect_new_secret().returning(|| SECRET);
    codes
        .expect_matching_step()
        .returning(|secret, code, _| (*secret == SECRET && code.reveal() == "111111").then_some(STEP));
    codes.expect_issue_recovery_codes().returning(|| vec![recovery(1), recovery(2)]);
    codes.expect_digest_recovery_code().returning(|code| {
        let number = (0..32).find(|number| recovery(*number) == *code).unwrap();
        recovery_hash(number)
    });
    codes.expect_qr_code().returning(|text| format!("<svg>{text}</svg>"));
    Arc::new(codes)
}

/// Seals the secret of the user, and nothing else.
pub(crate) fn sealer() -> Arc<dyn Sealer> {
    let mut sealer = MockSealer::new();
    let context = format!("totp:{ME}");
    let expected = context.clone();
    sealer.expect_seal().withf(move |context, _| context == expected).returning(|_, _| Ok(sealed()));
    sealer
        .expect_open()
        .withf(move |found, found_box| found == context && *found_box == sealed())
        .returning(|_, _| Ok(SECRET.as_bytes().to_vec()));
    Arc::new(sealer)
}

/// Has no key.
pub(crate) fn no_sealer() -> Arc<dyn Sealer> {
    let mut sealer = MockSealer::new();
    sealer.expect_seal().returning(|_, _| Err(SealError::NoKey));
    sealer.expect_open().returning(|_, sealed| Err(SealError::UnknownKey(sealed.key)));
    Arc::new(sealer)
}
