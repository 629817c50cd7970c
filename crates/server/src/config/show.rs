//! The configuration as text, as JSON and as documentation.

use std::fmt::Write;

use serde_json::json;

use super::layers::Layers;
use super::setting::Setting;
use super::settings::settings;
use super::source::SettingSource;

/// Each setting with its value and where that comes from, in columns.
pub(crate) fn as_text(layers: &Layers) -> String {
    let width =
        |text: fn(&super::layers::SettingValue) -> usize| layers.values.iter().map(text).max().unwrap_or(0);
    let names = width(|value| value.setting.name.len());
    let texts = width(|value| value.shown().chars().count()).min(40);
    layers.values.iter().fold(String::new(), |mut out, value| {
        let (name, text, origin) = (value.setting.name, value.shown(), &value.origin);
        // Writing into a string can't fail.
        let _ = writeln!(out, "{name:names$}  {text:texts$}  {origin}");
        out
    })
}

/// The same as JSON: an array of objects with `name`, `value`, `unit`, `origin` and what is told of the origin.
pub(crate) fn as_json(layers: &Layers) -> String {
    let rows = layers.values.iter().map(|value| {
        let (origin, place) = match &value.origin {
            SettingSource::Default => ("default", None),
            SettingSource::File(path) => ("file", Some(path.display().to_string())),
            SettingSource::Variable(name) => ("variable", Some(name.clone())),
            SettingSource::Flag(name) => ("flag", Some(format!("--{name}"))),
        };
        json!({
            "name": value.setting.name,
            "value": value.shown(),
            "unit": value.setting.shape.unit,
            "origin": origin,
            "place": place,
        })
    });
    format!("{:#}\n", serde_json::Value::from_iter(rows))
}

/// The table of all settings, as docs/OPERATIONS.md has it.
pub(crate) fn as_markdown() -> String {
    let head =
        "| setting | type | unit | default | allowed | live | meaning |\n|---|---|---|---|---|---|---|\n";
    settings().iter().fold(head.to_owned(), |mut out, setting| {
        let Setting { name, meaning, default, shape, is_live } = setting;
        let default = if default.is_empty() { "empty".to_owned() } else { format!("`{default}`") };
        let unit = shape.unit.unwrap_or("");
        let secret = if shape.mask.is_some() { " Contains a secret, which is never shown." } else { "" };
        let (kind, allowed) = (shape.type_name, &shape.allowed);
        let live = if *is_live { "yes" } else { "" };
        // Writing into a string can't fail.
        let _ = writeln!(
            out,
            "| `{name}` | {kind} | {unit} | {default} | {allowed} | {live} | {meaning}{secret} |"
        );
        out
    })
}
