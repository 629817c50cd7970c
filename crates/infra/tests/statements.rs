//! What a send and a page cost in statements: how many, and that none is parsed anew each time.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use groupchat_domain::groups::Role;
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::{self, Draft, Run, Window};
use groupchat_domain::network::Network;
use groupchat_domain::storage::Credential;

use support::Database;
use support::fixture::*;

const KEY: u8 = 1;

/// A group with one member, who holds the key number [`KEY`].
fn prepare(database: &Database) -> (GroupId, Credential) {
    let group = database.write(|tx| {
        let ann = user(tx, "ann").id;
        let tomorrow = tx.now().plus(Duration::from_secs(24 * 3600));
        session(tx, ann, KEY, tomorrow);
        let id = group(tx, "chess");
        join(tx, id, ann, Role::Owner);
        Ok(id)
    });
    (group.unwrap(), Credential { key: key(KEY), network: Network::UNKNOWN })
}

fn send(database: &Database, who: Credential, group: GroupId, name: &'static str) {
    let sent = database.write_as(who, move |tx, actor| {
        messages::send(tx, actor, &Draft { group, text: text("hello"), client_id: Some(client_id(name)) })
    });
    assert!(!sent.unwrap().repeated);
}

fn read_page(database: &Database, who: Credential, group: GroupId) -> usize {
    let page = database.read_as(who, move |tx, actor| {
        messages::list(tx, actor, group, Window::Run(Run::Below(None)), limit(50))
    });
    page.unwrap().items.len()
}

/// Fails unless the statements begin like this, in this order.
#[track_caller]
fn assert_statements(executed: &[String], expected: &[&str]) {
    let alike = executed.len() == expected.len()
        && executed.iter().zip(expected).all(|(sql, start)| sql.replace('`', "").starts_with(start));
    assert!(alike, "executed {executed:#?}\ninstead of {expected:#?}");
}

#[test]
fn a_send_takes_four_statements() {
    let database = Database::sqlite();
    let (group, who) = prepare(&database);
    // The first use of a key is also looked up on a reader.
    send(&database, who, group, "first");
    database.take_queries();
    send(&database, who, group, "second");
    let expected = ["SELECT users.id", "SELECT groups.id", "INSERT INTO messages", "INSERT INTO events"];
    assert_statements(&database.take_queries(), &expected);
}

#[test]
fn a_page_takes_three_statements_whatever_it_holds() {
    let database = Database::sqlite();
    let (group, who) = prepare(&database);
    for name in ["a", "b", "c"] {
        send(&database, who, group, name);
    }
    database.take_queries();
    assert_eq!(read_page(&database, who, group), 3);
    assert_statements(
        &database.take_queries(),
        &["SELECT users.id", "SELECT groups.id", "SELECT messages.id"],
    );
}

/// What connections have prepared and keep for the next time, and what they executed.
static HEARD: Mutex<(BTreeSet<String>, BTreeSet<String>)> = Mutex::new((BTreeSet::new(), BTreeSet::new()));

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            InstrumentationEvent::CacheQuery { sql, .. } => heard.0.insert(sql.to_owned()),
            InstrumentationEvent::StartQuery { query, .. } => {
                let query = query.to_string();
                heard.1.insert(query.split(" -- binds:").next().unwrap_or_default().to_owned())
            }
            _ => false,
        };
    }
}

#[test]
fn the_statements_of_sends_and_pages_are_prepared_once() {
    set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
    let database = Database::sqlite_unobserved();
    let (group, who) = prepare(&database);
    send(&database, who, group, "first");
    read_page(&database, who, group);
    let (cached, executed) = std::mem::take(&mut *HEARD.lock().unwrap());
    for start in ["SELECT `users`", "SELECT `groups`", "INSERT INTO `messages`", "SELECT `messages`"] {
        let sql = executed.iter().find(|sql| sql.starts_with(start)).expect(start);
        assert!(cached.contains(sql), "prepared anew each time: {sql}\nkept: {cached:#?}");
    }
}
