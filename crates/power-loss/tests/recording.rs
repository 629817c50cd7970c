//! Whether all that the standard library does to files is recorded, and whether images are what a disk may contain.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use groupchat_power_loss::{Call, Disk, Failure, Fault, Op, Volume};
use groupchat_testing::Dice;
use tempfile::TempDir;

/// A recorded folder.
fn volume() -> (TempDir, Volume) {
    let folder = TempDir::new().unwrap();
    let volume = Volume::record(folder.path()).unwrap();
    (folder, volume)
}

/// The disk after everything that has happened.
fn disk(volume: &Volume) -> Disk {
    let (mut disk, ops) = volume.trace();
    ops.iter().for_each(|op| disk.apply(op, &mut Dice::new(1)));
    disk
}

#[test]
fn the_record_of_all_calls_yields_the_files_that_are_there() {
    let (folder, volume) = volume();
    let path = |name: &str| volume.path().join(name);
    fs::create_dir(path("sub")).unwrap();
    fs::write(path("a"), "first").unwrap();
    fs::write(path("a"), "second, longer").unwrap();
    let mut file = OpenOptions::new().append(true).open(path("a")).unwrap();
    file.write_all(b" and appended").unwrap();
    let mut file = OpenOptions::new().write(true).open(path("a")).unwrap();
    file.seek(SeekFrom::Start(2)).unwrap();
    file.write_all(b"XX").unwrap();
    file.set_len(20).unwrap();
    fs::hard_link(path("a"), path("sub/linked")).unwrap();
    fs::copy(path("a"), path("copied")).unwrap();
    fs::rename(path("a"), path("b")).unwrap();
    fs::write(path("c"), "gone").unwrap();
    fs::write(path("a"), "another file of the same name").unwrap();
    fs::remove_file(path("c")).unwrap();
    assert_eq!(disk(&volume).after_kill().files, volume.contents().unwrap());
    assert_eq!(volume.contents().unwrap().len(), 4);
    drop(folder);
}

#[test]
fn only_what_was_synced_is_sure_to_be_there() {
    let (_folder, volume) = volume();
    let path = volume.path().join("file");
    let mut file = File::create(&path).unwrap();
    file.write_all(b"synced").unwrap();
    file.sync_all().unwrap();
    let names = |volume: &Volume, seed| disk(volume).after_power_loss(&mut Dice::new(seed)).files.len();
    assert_eq!((0..64).map(|seed| names(&volume, seed)).min(), Some(0), "the folder was not synced");
    File::open(volume.path()).unwrap().sync_all().unwrap();
    assert!(!disk(&volume).is_at_risk());
    file.write_all(b", not synced").unwrap();
    let mut found: Vec<_> = (0..64)
        .map(|seed| disk(&volume).after_power_loss(&mut Dice::new(seed)).files.remove("file").unwrap())
        .collect();
    found.sort();
    found.dedup();
    assert!(found.iter().all(|content| content.starts_with(b"synced")), "{found:?}");
    assert!(found.contains(&b"synced".to_vec()) && found.contains(&b"synced, not synced".to_vec()));
}

#[test]
fn unsynced_sectors_are_reordered_and_torn() {
    let (_folder, volume) = volume();
    let path = volume.path().join("file");
    let mut file = File::create(&path).unwrap();
    file.sync_all().unwrap();
    File::open(volume.path()).unwrap().sync_all().unwrap();
    file.write_all(&[1; 8192]).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[2; 1024]).unwrap();
    let found: Vec<_> = (0..500)
        .map(|seed| disk(&volume).after_power_loss(&mut Dice::new(seed)).files.remove("file").unwrap())
        .collect();
    let seen = |what: &dyn Fn(&[u8]) -> bool| found.iter().any(|content| what(content));
    assert!(seen(&|content| content.is_empty()), "all may be lost");
    assert!(seen(&|content| content.len() == 1024 && content[0] == 2), "the later write may be there alone");
    assert!(seen(&|content| content.len() > 1024 && content[0] == 1 && content[512] == 2), "sectors differ");
    assert!(seen(&|content| content.len() == 8192 && content[4096..].contains(&0)), "a hole");
}

#[test]
fn what_a_failed_sync_has_lost_is_not_written_by_the_next() {
    let (_folder, volume) = volume();
    let mut file = File::create(volume.path().join("file")).unwrap();
    File::open(volume.path()).unwrap().sync_all().unwrap();
    file.write_all(&[1; 65_536]).unwrap();
    volume.set_fault(Some(Fault { call: Call::Sync, after: 0, times: 1, failure: Failure::Eio }));
    file.sync_all().unwrap_err();
    file.sync_all().unwrap();
    assert_eq!(volume.failed(), 1);
    assert_eq!(fs::read(volume.path().join("file")).unwrap(), vec![1; 65_536], "the kernel has it still");
    let content = disk(&volume).after_kill().files.remove("file").unwrap();
    assert_ne!(content, vec![1; 65_536]);
}

#[test]
fn calls_fail_when_they_are_to_fail() {
    let (_folder, volume) = volume();
    let mut file = File::create(volume.path().join("file")).unwrap();
    let fail = |failure| volume.set_fault(Some(Fault { call: Call::Write, after: 1, times: 1, failure }));
    fail(Failure::Enospc);
    assert_eq!(file.write(&[1; 10]).unwrap(), 10);
    assert_eq!(file.write(&[1; 10]).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(file.write(&[1; 10]).unwrap(), 10);
    fail(Failure::Short);
    assert_eq!((file.write(&[1; 10]).unwrap(), file.write(&[1; 10]).unwrap()), (10, 5));
    volume.set_fault(None);
    assert_eq!(disk(&volume).after_kill().files["file"].len(), 35);
}

#[test]
fn omitted_syncs_succeed_and_sync_nothing() {
    let (_folder, volume) = volume();
    volume.omit_syncs(|name| name == "file");
    for name in ["file", "other"] {
        let mut file = File::create(volume.path().join(name)).unwrap();
        file.write_all(b"x").unwrap();
        file.sync_all().unwrap();
    }
    File::open(volume.path()).unwrap().sync_all().unwrap();
    let (_, ops) = volume.trace();
    assert_eq!(ops.iter().filter(|op| matches!(op, Op::Sync { .. })).count(), 1);
    assert!(disk(&volume).is_at_risk());
}

#[test]
fn marks_stand_among_the_operations() {
    let (_folder, volume) = volume();
    volume.mark(1);
    fs::write(volume.path().join("file"), "x").unwrap();
    volume.mark(2);
    let (_, ops) = volume.trace();
    assert_eq!((ops.first(), ops.last()), (Some(&Op::Mark(1)), Some(&Op::Mark(2))));
    assert_eq!(ops.len(), volume.ops());
}
