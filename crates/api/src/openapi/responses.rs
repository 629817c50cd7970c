//! Completes the responses of operations: their headers, and every problem with its codes.

use std::collections::BTreeMap;

use groupchat_domain::factors::FactorMethod;
use groupchat_domain::groups::{GroupRefusal, Quota};
use serde_json::{Map, Value, json};

use super::refusals::ANYWHERE;
use crate::problem::Code::{self, *};
use crate::problem::{MEDIA_TYPE, TYPE_PREFIX};
use crate::rate_notice::{LEFT, POLICY};
use crate::respond::REPLAYED;

/// Answers that many operations share, by their codes.
const SHARED: &[(&str, &[Code])] = &[
    ("InvalidParameters", &[ValidationFailed]),
    ("InvalidBody", &[BadRequest, MalformedJson, ValidationFailed]),
    ("Unauthenticated", &[MissingKey, InvalidKey]),
    ("HeldUp", &[PasswordChangeRequired, FactorRequired, InsufficientScope]),
    ("NotForThisToken", &[InsufficientScope]),
    ("BodyTooSlow", &[RequestTimeout]),
    ("BodyTooLarge", &[PayloadTooLarge]),
    ("NotJson", &[UnsupportedMediaType]),
    ("TooMany", &[TooManyRequests]),
    ("Failed", &[Internal]),
    ("Busy", &[Overloaded]),
    ("Unavailable", &[Overloaded, Unavailable]),
    ("UnavailableOrUnknown", &[Overloaded, Unavailable, OutcomeUnknown]),
];

