//! What permissions in groups and on the server have in common in JSON.

use std::fmt::Display;

use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use paperclip::v2::models::DataType;
use paperclip::v2::schema::TypedData;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::wire::{Field, Time, plain_texts};

/// Why somebody may do something, or may not.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "PermissionReason")]
pub struct ReasonDto {
    /// In a group `role`, `open` (for everybody), `manages_groups` (by a role on the server), `not_member`, `banned`,
    /// `muted_until` or `archived`; on the server `admin`, `role` or `everybody`. More may come.
    pub(crate) code: Field<ReasonCode>,
    /// The reason in a sentence.
    pub(crate) detail: Field<ReasonDetail>,
    /// When the reason ends by itself, if that is known; else null.
    pub(crate) until: Option<Time>,
}

impl ReasonDto {
    /// A reason with this code, which says so.
    pub(crate) fn new(code: &str, detail: &impl Display) -> Self {
        let (code, detail) = (ReasonCode(code.to_owned()), ReasonDetail(detail.to_string()));
        Self { code: code.into(), detail: detail.into(), until: None }
    }

    /// The same reason, which ends by itself.
    #[must_use]
    pub(crate) fn until(self, until: Option<Timestamp>) -> Self {
        Self { until: until.map(Time::from), ..self }
    }
}

plain_texts! {
    /// Why somebody may do something, or may not.
    #[derive(Debug)]
    ReasonCode => json!({"example": "role"});
    /// The same in a sentence.
    #[derive(Debug)]
    ReasonDetail => json!({"example": "the role in the group allows it"});
}

/// The JSON of a set of permissions: the names of what is in it.
#[derive(Debug, Deserialize)]
pub struct PermissionNames(Vec<String>);

impl PermissionNames {
    /// The names, which may be of nothing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TypedData for PermissionNames {
    fn data_type() -> DataType {
        DataType::Array
    }
}
