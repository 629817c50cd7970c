//! The values of tokens and their form in JSON.

use groupchat_domain::accounts::{Scope, TokenGroups};
use groupchat_domain::ids::{GroupId, MAX_SAFE_INTEGER, TokenId};
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::v2::models::DataType;
use paperclip::v2::schema::TypedData;
use serde::{Deserialize, Serializer};
use serde_json::{Value, json};

use crate::permissions::PermissionNames;
use crate::wire::{Described, FromJson, ToJson, id_values, plain_texts};

id_values! { TokenId }

plain_texts! {
    /// The key of a token.
    // Without `Debug`, which would show it.
    TokenText => json!({
        "minLength": 53,
        "maxLength": 53,
        "pattern": "^gct_[0-9A-Za-z]{49}$",
        "example": "gct_0QzX4mW8nB2vC6kL1jH5gF9dS3aP7oI0uY4tR8eW2qZ5xN1bM3K",
    });
}

/// The JSON of several groups: their ids.
#[derive(Debug, Deserialize)]
pub struct GroupIds(Vec<i64>);

impl TypedData for GroupIds {
    fn data_type() -> DataType {
        DataType::Array
    }
}

impl Described for TokenGroups {
    type Json = GroupIds;

    fn rules() -> Value {
        json!({
            "items": {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_SAFE_INTEGER},
            "minItems": 1,
            "maxItems": Self::MAX,
            "example": [3, 17],
        })
    }
}

impl FromJson for TokenGroups {
    fn from_json(GroupIds(ids): GroupIds) -> Result<Self, Violation> {
        if ids.len() > Self::MAX {
            let detail = format!("must have at most {} items", Self::MAX);
            return Err(Violation::new(ViolationCode::TooLong, detail));
        }
        Self::parse(ids.into_iter().map(GroupId::parse).collect::<Result<_, _>>()?)
    }
}

impl ToJson for TokenGroups {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ids().iter().map(|id| id.get()))
    }
}

/// What a token is for, as a list of scopes.
#[derive(Debug)]
pub(crate) struct Scopes(pub Scope);

impl Described for Scopes {
    type Json = PermissionNames;

    fn rules() -> Value {
        json!({
            "items": {"type": "string", "enum": Scope::ALL.map(Scope::as_str)},
            "minItems": 1,
            "maxItems": Scope::ALL.len(),
            "example": ["read", "write"],
        })
    }
}

impl FromJson for Scopes {
    fn from_json(names: PermissionNames) -> Result<Self, Violation> {
        let scopes = names.iter().map(Scope::parse).collect::<Result<Vec<_>, _>>()?;
        if scopes.len() > Scope::ALL.len() {
            let detail = format!("must have at most {} items", Scope::ALL.len());
            return Err(Violation::new(ViolationCode::TooLong, detail));
        }
        let greatest = scopes.into_iter().max();
        greatest.map(Self).ok_or_else(|| Violation::new(ViolationCode::TooShort, "must name a scope"))
    }
}

impl ToJson for Scopes {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.contained().map(Scope::as_str))
    }
}
