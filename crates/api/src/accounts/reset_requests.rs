//! Request bodies for resets of passwords.

use groupchat_domain::accounts::{Email, Password, ResetAccount, Username, UsernameKey};
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::values::TypedUsername;
use crate::problem::ApiError;
use crate::wire::{Fields, Optional, Required};

/// Whose password is to be reset: `username` or `email`.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasswordResetRequest", example = r#"{"username": "ada"}"#)]
pub(super) struct ResetRequestDto {
    /// The username, ignoring case.
    pub username: Optional<TypedUsername>,
    /// The e-mail address; for at most five accounts that have it.
    pub email: Optional<Email>,
}

impl ResetRequestDto {
    pub(super) fn parse(self) -> Result<ResetAccount, ApiError> {
        let mut fields = Fields::new();
        let username = fields.optional("username", self.username);
        let email = fields.optional("email", self.email);
        match (username, email) {
            (Some(TypedUsername(name)), None) if fields.are_good() => {
                // What can't be a username is nobody's, and no text for a database.
                let key = Username::parse(&name).map_or_else(|_| UsernameKey::of(""), |name| name.key());
                Ok(ResetAccount::Username(key))
            }
            (None, Some(email)) if fields.are_good() => Ok(ResetAccount::Email(email)),
            _ => {
                if fields.are_good() {
                    let detail = "must be given unless there is an email, and not together with one";
                    fields.refuse("username", Violation::new(ViolationCode::Required, detail));
                }
                Err(fields.into())
            }
        }
    }
}

/// A new password for an account whose code is in the path.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasswordReset")]
pub(super) struct PasswordResetDto {
    /// The new password: at least 8 characters, at most 72 bytes.
    pub new: Required<Password>,
}

impl PasswordResetDto {
    pub(super) fn parse(self) -> Result<Password, ApiError> {
        let mut fields = Fields::new();
        fields.required("new", self.new).ok_or_else(|| fields.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn parse(json: &str) -> Result<ResetAccount, ApiError> {
        serde_json::from_str::<ResetRequestDto>(json).unwrap().parse()
    }

    #[test]
    fn a_request_names_an_account_in_one_way() {
        for (typed, key) in [("Zoe", "zoe"), ("Zoë", ""), ("a\\u0000b", "")] {
            let parsed = parse(&format!(r#"{{"username": "{typed}"}}"#)).unwrap();
            assert_eq!(parsed, ResetAccount::Username(UsernameKey::of(key)), "{typed}");
        }
        let email = Email::parse("a@b").unwrap();
        assert_eq!(parse(r#"{"email": "a@b", "username": null}"#).unwrap(), ResetAccount::Email(email));
        for bad in [
            "{}",
            r#"{"username": "a", "email": "a@b"}"#,
            r#"{"email": "a"}"#,
            r#"{"username": "a", "email": "x"}"#,
        ] {
            assert_eq!(parse(bad).unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }
}
