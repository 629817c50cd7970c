//! Whether a column is one of many ids, as a statement that is the same for any number of them.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::sqlite::Sqlite;

/// `column` is one of these ids. Diesel's `eq_any` writes a parameter for each id on SQLite, so such a statement is
/// prepared anew each time. This one has one parameter.
#[derive(Debug, Clone, QueryId)]
pub(crate) struct Among<C> {
    column: C,
    ids: Ids,
}

/// The condition that a column is one of these ids.
pub(crate) fn among<C>(column: C, ids: impl IntoIterator<Item = i64>) -> Among<C> {
    Among { column, ids: Ids::from_iter(ids) }
}

/// Ids as either database takes them.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    /// A JSON array.
    json: String,
    #[cfg(feature = "postgres")]
    array: Vec<i64>,
}

impl QueryId for Ids {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl FromIterator<i64> for Ids {
    fn from_iter<I: IntoIterator<Item = i64>>(ids: I) -> Self {
        let ids: Vec<i64> = ids.into_iter().collect();
        let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
        Self {
            json: format!("[{}]", texts.join(",")),
            #[cfg(feature = "postgres")]
            array: ids,
        }
    }
}

/// How a database looks for a value among many.
pub(crate) trait LooksAmong: Backend {
    /// Adds the operator and the ids.
    fn push<'b>(ids: &'b Ids, pass: AstPass<'_, 'b, Self>) -> QueryResult<()>;
}

impl LooksAmong for Sqlite {
    fn push<'b>(ids: &'b Ids, mut pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        pass.push_sql(" IN (SELECT value FROM json_each(");
        pass.push_bind_param::<Text, _>(&ids.json)?;
        pass.push_sql("))");
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl LooksAmong for diesel::pg::Pg {
    fn push<'b>(ids: &'b Ids, mut pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        use diesel::sql_types::{Array, BigInt};

        pass.push_sql(" = ANY(");
        pass.push_bind_param::<Array<BigInt>, _>(&ids.array)?;
        pass.push_sql(")");
        Ok(())
    }
}

impl<C: Expression> Expression for Among<C> {
    type SqlType = Nullable<Bool>;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Among<C> {}

impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for Among<C> {}

impl<C: ValidGrouping<G>, G> ValidGrouping<G> for Among<C> {
    type IsAggregate = C::IsAggregate;
}

impl<C: QueryFragment<DB>, DB: LooksAmong> QueryFragment<DB> for Among<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.column.walk_ast(pass.reborrow())?;
        DB::push(&self.ids, pass)
    }
}
