//! Completes the schemas of bodies, answers and parameters: limits, examples, what may be null, what must be
//! there.

use serde_json::{Map, Value, json};

use super::vocabulary::{kind_of, path_description};
use crate::extract::{OR_ME, UserOrMe};
use crate::wire::is_marker;

/// What the body of a request must have, and what may be null in it. Everything else may be left out.
pub struct Presence {
    /// The schema's name.
    pub schema: &'static str,
    /// Fields without which the request is refused.
    pub required: &'static [&'static str],
    /// Fields for which null means "none".
    pub nullable: &'static [&'static str],
}

const fn body(
    schema: &'static str,
    required: &'static [&'static str],
    nullable: &'static [&'static str],
) -> Presence {
    Presence { schema, required, nullable }
}

/// The bodies of requests. Every other schema is an answer's: there all fields are always present.
pub const BODIES: &[Presence] = &[
    body("LoginRequest", &["username", "password"], &[]),
    body("UserDraft", &["username", "password"], &["display_name", "email", "is_admin"]),
    body("ProfileChanges", &[], &["display_name", "email"]),
    body("UserChanges", &[], &["display_name", "email"]),
    body("PasswordChange", &["current", "new"], &[]),
    body("GroupDraft", &["name"], &["description", "visibility"]),
    body("GroupChanges", &[], &["description"]),
    body("MemberDraft", &[], &["role"]),
    body("MemberChanges", &[], &[]),
    body("MessageDraft", &["text"], &["client_id"]),
    body("MessageChanges", &[], &[]),
    body("ReadMark", &["seq"], &[]),
];

/// Makes the example of a schema.
type MakeExample = fn() -> Value;

/// Bodies that the examples of their fields don't add up to: what the Swagger page offers should be taken.
pub const EXAMPLES: &[(&str, MakeExample)] = &[
    ("LoginRequest", || json!({"username": "admin", "password": "the-password-that-was-printed"})),
    ("MemberDraft", || json!({"username": "grace", "role": "member"})),
    // A second message with the same `client_id` would be none.
    ("MessageDraft", || json!({"text": "Hello, Grace!"})),
    ("ReadMark", || json!({"seq": 1})),
];

/// Completes every named schema.
pub fn complete(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas.iter_mut() {
        let required = names_in(&schema["required"]);
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        // Fields that only make a request fail are not documented.
        properties.retain(|_, property| !is_marker(property));
        let presence = BODIES.iter().find(|presence| presence.schema == name);
        for (field, property) in properties.iter_mut() {
            limit(property, name, field);
            let nullable = match presence {
                Some(presence) => presence.nullable.contains(&field.as_str()),
                None => !required.contains(field),
            };
            if nullable {
                allow_null(property);
            }
        }
        let required = match presence {
            Some(presence) => presence.required.iter().map(|field| (*field).to_owned()).collect(),
            None => properties.keys().cloned().collect::<Vec<_>>(),
        };
        require(schema, required);
        if let Some((_, example)) = EXAMPLES.iter().find(|(body, _)| body == name) {
            schema["example"] = example();
        }
    }
    name_in_one_way(schemas);
}

/// Completes a parameter.
pub fn complete_parameter(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let takes_me = parameter["description"] == OR_ME;
    if parameter["in"] == "path" && !takes_me {
        parameter["description"] = path_description(&name).into();
    }
    let schema = &mut parameter["schema"];
    limit(schema, "", &name);
    // The Swagger page fills examples in: a filter that nobody asked for, an id of nothing.
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("example");
    }
    if takes_me {
        let id = schema.take();
        *schema = json!({"oneOf": [id, {"type": "string", "enum": [UserOrMe::ME]}]});
    }
}

fn names_in(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Adds the limits and the example of the kind of value that the name stands for.
fn limit(property: &mut Value, owner: &str, name: &str) {
    let (Some(kind), Some(property)) = (kind_of(owner, name), property.as_object_mut()) else { return };
    if let Value::Object(rules) = kind() {
        property.extend(rules);
    }
}

/// Lets a schema take null too, in the words of OpenAPI 3.0: `nullable`, and null among the values of an `enum`.
/// Beside a reference nothing else counts there, so it is wrapped the way that generators of clients know.
fn allow_null(property: &mut Value) {
    if let Some(reference) = property.get("$ref").cloned() {
        *property = json!({"allOf": [{"$ref": reference}]});
    }
    property["nullable"] = true.into();
    if let Some(values) = property.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
}

/// Lists what must be there; OpenAPI 3.0 has no empty list.
fn require(schema: &mut Value, fields: Vec<String>) {
    let Some(schema) = schema.as_object_mut() else { return };
    if fields.is_empty() {
        schema.remove("required");
    } else {
        schema.insert("required".to_owned(), fields.into());
    }
}

/// A member is named by id or by name, never both.
fn name_in_one_way(schemas: &mut Map<String, Value>) {
    if let Some(draft) = schemas.get_mut("MemberDraft") {
        draft["minProperties"] = 1.into();
        draft["not"] = json!({"required": ["user_id", "username"]});
    }
}