/// Adds what can go wrong to the answers of an operation, and to all of them their headers.
pub(super) fn complete(responses: &mut Map<String, Value>, codes: &[Code]) {
    for (status, response) in responses.iter_mut() {
        let own: Vec<_> = response["headers"].as_object().into_iter().flat_map(Map::keys).cloned().collect();
        response["headers"] = headers(status);
        for name in own {
            response["headers"][&name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        let shared = SHARED.iter().find(|(_, known)| *known == codes);
        let answer = shared.map_or_else(
            || problem(&status.to_string(), &codes),
            |(name, _)| json!({"$ref": format!("#/components/responses/{name}")}),
        );
        responses.insert(status.to_string(), answer);
    }
    responses.insert("default".to_owned(), problem("default", ANYWHERE));
}

/// What the answers refer to: shared answers, headers, an example of each problem.
pub(super) fn components() -> Value {
    let responses: Map<_, _> = SHARED
        .iter()
        .map(|(name, codes)| ((*name).to_owned(), problem(codes[0].status().as_str(), codes)))
        .collect();
    let examples: Map<_, _> =
        Code::ALL.iter().map(|code| (code.as_str().to_owned(), json!({"value": example(*code)}))).collect();
    json!({"responses": responses, "headers": header_components(), "examples": examples})
}

fn problem(status: &str, codes: &[Code]) -> Value {
    let texts: Vec<_> = codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let reference = |code: &Code| {
        let name = code.as_str();
        (name.to_owned(), json!({"$ref": format!("#/components/examples/{name}")}))
    };
    let examples: Map<_, _> = codes.iter().map(reference).collect();
    json!({
        "description": texts.join(" "),
        "headers": headers(status),
        "content": {MEDIA_TYPE: {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": examples,
        }},
    })
}

fn headers(status: &str) -> Value {
    let own: &[&str] = match status {
        "201" => &["Location"],
        "401" => &["WWW-Authenticate"],
        "426" => &["Sec-WebSocket-Version", "Upgrade"],
        "429" => &["Retry-After", LEFT, POLICY],
        "503" => &["Retry-After"],
        "default" => &["Allow"],
        _ => &[],
    };
    let names = own.iter().copied().chain(["X-Request-Id"]);
    names
        .map(|name: &str| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")})))
        .collect()
}

fn header_components() -> Value {
    let header = |description: &str, schema: Value| json!({"description": description, "schema": schema});
    let text = |example: &str| json!({"type": "string", "example": example});
    json!({
        "Allow": header("With 405: the methods that the path supports (RFC 9110, section 10.2.1).", text("GET, HEAD")),
        REPLAYED: header(
            "The response contains what an earlier request with the same `client_id` created.",
            json!({"type": "string", "enum": ["true"], "example": "true"}),
        ),
        "Location": header("The path of the created resource.", text("/api/groups/7")),
        LEFT: header(
            "How many requests of a class are left (`r`), and in how many seconds there are more (`t`; \
             draft-ietf-httpapi-ratelimit-headers, section 4). In any response once less than half is left.",
            text("\"send\";r=0;t=1"),
        ),
        POLICY: header(
            "With it, how many there can be (`q`) and in how many seconds all of them come back (`w`; section 3).",
            text("\"send\";q=20000;w=20"),
        ),
        "Retry-After": header(
            "How many seconds to wait before a retry (RFC 9110, section 10.2.3).",
            json!({"type": "integer", "minimum": 1, "example": 1}),
        ),
        "Sec-WebSocket-Version": header("The supported version (RFC 6455, section 4.4).", text("13")),
        "Upgrade": header("The protocol to request (RFC 9110, section 7.8).", text("websocket")),
        "WWW-Authenticate": header("The challenge (RFC 6750, section 3).", text("Bearer realm=\"groupchat\"")),
        "X-Request-Id": header(
            "Identifies this request, also in the server's log.",
            json!({"type": "string", "pattern": "^[0-9a-f]{16}$", "example": "5692161d100b05e5"}),
        ),
    })
}

/// A problem with this code, as it could be answered.
fn example(code: Code) -> Value {
    let mut problem = json!({
        "type": format!("{TYPE_PREFIX}{}", code.as_str()),
        "title": code.title(),
        "status": code.status().as_u16(),
        "code": code.as_str(),
        "detail": code.title(),
    });
    match code {
        ValidationFailed => {
            let detail = "must have 1 to 100 characters, has 101";
            problem["detail"] = format!("name: {detail}").into();
            problem["errors"] = json!([{"field": "name", "code": "too_long", "detail": detail}]);
        }
        QuotaExceeded => {
            let refusal = GroupRefusal::QuotaExceeded { quota: Quota::Memberships, limit: 1_000 };
            problem["detail"] = refusal.to_string().into();
            problem["quota"] = json!({"name": Quota::Memberships.as_str(), "limit": 1_000});
        }
        VersionConflict => problem["version"] = 7.into(),
        Banned | Muted | TooLate => problem["until"] = "2026-12-24T18:00:00.000000Z".into(),
        MfaRequired => {
            problem["ticket"] = "gch_4xI2c0tLrbkWUQpVwzJ6m1sF8nYhD3aOeKgT5vRiBuE".into();
            problem["expires_at"] = "2026-12-24T18:05:00.000000Z".into();
            problem["methods"] = json!(FactorMethod::ALL.map(FactorMethod::as_str));
        }
        Internal => problem["request_id"] = "5692161d100b05e5".into(),
        _ => {}
    }
    problem
}

/// The schema of every problem.
pub(super) fn problem_schema() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "Why a request failed (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "pattern": format!("^{TYPE_PREFIX}[a-z_]+$"),
                     "description": "Identifies this kind of problem."},
            "title": text("The kind of problem, for people."),
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599,
                       "description": "The HTTP status."},
            "code": {"type": "string", "enum": codes,
                     "description": "The kind of problem, for programs. Never changes."},
            "detail": text("Details of this occurrence, for people."),
            "errors": {"type": "array", "description": "The fields that broke a rule.",
                       "items": {"$ref": "#/components/schemas/FieldProblem"}},
            "quota": {"type": "object", "description": "The quota that would have been exceeded.",
                      "required": ["name", "limit"],
                      "properties": {
                          "name": {"type": "string", "enum": Quota::ALL.map(Quota::as_str),
                                   "description": "The limited resource."},
                          "limit": {"type": "integer", "format": "int64", "minimum": 0,
                                    "description": "The limit."},
                      }},
            "until": {"type": "string", "format": "date-time",
                      "description": "When the reason ends by itself; of `too_late`, until when it was possible."},
            "version": {"type": "integer", "format": "int64", "minimum": 1,
                        "description": "The version that there is now."},
            "ticket": text("Of `mfa_required`: what finishes the login, with a code."),
            "expires_at": {"type": "string", "format": "date-time", "description": "When the ticket expires."},
            "methods": {"type": "array", "description": "What the user can show.",
                        "items": {"type": "string", "enum": FactorMethod::ALL.map(FactorMethod::as_str)}},
            "request_id": text("The id of the request, to ask the operator about a failure; also in the log."),
        },
    })
}

/// The schema of what is wrong with one field.
pub(super) fn field_problem_schema() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "description": "A field that broke a rule.",
        "required": ["field", "code", "detail"],
        "properties": {
            "field": text("The field or parameter; empty for the whole body."),
            "code": {"type": "string", "pattern": "^[a-z_]+$",
                     "description": "The kind of rule, for programs. Never changes."},
            "detail": text("The rule, for people."),
        },
    })
}
