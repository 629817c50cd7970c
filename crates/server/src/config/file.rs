//! Settings from a TOML file.

use std::path::Path;

use toml::{Table, Value};

use super::error::SettingProblem;
use super::rule::TomlType;

/// A key of the file with its whole path, and its value.
pub(super) type TomlEntry = (String, Value);

/// Reads a file into its entries.
///
/// # Errors
/// It can't be read, or is not TOML.
pub(super) fn read(path: &Path) -> Result<Vec<TomlEntry>, SettingProblem> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| SettingProblem::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let hint = text.lines().nth(line - 1).and_then(unquoted).map(|key| {
            // Not its value, which may be a secret.
            format!("; put text in quotes: {key} = \"…\"")
        });
        let reason = error.message().trim_end().replace('\n', ", ") + &hint.unwrap_or_default();
        SettingProblem::NotToml { path: path.to_owned(), line, reason }
    })?;
    let mut entries = Vec::new();
    flatten("", table, &mut entries);
    Ok(entries)
}

/// The key of a line that would be right if its value were in quotes.
fn unquoted(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=')?;
    let is_toml = |line: String| line.parse::<Table>().is_ok();
    let wants_quotes = !value.trim().is_empty() && !value.trim_start().starts_with(['"', '\'', '[', '{']);
    let right = wants_quotes && !is_toml(line.to_owned()) && is_toml(format!("{key} = \"\""));
    right.then(|| key.trim())
}

fn flatten(prefix: &str, table: Table, entries: &mut Vec<TomlEntry>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(table) if !table.is_empty() => flatten(&name, table, entries),
            value => entries.push((name, value)),
        }
    }
}

/// The text of a value, as a variable would have it.
///
/// # Errors
/// What the value is instead, when it is of another type than its setting.
pub(super) fn text(value: &Value, kind: TomlType) -> Result<String, String> {
    let text = match (kind, value) {
        (TomlType::Text, Value::String(text)) => Some(text.clone()),
        (TomlType::Integer, Value::Integer(number)) => Some(number.to_string()),
        (TomlType::List, Value::Array(items)) => {
            let items: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        (TomlType::Ids, Value::Array(items)) => {
            let id = |item: &Value| match item {
                Value::String(text) => Some(text.clone()),
                Value::Integer(number) => Some(number.to_string()),
                _ => None,
            };
            items.iter().map(id).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        _ => None,
    };
    text.ok_or_else(|| describe(value))
}

fn describe(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}, a string"),
        Value::Integer(number) => format!("{number}, an integer"),
        Value::Float(number) => format!("{number}, a float"),
        Value::Boolean(yes) => format!("{yes}, a boolean"),
        Value::Datetime(time) => format!("{time}, a date or time"),
        Value::Array(_) => "an array".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}
