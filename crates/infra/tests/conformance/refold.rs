//! Keys that were made by an older rule of folding are recomputed when the database is opened.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::accounts::UserQuery;
use groupchat_domain::groups::{GroupName, GroupQuery};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Unique};

use crate::support::fixture::*;
use crate::support::{Database, NoListener};

fn execute(database: &Database, statements: &str) {
    #[cfg(feature = "postgres")]
    if let Some(url) = database.url() {
        return PgConnection::establish(url).unwrap().batch_execute(statements).unwrap();
    }
    let path = database.path().unwrap();
    SqliteConnection::establish(path.to_str().unwrap()).unwrap().batch_execute(statements).unwrap();
}

/// The names of all groups, or those that a search finds, with the keys that they are listed by.
fn keys(database: &Database, search: Option<&str>) -> Vec<(String, String)> {
    let search = search.map(sought);
    let listed = database.read(move |tx| {
        let (viewer, search) = (UserId::new(4711), search.clone());
        let query = GroupQuery { search, ..GroupQuery::of(viewer, limit(50)) };
        let placed = tx.groups().list(&query)?;
        Ok(placed
            .into_iter()
            .map(|row| (row.entry.group.name.unwrap().into_string(), row.position.name_key))
            .collect())
    });
    listed.unwrap()
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, key)| ((*name).to_owned(), (*key).to_owned())).collect()
}

/// Groups and users as an older program has stored them, and what is set to have been told of them.
fn store_old(database: &Database) {
    let group = |id: i64, name: &str, key: &str| {
        format!(
            "INSERT INTO groups (id, name, name_key, visibility, version, created_at, member_count, last_seq)
             VALUES ({id}, '{name}', '{key}', 'public', 1, 0, 0, 0);"
        )
    };
    let [england, scotland] = ["\u{E0065}\u{E006E}\u{E0067}", "\u{E0073}\u{E0063}\u{E0074}"]
        .map(|region| format!("🏴\u{E0067}\u{E0062}{region}\u{E007F}"));
    let long = "\u{FDFA}".repeat(100);
    let rows = [
        group(1, "Tea  B", "tea  b"),
        group(2, "Tea B", "tea b"),
        group(3, "Tea   C", "tea   c"),
        group(4, "Tea  C", "tea  c"),
        group(5, &england, "🏴"),
        group(6, &scotland, "🏴 scotland, before tags were kept"),
        group(7, "\u{2800}", "\u{2800}"),
        group(8, &long, &long.chars().map(|_| "صلى الله عليه وسلم").collect::<String>()),
        group(9, "Same", "same"),
    ];
    execute(database, &rows.concat());
    execute(database, "UPDATE name_state SET folding = 0");
}

/// Opens the database once more, as the next start of the program does.
fn reopen(database: &Database) {
    drop(database.beside(Arc::new(NoListener)));
}

fn names_that_are_one_now_stay_two_groups(database: &Database) {
    store_old(database);
    reopen(database);
    let teas =
        named(&[("Tea B", "tea b"), ("Tea  B", "tea b  1"), ("Tea   C", "tea c"), ("Tea  C", "tea c  4")]);
    assert_eq!(keys(database, Some("tea")), teas);
    assert_eq!(keys(database, Some("TEA  B")), teas[..2]);
    // The marked one can be edited, and keeps its mark until it gets another name.
    let change = |name: Option<&'static str>| {
        let changed = database.write(move |tx| {
            let mut group = tx.groups().find_visible(GroupId::new(1), UserId::new(1))?.unwrap().group;
            if let Some(name) = name {
                group.name = Some(GroupName::parse(name).unwrap());
            }
            Ok(tx.groups().update(&group)?)
        });
        changed.unwrap()
    };
    assert_eq!(change(None), Unique::Stored(()));
    assert_eq!(keys(database, Some("tea")), teas);
    assert_eq!(change(Some("TEA B")), Unique::Taken);
    assert_eq!(change(Some("Tea D")), Unique::Stored(()));
    assert_eq!(keys(database, Some("tea d")), named(&[("Tea D", "tea d")]));
}

fn keys_follow_the_new_rule_and_none_is_lost(database: &Database) {
    store_old(database);
    reopen(database);
    let found = keys(database, None);
    assert_eq!(found.len(), 9);
    for (name, key) in &found {
        let folded = groupchat_domain::text::name_key(name);
        let stays = folded.is_empty() && key == name;
        assert!(*key == folded || key.starts_with(&format!("{folded}  ")) || stays, "{name:?}: {key:?}");
        assert!(key.chars().count() <= 200);
    }
    // Nothing changes any more.
    execute(database, "UPDATE name_state SET folding = 0");
    reopen(database);
    assert_eq!(keys(database, None), found);
}

fn display_names_are_found_by_the_new_rule(database: &Database) {
    database
        .write(|tx| {
            user(tx, "ann");
            Ok(())
        })
        .unwrap();
    execute(
        database,
        "UPDATE users SET display_name = 'Ann  B', display_key = 'ann  b'; UPDATE name_state SET folding = 0",
    );
    reopen(database);
    let found = database.read(|tx| {
        let query = UserQuery { search: Some(sought("ann b")), after: None, limit: limit(10) };
        Ok(tx.accounts().list(&query)?.len())
    });
    assert_eq!(found, Ok(1));
}

fn a_list_that_was_begun_before_goes_on(database: &Database) {
    store_old(database);
    let page = |after| {
        let storage: Arc<dyn groupchat_infra::DatabaseStorage> = database.storage();
        let storage: &dyn Storage = storage.as_ref();
        let access = Access { mode: Mode::Read, caller: Caller::System };
        let read = storage.run(access, move |tx: &mut dyn groupchat_domain::storage::Tx| {
            let (viewer, after) = (UserId::new(4711), Clone::clone(&after));
            let query = GroupQuery { after, ..GroupQuery::of(viewer, limit(3)) };
            let mut rows = tx.groups().list(&query)?;
            let more = rows.len() > 3;
            rows.truncate(3);
            let next = rows.last().filter(|_| more).map(|row| row.position.clone());
            Ok((rows.into_iter().map(|row| row.entry.group.id.get()).collect::<Vec<_>>(), next))
        });
        database.wait_for(read).unwrap()
    };
    let (mut seen, mut next) = page(None);
    reopen(database);
    while next.is_some() {
        let (ids, after) = page(next);
        seen.extend(ids);
        next = after;
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=9).collect::<Vec<i64>>());
}

cases! { database:
    names_that_are_one_now_stay_two_groups
    keys_follow_the_new_rule_and_none_is_lost
    display_names_are_found_by_the_new_rule
    a_list_that_was_begun_before_goes_on
}
