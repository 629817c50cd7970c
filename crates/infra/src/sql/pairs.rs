//! Finding several memberships at once, which Diesel's query builder can't express.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool};

use crate::schema::memberships;

/// `(group_id, user_id) IN (VALUES …)`: the memberships of these groups and users, each found by the key of the
/// table. There must be one pair at least.
///
/// Without the casts, PostgreSQL would take the values of a statement that is only explained for texts.
pub(crate) struct AmongPairs(pub(crate) Vec<(i64, i64)>);

impl Expression for AmongPairs {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for AmongPairs
where
    memberships::group_id: AppearsOnTable<QS>,
    memberships::user_id: AppearsOnTable<QS>,
{
}

impl<QS> SelectableExpression<QS> for AmongPairs
where
    memberships::group_id: SelectableExpression<QS>,
    memberships::user_id: SelectableExpression<QS>,
{
}

impl ValidGrouping<()> for AmongPairs {
    type IsAggregate = is_aggregate::No;
}

/// The statement differs with the number of pairs.
impl QueryId for AmongPairs {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend> QueryFragment<DB> for AmongPairs
where
    i64: ToSql<BigInt, DB>,
    DB: diesel::sql_types::HasSqlType<BigInt>,
    memberships::group_id: QueryFragment<DB>,
    memberships::user_id: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        pass.push_sql("(");
        memberships::group_id.walk_ast(pass.reborrow())?;
        pass.push_sql(", ");
        memberships::user_id.walk_ast(pass.reborrow())?;
        pass.push_sql(") IN (VALUES ");
        for (index, (group, user)) in self.0.iter().enumerate() {
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
