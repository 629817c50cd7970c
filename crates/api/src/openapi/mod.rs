//! The OpenAPI document: collected by paperclip from the handlers, completed here.

mod refusals;
mod responses;
pub(crate) mod schemas;

use std::collections::HashSet;

use actix_web::App;
use paperclip::actix::OpenApiExt;
use paperclip::v2::models::{DefaultApiRaw, Info, License, Tag};
use serde_json::{Map, Value, json};

use crate::feature::Feature;
use crate::routes::{FEATURES, in_order};

/// Tells the Swagger page that an operation is not for it to execute: it would wait for the end of the answer.
const TRY_IT_OUT: &str = "x-try-it-out";

/// Makes the document (OpenAPI 3.0) without a running server.
pub fn document(version: &str) -> Value {
    let mut document = Value::Null;
    let _ = App::new().wrap_api_with_spec(preamble(version)).service(in_order()).with_raw_json_spec_v3(
        |app, spec| {
            document = spec;
            app
        },
    );
    complete(&mut document);
    document
}

/// The same as text, indented, one value a line.
pub fn text(version: &str) -> String {
    format!("{:#}", document(version))
}

fn preamble(version: &str) -> DefaultApiRaw {
    let tag = |feature: &Feature| Tag {
        name: feature.tag.to_owned(),
        description: Some(feature.description.to_owned()),
        ..Tag::default()
    };
    DefaultApiRaw {
        info: Info {
            title: "groupchat".to_owned(),
            version: version.to_owned(),
            description: Some(
                "Groups, their members and their messages. Sign in with `POST /api/login`, then send the \
                 `api_key` from its response in the header `X-API-Key`."
                    .to_owned(),
            ),
            license: Some(License { name: Some("MIT".to_owned()), url: None }),
            ..Info::default()
        },
        tags: FEATURES.iter().map(tag).collect(),
        ..DefaultApiRaw::default()
    }
}

/// Adds what paperclip has no words for.
fn complete(document: &mut Value) {
    document["openapi"] = "3.0.3".into();
    document["servers"] =
        json!([{"url": "/", "description": "The server that this document was fetched from."}]);
    let mut components = Map::new();
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for path in paths.filter_map(Value::as_object_mut) {
        for (method, operation) in path.iter_mut() {
            complete_operation(method, operation, &mut components);
        }
        distinguish_methods(path);
    }
    complete_components(&mut document["components"], components);
}

fn complete_components(components: &mut Value, of_parameters: Map<String, Value>) {
    if let Some(schemas) = components["schemas"].as_object_mut() {
        schemas::complete(schemas);
        schemas.extend(of_parameters);
        schemas.insert("Problem".to_owned(), responses::problem_schema());
        schemas.insert("FieldProblem".to_owned(), responses::field_problem_schema());
    }
    // The Swagger page shows a box for each scheme, and takes whatever is put into any of them.
    components["securitySchemes"] = json!({"ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The `api_key` of `POST /api/login`. `Authorization: Bearer KEY` works as well.",
    }});
    if let (Value::Object(components), Value::Object(shared)) = (components, responses::components()) {
        components.extend(shared);
    }
}

fn complete_operation(method: &str, operation: &mut Value, components: &mut Map<String, Value>) {
    if !operation.is_object() {
        return;
    }
    let codes = refusals::codes_of(method, operation);
    operation["security"] = security(operation);
    if let Some(text) = operation.get("description").and_then(Value::as_str) {
        operation["description"] = text.split_whitespace().collect::<Vec<_>>().join(" ").into();
    }
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        schemas::complete_parameter(parameter, components);
    }
    if goes_on(operation) {
        operation[TRY_IT_OUT] = false.into();
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses::complete(responses, &codes);
    }
}

/// Whether the answer has no end.
fn goes_on(operation: &Value) -> bool {
    let responses = &operation["responses"];
    responses["101"].is_object() || responses["200"]["content"]["text/event-stream"].is_object()
}

/// What an operation takes for a proof of identity; an empty list says that it needs none.
fn security(operation: &Value) -> Value {
    if operation.get("security").is_none() { json!([]) } else { json!([{"ApiKey": []}]) }
}

/// Where two methods of a path do the same, gives the second an operation id of its own.
fn distinguish_methods(path: &mut Map<String, Value>) {
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
