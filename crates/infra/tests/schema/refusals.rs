//! What the rules of the two schemas take and reject.

use std::collections::BTreeSet;

use diesel::connection::Connection;
use diesel::result::{DatabaseErrorKind as Kind, Error};

use crate::catalogue::shape;
use crate::migrated;
use crate::rows::{Change, Dialect, Rule, TABLES, TableRows, Value};

/// A database with the first rows in it.
struct Trial<'c, C> {
    connection: &'c mut C,
    dialect: Dialect,
}

impl<'c, C: Connection> Trial<'c, C> {
    fn new(connection: &'c mut C, dialect: Dialect) -> Self {
        let trial = Self { connection, dialect };
        for sql in TABLES.iter().flat_map(|rows| rows.first_statements(dialect)) {
            trial.connection.batch_execute(&sql).unwrap();
        }
        trial
    }

    /// Inserts a row and undoes it.
    fn attempt(&mut self, rows: &TableRows, changes: &[Change]) -> Result<(), Error> {
        let sql = rows.insert(self.dialect, changes);
        let outcome = self.connection.transaction(|connection| {
            connection.batch_execute(&sql)?;
            Err::<(), _>(Error::RollbackTransaction)
        });
        match outcome {
            Err(Error::RollbackTransaction) => Ok(()),
            other => other,
        }
    }

    fn check_accepted(&mut self) {
        for rows in TABLES {
            let usual = (!rows.is_single_row).then_some([].as_slice());
            for changes in usual.into_iter().chain(rows.accepted.iter().copied()) {
                let outcome = self.attempt(rows, changes);
                assert!(outcome.is_ok(), "{} with {changes:?}: {outcome:?}", rows.table);
            }
        }
    }

    /// Tries every row that must be rejected, and returns what the database said to each.
    fn check_refused(&mut self) -> Vec<Error> {
        let mut said = Vec::new();
        for rows in TABLES {
            for (rule, changes) in bad_rows(rows) {
                let outcome = self.attempt(rows, &changes);
                assert!(
                    is_by(rule, &outcome),
                    "{} with {changes:?} against {rule:?}: {outcome:?}",
                    rows.table
                );
                said.extend(outcome.err());
            }
        }
        said
    }
}

fn is_by(rule: Rule, outcome: &Result<(), Error>) -> bool {
    let Err(Error::DatabaseError(kind, _)) = outcome else { return false };
    match rule {
        Rule::Check => matches!(kind, Kind::CheckViolation),
        Rule::Unique => matches!(kind, Kind::UniqueViolation),
        Rule::Reference => matches!(kind, Kind::ForeignKeyViolation),
        Rule::NotNull => matches!(kind, Kind::NotNullViolation),
        // What is a type on one database is a CHECK on the other.
        Rule::Type => true,
    }
}

/// Every row that the table must reject, and by which kind of rule.
fn bad_rows(rows: &TableRows) -> Vec<(Rule, Vec<Change>)> {
    let listed = rows.rejected.iter().map(|(rule, changes)| (*rule, changes.to_vec()));
    let without = mandatory(rows).into_iter().map(|column| (Rule::NotNull, vec![(column, Value::Null)]));
    listed.chain(without).collect()
}

/// The columns of a table that must have a value. Not a key of one column: SQLite gives it one.
fn mandatory(rows: &TableRows) -> Vec<&'static str> {
    let schema = shape(&mut migrated::sqlite());
    let table_shape = &schema.0[rows.table];
    let is_mandatory = |column: &&str| {
        !table_shape.columns[*column].nullable && table_shape.primary_key != [(*column).to_owned()]
    };
    rows.another.iter().map(|(column, _)| *column).filter(is_mandatory).collect()
}

#[test]
fn every_table_has_rows_to_try() {
    let schema = shape(&mut migrated::sqlite());
    let tried: BTreeSet<_> = TABLES.iter().map(|rows| rows.table.to_owned()).collect();
    let tables: BTreeSet<_> = schema.0.keys().cloned().collect();
    let lacking: Vec<_> = tables.difference(&tried).collect();
    assert!(lacking.is_empty(), "crates/infra/tests/schema/rows/ lacks: {lacking:?}");
    for rows in TABLES {
        for (column, _) in schema.0[rows.table].columns.iter().filter(|(_, column)| !column.nullable) {
            let is_tried = rows.another.iter().any(|(name, _)| name == column);
            assert!(is_tried, "crates/infra/tests/schema/rows/ lacks a value for {}.{column}", rows.table);
        }
    }
}

#[test]
fn sqlite_takes_rows_at_the_limits() {
    Trial::new(&mut migrated::sqlite(), Dialect::Sqlite).check_accepted();
}

#[test]
fn sqlite_refuses_what_breaks_a_rule() {
    Trial::new(&mut migrated::sqlite(), Dialect::Sqlite).check_refused();
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::collections::BTreeSet;

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::result::Error;
    use diesel::sql_types::Text;

    use super::Trial;
    use crate::migrated;
    use crate::rows::{Dialect, TABLES, Value};

    /// The rules that have a name: constraints and unique indexes. A NOT NULL has none.
    const RULES: &str = "
        SELECT conname::text AS name FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u')
        UNION
        SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace";

    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = Text)]
        name: String,
    }

    fn rules(connection: &mut PgConnection) -> BTreeSet<String> {
        let rules: Vec<Named> = diesel::sql_query(RULES).load(connection).unwrap();
        rules.into_iter().map(|rule| rule.name).filter(|name| !name.starts_with("__diesel")).collect()
    }

    fn broken_rule(error: Error) -> Option<String> {
        let Error::DatabaseError(_, said) = error else { return None };
        said.constraint_name().map(str::to_owned)
    }

    #[test]
    fn postgres_takes_rows_at_the_limits() {
        let mut database = migrated::postgres();
        Trial::new(&mut database.connection, Dialect::Postgres).check_accepted();
    }

    #[test]
    fn postgres_refuses_what_breaks_a_rule_and_no_rule_is_left_out() {
        let mut database = migrated::postgres();
        let mut trial = Trial::new(&mut database.connection, Dialect::Postgres);
        let mut broken: BTreeSet<_> = trial.check_refused().into_iter().filter_map(broken_rule).collect();
        // On SQLite nobody can give an event a place.
        trial.connection.batch_execute("UPDATE events SET position = 1").unwrap();
        let events = TABLES.iter().find(|rows| rows.table == "events").unwrap();
        broken.extend(trial.attempt(events, &[("position", Value::Number(1))]).err().and_then(broken_rule));
        assert_eq!(rules(&mut database.connection), broken);
    }
}
