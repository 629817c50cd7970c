//! The values of groups and their form in JSON.

use groupchat_domain::groups::{
    Batch, Description, GroupKind, GroupName, History, Notify, People, Reason, RetentionDays, SlowMode,
    Topic, Visibility,
};
use groupchat_domain::ids::{GroupId, MAX_SAFE_INTEGER};
use groupchat_domain::permissions::{GroupPermission, PermissionSet, Rank, RoleName};
use groupchat_domain::validation::Violation;
use serde::Serializer;
use serde_json::{Value, json};

use crate::permissions::PermissionNames;
use crate::wire::{Described, FromJson, IdList, NOT_BLANK, ToJson, id_values, text_values, write_as_str};

id_values! { GroupId }

text_values! {
    GroupName => json!({
        "minLength": 1,
        "maxLength": GroupName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Engines",
    });
    Description => json!({"maxLength": Description::MAX_LENGTH, "example": "Analytical ones"});
    Topic => json!({
        "minLength": 1,
        "maxLength": Topic::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Who oils the cogs?",
    });
    GroupKind "GroupKind" => json!({
        "description": "Whether it is a group or a direct conversation.",
        "enum": GroupKind::ALL.map(GroupKind::as_str),
        "example": GroupKind::Group.as_str(),
    });
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
    Reason => json!({
        "minLength": 1,
        "maxLength": Reason::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Advertising",
    });
    Notify "Notify" => json!({
        "description": "What a member wants to be notified of in a group.",
        "enum": Notify::ALL.map(Notify::as_str),
        "example": Notify::Mentions.as_str(),
    });
}

impl Described for SlowMode {
    type Json = i64;

    fn rules() -> Value {
        json!({"minimum": 0, "maximum": Self::MAX_SECONDS, "example": 30})
    }
}

impl FromJson for SlowMode {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl ToJson for SlowMode {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.seconds())
    }
}

impl Described for RetentionDays {
    type Json = i64;

    fn rules() -> Value {
        json!({"minimum": 0, "maximum": Self::MAX, "example": 365})
    }
}

impl FromJson for RetentionDays {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl ToJson for RetentionDays {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.days())
    }
}

impl Described for GroupPermission {
    type Json = String;
    const COMPONENT: Option<&'static str> = Some("GroupPermission");

    fn rules() -> Value {
        json!({
            "description": "A permission in a group.",
            "enum": names(),
            "example": Self::Send.as_str(),
        })
    }
}

write_as_str! { GroupPermission }

fn names() -> Vec<&'static str> {
    GroupPermission::ALL.iter().map(|permission| permission.as_str()).collect()
}

impl Described for PermissionSet {
    type Json = PermissionNames;

    fn rules() -> Value {
        json!({
            "items": {"type": "string", "enum": names()},
            "maxItems": GroupPermission::ALL.len(),
            "example": [GroupPermission::View.as_str(), GroupPermission::Send.as_str()],
        })
    }
}

impl FromJson for PermissionSet {
    fn from_json(names: PermissionNames) -> Result<Self, Violation> {
        Self::parse(names.iter())
    }
}

impl ToJson for PermissionSet {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(GroupPermission::as_str))
    }
}

macro_rules! several_users {
    ($($value:ident)+) => {$(
        impl Described for $value {
            type Json = IdList;

            fn rules() -> Value {
                json!({
                    "items": {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_SAFE_INTEGER},
                    "minItems": 1,
                    "maxItems": Self::MOST,
                    "example": [3, 17],
                })
            }
        }

        impl FromJson for $value {
            fn from_json(IdList(ids): IdList) -> Result<Self, Violation> {
                Self::parse(&ids)
            }
        }
    )+};
}

several_users! { People Batch }

impl Described for Rank {
    type Json = i64;

    fn rules() -> Value {
        json!({"minimum": 1, "maximum": Self::OWNER.get(), "example": 30})
    }

    fn rules_to_give() -> Value {
        json!({"minimum": 1, "maximum": Self::OWNER.get() - 1, "example": 30})
    }
}

impl FromJson for Rank {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl ToJson for Rank {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.get())
    }
}
