//! The rows of every table, with the same types for both databases: `users::Row`, `sessions::Row`, …

use diesel::sql_types::{BigInt, Binary, Bool, Nullable, SingleValue, Text};

use crate::schema::for_each_table;

/// The type of a column in a row.
pub(crate) trait ColumnType {
    /// The Rust type of its values.
    type Value;
}

macro_rules! columns {
    ($($sql:ty => $value:ty;)+) => {$(
        impl ColumnType for $sql {
            type Value = $value;
        }
    )+};
}

columns! {
    BigInt => i64;
    Binary => Vec<u8>;
    Bool => bool;
    Text => String;
}

impl<C: ColumnType + SingleValue> ColumnType for Nullable<C> {
    type Value = Option<C::Value>;
}

/// Defines a module for each table, with a row type of all its columns.
macro_rules! rows {
    ($(
        $table:ident ($($key:ident),+) $($numbered:ident)? {
            $($(#[sql_name = $sql_name:tt])? $column:ident -> $type:ident $(<$inner:ident>)?,)+
        }
    )+) => {$(
        pub(crate) mod $table {
            use diesel::prelude::*;

            use crate::encoding::Encode;
            use crate::rows::ColumnType;

            /// A whole row.
            #[derive(Debug, Clone, Queryable, Insertable)]
            #[diesel(table_name = crate::schema::$table, treat_none_as_default_value = false)]
            pub(crate) struct Row {
                $(
                    pub(crate) $column:
                        <diesel::sql_types::$type $(<diesel::sql_types::$inner>)? as ColumnType>::Value,
                )+
            }

            impl Encode for Row {
                fn encode(&self, into: &mut Vec<u8>) {
                    $(self.$column.encode(into);)+
                }
            }
        }
    )+};
}

for_each_table!(rows);
