//! Query strings, with the cursors in them.

use std::sync::LazyLock;

use form_urlencoded::Serializer;

use super::cursors::cursors;
use super::parser::Parser;
use crate::wire::{List, PageParams};
use crate::{accounts, audit, bots, events, groups, messages, saved, sync};

/// The list that the queries are for.
pub(crate) fn list() -> List {
    List::at("/api/groups/7/messages")
}

/// The parsers of all queries. A test compares them with the OpenAPI document.
pub(super) static QUERIES: LazyLock<Vec<Parser>> = LazyLock::new(|| {
    let pages = vec![Parser::of_query(|params: PageParams| params.parse(list()))];
    let features = [
        accounts::queries(),
        bots::queries(),
        audit::queries(),
        groups::queries(),
        messages::queries(),
        saved::queries(),
        events::queries(),
        sync::queries(),
    ];
    features.into_iter().flatten().chain(pages).collect()
});

/// A query is rejected with an error that names its parameters, or accepted, also as another program would write it.
/// Each cursor has one text.
pub fn queries(query: &[u8]) {
    cursors(query);
    let Ok(query) = str::from_utf8(query) else { return };
    for parser in QUERIES.iter() {
        if parser.accepts(query) {
            let pairs = form_urlencoded::parse(query.as_bytes());
            let rendered = Serializer::new(String::new()).extend_pairs(pairs).finish();
            assert!(parser.accepts(&rendered), "{rendered}");
        }
    }
    for (_, value) in form_urlencoded::parse(query.as_bytes()) {
        cursors(value.as_bytes());
    }
}
