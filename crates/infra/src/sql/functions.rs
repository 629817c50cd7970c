//! Functions of SQL that both databases have.

use diesel::sql_types::{BigInt, Integer, Nullable, Text};

diesel::define_sql_function! {
    /// The first of two values, or the other where it is NULL.
    fn coalesce(one: Nullable<BigInt>, other: BigInt) -> BigInt;
}

diesel::define_sql_function! {
    /// The first characters of a text.
    fn substr(text: Nullable<Text>, from: Integer, count: Integer) -> Nullable<Text>;
}
