//! What the rules of the two schemas take and reject.

use diesel::connection::Connection;
use diesel::result::{DatabaseErrorKind as Kind, Error};

use crate::catalogue::shape;
use crate::migrated;
use crate::rows::{
    self, ACCEPTED, Change, DELETED_USER, Dialect, FIRST, LEFT_BEHIND, REFUSED, Rule, SINGLE_ROWS, TABLES,
    Value,
};

/// A database with the first rows in it.
struct Trial<'c, C> {
    connection: &'c mut C,
    dialect: Dialect,
}

impl<'c, C: Connection> Trial<'c, C> {
    fn new(connection: &'c mut C, dialect: Dialect) -> Self {
        let trial = Self { connection, dialect };
        for (table, changes) in FIRST {
            trial.connection.batch_execute(&rows::insert(dialect, table, changes)).unwrap();
        }
        trial
    }

    /// Inserts a row and undoes it.
    fn attempt(&mut self, table: &str, changes: &[Change]) -> Result<(), Error> {
        let sql = rows::insert(self.dialect, table, changes);
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
        let usual = TABLES.into_iter().filter(|table| !SINGLE_ROWS.contains(table));
        for (table, changes) in usual.map(|table| (table, [].as_slice())).chain(ACCEPTED.iter().copied()) {
            let outcome = self.attempt(table, changes);
            assert!(outcome.is_ok(), "{table} with {changes:?}: {outcome:?}");
        }
    }

    /// Tries every row that must be rejected, and returns what the database said to each.
    fn check_refused(&mut self) -> Vec<Error> {
        let mut said = Vec::new();
        for (table, rule, changes) in bad_rows() {
            let outcome = self.attempt(table, &changes);
            assert!(is_by(rule, &outcome), "{table} with {changes:?} against {rule:?}: {outcome:?}");
            said.extend(outcome.err());
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

/// Every row that must be rejected, and by which kind of rule.
fn bad_rows() -> Vec<(&'static str, Rule, Vec<Change>)> {
    let listed = REFUSED.iter().map(|(table, rule, changes)| (*table, *rule, changes.to_vec()));
    let left = LEFT_BEHIND.iter().map(|left| ("users", Rule::Check, [DELETED_USER, left].concat()));
    let without = TABLES.into_iter().flat_map(|table| {
        let missing = mandatory(table).into_iter().map(|column| vec![(column, Value::Null)]);
        missing.map(move |changes| (table, Rule::NotNull, changes))
    });
    listed.chain(left).chain(without).collect()
}

/// The columns of a table that must have a value. Not a key of one column: SQLite gives it one.
fn mandatory(table: &str) -> Vec<&'static str> {
    let schema = shape(&mut migrated::sqlite());
    let table_shape = &schema.0[table];
    let is_mandatory = |column: &&str| {
        !table_shape.columns[*column].nullable && table_shape.primary_key != [(*column).to_owned()]
    };
    rows::another(table).into_iter().map(|(column, _)| column).filter(is_mandatory).collect()
}

#[test]
fn every_table_has_rows_to_try() {
    let schema = shape(&mut migrated::sqlite());
    let mut tables = TABLES;
    tables.sort_unstable();
    assert!(schema.0.keys().eq(tables.iter()), "{:?}", schema.0.keys());
    for (table, shape) in &schema.0 {
        let tried = rows::another(table);
        for (column, _) in shape.columns.iter().filter(|(_, column)| !column.nullable) {
            assert!(tried.iter().any(|(name, _)| name == column), "{table}.{column} is never tried");
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
    use crate::rows::{Dialect, Value};

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
        broken.extend(trial.attempt("events", &[("position", Value::Number(1))]).err().and_then(broken_rule));
        assert_eq!(rules(&mut database.connection), broken);
    }
}
