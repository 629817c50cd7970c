//! A disk that becomes full under load.

use std::sync::Arc;

use groupchat_domain::storage::{CommitDecision, StorageFault};

use super::support::{Fixture, caller, long_note, on_sqlite, sql};

/// About a page of text.
const PAGE: usize = 4_000;

#[test]
fn exactly_what_was_acknowledged_is_stored_and_published() {
    let fixture = Fixture::with(|options| options.batch.commands = 8);
    let text = Arc::new("x".repeat(PAGE));
    let pages = fixture.ask("SELECT page_count AS value FROM pragma_page_count");
    limit_pages(&fixture, pages + 40);
    let hold = fixture.hold_writer();
    let pending: Vec<_> = (1..=120)
        .map(|id| {
            let work = long_note(id, &text);
            (id, fixture.queue(caller(id as u8 % 5), work).unwrap())
        })
        .collect();
    drop(hold);
    let mut acknowledged = Vec::new();
    for (id, outcome) in pending {
        match outcome.wait() {
            Ok(()) => acknowledged.push(id),
            Err(fault) => assert!(matches!(fault, StorageFault::Unavailable { .. }), "{fault}"),
        }
    }
    assert!(!acknowledged.is_empty() && acknowledged.len() < 120, "{} fit", acknowledged.len());
    assert_stored_and_published(&fixture, &acknowledged);

    limit_pages(&fixture, pages + 10_000);
    fixture.write(long_note(1_000, &text)).unwrap();
    acknowledged.push(1_000);
    assert_stored_and_published(&fixture, &acknowledged);
    fixture.write(sql("PRAGMA integrity_check")).unwrap();
}

/// Limits the database to this many pages, as a disk would.
fn limit_pages(fixture: &Fixture, pages: i64) {
    let limit = move |tx: &mut crate::tx::DbTx<'_>| {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        on_sqlite(tx, |connection| diesel::RunQueryDsl::execute(diesel::sql_query(pragma), connection))
            .unwrap();
        CommitDecision::RollBack
    };
    fixture.write(Box::new(limit)).unwrap();
}

fn assert_stored_and_published(fixture: &Fixture, acknowledged: &[i64]) {
    assert_eq!(fixture.notes(), acknowledged);
    let mut published = fixture.published().subjects();
    published.sort_unstable();
    assert_eq!(published, acknowledged);
    fixture.assert_log_is_what_was_published();
}
