//! The values of groups and their form in JSON.

use groupchat_domain::groups::{Description, GroupName, Role, Visibility};
use groupchat_domain::ids::GroupId;
use serde_json::json;

use crate::wire::{NOT_BLANK, id_values, text_values};

id_values! { GroupId }

text_values! {
    GroupName => json!({
        "minLength": 1,
        "maxLength": GroupName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Engines",
    });
    Description => json!({"maxLength": Description::MAX_LENGTH, "example": "Analytical ones"});
    Visibility "Visibility" => json!({
        "description": "Who can find a group.",
        "enum": Visibility::ALL.map(Visibility::as_str),
        "example": Visibility::Public.as_str(),
    });
    Role "Role" => json!({
        "description": "What a member may do in a group.",
        "enum": Role::ALL.map(Role::as_str),
        "example": Role::Member.as_str(),
    });
}
