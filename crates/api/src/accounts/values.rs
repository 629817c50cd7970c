//! The values of accounts and their form in JSON.

use groupchat_domain::accounts::{
    DeviceName, DisplayName, Email, Password, PresenceSetting, ReceiptSetting, Secret, SessionKind, UserKind,
    Username,
};
use groupchat_domain::ids::{RoleId, SessionId, UserId};
use groupchat_domain::permissions::{ServerPermission, ServerPermissionSet, ServerRoleName};
use groupchat_domain::validation::Violation;
use serde::Serializer;
use serde_json::{Value, json};

use crate::extract::MAX_USER_AGENT;
use crate::permissions::PermissionNames;
use crate::wire::{
    Described, FromJson, NOT_BLANK, ToJson, id_values, plain_texts, text_values, write_as_str,
};

/// Letters and digits, and between them also `_`, `.` and `-`.
const USERNAME: &str = "^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$";
/// No white space, a host after the last `@`, no dot at either end of the host.
const EMAIL: &str = r"^\S+@[^\s@.](?:[^\s@]*[^\s@.])?$";

id_values! { UserId SessionId RoleId }

text_values! {
    Username => json!({"minLength": 1, "maxLength": Username::MAX_LENGTH, "pattern": USERNAME, "example": "ada"});
    DisplayName => json!({
        "minLength": 1,
        "maxLength": DisplayName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Ada Lovelace",
    });
    DeviceName => json!({
        "minLength": 1,
        "maxLength": DeviceName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Ada's phone",
    });
    Email => json!({"minLength": 3, "maxLength": Email::MAX_LENGTH, "pattern": EMAIL, "example": "ada@example.org"});
    ServerRoleName => json!({
        "minLength": 1,
        "maxLength": ServerRoleName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Auditor",
    });
    PresenceSetting "PresenceSetting" => json!({
        "description": "Whether others see when a user is online.",
        "enum": PresenceSetting::ALL.map(PresenceSetting::as_str),
        "example": PresenceSetting::Shown.as_str(),
    });
    ReceiptSetting "ReceiptSetting" => json!({
        "description": "Whether others see how far a user has read.",
        "enum": ReceiptSetting::ALL.map(ReceiptSetting::as_str),
        "example": ReceiptSetting::Shown.as_str(),
    });
}

plain_texts! {
    /// A username as somebody types it to find a user: any text may be tried.
    #[derive(Debug)]
    TypedUsername => json!({"example": "Ada"});
    /// The program that signed in.
    #[derive(Debug)]
    UserAgent => json!({"minLength": 1, "maxLength": MAX_USER_AGENT, "example": "curl/8.14.1"});
    /// A network address.
    #[derive(Debug)]
    Address => json!({"example": "192.0.2.7"});
    /// A refresh token.
    // Without `Debug`, which would show it.
    RefreshTokenText => json!({
        "minLength": 1,
        "example": "gcr_t6OhbdOXiBqcXELqw3BqFLNz2u2lkjGXpfMO6JvYf0jcVvJ9bC3b6IkS0m4nXjUO2QpLk7",
    });
    /// The token of a device.
    // Without `Debug`, which would show it.
    DeviceTokenText => json!({
        "minLength": 1,
        "example": "gcd_9wVdT3oXyRk7mZqLr5sJ1eUcHa8fNi0gBbPtKxYv2QE4hO9sKz",
    });
    /// A password that was just made up.
    // Without `Debug`, which would show it.
    TemporaryPasswordText => json!({"minLength": 1, "example": "mq3z-9t1k-x7dw-2rbe-h5vc"});
    /// A key that was just issued.
    // Without `Debug`, which would show it.
    ApiKey => json!({"minLength": 1, "example": "gc_4xI2c0tLrbkWUQpVwzJ6m1sF8nYhD3aOeKgT5vRiBuE"});
}

impl Described for UserKind {
    type Json = String;
    const COMPONENT: Option<&'static str> = Some("UserKind");

    fn rules() -> Value {
        json!({
            "description": "What a user is.",
            "enum": Self::ALL.map(Self::as_str),
            "example": Self::Person.as_str(),
        })
    }
}

impl Described for ServerPermission {
    type Json = String;
    const COMPONENT: Option<&'static str> = Some("ServerPermission");

    fn rules() -> Value {
        json!({
            "description": "A permission on the server.",
            "enum": permission_names(),
            "example": Self::CreateGroups.as_str(),
        })
    }
}

write_as_str! { ServerPermission UserKind }

fn permission_names() -> Vec<&'static str> {
    ServerPermission::ALL.iter().map(|permission| permission.as_str()).collect()
}

impl Described for ServerPermissionSet {
    type Json = PermissionNames;

    fn rules() -> Value {
        json!({
            "items": {"type": "string", "enum": permission_names()},
            "maxItems": ServerPermission::ALL.len(),
            "example": [ServerPermission::ManageUsers.as_str()],
        })
    }
}

impl FromJson for ServerPermissionSet {
    fn from_json(names: PermissionNames) -> Result<Self, Violation> {
        Self::parse(names.iter())
    }
}

impl ToJson for ServerPermissionSet {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(ServerPermission::as_str))
    }
}

impl Described for SessionKind {
    type Json = String;

    fn rules() -> Value {
        json!({"enum": ["login", "provisioned"], "example": "login"})
    }
}

impl ToJson for SessionKind {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(session_kind(self))
    }
}

const fn session_kind(kind: &SessionKind) -> &'static str {
    match kind {
        SessionKind::Login => "login",
        SessionKind::Provisioned => "provisioned",
        // Not among the sessions that are listed.
        SessionKind::Token(_) => "token",
    }
}

/// A password as somebody types it to prove who they are: any text may be tried.
impl Described for Secret {
    type Json = String;

    fn rules() -> Value {
        json!({"format": "password", "example": "engine-no-1"})
    }
}

impl FromJson for Secret {
    fn from_json(json: String) -> Result<Self, Violation> {
        Ok(Self::new(json))
    }
}

/// A password to set. Its greatest length is in bytes, JSON Schema counts characters: this one holds for characters of any size.
impl Described for Password {
    type Json = String;

    fn rules() -> Value {
        json!({
            "format": "password",
            "minLength": Self::MIN_LENGTH,
            "maxLength": Self::MAX_BYTES,
            "pattern": r"^[^\u0000]*$",
            "example": "engine-no-1",
        })
    }
}

impl FromJson for Password {
    fn from_json(json: String) -> Result<Self, Violation> {
        Self::parse(&json)
    }
}
