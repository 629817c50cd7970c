//! Finding several rows by several columns at once, which Diesel's query builder can't express.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};

/// `(group_id, user_id) IN (VALUES …)`: the rows of these groups and users, each found by the key of the table, whose
/// `columns` these are, a tuple of so many. There must be one key at least.
///
/// Without the casts, PostgreSQL would take the values of a statement that is only explained for texts.
pub(crate) struct AmongKeys<C, const COLUMNS: usize> {
    columns: C,
    keys: Vec<[i64; COLUMNS]>,
}

/// The rows with one of these pairs in these columns.
pub(crate) fn among_pairs<A, B>(columns: (A, B), pairs: Vec<(i64, i64)>) -> AmongKeys<(A, B), 2> {
    AmongKeys { columns, keys: pairs.into_iter().map(<[i64; 2]>::from).collect() }
}

/// The rows with one of these triples in these columns.
pub(crate) fn among_triples<A, B, C>(
    columns: (A, B, C),
    triples: Vec<(i64, i64, i64)>,
) -> AmongKeys<(A, B, C), 3> {
    AmongKeys { columns, keys: triples.into_iter().map(<[i64; 3]>::from).collect() }
}

impl<C, const COLUMNS: usize> Expression for AmongKeys<C, COLUMNS> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<QS>, QS, const COLUMNS: usize> AppearsOnTable<QS> for AmongKeys<C, COLUMNS> {}

impl<C: SelectableExpression<QS>, QS, const COLUMNS: usize> SelectableExpression<QS>
    for AmongKeys<C, COLUMNS>
{
}

impl<C, const COLUMNS: usize> ValidGrouping<()> for AmongKeys<C, COLUMNS> {
    type IsAggregate = is_aggregate::No;
}

/// The statement differs with the number of keys.
impl<C, const COLUMNS: usize> QueryId for AmongKeys<C, COLUMNS> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, C, const COLUMNS: usize> QueryFragment<DB> for AmongKeys<C, COLUMNS>
where
    DB: Backend + HasSqlType<BigInt>,
    C: QueryFragment<DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        pass.push_sql("(");
        self.columns.walk_ast(pass.reborrow())?;
        pass.push_sql(") IN (VALUES ");
        for (index, key) in self.keys.iter().enumerate() {
            pass.push_sql(if index == 0 { "(" } else { ", (" });
            for (column, value) in key.iter().enumerate() {
                pass.push_sql(if column == 0 { "CAST(" } else { ", CAST(" });
                pass.push_bind_param::<BigInt, _>(value)?;
                pass.push_sql(" AS BIGINT)");
            }
            pass.push_sql(")");
        }
        pass.push_sql(")");
        Ok(())
    }
}
