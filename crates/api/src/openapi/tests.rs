use super::*;
use crate::testing::assert_references_lead_somewhere;

#[test]
fn every_annotation_is_put_into_effect() {
    let text = text("1.0.0");
    let left = text.lines().find(|line| line.contains("x-annotation"));
    assert_eq!(left, None);
}

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
    assert_references_lead_somewhere(&document("1.2.3"), 50);
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
    assert!(draft["files"].is_null());
}

#[test]
fn the_version_is_in_one_line() {
    let (one, other) = (text("1.2.3"), text("4.5.6"));
    assert_eq!(one.lines().zip(other.lines()).filter(|(one, other)| one != other).count(), 1);
}

/// The body of each operation that takes one: the name of its schema, and the schema.
fn bodies(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    operations(document).filter_map(|(_, _, operation)| {
        let reference = operation.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str()?;
        Some((reference, document.pointer(reference.trim_start_matches('#'))?))
    })
}

#[test]
fn every_field_and_parameter_is_described_with_limits_or_an_example() {
    let document = document("1.2.3");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let fields = schemas.iter().filter(|(name, _)| !name.ends_with("Problem")).flat_map(|(name, schema)| {
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.map(move |(field, property)| (format!("{name}.{field}"), property, property))
    });
    let parameters =
        operations(&document).flat_map(|(_, id, operation)| {
            operation["parameters"].as_array().into_iter().flatten().map(move |parameter| {
                (format!("{id}: {}", parameter["name"]), &parameter["schema"], parameter)
            })
        });
    for (what, schema, described) in fields.chain(parameters) {
        if schema["$ref"].is_string() || schema["allOf"].is_array() {
            continue;
        }
        assert!(described["description"].is_string() || what.ends_with(".items"), "{what}");
        let schema = schema["oneOf"].get(0).unwrap_or(schema);
        match schema["type"].as_str().unwrap() {
            "integer" => assert!(schema["minimum"].is_i64() && schema["maximum"].is_i64(), "{what}"),
            "array" => assert!(schema["maxItems"].is_i64(), "{what}"),
            _ => assert!(described["in"].is_string() || !schema["example"].is_null(), "{what}"),
        }
    }
}

/// The Swagger page has a box for each scheme, and shows no difference between a key in the right one and in another.
#[test]
fn there_is_one_way_to_authorize() {
    let document = document("1.2.3");
    let schemes: Vec<_> = document["components"]["securitySchemes"].as_object().unwrap().keys().collect();
    assert_eq!(schemes, ["ApiKey"]);
    for (_, id, operation) in operations(&document) {
        assert!([json!([]), json!([{"ApiKey": []}])].contains(&operation["security"]), "{id}");
    }
}

#[test]
fn the_page_executes_only_what_comes_to_an_end() {
    let document = document("1.2.3");
    for (_, id, operation) in operations(&document) {
        let stream = operation.pointer("/responses/200/content/text~1event-stream").is_some();
        let endless = stream || operation["responses"]["101"].is_object();
        assert_eq!(operation["x-try-it-out"] == false, endless, "{id}");
    }
}

/// The Swagger page fills an example in, and there is hardly ever a group 7.
#[test]
fn an_id_that_is_to_be_given_has_no_example() {
    let document = document("1.2.3");
    let mut seen = 0;
    for (_, id, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            seen += usize::from(parameter["in"] == "path");
            let example = (&parameter["example"], &parameter["schema"]["example"]);
            assert!(
                parameter["in"] == "header" || example == (&Value::Null, &Value::Null),
                "{id}: {parameter}"
            );
        }
    }
    assert!(seen > 25, "{seen} ids in paths");
    for (name, body) in bodies(&document) {
        let properties = body["properties"].as_object().unwrap();
        for (field, property) in properties.iter().filter(|(field, _)| field.ends_with("_id")) {
            assert!(field == "client_id" || property["example"].is_null(), "{name}.{field}");
        }
    }
}

