use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use serde_json::{Value, json};

use super::bodies::BODIES;
use super::parser::Parser;
use super::queries::QUERIES;
use super::*;

/// Calls a target with each file of its corpus.
fn replay(target: fn(&[u8]), name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files = 0;
    for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let outcome = catch_unwind(|| target(&bytes));
        assert!(outcome.is_ok(), "{}", path.display());
        files += 1;
    }
    assert!(files > 10, "{files}");
}

macro_rules! corpora {
    ($($target:ident $test:ident)+) => {$(
        #[test]
        fn $test() {
            replay($target, stringify!($target));
        }
    )+};
}

corpora! {
    bodies the_corpus_of_bodies
    frames the_corpus_of_frames
    headers the_corpus_of_headers
    heads the_corpus_of_heads
    queries the_corpus_of_queries
    text the_corpus_of_texts
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().unwrap();
    paths.values().flat_map(|path| path.as_object().unwrap().values())
}

#[test]
fn every_body_of_the_document_is_fuzzed() {
    let document = crate::openapi::document("1.2.3");
    let schemas = operations(&document)
        .filter_map(|operation| operation.pointer("/requestBody/content/application~1json/schema/$ref"))
        .map(|reference| reference.as_str().unwrap().rsplit('/').next().unwrap());
    let fuzzed: BTreeSet<_> = BODIES.iter().filter_map(|parser| parser.name.as_deref()).collect();
    assert_eq!(fuzzed, schemas.collect());
}

/// A value with everything that its schema has.
fn full(schema: &Value, schemas: &Value) -> Value {
    let reference = schema.pointer("/allOf/0/$ref").or_else(|| schema.get("$ref"));
    if let Some(name) = reference.and_then(|reference| reference.as_str()?.rsplit('/').next()) {
        return full(&schemas[name], schemas);
    }
    if let Some(properties) = schema["properties"].as_object() {
        return properties.iter().map(|(name, schema)| (name.clone(), full(schema, schemas))).collect();
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    match schema["type"].as_str() {
        Some("array") => Value::Array(vec![full(&schema["items"], schemas)]),
        Some("object") => json!({"name": full(&schema["additionalProperties"], schemas)}),
        Some("string") => schema.pointer("/enum/0").cloned().unwrap_or_else(|| json!("text")),
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

#[test]
fn the_corpus_has_every_body_with_all_its_fields() {
    let document = crate::openapi::document("1.2.3");
    let schemas = &document["components"]["schemas"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/bodies");
    for name in BODIES.iter().filter_map(|parser| parser.name.as_deref()) {
        let path = folder.join(format!("{name}-all-fields"));
        let body = full(&schemas[name], schemas).to_string() + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &body).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            written,
            body,
            "{}: run `UPDATE_DOCS=1 cargo test -p groupchat-api fuzzing`",
            path.display()
        );
    }
}

#[test]
fn every_query_of_the_document_is_fuzzed() {
    let document = crate::openapi::document("1.2.3");
    let in_query = |parameter: &&Value| parameter["in"] == "query";
    let name = |parameter: &Value| parameter["name"].as_str().unwrap().to_owned();
    let names = operations(&document)
        .filter_map(|operation| operation["parameters"].as_array())
        .map(|parameters| parameters.iter().filter(in_query).map(name).collect::<BTreeSet<_>>())
        .filter(|names| !names.is_empty());
    let fuzzed: BTreeSet<_> = QUERIES.iter().map(|parser: &Parser| parser.fields.clone()).collect();
    assert_eq!(fuzzed, names.collect());
}
