//! Which tables refer to users, compared with the parts of an export of all that is stored about one.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_domain::accounts::{ExportPart, NOT_EXPORTED};

use crate::migrated::sqlite;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

const REFERENCES: &str = "SELECT tables.name || '.' || keys.\"from\" AS name
    FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
    WHERE tables.type = 'table' AND keys.\"table\" = 'users'";

/// Columns that refer to users without a foreign key: a bot may have a lower id than its owner.
const UNDECLARED: [&str; 1] = ["users.owner_id"];

/// A table that is added later must be in the export, or on the list of what isn't.
#[test]
fn whatever_refers_to_users_is_exported_or_left_out_for_a_reason() {
    let rows: Vec<Column> = diesel::sql_query(REFERENCES).load(&mut sqlite()).unwrap();
    let declared = rows.into_iter().map(|column| column.name);
    let stored: BTreeSet<_> = declared.chain(UNDECLARED.map(str::to_owned)).collect();
    let exported = ExportPart::ALL.iter().flat_map(|part| part.columns().iter().copied());
    let left_out = NOT_EXPORTED.iter().map(|(column, _)| *column);
    let named: BTreeSet<_> = exported.chain(left_out).map(str::to_owned).collect();
    assert_eq!(stored, named, "in domain/src/accounts/export/part.rs");
    assert!(NOT_EXPORTED.iter().all(|(_, reason)| reason.len() > 20), "a reason");
}
