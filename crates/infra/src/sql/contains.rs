//! Whether a text contains another, in the dialect of either database.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, HasSqlType, Nullable, Text};
use diesel::sqlite::Sqlite;
use groupchat_domain::search::SearchText;

/// `column` contains exactly this text. Not a LIKE: that starts over at each character of the column for every
/// wildcard, ignores ASCII case on SQLite, and needs escaping.
///
/// The same name with the same arguments on both databases would be simpler, but SQLite has `instr` and PostgreSQL
/// `strpos`.
#[derive(Debug, Clone, QueryId)]
pub(crate) struct Contains<C> {
    column: C,
    text: String,
}

/// The condition that a column contains the search text.
pub(crate) fn contains<C>(column: C, search: &SearchText) -> Contains<C> {
    Contains { column, text: search.as_str().to_owned() }
}

/// Each database's function that returns the position of a text in another, or 0.
pub(crate) trait FindsText: Backend {
    const FUNCTION: &'static str;
}

impl FindsText for Sqlite {
    const FUNCTION: &'static str = "instr";
}

#[cfg(feature = "postgres")]
impl FindsText for diesel::pg::Pg {
    const FUNCTION: &'static str = "strpos";
}

impl<C: Expression> Expression for Contains<C> {
    type SqlType = Nullable<Bool>;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Contains<C> {}

impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for Contains<C> {}

impl<C: ValidGrouping<G>, G> ValidGrouping<G> for Contains<C> {
    type IsAggregate = C::IsAggregate;
}

impl<C, DB> QueryFragment<DB> for Contains<C>
where
    C: QueryFragment<DB>,
    DB: FindsText + HasSqlType<Text>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("(");
        pass.push_sql(DB::FUNCTION);
        pass.push_sql("(");
        self.column.walk_ast(pass.reborrow())?;
        pass.push_sql(", ");
        pass.push_bind_param::<Text, _>(&self.text)?;
        pass.push_sql(") > 0)");
        Ok(())
    }
}
