//! The contents of a backup, as the command line shows them.

use std::collections::BTreeMap;
use std::fmt;

use groupchat_infra::sqlite::Contents;
use serde::Serialize;

/// What a backup holds.
#[derive(Debug, Serialize)]
pub(crate) struct ShownContents {
    schema: String,
    event_head: i64,
    rows: BTreeMap<String, u64>,
    needs_secrets_key: bool,
}

impl ShownContents {
    /// Whether there are secrets in it that need the server's keys.
    pub(crate) const fn needs_keys(&self) -> bool {
        self.needs_secrets_key
    }
}

impl From<Contents> for ShownContents {
    fn from(contents: Contents) -> Self {
        let Contents { schema, event_head, rows, has_secrets } = contents;
        Self { schema, event_head, rows, needs_secrets_key: has_secrets }
    }
}

impl fmt::Display for ShownContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |table, one: &str| {
            let rows = self.rows.get(table).copied().unwrap_or_default();
            format!("{rows} {one}{}", if rows == 1 { "" } else { "s" })
        };
        let (users, groups) = (counted("users", "user"), counted("groups", "group"));
        write!(f, "{users}, {groups} and {}", counted("messages", "message"))
    }
}
