//! The JSON that requests about accounts hold, and what it says in the domain's words.

use groupchat_domain::accounts::{
    DisplayName, Email, Password, PresenceSetting, ProfileChanges, Secret, UserChanges, UserDraft, UserQuery,
    Username,
};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use crate::problem::ApiError;
use crate::wire::{Cursor, Fields, Given, List, Patch, Wish};

/// What to sign in with.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "LoginRequest")]
pub(super) struct LoginRequest {
    /// The name, in any case.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    #[serde(default)]
    refresh: Wish,
}

impl LoginRequest {
    /// Name and password as typed.
    pub(super) fn parse(self) -> Result<(String, Secret), ApiError> {
        let mut fields = Fields::new();
        let username = fields.required("username", self.username, Ok);
        let password = fields.required("password", self.password, |text| Ok(Secret::new(text)));
        fields.unbuilt([("refresh", self.refresh.into())]);
        match (username, password) {
            (Some(username), Some(password)) if fields.are_good() => Ok((username, password)),
            _ => Err(fields.into()),
        }
    }
}

/// A user to create.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "UserDraft")]
pub(super) struct UserDraftDto {
    /// The name to sign in with: 1–50 ASCII letters, digits, `_`, `.` and `-`.
    pub username: Option<String>,
    /// The first password: 8–72 bytes.
    pub password: Option<String>,
    /// The name that others read: 1–100 characters.
    pub display_name: Option<String>,
    /// An e-mail address, seen by the user and admins.
    pub email: Option<String>,
    /// Whether the user is to administer the server; no, if left out.
    pub is_admin: Option<bool>,
}

impl UserDraftDto {
    pub(super) fn parse(self) -> Result<UserDraft, ApiError> {
        let mut fields = Fields::new();
        let username = fields.required("username", self.username.as_deref(), Username::parse);
        let password = fields.required("password", self.password.as_deref(), Password::parse);
        let display_name = fields.optional("display_name", self.display_name.as_deref(), DisplayName::parse);
        let email = fields.optional("email", self.email.as_deref(), Email::parse);
        let is_admin = self.is_admin.unwrap_or(false);
        match (username, password) {
            (Some(username), Some(password)) if fields.are_good() => {
                Ok(UserDraft { username, display_name, email, is_admin, password })
            }
            _ => Err(fields.into()),
        }
    }
}

/// What to change of one's own profile. What is left out stays; null clears.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ProfileChanges")]
pub(super) struct ProfileChangesDto {
    /// The name that others read: 1–100 characters.
    #[serde(default)]
    pub display_name: Patch<String>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Patch<String>,
    /// Whether those who share a group with the user see when they are online: `shown` or `hidden`.
    #[serde(default)]
    pub presence: Patch<String>,
    #[serde(default)]
    username: Given,
    #[serde(default)]
    is_admin: Given,
    #[serde(default)]
    password: Given,
}

impl ProfileChangesDto {
    pub(super) fn parse(self) -> Result<ProfileChanges, ApiError> {
        let mut fields = Fields::new();
        let changes = ProfileChanges {
            presence: fields.changeable("presence", self.presence.as_deref(), PresenceSetting::parse),
            display_name: display_name(&mut fields, &self.display_name),
            email: email(&mut fields, &self.email),
        };
        fields.fixed([("username", self.username), ("is_admin", self.is_admin), ("password", self.password)]);
        fields.finish()?;
        Ok(changes)
    }
}

/// What to change of a user. What is left out stays; null clears.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "UserChanges")]
pub(super) struct UserChangesDto {
    /// The name to sign in with: 1–50 ASCII letters, digits, `_`, `.` and `-`.
    #[serde(default)]
    pub username: Patch<String>,
    /// The name that others read: 1–100 characters.
    #[serde(default)]
    pub display_name: Patch<String>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Patch<String>,
    /// Whether the user administers the server.
    #[serde(default)]
    pub is_admin: Patch<bool>,
    /// A new password, which ends the user's sessions: 8–72 bytes.
    #[serde(default)]
    pub password: Patch<String>,
}

