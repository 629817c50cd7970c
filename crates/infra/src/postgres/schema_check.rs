//! Whether a database has the schema that our migrations create: a trigger that someone has added to a dump would act
//! with the server's rights.
//!
//! The expected schema is created each time: our migrations run in a schema of their own, in a transaction that is
//! rolled back. So the check works for every version of groupchat and PostgreSQL, and there is no list to maintain.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::error::OpenError;
use super::migrate;
use crate::check::{COMPLAINTS, CheckOutcome, Finding};

/// What the tables of the current schema consist of, and what is attached to them. Names in that schema are
/// unqualified. `harmless` marks what somebody may add without groupchat ever executing it. Constraints and indexes are
/// compared by definition, because their names mean nothing.
const OBJECTS: &str = "\
    WITH relations AS ( \
        SELECT oid, relname::text AS name, relkind, relpersistence, relrowsecurity FROM pg_class \
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') \
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid \
                            AND deptype = 'e')) \
    SELECT 'table' AS kind, name AS on_table, '' AS name, true AS harmless, \
        concat_ws(' ', relkind, relpersistence, relrowsecurity) AS definition FROM relations \
    UNION ALL SELECT 'column', relations.name, attname, false, \
        concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, collname, \
                  pg_get_expr(adbin, adrelid, true)) \
        FROM relations JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped \
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
            LEFT JOIN pg_collation ON pg_collation.oid = attcollation \
    UNION ALL SELECT 'constraint', relations.name, \
        replace(pg_get_constraintdef(pg_constraint.oid, true), ' NOT VALID', ''), false, '' \
        FROM relations JOIN pg_constraint ON conrelid = relations.oid \
    UNION ALL SELECT 'index', relations.name, \
        replace(pg_get_indexdef(indexrelid, 0, true), format(' INDEX %I ON', index.relname), ' INDEX ON'), \
        NOT indisunique AND indexprs IS NULL AND indpred IS NULL, '' \
        FROM relations JOIN pg_index ON indrelid = relations.oid JOIN pg_class AS index ON index.oid = indexrelid \
    UNION ALL SELECT 'trigger', relations.name, tgname, false, pg_get_triggerdef(pg_trigger.oid, true) \
        FROM relations JOIN pg_trigger ON tgrelid = relations.oid AND NOT tgisinternal \
    UNION ALL SELECT 'rule', relations.name, rulename, false, pg_get_ruledef(pg_rewrite.oid, true) \
        FROM relations JOIN pg_rewrite ON ev_class = relations.oid AND rulename <> '_RETURN' \
    UNION ALL SELECT 'policy', relations.name, polname, false, '' \
        FROM relations JOIN pg_policy ON polrelid = relations.oid \
    UNION ALL SELECT 'child table', relations.name, inhrelid::regclass::text, false, '' \
        FROM relations JOIN pg_inherits ON inhparent = relations.oid \
    UNION ALL SELECT 'function', '', format('%s(%s)', proname, pg_get_function_identity_arguments(oid)), \
        NOT EXISTS (SELECT FROM pg_proc AS own WHERE own.pronamespace = 'pg_catalog'::regnamespace \
                    AND own.proname = pg_proc.proname), \
        concat_ws(' ', prorettype::regtype, prolang, prokind, prosecdef, provolatile, proconfig, prosrc) \
        FROM pg_proc WHERE pronamespace = current_schema()::regnamespace \
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid \
                            AND deptype = 'e') \
    UNION ALL SELECT 'operator', '', oid::regoperator::text, false, '' \
        FROM pg_operator WHERE oprnamespace = current_schema()::regnamespace \
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_operator'::regclass \
                            AND objid = pg_operator.oid AND deptype = 'e')";

/// Whether the role may create the schema for the comparison.
const MAY_COMPARE: &str = "SELECT has_database_privilege(current_database(), 'CREATE') AS yes";

/// The name of the schema for the comparison. It exists only in this connection and is never committed.
const MAKE_SCHEMA: &str = "\
    DO $$ BEGIN EXECUTE format('CREATE SCHEMA %I', 'groupchat_expected_' || pg_backend_pid()); END $$; \
    SELECT set_config('search_path', format('%I', 'groupchat_expected_' || pg_backend_pid()), true)";

#[derive(QueryableByName)]
struct Object {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    on_table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    harmless: bool,
    #[diesel(sql_type = Text)]
    definition: String,
}

