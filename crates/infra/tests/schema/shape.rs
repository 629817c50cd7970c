//! What a schema is made of, in words that both databases share, and how two schemas differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter, Result};

/// Tables by their names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Shape(pub BTreeMap<String, Table>);

/// A table.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// By name.
    pub columns: BTreeMap<String, Column>,
    /// The columns of the primary key, in its order.
    pub primary_key: Vec<String>,
    /// What its columns refer to.
    pub foreign_keys: BTreeSet<ForeignKey>,
    /// All but that of the primary key.
    pub indexes: BTreeSet<Index>,
    /// How many CHECKs there are. What they say is written differently, and is what the bad rows are for.
    pub checks: i64,
    /// By name.
    pub triggers: BTreeSet<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// `integer`, `text` or `blob`.
    pub kind: String,
    /// Whether NULL is a value of it.
    pub nullable: bool,
    /// Whether the database numbers the rows in it and never uses a number twice.
    pub numbered: bool,
}

/// A column that refers to a row of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ForeignKey {
    /// The referring column.
    pub column: String,
    /// The table and the column referred to.
    pub target: (String, String),
    /// What happens when that row is deleted.
    pub on_delete: String,
}

/// An index, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Index {
    /// The columns, in their order, with their direction if it is down.
    pub columns: String,
    /// Whether it rejects a second row of the same values.
    pub unique: bool,
    /// Which rows are in it, of a partial one.
    pub condition: Option<String>,
}

impl Shape {
    /// What is not the same in another schema: a line for each thing, with where it is.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for name in names(&self.0, &other.0) {
            match (self.0.get(name), other.0.get(name)) {
                (Some(mine), Some(theirs)) => mine.compare(name, theirs, &mut found),
                (Some(_), None) => found.push(format!("table {name}: only left")),
                (None, _) => found.push(format!("table {name}: only right")),
            }
        }
        found
    }
}

impl Table {
    fn compare(&self, table: &str, other: &Self, found: &mut Vec<String>) {
        for name in names(&self.columns, &other.columns) {
            let (mine, theirs) = (self.columns.get(name), other.columns.get(name));
            if mine != theirs {
                found.push(format!("column {table}.{name}: {mine:?} left, {theirs:?} right"));
            }
        }
        if self.primary_key != other.primary_key {
            let (mine, theirs) = (&self.primary_key, &other.primary_key);
            found.push(format!("primary key of {table}: {mine:?} left, {theirs:?} right"));
        }
        if self.checks != other.checks {
            found.push(format!("checks of {table}: {} left, {} right", self.checks, other.checks));
        }
        compare_sets(&format!("foreign key of {table}"), &self.foreign_keys, &other.foreign_keys, found);
        compare_sets(&format!("index of {table}"), &self.indexes, &other.indexes, found);
        compare_sets(&format!("trigger of {table}"), &self.triggers, &other.triggers, found);
    }
}

fn names<'a, V>(left: &'a BTreeMap<String, V>, right: &'a BTreeMap<String, V>) -> BTreeSet<&'a String> {
    left.keys().chain(right.keys()).collect()
}

fn compare_sets<T: Ord + Display>(
    what: &str,
    left: &BTreeSet<T>,
    right: &BTreeSet<T>,
    found: &mut Vec<String>,
) {
    found.extend(left.difference(right).map(|thing| format!("{what}: {thing} only left")));
    found.extend(right.difference(left).map(|thing| format!("{what}: {thing} only right")));
}

impl Display for ForeignKey {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let Self { column, target: (table, key), on_delete } = self;
        write!(out, "{column} → {table}.{key} ({on_delete})")
    }
}

impl Display for Index {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let unique = if self.unique { "unique " } else { "" };
        write!(out, "{unique}({})", self.columns)?;
        self.condition.iter().try_for_each(|condition| write!(out, " where {condition}"))
    }
}
