//! What the OpenAPI document says of a field beyond what paperclip can express: limits, an example, whether it may be
//! null or left out, the component that it shares. An annotation passes through paperclip inside members that it
//! copies unread, and [`openapi`](crate::openapi) puts it into effect.

use paperclip::v2::models::{DefaultParameterRaw, DefaultSchemaRaw, ParameterIn};
use paperclip::v2::schema::TypedData;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The title of a schema whose example is an annotation; the beginning of a pattern that holds one.
const MARKER: &str = "x-annotation:";

/// Whether a field must be there, and whether it may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Occurrence {
    /// Always there, never null.
    Required,
    /// Always there, perhaps null.
    Nullable,
    /// May be left out, or be null.
    Optional,
    /// May be left out, but not be null.
    Omittable,
    /// Exactly one of the fields of this kind is given.
    Alternative,
    /// Not in the document: all that this field does is make a request fail.
    Hidden,
}

/// What is special about a field or a component.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Annotation {
    /// Keywords of JSON Schema that are added to those that follow from the Rust type.
    pub rules: Map<String, Value>,
    /// The component that has this schema, to which every field of the kind refers.
    pub component: Option<String>,
    /// Whether the field must be there. `None` in an answer: there every field is, and an `Option` may be null.
    pub occurrence: Option<Occurrence>,
    /// Further components that the rules refer to.
    pub components: Map<String, Value>,
}

impl Annotation {
    /// An annotation with these rules, a JSON object.
    pub(crate) fn new(rules: Value) -> Self {
        let rules = if let Value::Object(rules) = rules { rules } else { Map::new() };
        Self { rules, ..Self::default() }
    }

    /// A schema that carries it.
    pub(crate) fn into_schema(self, mut schema: DefaultSchemaRaw) -> DefaultSchemaRaw {
        schema.title = Some(MARKER.to_owned());
        schema.example = Some(serde_json::to_value(self).expect("an annotation is JSON"));
        schema
    }

    /// A schema of this JSON type that carries it.
    pub(crate) fn of<T: TypedData>(self) -> DefaultSchemaRaw {
        let schema = DefaultSchemaRaw { data_type: Some(T::data_type()), ..DefaultSchemaRaw::default() };
        self.into_schema(DefaultSchemaRaw { format: T::format(), ..schema })
    }

    /// A parameter that carries it. Of a parameter's schema, paperclip copies a pattern only.
    pub(crate) fn into_parameter(
        mut self,
        in_: ParameterIn,
        schema: &DefaultSchemaRaw,
    ) -> DefaultParameterRaw {
        // What may be one of several types says so itself.
        let is_one_of = self.rules.contains_key("oneOf");
        let (data_type, format) = (schema.data_type.filter(|_| !is_one_of), &schema.format);
        for (key, value) in
            [("type", serde_json::to_value(data_type)), ("format", serde_json::to_value(format))]
        {
            let value = value.expect("it is a word");
            if !value.is_null() {
                self.rules.entry(key).or_insert(value);
            }
        }
        let text = serde_json::to_string(&self).expect("an annotation is JSON");
        DefaultParameterRaw {
            in_,
            required: in_ == ParameterIn::Path || self.occurrence == Some(Occurrence::Required),
            data_type: Some(String::data_type()),
            pattern: Some(format!("{MARKER}{text}")),
            description: schema.description.clone(),
            ..DefaultParameterRaw::default()
        }
    }

    /// What a schema carries.
    pub(crate) fn of_schema(schema: &DefaultSchemaRaw) -> Option<Self> {
        let carried = schema.title.as_deref() == Some(MARKER);
        let annotation = schema.example.as_ref().filter(|_| carried)?;
        Some(serde_json::from_value(annotation.clone()).expect("it was written as one"))
    }

    /// Takes it out of a schema of the document; `None` if there is none.
    pub(crate) fn take(schema: &mut Value) -> Option<Self> {
        let schema = schema.as_object_mut()?;
        if let Some(text) =
            schema.get("pattern").and_then(Value::as_str).and_then(|text| text.strip_prefix(MARKER))
        {
            let annotation = serde_json::from_str(text).expect("it was written as one");
            schema.clear();
            return Some(annotation);
        }
        if schema.get("title")? != MARKER {
            return None;
        }
        schema.remove("title");
        let annotation = schema.remove("example").unwrap_or_default();
        Some(serde_json::from_value(annotation).expect("it was written as one"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_gives_back_what_it_carries() {
        let annotation = Annotation {
            occurrence: Some(Occurrence::Optional),
            component: Some("Role".to_owned()),
            ..Annotation::new(json!({"maxLength": 3}))
        };
        let carrier = annotation.clone().of::<String>();
        assert_eq!(Annotation::of_schema(&carrier), Some(annotation.clone()));
        let mut carrier = serde_json::to_value(carrier).unwrap();
        assert_eq!(Annotation::take(&mut carrier), Some(annotation));
        assert_eq!(carrier, json!({"type": "string"}));
        assert_eq!(Annotation::take(&mut carrier), None);
    }

    #[test]
    fn a_parameter_carries_its_type_too() {
        let annotation = Annotation::new(json!({"minimum": 1}));
        let schema = annotation.clone().of::<i64>();
        let parameter = annotation.into_parameter(ParameterIn::Query, &schema);
        let mut schema = json!({"type": "string", "pattern": parameter.pattern});
        let taken = Annotation::take(&mut schema).unwrap();
        assert_eq!(Value::Object(taken.rules), json!({"type": "integer", "format": "int64", "minimum": 1}));
    }
}
