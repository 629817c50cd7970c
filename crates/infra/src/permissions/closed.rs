//! Whether a direct conversation is closed, which Diesel's query builder can't express.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::schema::groups;

/// Whether the viewer's direct conversation is closed: it is of two people, and the other has no account any more, or
/// one has blocked the other. For a query of groups with the viewer's membership. Short for what is no such
/// conversation, and the same in each of these cases: nothing that the caller could measure tells them apart.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct IsClosed;

const SQL: &str = "(groups.kind = 'direct' AND groups.direct_key NOT LIKE '%,%,%' AND NOT EXISTS (\
    SELECT 1 FROM memberships AS peers JOIN users AS peer ON peer.id = peers.user_id \
    WHERE peers.group_id = groups.id AND peers.user_id <> memberships.user_id AND peer.deleted_at IS NULL \
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE user_id = peers.user_id AND blocked_id = memberships.user_id) \
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE user_id = memberships.user_id AND blocked_id = peers.user_id)))";

impl Expression for IsClosed {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for IsClosed where groups::id: AppearsOnTable<QS> {}

impl<QS> SelectableExpression<QS> for IsClosed where groups::id: SelectableExpression<QS> {}

impl ValidGrouping<()> for IsClosed {
    type IsAggregate = is_aggregate::No;
}

// The text is always the same, so the statement is prepared once, unlike one with a piece of `diesel::dsl::sql`.
impl<DB: Backend> QueryFragment<DB> for IsClosed {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(SQL);
        Ok(())
    }
}
