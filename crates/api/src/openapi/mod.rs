//! The OpenAPI document: collected by paperclip from the handlers, completed here.

mod events;
mod kinds;
mod refusals;
mod responses;
pub(crate) mod schemas;
mod vocabulary;

use std::collections::HashSet;

use actix_web::App;
use paperclip::actix::OpenApiExt;
use paperclip::v2::models::{DefaultApiRaw, Info, License, Tag};
use serde_json::{Map, Value, json};

use crate::app::api;

/// Operations that may be repeated under the same name for what they create.
const REPLAYING: &[&str] = &["sendMessage"];

/// Makes the document (OpenAPI 3.0) without a running server.
pub fn document(version: &str) -> Value {
    let mut document = Value::Null;
    let _ =
        App::new().wrap_api_with_spec(preamble(version)).service(api()).with_raw_json_spec_v3(|app, spec| {
            document = spec;
            app
        });
    complete(&mut document);
    document
}

/// The same as text, indented, one value a line.
pub fn text(version: &str) -> String {
    format!("{:#}", document(version))
}

fn preamble(version: &str) -> DefaultApiRaw {
    let tag = |name: &str, description: &str| Tag {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ..Tag::default()
    };
    DefaultApiRaw {
        info: Info {
            title: "groupchat".to_owned(),
            version: version.to_owned(),
            description: Some(
                "Groups, their members and their messages. Sign in with `POST /api/login`, then send the \
                 `api_key` of its answer in the header `X-API-Key`."
                    .to_owned(),
            ),
            license: Some(License { name: Some("MIT".to_owned()), url: None }),
            ..Info::default()
        },
        tags: vec![
            tag("Accounts", "Signing in, users, sessions."),
            tag("Groups", "Groups and their members."),
            tag("Messages", "Messages, likes, and how far one has read."),
            tag("Events", "What happens, as it happens and since a cursor."),
            tag("Operations", "For those who run the server."),
        ],
        ..DefaultApiRaw::default()
    }
}

/// Adds what paperclip has no words for.
fn complete(document: &mut Value) {
    document["openapi"] = "3.0.3".into();
    document["servers"] = json!([{"url": "/", "description": "The server that this document is from."}]);
    complete_components(&mut document["components"]);
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for path in paths.filter_map(Value::as_object_mut) {
        path.iter_mut().for_each(|(method, operation)| complete_operation(method, operation));
        tell_methods_apart(path);
    }
}

fn complete_components(components: &mut Value) {
    if let Some(schemas) = components["schemas"].as_object_mut() {
        schemas::complete(schemas);
        schemas.insert("Problem".to_owned(), responses::problem_schema());
        schemas.insert("FieldProblem".to_owned(), responses::field_problem_schema());
    }
    // The Swagger page shows a box for each scheme, and takes whatever is put into any of them.
    components["securitySchemes"] = json!({"ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The `api_key` of `POST /api/login`. `Authorization: Bearer KEY` says the same.",
    }});
    if let (Value::Object(components), Value::Object(shared)) = (components, responses::components()) {
        components.extend(shared);
    }
}

fn complete_operation(method: &str, operation: &mut Value) {
    if !operation.is_object() {
        return;
    }
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let codes = refusals::codes_of(&id, method, operation);
    operation["security"] = security(operation);
    events::complete(&id, operation);
    if let Some(text) = operation.get("description").and_then(Value::as_str) {
        operation["description"] = text.split_whitespace().collect::<Vec<_>>().join(" ").into();
    }
    if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
        parameters.iter_mut().for_each(schemas::complete_parameter);
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses::complete(responses, &codes);
        if REPLAYING.contains(&id.as_str()) {
            responses::may_be_replayed(responses);
        }
    }
}

/// What an operation takes for a proof of identity; an empty list says that it needs none.
fn security(operation: &Value) -> Value {
    if operation.get("security").is_none() { json!([]) } else { json!([{"ApiKey": []}]) }
}

/// Where two methods of a path do the same, gives the second an operation id of its own.
fn tell_methods_apart(path: &mut Map<String, Value>) {
    let mut seen = HashSet::new();
    for (method, name) in [("get", "Get"), ("patch", "Patch"), ("put", "Put"), ("post", "Post")] {
        let Some(id) = path.get_mut(method).and_then(|operation| operation.get_mut("operationId")) else {
            continue;
        };
        if !seen.insert(id.to_string()) {
            *id = format!("{}By{name}", id.as_str().unwrap_or_default()).into();
        }
    }
}

#[cfg(test)]
mod tests;
