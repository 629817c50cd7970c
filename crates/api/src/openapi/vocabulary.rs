//! Which kind of value each name in the contract has, in bodies, responses and parameters.

use super::kinds::{self, Kind};

/// The kind of value that a field or parameter of this name holds; `None` where its type says all there is.
pub fn kind_of(owner: &str, name: &str) -> Option<Kind> {
    let exception = EXCEPTIONS.iter().find(|(schema, field, _)| (*schema, *field) == (owner, name));
    let rule = || NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    exception.map(|(.., kind)| *kind).or_else(rule)
}

/// What a parameter in a path stands for.
pub fn path_description(name: &str) -> &'static str {
    match name {
        "group_id" => "The group's id.",
        "message_id" => "The message's id.",
        "session_id" => "The session's id.",
        "user_id" => "The user's id.",
        _ => "",
    }
}

/// A name means the same wherever it stands.
pub const NAMES: &[(&str, Kind)] = &[
    ("id", kinds::id),
    ("group_id", kinds::id),
    ("message_id", kinds::id),
    ("session_id", kinds::id),
    ("user_id", kinds::id),
    ("seq", kinds::seq),
    ("last_seq", kinds::seq),
    ("read_seq", kinds::seq),
    ("before", kinds::seq),
    ("after", kinds::seq),
    ("around", kinds::seq),
    ("likes", kinds::count),
    ("member_count", kinds::count),
    ("unread", kinds::count),
    ("version", kinds::version),
    ("username", kinds::username),
    ("display_name", kinds::display_name),
    ("email", kinds::email),
    ("password", kinds::new_password),
    ("new", kinds::new_password),
    ("current", kinds::yes_or_no),
    ("name", kinds::group_name),
    ("description", kinds::group_description),
    ("visibility", kinds::visibility),
    ("role", kinds::role),
    ("my_role", kinds::role),
    ("text", kinds::message_text),
    ("client_id", kinds::client_id),
    ("kind", kinds::session_kind),
    ("user_agent", kinds::user_agent),
    ("address", kinds::address),
    ("api_key", kinds::api_key),
    ("is_admin", kinds::yes_or_no),
    ("liked", kinds::yes_or_no),
    ("mine", kinds::yes_or_no),
    ("ownerless", kinds::yes_or_no),
    ("storage_full", kinds::yes_or_no),
    ("actor_id", kinds::id),
    ("type", kinds::event_type),
    ("data", kinds::event_data),
    ("wait", kinds::wait),
    ("ticket", kinds::ticket),
    ("presence", kinds::presence_setting),
    ("at", kinds::time),
    ("created_at", kinds::time),
    ("edited_at", kinds::time),
    ("deleted_at", kinds::time),
    ("expires_at", kinds::time),
    ("joined_at", kinds::time),
    ("last_used_at", kinds::time),
    ("items", kinds::items),
    ("q", kinds::search),
    ("limit", kinds::limit),
    ("cursor", kinds::cursor),
    ("next", kinds::cursor),
    ("status", kinds::health),
];

/// The schemas in which a name means something else.
const EXCEPTIONS: &[(&str, &str, Kind)] = &[
    ("LoginRequest", "username", kinds::typed_username),
    ("LoginRequest", "password", kinds::typed_password),
    ("Event", "cursor", kinds::event_cursor),
    ("Events", "cursor", kinds::event_cursor),
    ("MemberDraft", "username", kinds::typed_username),
    ("MemberDraft", "user_id", kinds::id_to_give),
    ("PasswordChange", "current", kinds::typed_password),
    ("Version", "name", kinds::product),
    ("Version", "version", kinds::semantic_version),
];
