//! The values of messages and their form in JSON.

use groupchat_domain::ids::{MAX_SAFE_INTEGER, MessageId, Seq};
use groupchat_domain::messages::{ClientId, Emoji, Excerpt, MessageText};
use groupchat_domain::validation::Violation;
use serde::Serializer;
use serde_json::{Value, json};

use crate::wire::{
    Described, FromJson, NOT_BLANK, ToJson, id_values, plain_texts, text_values, write_as_str,
};

/// Printable ASCII.
const PRINTABLE: &str = "^[ -~]+$";

id_values! { MessageId }

text_values! {
    MessageText => json!({
        "minLength": 1,
        "maxLength": MessageText::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Hello, Grace!",
    });
    ClientId => json!({
        "minLength": 1,
        "maxLength": ClientId::MAX_LENGTH,
        "pattern": PRINTABLE,
        "example": "hello-1",
    });
    Emoji => json!({
        "minLength": 1,
        "maxLength": Emoji::MAX_LENGTH,
        "example": "🎉",
    });
}

plain_texts! {
    /// A text as HTML.
    #[derive(Debug)]
    Html => json!({"example": "<p>Hello, <strong>Grace</strong>!</p>\n"});
}

write_as_str! { Excerpt }

impl Described for Excerpt {
    type Json = String;

    fn rules() -> Value {
        json!({"maxLength": Excerpt::MAX_LENGTH, "example": "Hello, Grace!"})
    }
}

impl Described for Seq {
    type Json = i64;

    fn rules() -> Value {
        json!({"minimum": 0, "maximum": MAX_SAFE_INTEGER, "example": 41})
    }
}

impl FromJson for Seq {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl ToJson for Seq {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.get())
    }
}
