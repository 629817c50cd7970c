//! JSON bodies.

use std::sync::LazyLock;

use serde_json::Value;

use super::parser::Parser;
use crate::{
    accounts, admissions, bots, factors, groups, messages, polls, saved, scheduled, sign_up, tokens,
};

/// The parsers of all bodies. A test compares them with the OpenAPI document.
pub(super) static BODIES: LazyLock<Vec<Parser>> = LazyLock::new(|| {
    [
        accounts::bodies(),
        factors::bodies(),
        tokens::bodies(),
        bots::bodies(),
        admissions::bodies(),
        groups::bodies(),
        messages::bodies(),
        saved::bodies(),
        scheduled::bodies(),
        polls::bodies(),
        sign_up::bodies(),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// A body is rejected with an error that names its fields, or accepted; and if it is accepted, then it is an object,
/// also accepted as another program would write it.
pub fn bodies(body: &[u8]) {
    let Ok(body) = str::from_utf8(body) else { return };
    for parser in BODIES.iter() {
        if parser.accepts(body) {
            accept_again(parser, body);
        }
    }
}

fn accept_again(parser: &Parser, body: &str) {
    // A number in a field that is ignored may be greater than any that can be kept.
    let Ok(value) = serde_json::from_str::<Value>(body) else { return };
    assert!(value.is_object());
    for rendered in [value.to_string(), format!("{value:#}\n")] {
        assert!(parser.accepts(&rendered), "{rendered}");
    }
}
