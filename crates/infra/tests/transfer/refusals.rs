//! What is not copied, and not overwritten. Each rejection leaves both databases as they were.

use std::fs;

use groupchat_infra::sqlite::{DataDirLock, OpenError};
use groupchat_infra::transfer::{Side, TransferError};

use crate::contents::Contents;
use crate::endpoints::{Folder, copy, execute, open_sqlite};
use crate::filled::fill;

/// A folder with two databases: `full.db` and `other/full.db`.
fn two() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.file("other")).unwrap();
    fill(&folder.endpoint("full.db"));
    fs::copy(folder.file("full.db"), folder.file("other/full.db")).unwrap();
    folder
}

#[test]
fn a_target_with_rows_is_left_alone() {
    let folder = two();
    execute(&folder.endpoint("other/full.db"), "DELETE FROM reactions; UPDATE users SET version = 9");
    let before = Contents::of(&folder.endpoint("other/full.db"));
    let refused = copy(&folder.endpoint("full.db"), &folder.endpoint("other/full.db")).unwrap_err();
    assert!(matches!(refused, TransferError::NotEmpty(_)), "{refused}");
    Contents::of(&folder.endpoint("other/full.db")).assert_same(&before);
}

#[test]
fn one_row_in_any_table_is_enough() {
    let folder = two();
    for (number, row) in [
        "INSERT INTO jobs (kind, subject_id, run_after, created_at) VALUES ('purge', 1, 0, 0)",
        "INSERT INTO events (at, type, audience) VALUES (0, 'a', 'all')",
        "CREATE TABLE notes (id INTEGER)",
    ]
    .into_iter()
    .enumerate()
    {
        let target = folder.endpoint(&format!("{number}.db"));
        drop(open_sqlite(&target).unwrap());
        execute(&target, row);
        let refused = copy(&folder.endpoint("full.db"), &target).unwrap_err();
        assert!(matches!(refused, TransferError::NotEmpty(_)), "{row}: {refused}");
    }
}

#[test]
fn the_database_of_another_program_is_left_alone() {
    let folder = two();
    let foreign = folder.endpoint("foreign.db");
    execute(&foreign, "CREATE TABLE notes (id INTEGER)");
    fs::write(folder.file("text.db"), "no database ".repeat(1_000)).unwrap();
    for target in [foreign, folder.endpoint("text.db")] {
        copy(&folder.endpoint("full.db"), &target).unwrap_err();
        copy(&target, &folder.endpoint("new.db")).unwrap_err();
    }
    let text = fs::read(folder.file("text.db")).unwrap();
    assert!(text.starts_with(b"no database"));
    assert!(!folder.file("new.db").exists());
}

#[test]
fn a_database_in_use_is_neither_source_nor_target() {
    let folder = two();
    let held = DataDirLock::acquire(&folder.file("other")).unwrap();
    let refused = copy(&folder.endpoint("other/full.db"), &folder.endpoint("to.db")).unwrap_err();
    assert!(matches!(refused, TransferError::InUse(Side::Source)), "{refused}");
    let refused = copy(&folder.endpoint("full.db"), &folder.endpoint("other/to.db")).unwrap_err();
    assert!(matches!(refused, TransferError::InUse(Side::Target)), "{refused}");
    drop(held);
    copy(&folder.endpoint("full.db"), &folder.endpoint("other/to.db")).unwrap();
}

#[test]
fn the_source_is_no_target() {
    let folder = two();
    let before = Contents::of(&folder.endpoint("full.db"));
    let refused = copy(&folder.endpoint("full.db"), &folder.endpoint("other/../full.db")).unwrap_err();
    assert!(matches!(refused, TransferError::Same), "{refused}");
    Contents::of(&folder.endpoint("full.db")).assert_same(&before);
}

#[test]
fn another_schema_than_this_programs_is_refused() {
    let folder = two();
    let (from, to) = (folder.endpoint("full.db"), folder.endpoint("to.db"));
    let newest = "(SELECT max(version) FROM __diesel_schema_migrations)";
    execute(&from, &format!("DELETE FROM __diesel_schema_migrations WHERE version = {newest}"));
    let refused = copy(&from, &to).unwrap_err();
    assert!(matches!(refused, TransferError::Outdated(_)), "{refused}");
    assert!(refused.to_string().contains("older groupchat"), "{refused}");

    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')";
    for endpoint in [&from, &to] {
        drop(open_sqlite(&folder.endpoint("to.db")));
        execute(endpoint, newer);
    }
    let refused = copy(&from, &folder.endpoint("new.db")).unwrap_err();
    assert!(matches!(refused, TransferError::Sqlite(OpenError::Newer { .. })), "{refused}");
    let refused = copy(&folder.endpoint("other/full.db"), &to).unwrap_err();
    assert!(matches!(refused, TransferError::Sqlite(OpenError::Newer { .. })), "{refused}");
}

#[test]
fn a_missing_source_makes_no_target() {
    let folder = Folder::new();
    let refused = copy(&folder.endpoint("missing.db"), &folder.endpoint("to.db")).unwrap_err();
    assert!(matches!(refused, TransferError::Sqlite(OpenError::Missing(_))), "{refused}");
    assert!(!folder.file("to.db").exists());
}
