//! The values of second factors and their form in JSON.

use groupchat_domain::factors::{Passcode, PasskeyName, RECOVERY_CODES, RecoveryCode, TypedCode};
use groupchat_domain::ids::PasskeyId;
use groupchat_domain::validation::Violation;
use paperclip::v2::models::DataType;
use paperclip::v2::schema::TypedData;
use serde::Serializer;
use serde_json::{Map, Value, json};

use crate::wire::{Described, FromJson, NOT_BLANK, ToJson, id_values, plain_texts, text_values};

id_values! { PasskeyId }

text_values! {
    PasskeyName => json!({
        "minLength": 1,
        "maxLength": PasskeyName::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Ada's phone",
    });
}

/// The most characters of a code, as somebody types it: those of a recovery code, with more hyphens than it is shown with.
const MAX_TYPED: usize = 50;

plain_texts! {
    /// The secret of one-time passwords.
    // Without `Debug`, like all that follow, which would show it.
    TotpSecretText => json!({
        "minLength": 32,
        "maxLength": 32,
        "pattern": "^[A-Z2-7]*$",
        "example": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    });
    /// The same as an address.
    OtpAuthUri => json!({
        "minLength": 1,
        "example": "otpauth://totp/chat.example.org:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=chat.example.org\
                    &algorithm=SHA1&digits=6&period=30",
    });
    /// The same as an image.
    QrSvg => json!({"minLength": 1, "example": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"});
    /// What the server knows of a ceremony, sealed.
    CeremonyText => json!({"minLength": 1, "example": "7f1c2AEb4Qn0xK"});
    /// The ticket of a login that lacks a second factor.
    LoginTicketText => json!({"minLength": 1, "example": "gch_4xI2c0tLrbkWUQpVwzJ6m1sF8nYhD3aOeKgT5vRiBuE"});
}

/// The JSON of recovery codes.
#[derive(serde::Deserialize)]
pub(super) struct Texts;

impl TypedData for Texts {
    fn data_type() -> DataType {
        DataType::Array
    }
}

/// Recovery codes.
// Without `Debug`, which would show them.
pub(super) struct RecoveryCodeTexts(pub(super) Vec<String>);

impl RecoveryCodeTexts {
    pub(super) fn of(codes: &[RecoveryCode]) -> Self {
        Self(codes.iter().map(RecoveryCode::reveal).collect())
    }
}

/// A JSON object whose fields are those of WebAuthn.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Object(Map<String, Value>);

impl TypedData for Object {
    fn data_type() -> DataType {
        DataType::Object
    }
}

/// What a browser takes to talk to an authenticator: the text of an object.
pub(super) struct WebAuthnOptions(pub(super) String);

impl Described for WebAuthnOptions {
    type Json = Object;

    fn rules() -> Value {
        json!({"example": {"challenge": "5gz2mQ9iTLwBUQHhZqXk0TnJx0GmZ1u8cF0cH7M0yXo", "userVerification": "required"}})
    }
}

impl ToJson for WebAuthnOptions {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let options: Value = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        serde::Serialize::serialize(&options, serializer)
    }
}

/// What a browser has returned of an authenticator: the text of an object.
pub(super) struct CredentialObject(pub(super) String);

impl Described for CredentialObject {
    type Json = Object;

    fn rules() -> Value {
        json!({
            "required": ["id", "rawId", "type", "response"],
            "additionalProperties": true,
            "example": {"id": "AQID", "rawId": "AQID", "type": "public-key", "response": {}},
        })
    }
}

impl FromJson for CredentialObject {
    fn from_json(json: Object) -> Result<Self, Violation> {
        Ok(Self(Value::Object(json.0).to_string()))
    }
}

/// A code, as it is shown.
const RECOVERY_CODE: &str = "7K2M-4QXW-9BTR-0HDV";

impl Described for RecoveryCodeTexts {
    type Json = Texts;

    fn rules() -> Value {
        json!({
            "items": {"type": "string", "minLength": RECOVERY_CODE.len(), "maxLength": RECOVERY_CODE.len()},
            "minItems": RECOVERY_CODES,
            "maxItems": RECOVERY_CODES,
            "example": vec![RECOVERY_CODE; RECOVERY_CODES],
        })
    }
}

impl ToJson for RecoveryCodeTexts {
    fn to_json<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

/// What an authenticator shows.
impl Described for Passcode {
    type Json = String;

    fn rules() -> Value {
        json!({"minLength": Self::LENGTH, "maxLength": MAX_TYPED, "pattern": "^[ -]*([0-9][ -]*){6}$", "example": "492039"})
    }
}

impl FromJson for Passcode {
    fn from_json(json: String) -> Result<Self, Violation> {
        Self::parse(&json)
    }
}

/// What an authenticator shows, or a recovery code.
impl Described for TypedCode {
    type Json = String;

    fn rules() -> Value {
        let pattern = "^[ -]*(([0-9][ -]*){6}|([0-9A-TV-Za-tv-z][ -]*){16})$";
        json!({"minLength": Passcode::LENGTH, "maxLength": MAX_TYPED, "pattern": pattern, "example": "492039"})
    }
}

impl FromJson for TypedCode {
    fn from_json(json: String) -> Result<Self, Violation> {
        Self::parse(&json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_codes() {
        let example = |rules: Value| rules["example"].as_str().map(str::to_owned).unwrap();
        assert!(Passcode::from_json(example(Passcode::rules())).is_ok());
        assert!(TypedCode::from_json(example(TypedCode::rules())).is_ok());
        let shown = TypedCode::from_json(RECOVERY_CODE.to_owned());
        assert!(matches!(shown, Ok(TypedCode::Recovery(_))));
    }
}
