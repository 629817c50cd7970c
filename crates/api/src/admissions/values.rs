//! The values of admissions and their form in JSON.

use groupchat_domain::admissions::Note;
use groupchat_domain::ids::InvitationId;
use serde_json::{Value, json};

use crate::wire::{Described, id_values, text_values, write_as_str};

id_values! { InvitationId }

text_values! {
    Note => json!({"minLength": 1, "maxLength": Note::MAX_LENGTH, "example": "Come and see our engines."});
}

/// What became of the wish to join a group where it is not done at once.
#[derive(Debug)]
pub(crate) struct Requested;

impl Requested {
    const fn as_str(&self) -> &'static str {
        "requested"
    }
}

impl Described for Requested {
    type Json = String;

    fn rules() -> Value {
        json!({"enum": [Self.as_str()], "example": Self.as_str()})
    }
}

write_as_str! { Requested }
