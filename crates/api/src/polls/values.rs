//! The values of polls and their form in JSON.

use groupchat_domain::polls::{
    Choices, MAX_OPTIONS, MIN_OPTIONS, OptionId, OptionText, OptionsBy, PollOptions, PollResults,
};
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::v2::models::DataType;
use paperclip::v2::schema::TypedData;
use serde::{Deserialize, Serializer};
use serde_json::{Value, json};

use crate::wire::{Described, FromJson, IdList, NOT_BLANK, ToJson, text_values};

text_values! {
    OptionText => option_text_rules();
    PollResults "PollResults" => json!({
        "description": "When the results of a poll are shown: at any time (always), to those who have voted and, once it is \
            closed, to everybody (after_vote), or once it is closed (after_close).",
        "enum": PollResults::ALL.iter().map(|results| results.as_str()).collect::<Vec<_>>(),
        "example": PollResults::Always.as_str(),
    });
    OptionsBy "OptionsBy" => json!({
        "description": "Who adds options to a poll: its author, as long as nobody has voted, or any member who may write, until \
            it is closed.",
        "enum": OptionsBy::ALL.iter().map(|by| by.as_str()).collect::<Vec<_>>(),
        "example": OptionsBy::Author.as_str(),
    });
}

fn option_text_rules() -> Value {
    json!({
        "minLength": 1,
        "maxLength": OptionText::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "On Tuesday",
    })
}

impl Described for OptionId {
    type Json = i64;

    fn rules() -> Value {
        json!({"minimum": 1, "maximum": MAX_OPTIONS, "example": 1})
    }
}

impl FromJson for OptionId {
    fn from_json(json: i64) -> Result<Self, Violation> {
        Self::parse(json)
    }
}

impl ToJson for OptionId {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.get())
    }
}

/// The JSON of several texts.
#[derive(Debug, Deserialize)]
pub struct TextList(Vec<String>);

impl TypedData for TextList {
    fn data_type() -> DataType {
        DataType::Array
    }
}

impl Described for PollOptions {
    type Json = TextList;

    fn rules() -> Value {
        let mut item = option_text_rules();
        item["type"] = "string".into();
        json!({
            "items": item,
            "minItems": MIN_OPTIONS,
            "maxItems": MAX_OPTIONS,
            "example": ["On Tuesday", "On Thursday"],
        })
    }
}

impl ToJson for PollOptions {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(OptionText::as_str))
    }
}

impl FromJson for PollOptions {
    fn from_json(TextList(texts): TextList) -> Result<Self, Violation> {
        // More than there may be are refused before they are looked at.
        let options = texts.iter().take(MAX_OPTIONS + 1).map(|text| OptionText::parse(text));
        Self::parse(options.collect::<Result<_, _>>()?)
    }
}

/// The options that one votes for.
impl Described for Choices {
    type Json = IdList;

    fn rules() -> Value {
        let item = json!({"type": "integer", "minimum": 1, "maximum": MAX_OPTIONS});
        json!({"items": item, "maxItems": MAX_OPTIONS, "example": [1]})
    }

    fn rules_to_give() -> Value {
        let mut rules = Self::rules();
        rules["minItems"] = 1.into();
        rules
    }
}

impl ToJson for Choices {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(OptionId::get))
    }
}

impl FromJson for Choices {
    fn from_json(IdList(ids): IdList) -> Result<Self, Violation> {
        if ids.is_empty() || ids.len() > MAX_OPTIONS {
            let detail = format!("must be 1 to {MAX_OPTIONS} ids, are {}", ids.len());
            return Err(Violation::new(ViolationCode::OutOfRange, detail));
        }
        ids.into_iter().map(OptionId::parse).collect()
    }
}

/// How many options one may vote for.
#[derive(Debug, Clone, Copy)]
pub struct MaxChoices(pub i64);

impl Described for MaxChoices {
    type Json = i64;

    fn rules() -> Value {
        json!({"minimum": 1, "maximum": MAX_OPTIONS, "example": 1})
    }
}

impl FromJson for MaxChoices {
    fn from_json(json: i64) -> Result<Self, Violation> {
        // What it may be depends on the options.
        Ok(Self(json))
    }
}

impl ToJson for MaxChoices {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_some_ids_of_options() {
        let read = |ids: &[i64]| Choices::from_json(IdList(ids.to_vec()));
        assert_eq!(read(&[3, 1, 3]).unwrap().iter().map(OptionId::get).collect::<Vec<_>>(), [1, 3]);
        for bad in [&[][..], &[0], &[21], &[1; 21]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