impl UserChangesDto {
    pub(super) fn parse(self) -> Result<UserChanges, ApiError> {
        let mut fields = Fields::new();
        let changes = UserChanges {
            username: fields.changeable("username", self.username.as_deref(), Username::parse),
            display_name: display_name(&mut fields, &self.display_name),
            email: email(&mut fields, &self.email),
            is_admin: fields.changeable("is_admin", self.is_admin, Ok),
            password: fields.changeable("password", self.password.as_deref(), Password::parse),
        };
        fields.finish()?;
        Ok(changes)
    }
}

fn display_name(fields: &mut Fields, given: &Patch<String>) -> Option<Option<DisplayName>> {
    fields.clearable("display_name", given.as_deref(), DisplayName::parse)
}

fn email(fields: &mut Fields, given: &Patch<String>) -> Option<Option<Email>> {
    fields.clearable("email", given.as_deref(), Email::parse)
}

/// A change of one's own password.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasswordChange")]
pub(super) struct PasswordChangeDto {
    /// The present password.
    pub current: Option<String>,
    /// The new one: 8–72 bytes.
    pub new: Option<String>,
}

impl PasswordChangeDto {
    /// The present password as typed, and the new one.
    pub(super) fn parse(self) -> Result<(Secret, Password), ApiError> {
        let mut fields = Fields::new();
        let current = fields.required("current", self.current, |text| Ok(Secret::new(text)));
        let new = fields.required("new", self.new.as_deref(), Password::parse);
        match (current, new) {
            (Some(current), Some(new)) => Ok((current, new)),
            _ => Err(fields.into()),
        }
    }
}

/// Which users to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct UserListParams {
    /// Text that the username or the display name contains, in any case: at most 100 characters.
    q: Option<String>,
    /// How many: 1–200, 50 if left out.
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl UserListParams {
    pub(super) fn parse(self) -> Result<UserQuery, ApiError> {
        let mut fields = Fields::new();
        let search = fields.search(self.q.as_deref());
        let limit = fields.limit(self.limit);
        let after = fields.name_cursor(List::Users, 0, self.cursor.as_deref());
        fields.finish()?;
        Ok(UserQuery { search, after, limit })
    }
}

/// Which of one's sessions to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct SessionListParams {
    /// How many: 1–200, 50 if left out.
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl SessionListParams {
    /// The page's size, and the place that it begins after.
    pub(super) fn parse(self) -> Result<(groupchat_domain::paging::Limit, Option<Cursor>), ApiError> {
        let mut fields = Fields::new();
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(List::Sessions, 0, self.cursor.as_deref());
        fields.finish()?;
        Ok((limit, cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn profile_of(json: &str) -> Result<ProfileChanges, ApiError> {
        serde_json::from_str::<ProfileChangesDto>(json).unwrap().parse()
    }

    #[test]
    fn a_login_may_not_ask_for_a_refresh_token_yet() {
        let parse = |json| serde_json::from_str::<LoginRequest>(json).unwrap().parse();
        assert!(parse(r#"{"username": "zoe", "password": "x", "refresh": false}"#).is_ok());
        let refused = parse(r#"{"username": "zoe", "password": "x", "refresh": true}"#).unwrap_err();
        assert_eq!(refused.code(), Code::NotSupported);
        assert_eq!(parse("{}").unwrap_err().code(), Code::ValidationFailed);
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
        for json in [r#"{"username": null}"#, r#"{"password": null}"#, r#"{"is_admin": null}"#] {
            assert_eq!(parse(json).unwrap_err().code(), Code::ValidationFailed, "{json}");
        }
        assert_eq!(parse(r#"{"is_admin": false}"#).unwrap().is_admin, Some(false));
    }
}
