//! The chain of the audit log, and what is found out by it.

use groupchat_domain::audit::AuditHash;
use groupchat_infra::audit::{AuditDamage, VerifiedAudit, verify};

use crate::audit::{login, record};
use crate::support::Database;

fn verified(database: &Database, expected: Option<AuditHash>) -> Result<VerifiedAudit, AuditDamage> {
    database.wait_for(verify(&*database.storage(), expected)).unwrap()
}

fn the_chain_holds_also_where_it_was_pruned(database: &Database) {
    assert_eq!(verified(database, None).map(|found| found.head.count), Ok(0));
    record(database, (1..=40).map(login).collect());
    let noted = verified(database, None).unwrap().head.hash;
    record(database, vec![login(41)]);
    assert_eq!(verified(database, Some(noted)).map(|found| (found.first, found.head.count)), Ok((1, 41)));
    let other = AuditHash([7; 32]);
    assert_eq!(verified(database, Some(other)), Err(AuditDamage::Unexpected(other)));
    let later = database.read(|tx| Ok(tx.now())).unwrap().plus(std::time::Duration::from_secs(60));
    database.write(move |tx| Ok(tx.audit().prune(later, 30)?)).unwrap();
    assert_eq!(verified(database, Some(noted)).map(|found| found.first), Ok(31));
}

fn nothing_is_changed_or_removed_by_a_statement(database: &Database) {
    record(database, vec![login(1), login(2)]);
    for sql in [
        "UPDATE audit_log SET target_id = 3 WHERE seq = 1",
        "DELETE FROM audit_log WHERE seq = 1",
        "DELETE FROM audit_log",
    ] {
        assert!(database.try_execute(sql).is_err(), "{sql}");
    }
    assert_eq!(verified(database, None).map(|found| found.head.count), Ok(2));
}

fn whoever_gets_around_that_is_found_out(database: &Database) {
    record(database, (1..=4).map(login).collect());
    let without_triggers = |sql: &str| {
        let drop = "DROP TRIGGER audit_log_before_update";
        let drop_delete = "DROP TRIGGER audit_log_before_delete";
        let on = if database.path().is_some() { "" } else { " ON audit_log" };
        database.try_execute(&format!("{drop}{on}")).ok();
        database.try_execute(&format!("{drop_delete}{on}")).ok();
        database.try_execute(sql).unwrap();
    };
    without_triggers("UPDATE audit_log SET target_id = 3 WHERE seq = 2");
    assert_eq!(verified(database, None), Err(AuditDamage::Broken(2)));
    without_triggers("UPDATE audit_log SET target_id = 2 WHERE seq = 2");
    without_triggers("UPDATE audit_log SET seq = 9 WHERE seq = 2");
    assert_eq!(verified(database, None), Err(AuditDamage::Broken(2)), "removed from the middle");
    without_triggers("UPDATE audit_log SET seq = 2 WHERE seq = 9");
    assert!(verified(database, None).is_ok());
    without_triggers("DELETE FROM audit_log WHERE seq = 4");
    assert_eq!(verified(database, None), Err(AuditDamage::Ends { last: 3, noted: 4 }));
}

cases! {
    database:
    the_chain_holds_also_where_it_was_pruned
    nothing_is_changed_or_removed_by_a_statement
    whoever_gets_around_that_is_found_out
}
