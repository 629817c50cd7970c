//! Finding several rows by two columns at once, which Diesel's query builder can't express.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool};

/// `(group_id, user_id) IN (VALUES …)`: the rows of these groups and users, each found by the key of the table, whose
/// columns these are. There must be one pair at least.
///
/// Without the casts, PostgreSQL would take the values of a statement that is only explained for texts.
pub(crate) struct AmongPairs<G, U> {
    group: G,
    user: U,
    pairs: Vec<(i64, i64)>,
}

impl<G, U> AmongPairs<G, U> {
    /// The rows with one of these pairs in these columns.
    pub(crate) const fn of(group: G, user: U, pairs: Vec<(i64, i64)>) -> Self {
        Self { group, user, pairs }
    }
}

impl<G, U> Expression for AmongPairs<G, U> {
    type SqlType = Bool;
}

impl<G: AppearsOnTable<QS>, U: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for AmongPairs<G, U> {}

impl<G, U, QS> SelectableExpression<QS> for AmongPairs<G, U>
where
    G: SelectableExpression<QS>,
    U: SelectableExpression<QS>,
{
}

impl<G, U> ValidGrouping<()> for AmongPairs<G, U> {
    type IsAggregate = is_aggregate::No;
}

/// The statement differs with the number of pairs.
impl<G, U> QueryId for AmongPairs<G, U> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, G: QueryFragment<DB>, U: QueryFragment<DB>> QueryFragment<DB> for AmongPairs<G, U>
where
    i64: ToSql<BigInt, DB>,
    DB: diesel::sql_types::HasSqlType<BigInt>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        pass.push_sql("(");
        self.group.walk_ast(pass.reborrow())?;
        pass.push_sql(", ");
        self.user.walk_ast(pass.reborrow())?;
        pass.push_sql(") IN (VALUES ");
        for (index, (group, user)) in self.pairs.iter().enumerate() {
            pass.push_sql(if index == 0 { "(CAST(" } else { ", (CAST(" });
            pass.push_bind_param::<BigInt, _>(group)?;
            pass.push_sql(" AS BIGINT), CAST(");
            pass.push_bind_param::<BigInt, _>(user)?;
            pass.push_sql(" AS BIGINT))");
        }
        pass.push_sql(")");
        Ok(())
    }
}
