//! Request bodies for second factors, parsed into domain values.

use groupchat_domain::accounts::Secret;
use groupchat_domain::factors::{Passcode, TypedCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::values::LoginTicketText;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::problem::ApiError;
use crate::wire::{Fields, Required};

/// The second half of a login.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "SecondFactor")]
pub(super) struct SecondFactorRequest {
    /// The ticket that the login has answered.
    pub ticket: Required<LoginTicketText>,
    /// What the authenticator shows, or a recovery code: 6–50 characters, of which spaces and hyphens mean nothing.
    pub code: Required<TypedCode>,
}

impl SecondFactorRequest {
    pub(super) fn parse(self) -> Result<(Secret, TypedCode), ApiError> {
        let mut fields = Fields::new();
        let ticket = fields.required("ticket", self.ticket);
        let code = fields.required("code", self.code);
        match (ticket, code) {
            (Some(LoginTicketText(ticket)), Some(code)) => Ok((Secret::new(ticket), code)),
            _ => Err(fields.into()),
        }
    }
}

/// Your password.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "OwnPassword")]
pub(super) struct OwnPasswordRequest {
    /// The password.
    pub password: Required<Secret>,
}

impl OwnPasswordRequest {
    pub(super) fn parse(self) -> Result<Secret, ApiError> {
        let mut fields = Fields::new();
        fields.required("password", self.password).ok_or_else(|| fields.into())
    }
}

/// A one-time password.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "OneTimePassword")]
pub(super) struct PasscodeRequest {
    /// What the authenticator shows: 6–50 characters, of which spaces and hyphens mean nothing.
    pub code: Required<Passcode>,
}

impl PasscodeRequest {
    pub(super) fn parse(self) -> Result<Passcode, ApiError> {
        let mut fields = Fields::new();
        fields.required("code", self.code).ok_or_else(|| fields.into())
    }
}

/// Your password and a code.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasswordAndCode")]
pub(super) struct PasswordAndCodeRequest {
    /// The password.
    pub password: Required<Secret>,
    /// What the authenticator shows, or a recovery code: 6–50 characters, of which spaces and hyphens mean nothing.
    pub code: Required<TypedCode>,
}

impl PasswordAndCodeRequest {
    pub(super) fn parse(self) -> Result<(Secret, TypedCode), ApiError> {
        let mut fields = Fields::new();
        let password = fields.required("password", self.password);
        let code = fields.required("code", self.code);
        match (password, code) {
            (Some(password), Some(code)) => Ok((password, code)),
            _ => Err(fields.into()),
        }
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(SecondFactorRequest::parse),
        Parser::of_body(OwnPasswordRequest::parse),
        Parser::of_body(PasscodeRequest::parse),
        Parser::of_body(PasswordAndCodeRequest::parse),
    ]
}
