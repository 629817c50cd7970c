//! What a copy holds.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::transfer::{TransferStep, transfer};

use crate::contents::{Contents, ask, epoch};
use crate::endpoints::{Folder, copy, execute, open_sqlite, sqlite};
use crate::filled::fill;

const SCHEMA: &str =
    "SELECT group_concat(sql, ';') AS line FROM (SELECT sql FROM sqlite_schema ORDER BY name)";

#[test]
fn a_copy_holds_every_row_of_every_table_and_starts_a_log_of_its_own() {
    let folder = Folder::new();
    let (from, to) = (folder.endpoint("from.db"), folder.endpoint("to.db"));
    fill(&from);
    let before = Contents::of(&from);
    let copied = copy(&from, &to).unwrap();

    Contents::of(&to).assert_same(&before);
    Contents::of(&from).assert_same(&before);
    assert_eq!(ask(&to, SCHEMA), ask(&from, SCHEMA), "with its triggers");
    assert_eq!(epoch(&to).len(), 32);
    assert_ne!(epoch(&to), epoch(&from));
    let told: BTreeSet<_> = copied.iter().map(|table| table.name).collect();
    let there: BTreeSet<_> = before.rows.keys().map(String::as_str).collect();
    assert_eq!(told, there, "every table is copied");
    for table in copied {
        let rows = before.rows[table.name].len();
        assert_eq!(table.digest.rows, rows as u64, "{}", table.name);
        assert!(rows > 0, "the test says nothing of {}", table.name);
    }
    open_sqlite(&to).unwrap();
}

#[test]
fn an_empty_database_can_be_copied_and_into_one() {
    let folder = Folder::new();
    let (from, to) = (folder.endpoint("from.db"), folder.endpoint("new/folder/to.db"));
    drop(open_sqlite(&from).unwrap());
    copy(&from, &to).unwrap();
    copy(&from, &to).unwrap();
    fill(&from);
    copy(&from, &to).unwrap();
    Contents::of(&to).assert_same(&Contents::of(&from));
}

#[test]
fn what_was_stored_just_before_the_copy_and_is_not_yet_in_the_file_is_copied() {
    let folder = Folder::new();
    let (from, to) = (folder.endpoint("from.db"), folder.endpoint("to.db"));
    fill(&from);
    let storage = open_sqlite(&from).unwrap();
    execute(&from, "UPDATE users SET email = 'new@mail.example' WHERE id = 1");
    copy(&from, &to).unwrap();
    drop(storage);
    Contents::of(&to).assert_same(&Contents::of(&from));
}

#[test]
fn nobody_writes_to_the_source_meanwhile() {
    let folder = Folder::new();
    let (from, to) = (folder.endpoint("from.db"), folder.endpoint("to.db"));
    fill(&from);
    let (before, mut tried) = (Contents::of(&from), 0);
    transfer(&from, &to, SystemClock.now(), &mut |step| {
        if matches!(step, TransferStep::Copying { done: 0, .. } | TransferStep::Verifying { done: 0, .. }) {
            let write = "PRAGMA busy_timeout = 0; UPDATE users SET version = version + 1";
            sqlite(&from).batch_execute(write).unwrap_err();
            tried += 1;
        }
    })
    .unwrap();
    assert_eq!(tried, 2);
    Contents::of(&to).assert_same(&before);
}

#[test]
fn it_tells_how_far_it_is() {
    let folder = Folder::new();
    let (from, to) = (folder.endpoint("from.db"), folder.endpoint("to.db"));
    fill(&from);
    let rows: usize = Contents::of(&from).rows.values().map(Vec::len).sum();
    let (mut copying, mut verifying) = (Vec::new(), Vec::new());
    transfer(&from, &to, SystemClock.now(), &mut |step| match step {
        TransferStep::Copying { done, total, .. } => copying.push((done, total)),
        TransferStep::Verifying { done, total, .. } => verifying.push((done, total)),
    })
    .unwrap();
    for told in [copying, verifying] {
        assert!(told.len() > 10 && told.is_sorted(), "{told:?}");
        assert_eq!(*told.last().unwrap(), (rows as u64, rows as u64));
    }
}
