//! Request bodies for second factors, parsed into domain values.

#[cfg(any(test, fuzzing))]
use groupchat_domain::accounts::ClientInfo;
use groupchat_domain::accounts::Secret;
use groupchat_domain::factors::{Passcode, Proof, TypedCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use super::passkey_requests::{
    FactorRequest, LoginRequest, NameRequest, RegistrationRequest, RemovalRequest, TicketRequest,
};
use super::values::LoginTicketText;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::problem::ApiError;
use crate::wire::{Fields, Optional, Required};

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

/// Your password, and a code if you have a second factor.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "Proof")]
pub(crate) struct ProofRequest {
    /// The password.
    pub password: Required<Secret>,
    /// What the authenticator shows, or a recovery code: 6–50 characters, of which spaces and hyphens mean nothing. Only
    /// those need one who have a second factor.
    pub code: Optional<TypedCode>,
}

impl ProofRequest {
    pub(crate) fn parse(self) -> Result<Proof, ApiError> {
        let mut fields = Fields::new();
        let password = fields.required("password", self.password);
        let code = fields.optional("code", self.code);
        match password {
            Some(password) if fields.are_good() => Ok(Proof { password, code }),
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
        Parser::of_body(RegistrationRequest::parse),
        Parser::of_body(RemovalRequest::parse),
        Parser::of_body(TicketRequest::parse),
        Parser::of_body(FactorRequest::parse),
        Parser::of_body(|login: LoginRequest| login.parse(ClientInfo::default(), None)),
        Parser::of_body(NameRequest::parse),
        Parser::of_body(ProofRequest::parse),
    ]
}
