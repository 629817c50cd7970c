//! The examples of `docs/EVENTS.md`, which come from a run.

use std::collections::BTreeMap;

use serde_json::Value;

use super::scene::{self, Scene};
use crate::handbook::{assert_reviewed, page, with_part};
use crate::harness::assert_listed;

/// The epoch of the examples, in the place of the random one of a run.
const EPOCH: &str = "0badc0de";

/// The longest line of an example.
const WIDTH: usize = 110;

#[actix_web::test]
async fn the_examples_are_from_a_run() {
    let scene = Scene::play().await;
    let (epoch, examples) = (scene.epoch().await, examples(&scene.kept.frames));
    let document = groupchat_api::asyncapi::document("1.2.3");
    let documented = document["components"]["messages"].as_object().expect("messages").keys().cloned();
    let documented = documented.filter(|name| !name.starts_with("request.")).collect();
    let shown = examples.keys().cloned().collect();
    assert_listed(scene::FILE, &shown, &documented);
    let made = examples.iter().fold(page("EVENTS.md"), |page, (name, example)| {
        let example = laid_out(&example.replace(&epoch, EPOCH));
        with_part(&page, &format!("example of {name}"), &format!("```json\n{example}\n```\n"))
    });
    assert_reviewed("EVENTS.md", &made);
}

/// What was kept last of each message, by its name.
fn examples(kept: &[String]) -> BTreeMap<String, String> {
    let named = kept.iter().map(|text| {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        let name = match frame["type"].as_str() {
            Some("reply") => format!("reply.{}", frame["id"].as_str().expect("the type of the request")),
            Some(of_type) => of_type.to_owned(),
            None => "events".to_owned(),
        };
        (name, text.clone())
    });
    named.collect()
}

/// JSON on lines that fit a page, in the order in which it came.
fn laid_out(text: &str) -> String {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last_mut().expect("there is one");
        if piece.starts_with("\"data\"") || line.chars().count() + piece.chars().count() >= WIDTH {
            lines.push(format!(" {piece}"));
        } else {
            *line = [line.trim_end(), &piece].join(if line.is_empty() { "" } else { " " });
        }
    }
    lines.join("\n")
}

/// JSON cut after each comma that separates.
fn pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut is_text, mut is_escaped) = (vec![String::new()], false, false);
    for c in text.chars() {
        let piece = pieces.last_mut().expect("there is one");
        piece.push(c);
        match c {
            '"' if !is_escaped => is_text = !is_text,
            ':' if !is_text => piece.push(' '),
            ',' if !is_text => pieces.push(String::new()),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    pieces
}
