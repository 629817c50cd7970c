//! The OpenAPI document: collected by paperclip from the handlers, completed here.

use std::collections::HashSet;

use actix_web::App;
use paperclip::actix::OpenApiExt;
use paperclip::v2::models::{DefaultApiRaw, Info, License, Tag};
use serde_json::{Map, Value, json};

use crate::app::api;
use crate::problem::{Code, MEDIA_TYPE};
use crate::wire::is_marker;

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
            tag("Operations", "For those who run the server."),
        ],
        ..DefaultApiRaw::default()
    }
}

/// Adds what paperclip has no words for.
fn complete(document: &mut Value) {
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.values_mut().for_each(leave_out_markers);
        schemas.insert("Problem".to_owned(), problem_schema());
    }
    document["components"]["securitySchemes"]["Bearer"] =
        json!({"type": "http", "scheme": "bearer", "description": "The same key, as a bearer token."});
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for path in paths.filter_map(Value::as_object_mut) {
        tell_methods_apart(path);
        path.values_mut().for_each(complete_operation);
    }
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

/// Takes the fields out that a body may not have.
fn leave_out_markers(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|_, property| !is_marker(property));
    }
}

fn complete_operation(operation: &mut Value) {
    if !operation.is_object() {
        return;
    }
    if operation.get("security").is_some() {
        operation["security"] = json!([{"ApiKey": []}, {"Bearer": []}]);
    }
    operation["responses"]["default"] = json!({
        "description": "Anything else is a problem (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
}

fn problem_schema() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "Why a request was not answered as asked (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": text("A name for this kind of problem."),
            "title": text("The kind of problem, for a person."),
            "status": {"type": "integer", "description": "The status of the answer."},
            "code": {"type": "string", "enum": codes,
                     "description": "The kind of problem, for a program. Never changes."},
            "detail": text("What happened this time, for a person."),
            "errors": {"type": "array", "description": "The fields that broke a rule.", "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": text("The field or parameter; empty for the body as a whole."),
                    "code": text("The kind of rule, for a program."),
                    "detail": text("The rule, for a person."),
                },
            }},
            "request_id": text("What to ask about when the server failed; also in the log."),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_feature() {
        let document = document("1.2.3");
        assert_eq!(document["info"]["version"], "1.2.3");
        for path in ["/api/login", "/api/groups/{group_id}/messages/{message_id}/like", "/api/version"] {
            assert!(document["paths"][path].is_object(), "{path}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document("1.2.3");
        let text = document.to_string();
        let references = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next());
        let mut seen = 0;
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference}");
            seen += 1;
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn operations_have_ids_of_their_own() {
        let document = document("1.2.3");
        let paths = document["paths"].as_object().unwrap().values();
        let operations: Vec<_> = paths.flat_map(|path| path.as_object().unwrap().values()).collect();
        let ids: HashSet<_> =
            operations.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), operations.len());
    }

    #[test]
    fn fields_that_are_not_taken_are_not_documented() {
        let document = document("1.2.3");
        let draft = &document["components"]["schemas"]["MessageDraft"]["properties"];
        assert!(draft["text"].is_object());
        assert!(draft["poll"].is_null());
    }
}