#[test]
fn offered_bodies_have_what_is_required_and_nothing_unknown() {
    let document = document("1.2.3");
    for (name, body) in bodies(&document) {
        let Some(example) = body["example"].as_object() else { continue };
        let required = body["required"].as_array().into_iter().flatten();
        for field in required {
            assert!(!body["example"][field.as_str().unwrap()].is_null(), "{name}.{field}");
        }
        for field in example.keys() {
            assert!(body["properties"][field].is_object(), "{name}.{field}");
        }
    }
}

#[test]
fn a_value_in_several_places_is_one_component() {
    let document = document("1.2.3");
    let schemas = &document["components"]["schemas"];
    let role = json!("#/components/schemas/Role");
    assert_eq!(schemas["Role"]["maxLength"], json!(50));
    for (schema, field, is_nullable) in
        [("Group", "my_role", true), ("Member", "role", false), ("MemberDraft", "role", true)]
    {
        let property = &schemas[schema]["properties"][field];
        assert_eq!(
            (&property["allOf"][0]["$ref"], property["nullable"] == true),
            (&role, is_nullable),
            "{schema}"
        );
        assert!(property["description"].is_string(), "{schema}");
    }
}

#[test]
fn the_type_of_an_event_says_what_its_data_is() {
    let document = document("1.2.3");
    let event = &document["components"]["schemas"]["Event"];
    assert_eq!(event["discriminator"]["propertyName"], "type");
    let mapping = event["discriminator"]["mapping"].as_object().unwrap();
    assert_eq!(mapping["message.created"], "#/components/schemas/MessageEvent");
    for (event_type, reference) in mapping {
        assert!(event["oneOf"].as_array().unwrap().contains(&json!({"$ref": reference})), "{event_type}");
        let variant = document.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap();
        assert!(variant["properties"]["type"]["enum"].as_array().unwrap().contains(&json!(event_type)));
        assert!(variant["required"].as_array().unwrap().contains(&json!("data")), "{event_type}");
    }
}

#[test]
fn nothing_is_left_of_annotations() {
    assert!(!text("1.2.3").contains("x-annotation"));
}

#[test]
fn answers_have_all_their_fields_and_null_for_what_is_unset() {
    let document = document("1.2.3");
    let group = &document["components"]["schemas"]["Group"];
    assert_eq!(group["required"].as_array().unwrap().len(), group["properties"].as_object().unwrap().len());
    let my_role = &group["properties"]["my_role"];
    assert_eq!(my_role["nullable"], json!(true));
    let last = &group["properties"]["last_message"];
    assert_eq!(
        (&last["nullable"], &last["allOf"][0]["$ref"]),
        (&json!(true), &json!("#/components/schemas/Message"))
    );
    assert_eq!(group["properties"]["visibility"]["nullable"], Value::Null);
}

#[test]
fn limits_are_those_of_the_code() {
    use groupchat_domain::accounts::TICKET_LIFETIME;
    use groupchat_domain::messages::{MAX_PINS, MAX_REACTIONS, MessageText};

    let document = document("1.2.3");
    let draft = &document["components"]["schemas"]["MessageDraft"];
    assert_eq!(draft["properties"]["text"]["maxLength"], MessageText::MAX_LENGTH);
    assert_eq!(draft["required"], json!(["text"]));
    let list = &document["paths"]["/api/users"]["get"]["parameters"];
    let limit = list.as_array().unwrap().iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!(limit["schema"]["maximum"], groupchat_domain::paging::Limit::MAX);
    let says = |pointer: &str, limit: String| {
        let description = document.pointer(pointer).and_then(Value::as_str).unwrap();
        assert!(description.contains(&limit), "{pointer} doesn't say \"{limit}\": {description}");
    };
    let pin = "/paths/~1api~1groups~1{group_id}~1messages~1{message_id}~1pin/put/description";
    says(pin, format!("can have {MAX_PINS} pinned messages"));
    let react =
        "/paths/~1api~1groups~1{group_id}~1messages~1{message_id}~1reactions~1{emoji}/put/description";
    says(react, format!("can have {MAX_REACTIONS} different reactions"));
    let ticket = "/paths/~1api~1events~1ticket/post/description";
    says(ticket, format!("within {} seconds", TICKET_LIFETIME.as_secs()));
}

