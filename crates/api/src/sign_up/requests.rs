//! Request bodies for signing up and for invites, parsed into domain values.

use groupchat_domain::accounts::{ClientInfo, DeviceName, DisplayName, Email, Password, UserDraft, Username};
use groupchat_domain::admissions::{Confirmation, InviteGroups, MaxUses, Note, ServerInviteDraft, SignUp};
use groupchat_domain::codes::SecretCode;
use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use crate::admissions::CodeText;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::problem::ApiError;
use crate::wire::{Fields, Given, Optional, Required};

/// What an invite is for.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "InviteDraft")]
pub(super) struct InviteDraftDto {
    /// How many users can sign up by it: 1–100,000; by default any number.
    pub max_uses: Optional<MaxUses>,
    /// When it ends, within 366 days; by default in 7 days.
    pub expires_at: Optional<Timestamp>,
    /// The ids of up to 20 groups that those who are invited come into, as plain members. You must be allowed to invite
    /// to each of them.
    pub group_ids: Optional<InviteGroups>,
    /// What to write to those who see it: 1–500 characters.
    pub note: Optional<Note>,
}

impl InviteDraftDto {
    pub(super) fn parse(self) -> Result<ServerInviteDraft, ApiError> {
        let mut fields = Fields::new();
        let draft = ServerInviteDraft {
            max_uses: fields.optional("max_uses", self.max_uses),
            expires_at: fields.optional("expires_at", self.expires_at),
            groups: fields.optional("group_ids", self.group_ids).unwrap_or_default(),
            note: fields.optional("note", self.note),
        };
        fields.finish()?;
        Ok(draft)
    }
}

/// An account for yourself.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "SignUp")]
pub(super) struct SignUpDto {
    /// The name to sign in with: 1–50 ASCII letters, digits, `_`, `.` and `-`.
    pub username: Required<Username>,
    /// The password: at least 8 characters, at most 72 bytes.
    pub password: Required<Password>,
    /// The code of an invite. Needed unless the server lets everybody sign up.
    pub invite: Optional<CodeText>,
    /// An e-mail address, visible to you and admins. Needed without an invite where addresses are confirmed.
    pub email: Optional<Email>,
    /// The name that others see: 1–100 characters.
    pub display_name: Optional<DisplayName>,
    /// Whether the session gets a refresh token. Its key is valid for an hour then, by default; the default is no.
    pub refresh: Optional<bool>,
    /// The name of the device, for the list of sessions: 1–100 characters.
    pub device_name: Optional<DeviceName>,
    // Admins give it.
    #[serde(default)]
    is_admin: Given,
}

impl SignUpDto {
    pub(super) fn parse(self, client: ClientInfo) -> Result<SignUp, ApiError> {
        let mut fields = Fields::new();
        let username = fields.required("username", self.username);
        let password = fields.required("password", self.password);
        let display_name = fields.optional("display_name", self.display_name);
        let email = fields.optional("email", self.email);
        let device_name = fields.optional("device_name", self.device_name);
        let refresh = self.refresh.0.unwrap_or(false);
        fields.fixed([("is_admin", self.is_admin)]);
        let invite = fields.optional("invite", self.invite);
        let invite = invite.and_then(|code| parse_code(&mut fields, "invite", &code));
        match (username, password) {
            (Some(username), Some(password)) if fields.are_good() => {
                let draft = UserDraft { username, display_name, email, is_admin: false, password };
                Ok(SignUp { draft, invite, refresh, device_name, client })
            }
            _ => Err(fields.into()),
        }
    }
}

/// The code that the address of a new account got.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "Confirmation")]
pub(super) struct ConfirmationDto {
    /// The code.
    pub code: Required<CodeText>,
    /// Another username, if somebody else has taken the first one meanwhile.
    pub username: Optional<Username>,
    /// Whether the session gets a refresh token. Its key is valid for an hour then, by default; the default is no.
    pub refresh: Optional<bool>,
    /// The name of the device, for the list of sessions: 1–100 characters.
    pub device_name: Optional<DeviceName>,
}

impl ConfirmationDto {
    pub(super) fn parse(self, client: ClientInfo) -> Result<Confirmation, ApiError> {
        let mut fields = Fields::new();
        let username = fields.optional("username", self.username);
        let device_name = fields.optional("device_name", self.device_name);
        let refresh = self.refresh.0.unwrap_or(false);
        let code = fields.required("code", self.code).and_then(|code| parse_code(&mut fields, "code", &code));
        match code {
            Some(code) if fields.are_good() => {
                Ok(Confirmation { code, username, refresh, device_name, client })
            }
            _ => Err(fields.into()),
        }
    }
}

/// Reads the code in a field.
fn parse_code(fields: &mut Fields, field: &'static str, CodeText(code): &CodeText) -> Option<SecretCode> {
    SecretCode::parse(code).map_err(|violation| fields.refuse(field, violation)).ok()
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(InviteDraftDto::parse),
        Parser::of_body(|body: SignUpDto| body.parse(ClientInfo::default())),
        Parser::of_body(|body: ConfirmationDto| body.parse(ClientInfo::default())),
    ]
}
