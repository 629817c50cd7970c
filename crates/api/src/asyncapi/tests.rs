use std::collections::BTreeSet;

use groupchat_domain::events::{EndReason, EventType};

use super::*;
use crate::events::{EphemeralType, close_code};
use crate::testing::assert_references_lead_somewhere;

fn told_on(document: &Value, channel: &str) -> BTreeSet<String> {
    let messages = document["channels"][channel]["messages"].as_object().unwrap();
    messages.keys().cloned().collect()
}

#[test]
fn every_type_that_is_not_hidden_has_its_message_and_no_other() {
    let document = document("1.2.3");
    let logged = EventType::ALL.iter().filter(|event| !event.is_hidden()).map(|event| event.as_str());
    let ephemeral = EphemeralType::ALL.iter().map(|event| event.as_str());
    let known: BTreeSet<_> = logged.chain(ephemeral).collect();
    let is_event = |message: &&Value| message["payload"]["properties"]["cursor"].is_object();
    let messages = document["components"]["messages"].as_object().unwrap().values().filter(is_event);
    let documented: BTreeSet<_> =
        messages.filter_map(|message| message["payload"]["properties"]["type"]["const"].as_str()).collect();
    assert_eq!(documented, known);
}

#[test]
fn each_message_is_told_somewhere() {
    let document = document("1.2.3");
    let told: BTreeSet<_> =
        ["socket", "stream", "poll"].iter().flat_map(|channel| told_on(&document, channel)).collect();
    let messages = document["components"]["messages"].as_object().unwrap();
    assert_eq!(told, messages.keys().cloned().collect());
}

#[test]
fn every_reference_leads_somewhere() {
    assert_references_lead_somewhere(&document("1.2.3"), 100);
}

#[test]
fn fields_that_are_fixed_are_fields_of_the_schema() {
    let document = document("1.2.3");
    for message in document["components"]["messages"].as_object().unwrap().values() {
        let data = &message["payload"]["properties"]["data"];
        let Some(fixed) = data["properties"].as_object() else { continue };
        let Some(reference) = data["allOf"][0]["$ref"].as_str() else { continue };
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        for field in fixed.keys() {
            assert!(schema["properties"][field].is_object(), "{reference}.{field}");
        }
    }
}

#[test]
fn nothing_is_left_of_the_words_of_openapi() {
    let text = document("1.2.3").to_string();
    for word in ["\"nullable\"", "\"example\":", "#/definitions/"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn every_end_has_its_close_code() {
    let document = document("1.2.3");
    let description = document["channels"]["socket"]["description"].as_str().unwrap();
    for end in [
        EndReason::SignedOut,
        EndReason::TooSlow,
        EndReason::Stopping,
        EndReason::Unavailable,
        EndReason::Flood,
    ] {
        let code = format!("- {} `{}`", u16::from(close_code(end)), end.as_str());
        assert!(description.contains(&code), "{code}");
    }
}
