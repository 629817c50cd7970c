//! Request bodies and queries for accounts, parsed into domain values.

use groupchat_domain::accounts::{
    ClientInfo, DeviceName, DisplayName, Email, LoginAttempt, Password, PresenceSetting, ProfileChanges,
    ReceiptSetting, Secret, UserChanges, UserDraft, UserQuery, Username,
};
use groupchat_domain::paging::Limit;
use groupchat_domain::search::SearchText;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use super::reset_requests::{PasswordResetDto, ResetRequestDto};
#[cfg(any(test, fuzzing))]
use super::role_dto::{ServerRoleChangesDto, ServerRoleDraftDto};
use super::values::{RefreshTokenText, TypedUsername};
use crate::extract::InsteadOfKey;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::{Parser, list};
use crate::problem::ApiError;
use crate::wire::{Change, CursorText, Fields, Given, List, Optional, Patch, Required};

/// Credentials to sign in with.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(
    rename = "LoginRequest",
    example = r#"{"username": "admin", "password": "the-password-that-was-printed"}"#
)]
pub(super) struct LoginRequest {
    /// The username, ignoring case.
    pub username: Required<TypedUsername>,
    /// The password.
    pub password: Required<Secret>,
    /// Whether the session gets a refresh token. Its key is valid for an hour then, by default; the default is no.
    pub refresh: Optional<bool>,
    /// The name of the device, for the list of sessions: 1–100 characters.
    pub device_name: Optional<DeviceName>,
}

impl LoginRequest {
    /// Name and password as typed, by this client, on this device.
    pub(super) fn parse(self, client: ClientInfo, device: Option<Secret>) -> Result<LoginAttempt, ApiError> {
        let mut fields = Fields::new();
        let username = fields.required("username", self.username);
        let password = fields.required("password", self.password);
        let device_name = fields.optional("device_name", self.device_name);
        let refresh = self.refresh.0.unwrap_or(false);
        match (username, password) {
            (Some(TypedUsername(username)), Some(password)) if fields.are_good() => {
                Ok(LoginAttempt { username, password, refresh, device_name, device, client })
            }
            _ => Err(fields.into()),
        }
    }
}

/// A refresh token to exchange.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "RefreshRequest")]
pub(super) struct RefreshRequest {
    /// The token.
    pub refresh_token: Required<RefreshTokenText>,
}

impl RefreshRequest {
    pub(super) fn parse(self) -> Result<Secret, ApiError> {
        let mut fields = Fields::new();
        match fields.required("refresh_token", self.refresh_token) {
            Some(RefreshTokenText(token)) => Ok(Secret::new(token)),
            None => Err(fields.into()),
        }
    }
}

/// Which session to end.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "LogoutRequest")]
pub(super) struct LogoutRequest {
    /// The refresh token of the session; without one, it is the session of the key.
    pub refresh_token: Optional<RefreshTokenText>,
}

impl InsteadOfKey for LogoutRequest {
    fn does_instead(&self) -> bool {
        self.refresh_token.0.is_some()
    }
}

impl LogoutRequest {
    pub(super) fn parse(self) -> Result<Option<Secret>, ApiError> {
        let mut fields = Fields::new();
        let token = fields.optional("refresh_token", self.refresh_token);
        fields.finish()?;
        Ok(token.map(|RefreshTokenText(token)| Secret::new(token)))
    }
}

/// A user to create.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "UserDraft")]
pub(super) struct UserDraftDto {
    /// The name to sign in with: 1–50 ASCII letters, digits, `_`, `.` and `-`.
    pub username: Required<Username>,
    /// The first password: at least 8 characters, at most 72 bytes.
    pub password: Required<Password>,
    /// The name that others see: 1–100 characters.
    pub display_name: Optional<DisplayName>,
    /// An e-mail address, visible to the user and admins.
    pub email: Optional<Email>,
    /// Whether the user becomes a server admin; the default is no.
    pub is_admin: Optional<bool>,
    // Users choose them for themselves: known, so that nobody believes that they were set.
    #[serde(default)]
    presence: Given,
    #[serde(default)]
    receipts: Given,
    // Nobody is suspended at first, and roles are given by requests of their own.
    #[serde(default)]
    suspended: Given,
    #[serde(default)]
    roles: Given,
    #[serde(default)]
    kind: Given,
    #[serde(default)]
    owner_id: Given,
}