/// The comments of the DTOs repeat the limits for readers of the document.
#[test]
fn descriptions_say_the_limits_of_their_schemas() {
    let document = document("1.2.3");
    let mut described = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let properties = schema["properties"].as_object().into_iter().flatten();
        described.extend(properties.map(|(field, schema)| (format!("{name}.{field}"), schema, schema)));
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for parameter in methods["get"]["parameters"].as_array().into_iter().flatten() {
            described.push((format!("{path}?{}", parameter["name"]), parameter, &parameter["schema"]));
        }
    }
    let mut compared = 0;
    for (name, field, schema) in described {
        let description = field["description"].as_str().unwrap_or_default();
        let Some(limits) = limits_of(schema) else { continue };
        let said = numbers(description);
        if !said.is_empty() {
            assert_eq!(said, limits, "{name} says \"{description}\"");
            compared += 1;
        }
    }
    assert!(compared >= 20, "only {compared} descriptions say a limit");
}

/// The numbers that a description of values with these limits says: the least, unless it may be empty, the greatest,
/// and the default.
fn limits_of(schema: &Value) -> Option<Vec<u64>> {
    use groupchat_domain::accounts::Password;

    if schema["format"] == "password" {
        // JSON Schema counts characters, the limit counts bytes.
        return Some(vec![Password::MIN_LENGTH as u64, Password::MAX_BYTES as u64]);
    }
    let numbers = |names: [&str; 3]| names.iter().filter_map(|name| schema[*name].as_u64()).collect();
    if schema["maxLength"].is_u64() {
        Some(numbers(["minLength", "maxLength", "default"]))
    } else {
        schema["default"].is_u64().then(|| numbers(["minimum", "maximum", "default"]))
    }
}

/// The whole numbers in a text, in order. Commas may group their digits.
fn numbers(text: &str) -> Vec<u64> {
    let ungrouped = text.replace(',', "");
    let digits = ungrouped.split(|character: char| !character.is_ascii_digit());
    digits.filter_map(|number| number.parse().ok()).collect()
}

#[test]
fn refusals_have_their_status_their_codes_and_their_headers() {
    let document = document("1.2.3");
    let responses = &document["paths"]["/api/users"]["post"]["responses"];
    let statuses: Vec<_> = responses.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["201", "400", "401", "403", "408", "409", "413", "415", "429", "500", "503", "507", "default"];
    assert_eq!(statuses, expected);
    assert!(responses["201"]["headers"]["Location"].is_object());
    let conflict = &responses["409"];
    assert!(conflict["description"].as_str().unwrap().contains("`username_taken`"));
    assert!(conflict["headers"]["X-Request-Id"].is_object());
    let unauthenticated = &document["components"]["responses"]["Unauthenticated"];
    assert!(unauthenticated["headers"]["WWW-Authenticate"].is_object());
    assert!(document["components"]["responses"]["Unavailable"]["headers"]["Retry-After"].is_object());
    assert!(
        document["paths"]["/api/login"]["post"]["responses"]["429"]["headers"]["Retry-After"].is_object()
    );
}

#[test]
fn every_code_is_documented_somewhere() {
    let text = document("1.2.3").to_string();
    for code in crate::problem::Code::ALL {
        let reference = format!("#/components/examples/{}", code.as_str());
        assert!(text.contains(&reference), "{}", code.as_str());
    }
}

/// Method, operation id and description of each operation.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().values();
    paths
        .flat_map(|path| path.as_object().unwrap())
        .map(|(method, operation)| (method.as_str(), operation["operationId"].as_str().unwrap(), operation))
}
