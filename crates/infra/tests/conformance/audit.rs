//! The audit log.

use std::sync::Arc;

use groupchat_domain::accounts::{Actor, FactorStanding, Origin, SessionKind, UserAgent, UserRef};
use groupchat_domain::audit::{
    AuditAction, AuditEntry, AuditQuery, AuditRecord, DifferentSetting, KnownSetting,
};
use groupchat_domain::error::Error;
use groupchat_domain::ids::{GroupId, SessionId, UserId};
use groupchat_domain::paging::Limit;
use groupchat_domain::time::Clock;
use groupchat_simulation::history::SetClock;

use crate::support::Database;
use crate::support::fixture::*;

const QUERY: AuditQuery = AuditQuery::newest(Limit::DEFAULT);

fn actor(user: i64) -> Actor {
    let origin = Origin { address: "192.0.2.7".parse().ok(), user_agent: UserAgent::cut("cli/1") };
    let user = UserRef { id: UserId::new(user), username: None, display_name: None };
    Actor {
        user,
        session: SessionId::new(9),
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin,
    }
}

pub(crate) fn login(user: i64) -> AuditEntry {
    AuditEntry::by_stranger(actor(1).origin, AuditAction::Login).to(UserId::new(user))
}

pub(crate) fn record(database: &Database, entries: Vec<AuditEntry>) {
    let recorded = database.write(move |tx| {
        entries.iter().for_each(|entry| tx.record(entry.clone()));
        Ok(())
    });
    recorded.unwrap();
}

fn list(database: &Database, query: AuditQuery) -> Vec<AuditRecord> {
    database.read(move |tx| Ok(tx.audit().list(&query)?)).unwrap()
}

fn seqs(database: &Database, query: AuditQuery) -> Vec<i64> {
    list(database, query).iter().map(|entry| entry.seq).collect()
}

fn what_is_recorded_is_listed_newest_first(database: &Database) {
    record(database, vec![login(1), login(2).failed()]);
    let ended = AuditEntry::by(&actor(1), AuditAction::SessionEnded).about(5);
    record(
        database,
        vec![
            ended,
            AuditEntry::by_operator(AuditAction::UserEdited).to(UserId::new(2)).of_fields(&["email"]),
        ],
    );
    assert_eq!(seqs(database, QUERY), [4, 3, 2, 1]);
    let all = list(database, QUERY);
    let said: Vec<_> = all
        .iter()
        .map(|entry| (entry.action.as_str(), entry.outcome.as_str(), entry.party.as_str()))
        .collect();
    let expected = [
        ("user.edited", "ok", "operator"),
        ("session.ended", "ok", "user"),
        ("login", "failed", "stranger"),
        ("login", "ok", "stranger"),
    ];
    assert_eq!(said, expected);
    assert_eq!(all[0].detail.as_deref(), Some("email"));
    assert_eq!(
        (all[1].actor, all[1].session, all[1].object),
        (Some(UserId::new(1)), Some(SessionId::new(9)), Some(5))
    );
    assert_eq!(all[1].address.as_deref(), Some("192.0.2.7"));
    assert_eq!(all[1].user_agent.as_deref(), Some("cli/1"));
    assert_eq!(seqs(database, AuditQuery { actor: Some(UserId::new(1)), ..QUERY }), [3]);
    assert_eq!(seqs(database, AuditQuery { target: Some(UserId::new(2)), ..QUERY }), [4, 2]);
    let below = Some((all[0].at, 4));
    let page = AuditQuery { below, limit: Limit::ONE, ..QUERY };
    assert_eq!(seqs(database, page), [3, 2], "one more than the page has");
    assert_eq!(seqs(database, AuditQuery { action: Some(AuditAction::Login), ..QUERY }), [2, 1]);
    let both = AuditQuery { action: Some(AuditAction::Login), target: Some(UserId::new(2)), ..QUERY };
    assert_eq!(seqs(database, both), [2]);
}

fn what_was_done_in_a_group_is_selected(database: &Database) {
    let within = |group, action| AuditEntry::by(&actor(1), action).within(GroupId::new(group));
    let created = within(1, AuditAction::GroupCreated);
    record(database, vec![created, login(1), within(2, AuditAction::GroupCreated)]);
    record(database, vec![within(1, AuditAction::GroupEdited).of_fields(&["name"])]);
    let of_group = AuditQuery { group: Some(GroupId::new(1)), ..QUERY };
    assert_eq!(seqs(database, of_group), [4, 1]);
    assert_eq!(seqs(database, AuditQuery { action: Some(AuditAction::GroupEdited), ..of_group }), [4]);
    assert_eq!(list(database, of_group)[0].group, Some(GroupId::new(1)));
    assert!(seqs(database, AuditQuery { group: Some(GroupId::new(3)), ..QUERY }).is_empty());
}

