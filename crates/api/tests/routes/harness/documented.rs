//! Checks every answer that a test gets against the OpenAPI document.

use std::sync::LazyLock;

use groupchat_api::FEATURES;
use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| groupchat_api::openapi::document("1.2.3"));

/// Panics unless the document has this status, and this code of a problem, for the operation that the request
/// line names. Requests that are for none of the operations may fail as they like.
pub(super) fn assert_documented(request: &str, status: u16, code: Option<&str>) {
    let Some(operation) = operation(request) else { return };
    let responses = &operation["responses"];
    let own = resolve(&responses[status.to_string()]);
    let Some(code) = code else {
        assert!(own.is_object(), "{request}: {status} is not documented");
        return;
    };
    let examples =
        |response: &Value| response["content"]["application/problem+json"]["examples"][code].is_object();
    let anywhere = resolve(&responses["default"]);
    // Only in a test can a read end without anybody knowing how.
    let read_of_unknown_outcome = code == "outcome_unknown" && request.starts_with("GET ");
    let (file, id) = (file(operation), &operation["operationId"]);
    assert!(
        examples(own) || examples(anywhere) || read_of_unknown_outcome,
        "{request}: {file} lacks {code} ({status}) among what {id} refuses"
    );
}

/// Where an operation's feature says what it rejects.
fn file(operation: &Value) -> &'static str {
    let feature = FEATURES.iter().find(|feature| operation["tags"][0] == feature.tag);
    feature.map_or("crates/api/src/app.rs", |feature| feature.file)
}

/// The operation of a request line: its method and the template that fits its path best.
fn operation(request: &str) -> Option<&'static Value> {
    let (method, target) = request.split_once(' ')?;
    let path: Vec<_> = target.split('?').next()?.split('/').collect();
    let paths = DOCUMENT["paths"].as_object()?;
    let fitting = paths.iter().filter_map(|(template, operations)| {
        let template: Vec<_> = template.split('/').collect();
        let fits = template.len() == path.len()
            && template.iter().zip(&path).all(|(wanted, given)| wanted.starts_with('{') || wanted == given);
        let variables = template.iter().filter(|part| part.starts_with('{')).count();
        fits.then_some((variables, operations))
    });
    let (_, operations) = fitting.min_by_key(|(variables, _)| *variables)?;
    operations.get(method.to_lowercase())
}

fn resolve(response: &'static Value) -> &'static Value {
    let reference = response["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| DOCUMENT.pointer(pointer)).unwrap_or(response)
}