impl UserDraftDto {
    pub(super) fn parse(self) -> Result<UserDraft, ApiError> {
        let mut fields = Fields::new();
        let username = fields.required("username", self.username);
        let password = fields.required("password", self.password);
        let display_name = fields.optional("display_name", self.display_name);
        let email = fields.optional("email", self.email);
        let is_admin = self.is_admin.0.unwrap_or(false);
        fields.fixed([
            ("presence", self.presence),
            ("receipts", self.receipts),
            ("suspended", self.suspended),
            ("roles", self.roles),
            ("kind", self.kind),
            ("owner_id", self.owner_id),
        ]);
        match (username, password) {
            (Some(username), Some(password)) if fields.are_good() => {
                Ok(UserDraft { username, display_name, email, is_admin, password })
            }
            _ => Err(fields.into()),
        }
    }
}

/// Changes to your own profile. Absent fields keep their value; null clears a field.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ProfileChanges")]
pub(super) struct ProfileChangesDto {
    /// The name that others see: 1–100 characters.
    #[serde(default)]
    pub display_name: Patch<DisplayName>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Patch<Email>,
    /// Whether members of the user's groups can see when the user is online: `shown` or `hidden`.
    #[serde(default)]
    pub presence: Change<PresenceSetting>,
    /// Whether others can see how far the user has read: `shown` or `hidden`. Who hides it can't see how far others have.
    #[serde(default)]
    pub receipts: Change<ReceiptSetting>,
    /// Your current password. Where the server sends mail, another address takes it, since mail can reset the password.
    pub current_password: Optional<Secret>,
    #[serde(default)]
    username: Given,
    #[serde(default)]
    is_admin: Given,
    #[serde(default)]
    password: Given,
    #[serde(default)]
    suspended: Given,
    #[serde(default)]
    roles: Given,
    #[serde(default)]
    kind: Given,
    #[serde(default)]
    owner_id: Given,
}

impl ProfileChangesDto {
    /// The changes, and the current password as typed.
    pub(super) fn parse(self) -> Result<(ProfileChanges, Option<Secret>), ApiError> {
        let mut fields = Fields::new();
        let current = fields.optional("current_password", self.current_password);
        let changes = ProfileChanges {
            presence: fields.changeable("presence", self.presence),
            receipts: fields.changeable("receipts", self.receipts),
            display_name: fields.clearable("display_name", self.display_name),
            email: fields.clearable("email", self.email),
        };
        fields.fixed([
            ("username", self.username),
            ("is_admin", self.is_admin),
            ("password", self.password),
            ("suspended", self.suspended),
            ("roles", self.roles),
            ("kind", self.kind),
            ("owner_id", self.owner_id),
        ]);
        fields.finish()?;
        Ok((changes, current))
    }
}

/// Changes to a user. Absent fields keep their value; null clears a field.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "UserChanges")]
pub(super) struct UserChangesDto {
    /// The name to sign in with: 1–50 ASCII letters, digits, `_`, `.` and `-`.
    #[serde(default)]
    pub username: Change<Username>,
    /// The name that others see: 1–100 characters.
    #[serde(default)]
    pub display_name: Patch<DisplayName>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Patch<Email>,
    /// Whether the user is a server admin.
    #[serde(default)]
    pub is_admin: Change<bool>,
    /// A new password: at least 8 characters, at most 72 bytes. It ends all sessions of the user.
    #[serde(default)]
    pub password: Change<Password>,
    /// Whether the user can't sign in for now. It ends all sessions of the user.
    #[serde(default)]
    pub suspended: Change<bool>,
    // What users choose for themselves, and what is given by requests of its own.
    #[serde(default)]
    presence: Given,
    #[serde(default)]
    receipts: Given,
    #[serde(default)]
    roles: Given,
    #[serde(default)]
    kind: Given,
    #[serde(default)]
    owner_id: Given,
}

impl UserChangesDto {
    pub(super) fn parse(self) -> Result<UserChanges, ApiError> {
        let mut fields = Fields::new();
        let changes = UserChanges {
            username: fields.changeable("username", self.username),
            display_name: fields.clearable("display_name", self.display_name),
            email: fields.clearable("email", self.email),
            is_admin: fields.changeable("is_admin", self.is_admin),
            password: fields.changeable("password", self.password),
            suspended: fields.changeable("suspended", self.suspended),
        };
        fields.fixed([
            ("presence", self.presence),
            ("receipts", self.receipts),
            ("roles", self.roles),
            ("kind", self.kind),
            ("owner_id", self.owner_id),
        ]);
        fields.finish()?;
        Ok(changes)
    }
}

/// A change of your own password.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasswordChange")]
pub(super) struct PasswordChangeDto {
    /// The current password.
    pub current: Required<Secret>,
    /// The new password: at least 8 characters, at most 72 bytes.
    pub new: Required<Password>,
}

