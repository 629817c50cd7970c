//! What a client of the first version relies on, in `compatibility.txt`, compared with the OpenAPI document.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::Server;
use crate::operations::{Operation, operations};

/// What has changed for a reason that docs/API.md gives: direct conversations have no name, and are in no list unless a
/// client asks for them.
const EXCEPTIONS: [&str; 1] = ["Group.name"];

/// The document, with what its references stand for.
struct Document(Value);

impl Document {
    /// What a schema refers to, by name.
    fn schema<'v>(&'v self, schema: &'v Value) -> (Option<&'v str>, &'v Value) {
        let one_of_all = schema["allOf"].as_array().filter(|all| all.len() == 1).map(|all| &all[0]);
        match one_of_all.unwrap_or(schema)["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => (Some(name), &self.0["components"]["schemas"][name]),
            None => (None, schema),
        }
    }

    /// The word for a type in the fixture.
    fn word(&self, schema: &Value) -> String {
        let mark = if schema["nullable"] == true { "?" } else { "" };
        let (name, found) = self.schema(schema);
        let word = match (name, found["type"].as_str()) {
            (Some(name), _) if found["properties"].is_object() => name.to_owned(),
            (_, Some("array")) => format!("[{}]", self.word(&found["items"])),
            (_, Some(word)) => word.to_owned(),
            _ => "any".to_owned(),
        };
        let is_nullable = name.is_some() && found["nullable"] == true && mark.is_empty();
        format!("{word}{mark}{}", if is_nullable { "?" } else { "" })
    }
}

/// Whether a client that knows the first type can read the second.
fn is_readable(known: &str, now: &str) -> bool {
    known == now || known.strip_suffix('?') == Some(now) || known == "[any]" && now.starts_with('[')
}

fn wrong_fields(document: &Document, name: &str, fields: &str) -> Vec<String> {
    let properties = &document.0["components"]["schemas"][name]["properties"];
    let mut wrong = Vec::new();
    for (field, known) in fields.split(' ').filter_map(|field| field.split_once(':')) {
        let now = match &properties[field] {
            Value::Null => "missing".to_owned(),
            schema => document.word(schema),
        };
        let path = format!("{name}.{field}");
        if !is_readable(known, &now) && !EXCEPTIONS.contains(&path.as_str()) {
            wrong.push(format!("{path} was {known} and is {now}"));
        }
    }
    wrong
}

/// What an operation answers now, as the fixture writes it.
fn answers(document: &Document, operation: &Operation) -> Vec<String> {
    let responses = operation.description["responses"].as_object().expect("an operation has responses");
    let good = responses.iter().filter(|(status, _)| status.starts_with('2'));
    good.map(|(status, response)| match &response["content"]["application/json"]["schema"] {
        Value::Null => status.clone(),
        schema => format!("{status} {}", document.word(schema)),
    })
    .collect()
}

/// The fields of the body of an operation now, and which of them are required.
fn body(document: &Document, operation: &Operation) -> BTreeMap<String, bool> {
    let (_, schema) =
        document.schema(&operation.description["requestBody"]["content"]["application/json"]["schema"]);
    let required = |field: &str| {
        schema["required"].as_array().is_some_and(|required| required.iter().any(|name| name == field))
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(field, _)| (field.clone(), required(field))).collect()
}

fn wrong_operation(
    document: &Document,
    operation: &Operation,
    query: &str,
    takes: &str,
    gives: &str,
) -> Vec<String> {
    let row = operation.row();
    let parameters = operation.description["parameters"].as_array().into_iter().flatten();
    let names: Vec<_> = parameters.filter_map(|parameter| parameter["name"].as_str()).collect();
    let lost = query.split('&').filter(|name| !name.is_empty() && !names.contains(name));
    let mut wrong: Vec<_> = lost.map(|name| format!("{row} takes no {name} any more")).collect();
    let now = body(document, operation);
    let known: BTreeMap<_, _> = takes
        .split(' ')
        .filter(|field| !field.is_empty())
        .map(|field| (field.trim_end_matches('!'), field.ends_with('!')))
        .collect();
    for field in known.keys().filter(|field| !now.contains_key(**field)) {
        wrong.push(format!("{row} takes no {field} any more"));
    }
    for (field, _) in
        now.iter().filter(|(field, required)| **required && known.get(field.as_str()) != Some(&true))
    {
        wrong.push(format!("{row} demands {field}"));
    }
    let answered = answers(document, operation);
    for answer in gives.split(", ").filter(|answer| !answer.is_empty()) {
        if !answered.iter().any(|now| now == answer) {
            wrong.push(format!("{row} answered {answer} and answers {answered:?}"));
        }
    }
    wrong
}

/// The parts of a line about an operation: method and path, query, body, and answers.
fn parts(line: &str) -> (String, &str, &str, &str) {
    let (asked, gives) = line.split_once(" ->").expect("an operation has an arrow");
    let (asked, takes) =
        asked.strip_suffix('}').and_then(|asked| asked.split_once(" {")).unwrap_or((asked, ""));
    let (row, query) = asked.split_once('?').unwrap_or((asked, ""));
    (row.to_owned(), query, takes, gives.trim_start())
}

#[actix_web::test]
async fn a_client_of_the_first_version_finds_everything_that_it_knows() {
    let server = Server::start().await;
    let document = Document(server.nobody().get("/api/openapi.json").await.ok());
    let operations = operations(&server).await;
    let lines = include_str!("compatibility.txt").lines();
    let (mut wrong, mut known) = (Vec::new(), 0);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        known += 1;
        if let Some((name, fields)) = line.split_once(" = ") {
            wrong.extend(wrong_fields(&document, name, fields));
            continue;
        }
        let (row, query, takes, gives) = parts(line);
        match operations.iter().find(|operation| operation.row() == row) {
            Some(operation) => wrong.extend(wrong_operation(&document, operation, query, takes, gives)),
            None => wrong.push(format!("{row} is gone")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(known > 60, "{known} lines");
}

#[actix_web::test]
async fn what_such_a_client_would_miss_is_named() {
    let server = Server::start().await;
    let document = Document(server.nobody().get("/api/openapi.json").await.ok());
    let fields = wrong_fields(&document, "Likes", "liked:string gone:integer likes:integer?");
    assert_eq!(fields, ["Likes.liked was string and is boolean", "Likes.gone was integer and is missing"]);
    let operations = operations(&server).await;
    let send = operations.iter().find(|operation| operation.id() == "sendMessage").expect("one sends");
    let (row, query, takes, gives) =
        parts("POST   /api/groups/{group_id}/messages?fast {words} -> 200 Words");
    assert_eq!(row, send.row());
    let wrong = wrong_operation(&document, send, query, takes, gives);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    for (wrong, end) in wrong.iter().zip(["no fast any more", "no words any more", "demands text", "\"]"]) {
        assert!(wrong.ends_with(end), "{wrong}");
    }
}
