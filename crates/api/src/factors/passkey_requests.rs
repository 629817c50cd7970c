//! Request bodies for passkeys, parsed into domain values.

use groupchat_domain::accounts::{ClientInfo, DeviceName, PasskeyAttempt, Secret};
use groupchat_domain::factors::{PasskeyName, ShownCeremony, TypedCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::values::{CeremonyText, CredentialObject, LoginTicketText};
use crate::problem::ApiError;
use crate::wire::{Fields, Optional, Required};

/// A ceremony that is over, of the two fields that show it.
fn shown(
    fields: &mut Fields,
    ceremony: Required<CeremonyText>,
    credential: Required<CredentialObject>,
) -> Option<ShownCeremony> {
    let ceremony = fields.required("ceremony", ceremony);
    let credential = fields.required("credential", credential);
    let (CeremonyText(token), CredentialObject(credential)) = ceremony.zip(credential)?;
    Some(ShownCeremony { token: Secret::new(token), credential })
}

/// A passkey to register.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasskeyRegistration")]
pub(super) struct RegistrationRequest {
    /// What `beginPasskey` has answered.
    pub ceremony: Required<CeremonyText>,
    /// What you call it: 1–100 characters.
    pub name: Required<PasskeyName>,
    /// What the browser has returned, by `toJSON()`.
    pub credential: Required<CredentialObject>,
}

impl RegistrationRequest {
    pub(super) fn parse(self) -> Result<(ShownCeremony, PasskeyName), ApiError> {
        let mut fields = Fields::new();
        let name = fields.required("name", self.name);
        let shown = shown(&mut fields, self.ceremony, self.credential);
        shown.zip(name).ok_or_else(|| fields.into())
    }
}

/// Another name of a passkey.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasskeyChanges")]
pub(super) struct NameRequest {
    /// What you call it: 1–100 characters.
    pub name: Required<PasskeyName>,
}

impl NameRequest {
    pub(super) fn parse(self) -> Result<PasskeyName, ApiError> {
        let mut fields = Fields::new();
        fields.required("name", self.name).ok_or_else(|| fields.into())
    }
}

/// Your password and, for the last second factor, a code.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasskeyRemoval")]
pub(super) struct RemovalRequest {
    /// The password.
    pub password: Required<Secret>,
    /// A recovery code, or what the authenticator app shows. Needed if this passkey is your only second factor.
    pub code: Optional<TypedCode>,
}

impl RemovalRequest {
    pub(super) fn parse(self) -> Result<(Secret, Option<TypedCode>), ApiError> {
        let mut fields = Fields::new();
        let password = fields.required("password", self.password);
        let code = fields.optional("code", self.code);
        match password {
            Some(password) if fields.are_good() => Ok((password, code)),
            _ => Err(fields.into()),
        }
    }
}

/// The ticket of a login that lacks a second factor.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "LoginTicket")]
pub(super) struct TicketRequest {
    /// The ticket.
    pub ticket: Required<LoginTicketText>,
}

impl TicketRequest {
    pub(super) fn parse(self) -> Result<Secret, ApiError> {
        let mut fields = Fields::new();
        match fields.required("ticket", self.ticket) {
            Some(LoginTicketText(ticket)) => Ok(Secret::new(ticket)),
            None => Err(fields.into()),
        }
    }
}

/// The second half of a login, with a passkey.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasskeyFactor")]
pub(super) struct FactorRequest {
    /// The ticket that the login has answered.
    pub ticket: Required<LoginTicketText>,
    /// What `beginPasskeyFactor` has answered.
    pub ceremony: Required<CeremonyText>,
    /// What the browser has returned, by `toJSON()`.
    pub credential: Required<CredentialObject>,
}

impl FactorRequest {
    pub(super) fn parse(self) -> Result<(Secret, ShownCeremony), ApiError> {
        let mut fields = Fields::new();
        let ticket = fields.required("ticket", self.ticket);
        let shown = shown(&mut fields, self.ceremony, self.credential);
        match ticket.zip(shown) {
            Some((LoginTicketText(ticket), shown)) => Ok((Secret::new(ticket), shown)),
            None => Err(fields.into()),
        }
    }
}

/// A login with a passkey.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasskeyLogin")]
pub(super) struct LoginRequest {
    /// What `beginPasskeyLogin` has answered.
    pub ceremony: Required<CeremonyText>,
    /// What the browser has returned, by `toJSON()`.
    pub credential: Required<CredentialObject>,
    /// Whether the session gets a refresh token. Its key is valid for an hour then, by default; the default is no.
    pub refresh: Optional<bool>,
    /// The name of the device, for the list of sessions: 1–100 characters.
    pub device_name: Optional<DeviceName>,
}

impl LoginRequest {
    /// By this client, on this device.
    pub(super) fn parse(
        self,
        client: ClientInfo,
        device: Option<Secret>,
    ) -> Result<PasskeyAttempt, ApiError> {
        let mut fields = Fields::new();
        let shown = shown(&mut fields, self.ceremony, self.credential);
        let device_name = fields.optional("device_name", self.device_name);
        let refresh = self.refresh.0.unwrap_or(false);
        match shown {
            Some(shown) if fields.are_good() => {
                Ok(PasskeyAttempt { shown, refresh, device_name, device, client })
            }
            _ => Err(fields.into()),
        }
    }
}
