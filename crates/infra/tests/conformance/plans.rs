//! How statements find their rows. Every statement that the suite executes is looked at, so a new one is
//! covered by the case that covers its method.

use std::collections::BTreeSet;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::support::Database;

/// Tables that grow without end: no statement may walk one of them whole.
const ENDLESS: [&str; 33] = [
    "audit_log",
    "messages",
    "author_runs",
    "message_edits",
    "threads",
    "thread_members",
    "message_quotes",
    // Also those of all members of a group.
    "mentions",
    "memberships",
    "group_bans",
    "group_mutes",
    "invitations",
    "join_requests",
    "invite_links",
    "server_invites",
    "reactions",
    "drafts",
    "bookmarks",
    "reminders",
    "scheduled_messages",
    "poll_ballots",
    "secret_ballots",
    "sessions",
    "known_networks",
    "known_devices",
    "tickets",
    "recovery_codes",
    "half_logins",
    "passkeys",
    "password_resets",
    "pending_accounts",
    "events",
    "blocks",
];

/// Fails when a statement that the database has executed walks an endless table. The model executes none.
pub(crate) fn check(database: &Database) {
    if database.is_model() {
        return;
    }
    let queries = BTreeSet::from_iter(database.take_queries());
    assert!(!queries.is_empty(), "the suite executes something");
    if let Some(path) = database.path() {
        check_sqlite(&path, &queries);
    }
    #[cfg(feature = "postgres")]
    if let Some(url) = database.url() {
        postgres::check(url, &queries);
    }
}

fn is_endless(table: &str) -> bool {
    ENDLESS.iter().any(|name| table.ends_with(name))
}

/// Whether a statement looks for the memberships of a user that have not ended. It must not walk over those that have,
/// since others decide how many there are.
fn passes_over_ended(sql: &str) -> bool {
    // As each database quotes names.
    sql.starts_with("SELECT") && [r#"has_ended" = "#, "has_ended` = "].iter().any(|asked| sql.contains(asked))
}

/// The index that a list of late messages has to follow, and with it the condition that comes right before the times: it
/// must neither pass over messages of others or of other times, nor sort.
fn index_by_time(sql: &str) -> Option<&'static str> {
    let is_ordered = ["created_at\" DESC, ", "created_at\" ASC, ", "created_at` DESC, ", "created_at` ASC, "]
        .iter()
        .any(|order| sql.contains(order));
    let has_author = ["\"author_id\" = $", "`author_id` = ?"].iter().any(|asked| sql.contains(asked));
    (is_ordered && sql.contains("root_seq")).then_some(if has_author {
        "messages_late_by_author"
    } else {
        "messages_late "
    })
}

/// A step of SQLite's plan: `SCAN table …` walks it whole, `SEARCH table USING …` goes by an index.
#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn check_sqlite(path: &Path, queries: &BTreeSet<String>) {
    let path = path.to_str().expect("a path in UTF-8");
    let mut connection = SqliteConnection::establish(path).expect("the file opens");
    for sql in queries {
        for Step { detail } in explain(&mut connection, sql) {
            let walked = detail.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            assert!(!walked.is_some_and(is_endless), "{detail}\nin {sql}");
        }
        let plan: Vec<_> = explain(&mut connection, sql).into_iter().map(|step| step.detail).collect();
        let is_bounded = plan.iter().any(|step| step.contains("user_id=? AND has_ended=?"));
        assert!(!passes_over_ended(sql) || is_bounded, "{plan:?}\nin {sql}");
        if let Some(index) = index_by_time(sql) {
            let follows =
                |step: &String| step.contains(index) && step.contains("created_at>? AND created_at<?");
            assert!(plan.iter().any(follows), "{plan:?}\nin {sql}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}\nin {sql}");
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

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;

    /// A line of PostgreSQL's plan: `Seq Scan on table …` walks it whole.
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        text: String,
    }

    /// With the plan for any parameters, and one that walks a table only where no index helps: the tables of a
    /// test are so small that walking them would be the best.
    pub(super) fn check(url: &str, queries: &BTreeSet<String>) {
        let mut connection = PgConnection::establish(url).expect("the database opens");
        let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
        connection.batch_execute(settings).expect("settings");
        for (number, sql) in queries.iter().enumerate() {
            for Line { text } in explain(&mut connection, number, sql) {
                let walked = text.split_once("Seq Scan on ").and_then(|(_, rest)| rest.split(' ').next());
                assert!(!walked.is_some_and(is_endless), "{text}\nin {sql}");
            }
            let plan: Vec<_> = explain(&mut connection, number + queries.len(), sql)
                .into_iter()
                .map(|line| line.text)
                .collect();
            let is_bounded =
                plan.iter().any(|line| line.contains("Index Cond") && line.contains("has_ended"));
            assert!(!passes_over_ended(sql) || is_bounded, "{plan:?}\nin {sql}");
            if index_by_time(sql).is_some() {
                // Which of the two indexes it is, depends on how many messages of whom there are: here there are none.
                assert!(plan.iter().any(|line| line.contains("using messages_late")), "{plan:?}\nin {sql}");
                assert!(!plan.iter().any(|line| line.contains("Sort")), "{plan:?}\nin {sql}");
                let narrows = |line: &String| line.contains("Index Cond") && line.contains("created_at");
                assert!(plan.iter().any(narrows), "{plan:?}\nin {sql}");
            }
        }
    }

    fn explain(connection: &mut PgConnection, number: usize, sql: &str) -> Vec<Line> {
        let failed = |error: diesel::result::Error| -> ! { panic!("{error} in {sql}") };
        connection
            .batch_execute(&format!("PREPARE looked_at_{number} AS {sql}"))
            .unwrap_or_else(|error| failed(error));
        let parameters = (1..).take_while(|parameter| sql.contains(&format!("${parameter}"))).count();
        let nulls = vec!["NULL"; parameters].join(", ");
        let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
        diesel::sql_query(format!("EXPLAIN EXECUTE looked_at_{number}{arguments}"))
            .load(connection)
            .unwrap_or_else(|error| failed(error))
    }
}
