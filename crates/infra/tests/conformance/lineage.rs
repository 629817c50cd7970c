//! What the epoch of a log on PostgreSQL follows: whatever makes another log of it, although all rows are the same.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_domain::events::{Epoch, log_state};
use groupchat_domain::storage::{Access, Caller, Mode, Storage};

use crate::support::{Database, NoListener};

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// A role that is in every cluster and is no superuser.
const ORDINARY: &str = "SET ROLE pg_read_all_data";

fn connect(database: &Database) -> PgConnection {
    PgConnection::establish(database.url().expect("a database on a server")).unwrap()
}

/// The epoch that a server finds which starts now.
fn epoch(database: &Database) -> Epoch {
    let server = database.beside(Arc::new(NoListener));
    let storage: &dyn Storage = server.as_ref();
    database.wait_for(storage.run(READ, |tx| Ok(log_state(tx)?.epoch))).unwrap()
}

fn lineage(connection: &mut PgConnection) -> String {
    #[derive(QueryableByName)]
    struct Lineage {
        #[diesel(sql_type = Text)]
        lineage: String,
    }
    let row: Lineage = diesel::sql_query("SELECT log_lineage() AS lineage").get_result(connection).unwrap();
    row.lineage
}

#[test]
fn two_servers_of_one_database_agree_on_the_epoch() {
    let database = Database::postgres();
    assert_eq!(epoch(&database), epoch(&database));
}

#[test]
fn a_log_that_was_restored_from_a_dump_has_another_epoch() {
    let database = Database::postgres();
    let before = epoch(&database);
    let restore = "BEGIN; CREATE TABLE restored (LIKE events INCLUDING ALL); DROP TABLE events; \
                   ALTER TABLE restored RENAME TO events; COMMIT";
    connect(&database).batch_execute(restore).unwrap();
    assert_ne!(epoch(&database), before);
}

#[test]
fn a_log_with_the_same_stored_epoch_in_another_database_has_another_one() {
    let [one, another] = [Database::postgres(), Database::postgres()];
    for database in [&one, &another] {
        connect(database).batch_execute("UPDATE log_state SET epoch = 'same'").unwrap();
    }
    assert_ne!(epoch(&one), epoch(&another));
}

#[test]
fn an_ordinary_role_knows_all_of_the_lineage() {
    let database = Database::postgres();
    let mut connection = connect(&database);
    let known = lineage(&mut connection);
    assert_eq!(known.split('/').count(), 4);
    assert!(known.split('/').all(|part| !matches!(part, "" | "-")), "{known}");
    connection.batch_execute(ORDINARY).unwrap();
    assert_eq!(lineage(&mut connection), known);
}

#[test]
fn what_a_role_may_not_know_is_left_out_and_the_transaction_goes_on() {
    let database = Database::postgres();
    let mut connection = connect(&database);
    let known = lineage(&mut connection);
    let revoke = "REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_walfile_name(pg_lsn) FROM public";
    connection.batch_execute(revoke).unwrap();
    connection.batch_execute(ORDINARY).unwrap();
    connection.batch_execute("BEGIN READ ONLY").unwrap();
    let left: Vec<_> = known.split('/').skip(2).collect();
    assert_eq!(lineage(&mut connection), format!("-/-/{}", left.join("/")));
    assert_eq!(lineage(&mut connection), lineage(&mut connection));
}
