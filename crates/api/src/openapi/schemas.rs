//! Applies the annotations of fields: limits, examples, components, what can be null, what is required.

use serde_json::{Map, Value, json};

use crate::wire::annotation::{Annotation, Occurrence};

/// Completes every named schema, and adds the components that their fields refer to.
pub(crate) fn complete(schemas: &mut Map<String, Value>) {
    let mut open = std::mem::take(schemas);
    while !open.is_empty() {
        let mut components = Map::new();
        for (name, mut schema) in open {
            complete_schema(&mut schema, &mut components);
            schemas.insert(name, schema);
        }
        components.retain(|name, _| !schemas.contains_key(name));
        open = components;
    }
}

fn complete_schema(schema: &mut Value, components: &mut Map<String, Value>) {
    if let Some(annotation) = Annotation::take(schema) {
        annotate(schema, annotation, components);
        return;
    }
    let listed = names_in(&schema["required"]);
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let (mut required, mut alternatives) = (Vec::new(), Vec::new());
    properties.retain(|field, property| {
        let annotation = Annotation::take(property).unwrap_or_default();
        // Without anything else said, it is an answer's, which always has all its fields.
        let in_answer = if listed.contains(field) { Occurrence::Required } else { Occurrence::Nullable };
        let occurrence = annotation.occurrence.unwrap_or(in_answer);
        annotate(property, annotation, components);
        match occurrence {
            Occurrence::Required | Occurrence::Nullable => required.push(field.clone()),
            Occurrence::Alternative => alternatives.push(field.clone()),
            Occurrence::Optional | Occurrence::Omittable | Occurrence::Hidden => {}
        }
        if matches!(occurrence, Occurrence::Nullable | Occurrence::Optional) {
            allow_null(property);
        }
        occurrence != Occurrence::Hidden
    });
    require(schema, required, alternatives);
}

/// Completes a parameter.
pub(crate) fn complete_parameter(parameter: &mut Value, components: &mut Map<String, Value>) {
    let is_header = parameter["in"] == "header";
    let schema = &mut parameter["schema"];
    let annotation = Annotation::take(schema).unwrap_or_default();
    annotate(schema, annotation, components);
    // The Swagger page fills examples in: a filter that nobody asked for, an id of nothing.
    if !is_header && let Some(schema) = schema.as_object_mut() {
        schema.remove("example");
    }
}

fn names_in(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Adds rules to a schema, and puts it among the components if it is to be one.
fn annotate(schema: &mut Value, annotation: Annotation, components: &mut Map<String, Value>) {
    components.extend(annotation.components);
    let Some(object) = schema.as_object_mut() else { return };
    let Some(component) = annotation.component else {
        object.extend(annotation.rules);
        return;
    };
    let description = object.remove("description");
    object.extend(annotation.rules);
    let reference = json!({"$ref": format!("#/components/schemas/{component}")});
    components.insert(component, schema.take());
    // Beside a reference nothing else counts, so it is wrapped the way that generators of clients know.
    *schema = match description {
        Some(description) => json!({"allOf": [reference], "description": description}),
        None => reference,
    };
}

/// Lets a schema take null too, in the words of OpenAPI 3.0: `nullable`, and null among the values of an `enum`.
fn allow_null(property: &mut Value) {
    if let Some(reference) = property.get("$ref").cloned() {
        *property = json!({"allOf": [{"$ref": reference}]});
    }
    property["nullable"] = true.into();
    if let Some(values) = property.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
}

/// Lists what must be there; OpenAPI 3.0 has no empty list. Of alternatives, one must be and no two may.
fn require(schema: &mut Value, required: Vec<String>, alternatives: Vec<String>) {
    let Some(schema) = schema.as_object_mut() else { return };
    schema.remove("required");
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    if !alternatives.is_empty() {
        schema.insert("minProperties".to_owned(), 1.into());
        schema.insert("not".to_owned(), json!({"required": alternatives}));
    }
}