impl Object {
    /// The object's name in findings.
    fn describe(&self) -> String {
        match (self.name.as_str(), self.on_table.as_str()) {
            ("", table) => format!("the table {table}"),
            (name, "") => format!("the {} {name}", self.kind),
            (name, table) => format!("the {} {name} of {table}", self.kind),
        }
    }
}

/// Keyed by kind, table and name.
type Objects = BTreeMap<(String, String, String), Object>;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// The differences from the schema that our migrations create.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// What groupchat would execute, or what it lacks.
    grave: Vec<String>,
    /// What merely exists in addition, and the reason if more can't be checked.
    harmless: Vec<String>,
}

impl Differences {
    fn compare(expected: &Objects, found: &Objects) -> Self {
        let tables: BTreeSet<_> = expected.values().map(|object| object.on_table.as_str()).collect();
        let mut differences = Self::default();
        for (key, object) in expected {
            if !found.contains_key(key) {
                differences.grave.push(format!("{} is missing", object.describe()));
            }
        }
        for (key, object) in found {
            match expected.get(key) {
                Some(ours) if ours.definition == object.definition => {}
                Some(_) => {
                    differences.grave.push(format!("{} is not as groupchat makes it", object.describe()))
                }
                // For a table that isn't ours, it is enough to know that it exists.
                None if !object.name.is_empty() && !tables.contains(object.on_table.as_str()) => {}
                None => {
                    let kind =
                        if object.harmless { &mut differences.harmless } else { &mut differences.grave };
                    kind.push(format!("{} is not groupchat's", object.describe()));
                }
            }
        }
        differences
    }
}

/// The differences in the schema. None for a database that was never migrated. Changes nothing.
///
/// # Errors
/// The failure of a statement.
fn differences(connection: &mut PgConnection) -> QueryResult<Differences> {
    let may_compare: Answer = diesel::sql_query(MAY_COMPARE).get_result(connection)?;
    if !may_compare.yes {
        let harmless = vec!["the role may not make a schema to compare this one with".to_owned()];
        return Ok(Differences { harmless, ..Differences::default() });
    }
    let mut compared = Differences::default();
    let undone = connection.transaction(|connection| {
        let applied = migrate::look_at_applied(connection)?;
        let found = objects(connection)?;
        connection.batch_execute(MAKE_SCHEMA)?;
        migrate::run_those(connection, &applied)?;
        compared = Differences::compare(&objects(connection)?, &found);
        QueryResult::<()>::Err(diesel::result::Error::RollbackTransaction)
    });
    match undone {
        Err(diesel::result::Error::RollbackTransaction) => Ok(compared),
        Err(error) => Err(error),
        Ok(()) => Ok(compared),
    }
}

fn objects(connection: &mut PgConnection) -> QueryResult<Objects> {
    let objects: Vec<Object> = diesel::sql_query(OBJECTS).load(connection)?;
    let keyed =
        |object: Object| ((object.kind.clone(), object.on_table.clone(), object.name.clone()), object);
    Ok(objects.into_iter().map(keyed).collect())
}

/// Rejects a schema that is not ours before anything else is done. Logs harmless differences. `database` is for error
/// messages.
///
/// # Errors
/// [`OpenError::Schema`], the error for a newer version, or the failure of a statement.
pub(super) fn require_ours(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let failed = |error: diesel::result::Error| super::log_state::refused(database, &error);
    match migrate::schema_version(connection, database) {
        Ok(_) => {}
        // It will be created.
        Err(OpenError::NotADatabase(_)) => return Ok(()),
        Err(error) => return Err(error),
    }
    let Differences { grave, harmless } = differences(connection).map_err(failed)?;
    if !harmless.is_empty() {
        tracing::warn!(database, found = first(&harmless), "the schema contains more than groupchat creates");
    }
    if grave.is_empty() {
        return Ok(());
    }
    Err(OpenError::Schema { database: database.to_owned(), differences: first(&grave) })
}

/// Whether the schema is ours, as a finding of a check. Not to be called inside a read-only transaction.
pub(super) fn check(connection: &mut PgConnection) -> Finding {
    let found = differences(connection).map(|Differences { grave, harmless }| {
        if !grave.is_empty() {
            (CheckOutcome::Failed, first(&grave))
        } else if !harmless.is_empty() {
            (CheckOutcome::Warning, first(&harmless))
        } else {
            (CheckOutcome::Passed, "the schema is the one that groupchat creates".to_owned())
        }
    });
    Finding::from_query("schema", found)
}

fn first(complaints: &[String]) -> String {
    complaints[..complaints.len().min(COMPLAINTS)].join("; ")
}
