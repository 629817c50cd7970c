//! The schema of an event in the answer to a poll: one component for each kind of `data`, told apart by `type`.

use std::collections::BTreeMap;

use paperclip::v2::models::{DataType, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde_json::{Map, Value, json};

use super::catalog::shapes;
use super::dto::{EventDto, RemovedDto};
use crate::groups::TrimmedHistoryDto;
use crate::messages::{MessageReactionDto, ThreadRefDto, ThreadUpdateDto};
use crate::polls::PollUpdateDto;
use crate::saved::{BookmarkUpdateDto, DraftUpdateDto, GroupRefDto, MessageRefDto, ReminderUpdateDto};
use crate::wire::annotation::Annotation;

/// Any event that an answer may hold. For the document only.
pub(super) struct AnyEvent;

impl Apiv2Schema for AnyEvent {
    fn name() -> Option<String> {
        Some("Event".to_owned())
    }

    fn raw_schema() -> DefaultSchemaRaw {
        let (mut components, mut mapping) = (Map::new(), Map::new());
        for (data, types) in types_by_data() {
            let component = component(data);
            for event_type in &types {
                mapping.insert((*event_type).to_owned(), reference(&component)["$ref"].clone());
            }
            components.insert(component, variant(data, &types));
        }
        let rules = json!({
            "oneOf": components.keys().map(|component| reference(component)).collect::<Vec<_>>(),
            "discriminator": {"propertyName": "type", "mapping": mapping},
        });
        components.insert("Removed".to_owned(), raw::<RemovedDto>());
        components.insert("MessageReaction".to_owned(), reaction());
        components.insert("ThreadRef".to_owned(), raw::<ThreadRefDto>());
        components.insert("DraftUpdate".to_owned(), raw::<DraftUpdateDto>());
        components.insert("BookmarkUpdate".to_owned(), raw::<BookmarkUpdateDto>());
        components.insert("ReminderUpdate".to_owned(), raw::<ReminderUpdateDto>());
        components.insert("MessageRef".to_owned(), raw::<MessageRefDto>());
        components.insert("GroupRef".to_owned(), raw::<GroupRefDto>());
        components.insert("TrimmedHistory".to_owned(), raw::<TrimmedHistoryDto>());
        let mut thread = raw::<ThreadUpdateDto>();
        // Collected by itself, a type has those within it written out.
        thread["properties"]["participants"]["items"] = reference("UserRef");
        components.insert("ThreadUpdate".to_owned(), thread);
        let mut poll = raw::<PollUpdateDto>();
        poll["properties"]["poll"] = reference("Poll");
        components.insert("PollUpdate".to_owned(), poll);
        let annotation = Annotation { components, ..Annotation::new(rules) };
        annotation.into_schema(DefaultSchemaRaw {
            name: Self::name(),
            description: Some("Something that happened.".to_owned()),
            data_type: Some(DataType::Object),
            ..DefaultSchemaRaw::default()
        })
    }
}

/// The types of events in answers, by the schema of what they are about; `None` for nothing.
fn types_by_data() -> BTreeMap<Option<&'static str>, Vec<&'static str>> {
    let mut types = BTreeMap::<_, Vec<_>>::new();
    for (event_type, shape) in shapes().filter(|(_, shape)| shape.transports.poll) {
        types.entry(shape.data).or_default().push(event_type);
    }
    types
}

fn component(data: Option<&str>) -> String {
    format!("{}Event", data.unwrap_or("Signal"))
}

/// An event of these types.
fn variant(data: Option<&str>, types: &[&str]) -> Value {
    let mut schema = raw::<EventDto>();
    let properties = &mut schema["properties"];
    properties["type"]["enum"] = json!(types);
    properties["type"]["example"] = json!(types[0]);
    properties["data"] = match data {
        Some(data) => json!({
            "allOf": [reference(data)],
            "description": properties["data"]["description"],
        }),
        None => json!({"type": "object", "description": "Empty.", "example": {}}),
    };
    schema
}

/// A reaction. Collected by itself, a type has those within it written out.
fn reaction() -> Value {
    let mut schema = raw::<MessageReactionDto>();
    let properties = &mut schema["properties"];
    properties["author"] = reference("UserRef");
    properties["reactions"]["items"] = reference("Reaction");
    for (field, component) in [
        ("thread", "Thread"),
        ("reply_to", "QuotedMessage"),
        ("forwarded_from", "ForwardedFrom"),
        ("mentions", "Mentions"),
        ("poll", "Poll"),
    ] {
        properties[field] = json!({"nullable": true, "allOf": [reference(component)]});
    }
    schema
}

fn raw<T: Apiv2Schema>() -> Value {
    serde_json::to_value(T::raw_schema()).expect("a schema is JSON")
}

fn reference(component: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{component}")})
}