impl PasswordChangeDto {
    /// The present password as typed, and the new one.
    pub(super) fn parse(self) -> Result<(Secret, Password), ApiError> {
        let mut fields = Fields::new();
        let current = fields.required("current", self.current);
        let new = fields.required("new", self.new);
        match (current, new) {
            (Some(current), Some(new)) => Ok((current, new)),
            _ => Err(fields.into()),
        }
    }
}

/// Which users to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct UserListParams {
    /// Text that the username or the display name must contain, ignoring case: at most 100 characters.
    q: Optional<SearchText>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

impl UserListParams {
    pub(super) fn parse(self, list: List) -> Result<UserQuery, ApiError> {
        let mut fields = Fields::new();
        let search = fields.search(self.q);
        let limit = fields.limit(self.limit);
        let after = fields.name_cursor(list, &self.cursor);
        fields.finish()?;
        Ok(UserQuery { search, after, limit })
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(|login: LoginRequest| login.parse(ClientInfo::default(), None)),
        Parser::of_body(RefreshRequest::parse),
        Parser::of_body(LogoutRequest::parse),
        Parser::of_body(UserDraftDto::parse),
        Parser::of_body(ProfileChangesDto::parse),
        Parser::of_body(UserChangesDto::parse),
        Parser::of_body(PasswordChangeDto::parse),
        Parser::of_body(ResetRequestDto::parse),
        Parser::of_body(PasswordResetDto::parse),
        Parser::of_body(ServerRoleDraftDto::parse),
        Parser::of_body(ServerRoleChangesDto::parse),
    ]
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![Parser::of_query(|params: UserListParams| params.parse(list()))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn profile_of(json: &str) -> Result<ProfileChanges, ApiError> {
        serde_json::from_str::<ProfileChangesDto>(json).unwrap().parse().map(|(changes, _)| changes)
    }

    #[test]
    fn a_login_asks_for_a_refresh_token_and_names_the_device() {
        let parse =
            |json| serde_json::from_str::<LoginRequest>(json).unwrap().parse(ClientInfo::default(), None);
        for json in [
            r#"{"username": "zoe", "password": "x"}"#,
            r#"{"username": "zoe", "password": "x", "refresh": null}"#,
        ] {
            let plain = parse(json).unwrap();
            assert_eq!((plain.refresh, plain.device_name), (false, None));
        }
        let asking = parse(r#"{"username": "zoe", "password": "x", "refresh": true, "device_name": " tv "}"#);
        let asking = asking.unwrap();
        assert_eq!((asking.refresh, asking.device_name), (true, DeviceName::parse("tv").ok()));
        for json in ["{}", r#"{"username": "zoe", "password": "x", "device_name": ""}"#] {
            assert_eq!(parse(json).unwrap_err().code(), Code::ValidationFailed, "{json}");
        }
    }

    #[test]
    fn a_refresh_takes_a_token_and_a_logout_may() {
        let refresh = |json| serde_json::from_str::<RefreshRequest>(json).unwrap().parse();
        assert_eq!(refresh("{}").unwrap_err().code(), Code::ValidationFailed);
        assert_eq!(refresh(r#"{"refresh_token": "gcr_1"}"#).unwrap().reveal(), "gcr_1");
        let logout = |json| serde_json::from_str::<LogoutRequest>(json).unwrap().parse().unwrap();
        assert_eq!(logout("{}"), None);
        assert_eq!(logout(r#"{"refresh_token": "gcr_1"}"#), Some(Secret::new("gcr_1".to_owned())));
    }

    #[test]
    fn a_profile_keeps_clears_and_sets() {
        let changes = profile_of(r#"{"email": null}"#).unwrap();
        assert_eq!((changes.display_name, changes.email), (None, Some(None)));
        assert!(profile_of(r#"{"display_name": "Zoë"}"#).unwrap().display_name.flatten().is_some());
    }

    #[test]
    fn what_only_admins_change_is_not_editable_in_a_profile() {
        assert_eq!(profile_of(r#"{"is_admin": true}"#).unwrap_err().code(), Code::NotEditable);
    }

    #[test]
    fn a_user_keeps_a_name_and_a_password() {
        let parse = |json| serde_json::from_str::<UserChangesDto>(json).unwrap().parse();
        for json in [
            r#"{"username": null}"#,
            r#"{"password": null}"#,
            r#"{"is_admin": null}"#,
            r#"{"suspended": null}"#,
        ] {
            assert_eq!(parse(json).unwrap_err().code(), Code::ValidationFailed, "{json}");
        }
        assert_eq!(parse(r#"{"is_admin": false}"#).unwrap().is_admin, Some(false));
    }
}
