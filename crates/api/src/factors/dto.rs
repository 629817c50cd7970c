//! Response bodies for second factors.

use groupchat_domain::factors::{Factors, MAX_PASSKEYS, RecoveryCode, TotpSetUp};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::passkey_dto::PasskeyDto;
use super::values::{OtpAuthUri, QrSvg, RecoveryCodeTexts, TotpSecretText};
use crate::wire::{Count, Field, Items};

/// Your second factors.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Factors")]
pub(super) struct FactorsDto {
    /// Whether logins ask for one-time passwords.
    pub totp: Field<bool>,
    /// Your passkeys, the oldest first.
    pub passkeys: Items<PasskeyDto, MAX_PASSKEYS>,
    /// How many recovery codes are left.
    pub recovery_codes_left: Field<Count>,
    /// Whether the server requires a second factor of you.
    pub required: Field<bool>,
}

impl From<Factors> for FactorsDto {
    fn from(factors: Factors) -> Self {
        let left = Count(factors.recovery_codes_left.into());
        Self {
            totp: factors.totp.into(),
            passkeys: factors.passkeys.into_iter().map(Into::into).collect(),
            recovery_codes_left: left.into(),
            required: factors.required.into(),
        }
    }
}

/// What an authenticator needs. Each of these contains the secret.
// Without `Debug`, which would show it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "TotpSetUp")]
pub(super) struct TotpSetUpDto {
    /// The secret, to type; returned only once.
    pub secret: Field<TotpSecretText>,
    /// The secret as an address, for authenticators on the same device.
    pub uri: Field<OtpAuthUri>,
    /// The address as a QR code: an SVG image.
    pub qr_svg: Field<QrSvg>,
}

impl From<TotpSetUp> for TotpSetUpDto {
    fn from(begun: TotpSetUp) -> Self {
        Self {
            secret: TotpSecretText(begun.secret.reveal()).into(),
            uri: OtpAuthUri(begun.uri.reveal().to_owned()).into(),
            qr_svg: QrSvg(begun.qr_svg.reveal().to_owned()).into(),
        }
    }
}

/// Recovery codes. Each works once, in place of a one-time password.
// Without `Debug`, which would show them.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "RecoveryCodes")]
pub(super) struct RecoveryCodesDto {
    /// The codes; returned only once.
    pub recovery_codes: Field<RecoveryCodeTexts>,
}

impl From<Vec<RecoveryCode>> for RecoveryCodesDto {
    fn from(codes: Vec<RecoveryCode>) -> Self {
        Self { recovery_codes: RecoveryCodeTexts::of(&codes).into() }
    }
}
