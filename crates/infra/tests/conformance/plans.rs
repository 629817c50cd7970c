//! How statements find their rows. Every statement that the suite executes is looked at, so a new one is
//! covered by the case that covers its method.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::support::Database;

/// Tables that grow without end: no statement may walk one of them whole.
const ENDLESS: [&str; 5] = ["messages", "memberships", "reactions", "sessions", "events"];

/// A step of SQLite's plan: `SCAN table …` walks it whole, `SEARCH table USING …` goes by an index.
#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Fails when a statement that the database has executed walks an endless table.
pub fn check(database: &Database) {
    let queries = BTreeSet::from_iter(database.take_queries());
    let mut connection = SqliteConnection::establish(&database.path()).expect("the file opens");
    for sql in queries {
        for Step { detail } in explain(&mut connection, &sql) {
            let walked = detail.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            let endless = walked.is_some_and(|table| ENDLESS.iter().any(|name| table.ends_with(name)));
            assert!(!endless, "{detail}\nin {sql}");
        }
    }
}

fn explain(connection: &mut SqliteConnection, sql: &str) -> Vec<Step> {
    // The plan of an insert into a parent table lists walks over its children that never happen: they would
    // settle broken references, of which there are none (SQLite's fkey.c, `OP_FkIfZero`).
    let references = if sql.starts_with("INSERT") { "OFF" } else { "ON" };
    connection.batch_execute(&format!("PRAGMA foreign_keys = {references}")).expect("a setting");
    diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
        .load(connection)
        .unwrap_or_else(|error| panic!("{error} in {sql}"))
}
