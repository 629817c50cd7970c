//! The kinds of values in the HTTP contract, with the JSON schema of each. The limits are those that the code checks.

use groupchat_domain::accounts::{DisplayName, Email, Password, PresenceSetting, Username};
use groupchat_domain::events::EventType;
use groupchat_domain::groups::{Description, GroupName, Role, Visibility};
use groupchat_domain::ids::MAX_SAFE_INTEGER;
use groupchat_domain::messages::{ClientId, MessageText};
use groupchat_domain::paging::Limit;
use groupchat_domain::search::SearchText;
use serde_json::{Value, json};

use crate::events::{LONGEST_WAIT, Unlogged};
use crate::extract::MAX_USER_AGENT;

/// A kind of value: makes its JSON schema, without a type where the Rust type already gives it.
pub type Kind = fn() -> Value;

/// Letters and digits, and between them also `_`, `.` and `-`.
const USERNAME: &str = "^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$";
/// No white space, a host after the last `@`, no dot at either end of the host.
const EMAIL: &str = r"^\S+@[^\s@.](?:[^\s@]*[^\s@.])?$";
/// Something else than white space.
const NOT_BLANK: &str = r"\S";
/// Printable ASCII.
const PRINTABLE: &str = "^[ -~]+$";
/// The most bytes that a character takes in UTF-8.
const MAX_CHARACTER_BYTES: usize = 4;

pub fn id() -> Value {
    json!({"minimum": 1, "maximum": MAX_SAFE_INTEGER, "example": 7})
}

/// An id that somebody has to give. Which there are, no example can know.
pub fn id_to_give() -> Value {
    json!({"minimum": 1, "maximum": MAX_SAFE_INTEGER})
}

pub fn seq() -> Value {
    json!({"minimum": 0, "maximum": MAX_SAFE_INTEGER, "example": 41})
}

pub fn count() -> Value {
    json!({"minimum": 0, "maximum": MAX_SAFE_INTEGER, "example": 3})
}

pub fn version() -> Value {
    json!({"minimum": 1, "maximum": MAX_SAFE_INTEGER, "example": 1})
}

pub fn username() -> Value {
    json!({"minLength": 1, "maxLength": Username::MAX_LENGTH, "pattern": USERNAME, "example": "ada"})
}

/// A name as somebody types it to find a user: any text may be tried.
pub fn typed_username() -> Value {
    json!({"example": "Ada"})
}

/// A password to set. Its limits are in bytes, JSON Schema counts characters: these bounds are the ones that
/// hold for characters of any size.
pub fn new_password() -> Value {
    json!({
        "format": "password",
        "minLength": Password::MIN_BYTES.div_ceil(MAX_CHARACTER_BYTES),
        "maxLength": Password::MAX_BYTES,
        "pattern": r"^[^\u0000]*$",
        "example": "engine-no-1",
    })
}

/// A password as somebody types it to prove who they are: any text may be tried.
pub fn typed_password() -> Value {
    json!({"format": "password", "example": "engine-no-1"})
}

pub fn display_name() -> Value {
    json!({
        "minLength": 1,
        "maxLength": DisplayName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Ada Lovelace",
    })
}

pub fn email() -> Value {
    json!({"minLength": 3, "maxLength": Email::MAX_LENGTH, "pattern": EMAIL, "example": "ada@example.org"})
}

pub fn group_name() -> Value {
    json!({"minLength": 1, "maxLength": GroupName::MAX_LENGTH, "pattern": NOT_BLANK, "example": "Engines"})
}

pub fn group_description() -> Value {
    json!({"maxLength": Description::MAX_LENGTH, "example": "Analytical ones"})
}

pub fn message_text() -> Value {
    json!({
        "minLength": 1,
        "maxLength": MessageText::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Hello, Grace!",
    })
}

pub fn client_id() -> Value {
    json!({"minLength": 1, "maxLength": ClientId::MAX_LENGTH, "pattern": PRINTABLE, "example": "hello-1"})
}

pub fn visibility() -> Value {
    json!({"enum": [Visibility::Public.as_str()], "example": Visibility::Public.as_str()})
}

pub fn role() -> Value {
    json!({"enum": Role::ALL.map(Role::as_str), "example": Role::Member.as_str()})
}

pub fn session_kind() -> Value {
    json!({"enum": ["login", "provisioned"], "example": "login"})
}

pub fn user_agent() -> Value {
    json!({"minLength": 1, "maxLength": MAX_USER_AGENT, "example": "curl/8.14.1"})
}

pub fn address() -> Value {
    json!({"example": "192.0.2.7"})
}

pub fn api_key() -> Value {
    json!({"minLength": 1, "example": "gc_4xI2c0tLrbkWUQpVwzJ6m1sF8nYhD3aOeKgT5vRiBuE"})
}

pub fn search() -> Value {
    json!({"maxLength": SearchText::MAX_LENGTH, "example": "engine"})
}

pub fn limit() -> Value {
    json!({
        "minimum": 1,
        "maximum": Limit::MAX,
        "default": Limit::DEFAULT.get(),
        "example": Limit::DEFAULT.get(),
    })
}

pub fn items() -> Value {
    json!({"maxItems": Limit::MAX})
}

pub fn cursor() -> Value {
    json!({"minLength": 1, "example": "AQIAAAAAAAAAAAAAAAAAAAAH"})
}

pub fn event_cursor() -> Value {
    json!({"minLength": 1, "example": "0badc0de-41"})
}

/// The types of events that an answer may hold.
pub fn event_type() -> Value {
    let logged = EventType::ALL.iter().filter(|event_type| !event_type.is_hidden());
    let names: Vec<_> =
        logged.map(|event_type| event_type.as_str()).chain([Unlogged::Gap.as_str()]).collect();
    json!({"enum": names, "example": EventType::MessageCreated.as_str()})
}

pub fn event_data() -> Value {
    json!({"example": {"id": 7}})
}

pub fn wait() -> Value {
    json!({"minimum": 0, "maximum": LONGEST_WAIT, "default": 0, "example": LONGEST_WAIT})
}

pub fn ticket() -> Value {
    json!({"minLength": 1, "example": "gc_7Yq2mWl0sXcVb4nRk9TzHuJdPf6gEo1aLi3tQyBx5Nw"})
}

pub fn presence_setting() -> Value {
    let all = [PresenceSetting::Shown, PresenceSetting::Hidden];
    json!({"enum": all.map(PresenceSetting::as_str), "example": PresenceSetting::Shown.as_str()})
}

pub fn yes_or_no() -> Value {
    json!({"example": false})
}

pub fn time() -> Value {
    json!({"example": "2026-09-10T12:00:00.000001Z"})
}

pub fn product() -> Value {
    json!({"enum": ["groupchat"], "example": "groupchat"})
}

pub fn semantic_version() -> Value {
    json!({"pattern": r"^\d+\.\d+\.\d+", "example": "1.0.0"})
}

pub fn health() -> Value {
    json!({"enum": ["ok"], "example": "ok"})
}
