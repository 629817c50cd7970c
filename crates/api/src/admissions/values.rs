//! The values of admissions and their form in JSON.

use groupchat_domain::admissions::Note;
use groupchat_domain::ids::InvitationId;
use serde_json::json;

use crate::wire::{id_values, text_values};

id_values! { InvitationId }

text_values! {
    Note => json!({"minLength": 1, "maxLength": Note::MAX_LENGTH, "example": "Come and see our engines."});
}
