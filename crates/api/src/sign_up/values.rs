//! The values of invites and their form in JSON.

use groupchat_domain::admissions::InviteGroups;
use groupchat_domain::ids::{GroupId, MAX_SAFE_INTEGER, ServerInviteId};
use groupchat_domain::validation::Violation;
use serde::Serializer;
use serde_json::{Value, json};

use crate::wire::{Described, FromJson, IdList, ToJson, id_values};

id_values! { ServerInviteId }

impl Described for InviteGroups {
    type Json = IdList;

    fn rules() -> Value {
        let id = json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_SAFE_INTEGER});
        json!({"items": id, "maxItems": Self::MAX, "example": [7]})
    }
}

impl FromJson for InviteGroups {
    fn from_json(IdList(ids): IdList) -> Result<Self, Violation> {
        let groups: Result<_, Violation> = ids.into_iter().map(GroupId::parse).collect();
        Self::parse(groups?)
    }
}

impl ToJson for InviteGroups {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ids().iter().map(|group| group.get()))
    }
}
