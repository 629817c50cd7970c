//! The file becomes smaller once much was removed from it.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::support::{Fixture, number, sql};
use crate::DatabaseStorage;
use crate::sqlite::backup;

/// Adds 8 MiB, and something after them.
const FILL: &str = "WITH RECURSIVE many (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM many WHERE id < 2048)
    INSERT INTO jobs (id, kind, subject_id, run_after, created_at)
    SELECT id, hex(zeroblob(2048)), 0, 0, 0 FROM many;
    INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (3000, 'later', 0, 0, 0)";

const REMOVE: &str = "DELETE FROM jobs WHERE id < 3000";

const PAGES: &str = "SELECT page_count AS value FROM pragma_page_count";

const FREE: &str = "SELECT freelist_count AS value FROM pragma_freelist_count";

/// 1 MiB, and a sixteenth of what is left.
const SPARE: i64 = 256 + 512;

#[test]
fn the_file_shrinks_after_much_was_removed() {
    let fixture = Fixture::with(|options| options.maintenance_interval = Duration::from_millis(5));
    fixture.write(sql(FILL)).unwrap();
    assert!(fixture.ask(PAGES) > 2_048);
    fixture.write(sql(REMOVE)).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while fixture.ask(FREE) > SPARE {
        assert!(Instant::now() < until, "{} pages are free", fixture.ask(FREE));
    }
    assert_eq!(fixture.ask("SELECT count(*) AS value FROM jobs WHERE kind = 'later'"), 1);
    fixture.storage.shutdown(Duration::from_secs(60));
    let left = fixture.directory.path().join("chat.db").metadata().unwrap().len();
    assert!(left < 4 << 20, "{left} bytes are left");
}

#[test]
fn what_is_free_for_what_comes_stays() {
    let fixture = Fixture::with(|options| options.maintenance_interval = Duration::from_secs(3_600));
    fixture.write(sql(FILL)).unwrap();
    fixture.write(sql("DELETE FROM jobs WHERE id <= 200")).unwrap();
    let before = fixture.ask(FREE);
    fixture.storage.give_room_back().unwrap();
    assert_eq!(fixture.ask(FREE), before);
    assert!(before > 150, "{before}");
}

#[test]
fn a_file_of_an_earlier_version_can_shrink_once_it_is_restored() {
    let fixture = Fixture::with(|options| options.maintenance_interval = Duration::from_secs(3_600));
    let path = fixture.directory.path().join("chat.db");
    fixture.storage.shutdown(Duration::from_secs(60));
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM;").unwrap();
    drop(connection);
    let fixture = fixture.reopened();
    fixture.write(sql(FILL)).unwrap();
    fixture.write(sql(REMOVE)).unwrap();
    let before = fixture.ask(FREE);
    fixture.storage.give_room_back().unwrap();
    assert_eq!(fixture.ask(FREE), before, "it can't, and doesn't try for ever");
    let copy = fixture.directory.path().join("copy.db");
    backup(&path, &copy, false, &mut |_| ()).unwrap();
    let mut copy = SqliteConnection::establish(copy.to_str().unwrap()).unwrap();
    let mode = "SELECT auto_vacuum AS value FROM pragma_auto_vacuum";
    assert_eq!(number(&mut copy, mode).unwrap(), 2);
}
