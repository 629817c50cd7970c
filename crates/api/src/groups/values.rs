//! The values of groups and their form in JSON.

use groupchat_domain::groups::{Description, GroupName, History, Visibility};
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::RoleName;
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
        "description": "Who can find a group: everybody lists it and joins it (public), lists it (closed), or only its \
            members know of it (private).",
        "enum": Visibility::ALL.map(Visibility::as_str),
        "example": Visibility::Public.as_str(),
    });
    History "History" => json!({
        "description": "Which messages the members of a group read: all, or those sent after they joined.",
        "enum": History::ALL.map(History::as_str),
        "example": History::All.as_str(),
    });
    RoleName "Role" => json!({
        "description": "A role in a group: `owner`, `admin`, `member`, `readonly`, or one that the group has defined.",
        "minLength": 1,
        "maxLength": RoleName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": RoleName::MEMBER.as_str(),
    });
}
