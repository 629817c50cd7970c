//! The one insert whose conflict Diesel's query builder can't express.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

/// An insert into `messages` that does nothing when the author has used the client id in the group, and
/// otherwise gives the new id. The conflict is that of the partial index `messages_by_client_id` and no other:
/// a number that is taken stays an error. (Diesel writes a conflict target with a condition only for
/// PostgreSQL, and would prepare one given as literal SQL again for each message.)
#[derive(QueryId)]
pub(crate) struct UnlessRepeated<I>(pub(crate) I);

impl<DB: Backend, I: QueryFragment<DB>> QueryFragment<DB> for UnlessRepeated<I> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(" ON CONFLICT (group_id, author_id, client_id) WHERE client_id IS NOT NULL");
        pass.push_sql(" DO NOTHING RETURNING id");
        Ok(())
    }
}

impl<I> Query for UnlessRepeated<I> {
    type SqlType = BigInt;
}

impl<I, C> RunQueryDsl<C> for UnlessRepeated<I> {}
