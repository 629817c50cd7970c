//! Rows to try on both databases: some that every database takes first, then for each table one more that it would
//! take, changed by a rule's limit or by a step beyond it.

mod accepted;
mod refused;
mod usual;
mod value;

pub(crate) use accepted::{ACCEPTED, DELETED_USER};
pub(crate) use refused::{LEFT_BEHIND, REFUSED};
pub(crate) use usual::{FIRST, SINGLE_ROWS, TABLES, another};
pub(crate) use value::{Dialect, Value};

/// A column and what is in it instead of the usual.
pub(crate) type Change = (&'static str, Value);

/// A row of a table that would be taken but for the changes, if at all.
pub(crate) type Changed = (&'static str, &'static [Change]);

/// The statement that inserts a row of a table with these changes, of which the later ones count.
pub(crate) fn insert(dialect: Dialect, table: &str, changes: &[Change]) -> String {
    let mut row = another(table);
    for (column, value) in changes {
        row.retain(|(present, _)| present != column);
        row.push((column, *value));
    }
    value::insert(dialect, table, &row)
}

/// By what kind of rule a row is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A CHECK.
    Check,
    /// There is such a row already.
    Unique,
    /// It refers to a row that isn't there.
    Reference,
    /// A column takes no NULL.
    NotNull,
    /// A column takes no such values at all.
    Type,
}
