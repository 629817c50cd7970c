//! The values of admissions and their form in JSON.

use groupchat_domain::admissions::{MaxUses, Note};
use groupchat_domain::codes::SecretCode;
use groupchat_domain::ids::{InvitationId, InviteLinkId};
use groupchat_domain::validation::Violation;
use percent_encoding::percent_decode_str;
use serde::Serializer;
use serde_json::{Value, json};

use crate::extract::{PathIds, Segment, Segments};
use crate::wire::{Described, FromJson, ToJson, id_values, plain_texts, text_values, write_as_str};

id_values! { InvitationId InviteLinkId }

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

plain_texts! {
    /// A code, as it is shown.
    #[derive(Debug)]
    CodeText => json!({"minLength": 1, "example": "7ZK3M-0XQ2V-9D4TB-HC8RW"});
}

impl PathIds for SecretCode {
    const SEGMENTS: &[Segment] = &[Segment {
        description: "The code. Case and hyphens don't matter, and O, I and L stand for 0, 1 and 1.",
        rules: code_rules,
    }];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        // actix-web leaves `%`, `/` and `+` encoded.
        segments.next(|text| Self::parse(&percent_decode_str(text).decode_utf8_lossy()))
    }
}

fn code_rules() -> Value {
    let mut rules = CodeText::rules();
    rules["type"] = "string".into();
    rules
}

impl Described for MaxUses {
    type Json = i64;

    fn rules() -> Value {
        json!({"minimum": 1, "maximum": Self::MAX, "example": 20})
    }
}

impl FromJson for MaxUses {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl ToJson for MaxUses {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.get())
    }
}
