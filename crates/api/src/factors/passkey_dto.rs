//! Response bodies for passkeys.

use groupchat_domain::factors::{Ceremony, Passkey, PasskeyName, RecoveryCode};
use groupchat_domain::ids::PasskeyId;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::{CeremonyText, RecoveryCodeTexts, WebAuthnOptions};
use crate::wire::{Field, Time};

/// The beginning of what an authenticator and the server do together.
// Without `Debug`, which would show the token.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Ceremony")]
pub(super) struct CeremonyDto {
    /// What to send with the authenticator's answer, within 5 minutes.
    pub ceremony: Field<CeremonyText>,
    /// What the browser takes: `PublicKeyCredential.parseCreationOptionsFromJSON()` of it for a passkey to register,
    /// `parseRequestOptionsFromJSON()` for one to show.
    pub options: Field<WebAuthnOptions>,
}

impl From<Ceremony> for CeremonyDto {
    fn from(begun: Ceremony) -> Self {
        let ceremony = CeremonyText(begun.token.reveal().to_owned());
        Self { ceremony: ceremony.into(), options: WebAuthnOptions(begun.options).into() }
    }
}

/// One of your passkeys.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Passkey")]
pub(super) struct PasskeyDto {
    /// Its id.
    pub id: Field<PasskeyId>,
    /// What you call it.
    pub name: Field<PasskeyName>,
    /// When it was registered.
    pub created_at: Time,
    /// When you last signed in with it; null if you have not.
    pub last_used_at: Option<Time>,
}

impl From<Passkey> for PasskeyDto {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.into(),
            name: passkey.name.into(),
            created_at: passkey.created_at.into(),
            last_used_at: passkey.last_used_at.map(Into::into),
        }
    }
}

/// A passkey that was just registered.
// Without `Debug`, which would show the codes.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "RegisteredPasskey")]
pub(super) struct RegisteredPasskeyDto {
    /// The passkey.
    pub passkey: PasskeyDto,
    /// Recovery codes, if this is your first second factor; returned only once. Null if you have codes already.
    pub recovery_codes: Option<Field<RecoveryCodeTexts>>,
}

impl From<(Passkey, Option<Vec<RecoveryCode>>)> for RegisteredPasskeyDto {
    fn from((passkey, codes): (Passkey, Option<Vec<RecoveryCode>>)) -> Self {
        Self {
            passkey: passkey.into(),
            recovery_codes: codes.map(|codes| RecoveryCodeTexts::of(&codes).into()),
        }
    }
}
