//! Values, and how each database writes them.

use super::Change;

/// A value of a column.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    /// NULL.
    Null,
    /// A number.
    Number(i64),
    /// A boolean; a number on SQLite.
    Bool(bool),
    /// Text without quotes in it.
    Text(&'static str),
    /// Text of so many characters, which are more than a byte each: limits count characters.
    Characters(usize),
    /// So many bytes, each of them this one.
    Bytes(u8, usize),
}

/// Whose SQL to write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Value {
    fn write(self, dialect: Dialect) -> String {
        match self {
            Self::Null => "NULL".into(),
            Self::Number(number) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::Text(text) => format!("'{text}'"),
            Self::Characters(count) => format!("'{}'", "é".repeat(count)),
            Self::Bytes(byte, count) => {
                let digits = format!("{byte:02x}").repeat(count);
                match dialect {
                    Dialect::Sqlite => format!("x'{digits}'"),
                    #[cfg(feature = "postgres")]
                    Dialect::Postgres => format!("'\\x{digits}'"),
                }
            }
        }
    }
}

/// The statement that inserts a row.
pub(super) fn insert(dialect: Dialect, table: &str, row: &[Change]) -> String {
    let columns: Vec<_> = row.iter().map(|(column, _)| *column).collect();
    let values: Vec<_> = row.iter().map(|(_, value)| value.write(dialect)).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}