/// Also where the clock was set back.
fn entries_are_in_the_order_of_their_times(open: fn(Arc<dyn Clock>) -> Database) {
    let clock = Arc::new(SetClock::default());
    let database = &open(Arc::<SetClock>::clone(&clock));
    for (time, user) in [(100, 1), (300, 2), (200, 3), (200, 4)] {
        clock.set(at(time));
        record(database, vec![login(user)]);
    }
    assert_eq!(seqs(database, QUERY), [2, 4, 3, 1]);
    assert_eq!(seqs(database, AuditQuery { below: Some((at(200), 4)), ..QUERY }), [3, 1]);
    assert_eq!(seqs(database, AuditQuery { below: Some((at(300), 2)), ..QUERY }), [4, 3, 1]);
    assert_eq!(seqs(database, AuditQuery { since: Some(at(200)), ..QUERY }), [2, 4, 3]);
    assert_eq!(seqs(database, AuditQuery { until: Some(at(200)), ..QUERY }), [1]);
    let between = AuditQuery { since: Some(at(101)), until: Some(at(300)), ..QUERY };
    assert_eq!(seqs(database, between), [4, 3]);
}

fn an_undone_command_leaves_no_entry_and_no_gap(database: &Database) {
    record(database, vec![login(1)]);
    let undone = database.write(|tx| {
        tx.record(login(2));
        Err::<(), _>(Error::StorageFull)
    });
    assert!(undone.is_err());
    record(database, vec![login(3)]);
    let targets: Vec<_> = list(database, QUERY).iter().map(|entry| (entry.seq, entry.target)).collect();
    assert_eq!(targets, [(2, Some(UserId::new(3))), (1, Some(UserId::new(1)))]);
}

fn old_entries_go_and_the_numbers_go_on(database: &Database) {
    record(database, vec![login(1), login(2), login(3)]);
    let head = database.read(|tx| Ok(tx.audit().head()?)).unwrap();
    assert_eq!((head.count, head.pruned), (3, 0));
    assert_eq!(database.write(|tx| Ok(tx.audit().prune(at(-1), 500)?)), Ok(None));
    let now = database.read(|tx| Ok(tx.now())).unwrap();
    let later = now.plus(std::time::Duration::from_secs(60));
    assert_eq!(database.write(move |tx| Ok(tx.audit().prune(later, 2)?)), Ok(Some(2)));
    assert_eq!(seqs(database, QUERY), [3]);
    record(database, vec![login(4)]);
    assert_eq!(seqs(database, QUERY), [4, 3]);
    let head = database.read(|tx| Ok(tx.audit().head()?)).unwrap();
    assert_eq!((head.count, head.pruned), (4, 2));
    let walked = database.read(|tx| Ok(tx.audit().walk(3, 10)?)).unwrap();
    assert_eq!(walked.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [4]);
}

fn a_read_command_records_nothing(database: &Database) {
    let refused = database.read(|tx| {
        tx.record(login(1));
        Ok(tx.audit().head()?)
    });
    assert!(matches!(refused, Err(Error::Fault(_))));
    assert!(seqs(database, QUERY).is_empty());
}

fn a_setting_is_noted_by_who_knows_how_it_was(database: &Database) {
    let note = |name: &str, digest: &str, known: Option<&str>| {
        let now = KnownSetting { name: name.to_owned(), digest: digest.to_owned() };
        let setting = DifferentSetting { now, known: known.map(str::to_owned), is_changed: true };
        database.write(move |tx| Ok(tx.settings().note(&setting)?)).unwrap()
    };
    assert!(note("workers", "1", None));
    assert!(note("listen", "1", None));
    assert!(!note("workers", "2", None), "somebody else was first");
    assert!(!note("workers", "2", Some("0")));
    assert!(!note("Workers", "2", Some("1")), "there is none of this name");
    assert!(note("workers", "2", Some("1")));
    let known = database.read(|tx| Ok(tx.settings().known()?)).unwrap();
    let known: Vec<_> =
        known.iter().map(|setting| (setting.name.as_str(), setting.digest.as_str())).collect();
    assert_eq!(known, [("listen", "1"), ("workers", "2")]);
}

#[test]
fn entries_are_in_the_order_of_their_times_on_sqlite() {
    entries_are_in_the_order_of_their_times(Database::sqlite_at);
}

#[cfg(feature = "postgres")]
#[test]
fn entries_are_in_the_order_of_their_times_on_postgres() {
    entries_are_in_the_order_of_their_times(Database::postgres_at);
}

cases! {
    ports:
    what_is_recorded_is_listed_newest_first
    what_was_done_in_a_group_is_selected
    an_undone_command_leaves_no_entry_and_no_gap
    old_entries_go_and_the_numbers_go_on
    a_read_command_records_nothing
    a_setting_is_noted_by_who_knows_how_it_was
}
