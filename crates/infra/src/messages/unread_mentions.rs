//! How many mentions somebody has not read, which Diesel's query builder can't express.
//!
//! Nothing stores the number: it is that of the mentions after the read cursor, which an index has in order. At most 100
//! of those of single users are counted, and a group keeps at most 100 of all members. So whatever moves a cursor, in
//! either direction, and whatever adds or removes a mention, the number is right.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};

use crate::schema::{groups, threads};

/// The unread mentions of the viewer in a group itself, for a query of groups with the viewer's membership; 0 for others
/// than members. Under a history that begins with the joining, those from before don't count.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct UnreadInGroup;

const IN_GROUP: &str = "((SELECT count(*) FROM (SELECT 1 FROM mentions WHERE mentions.user_id = memberships.user_id \
    AND mentions.group_id = groups.id AND mentions.root_seq = 0 AND mentions.seq > memberships.read_seq \
    AND (groups.history <> 'joined' OR mentions.seq > memberships.joined_seq) AND mentions.is_told LIMIT 100) AS told) \
    + (SELECT count(*) FROM group_mentions AS for_all WHERE for_all.group_id = groups.id AND for_all.root_seq = 0 \
    AND for_all.seq > memberships.read_seq \
    AND (groups.history <> 'joined' OR for_all.seq > memberships.joined_seq) \
    AND for_all.author_id <> memberships.user_id \
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = memberships.user_id \
                    AND blocks.blocked_id = for_all.author_id) \
    AND NOT EXISTS (SELECT 1 FROM mentions WHERE mentions.message_id = for_all.message_id \
                    AND mentions.user_id = memberships.user_id AND mentions.is_told)))";

impl Expression for UnreadInGroup {
    type SqlType = BigInt;
}

impl<QS> AppearsOnTable<QS> for UnreadInGroup where groups::id: AppearsOnTable<QS> {}

impl<QS> SelectableExpression<QS> for UnreadInGroup where groups::id: SelectableExpression<QS> {}

impl ValidGrouping<()> for UnreadInGroup {
    type IsAggregate = is_aggregate::No;
}

// The text is always the same, so the statement is prepared once.
impl<DB: Backend> QueryFragment<DB> for UnreadInGroup {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(IN_GROUP);
        Ok(())
    }
}

/// The same in a thread, for a query of threads with what the viewer is to them, as `own`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct UnreadInThread {
    viewer: i64,
}

impl UnreadInThread {
    /// Of this user.
    pub(crate) const fn of(viewer: i64) -> Self {
        Self { viewer }
    }
}

impl Expression for UnreadInThread {
    type SqlType = BigInt;
}

impl<QS> AppearsOnTable<QS> for UnreadInThread where threads::root_id: AppearsOnTable<QS> {}

impl<QS> SelectableExpression<QS> for UnreadInThread where threads::root_id: SelectableExpression<QS> {}

impl ValidGrouping<()> for UnreadInThread {
    type IsAggregate = is_aggregate::No;
}

impl<DB: Backend> QueryFragment<DB> for UnreadInThread
where
    i64: ToSql<BigInt, DB>,
    DB: HasSqlType<BigInt>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("((SELECT count(*) FROM (SELECT 1 FROM mentions WHERE mentions.user_id = ");
        pass.push_bind_param::<BigInt, _>(&self.viewer)?;
        pass.push_sql(
            " AND mentions.group_id = threads.group_id AND mentions.root_seq = threads.root_seq \
             AND mentions.seq > coalesce(own.read_seq, 0) AND mentions.is_told LIMIT 100) AS told) \
             + (SELECT count(*) FROM group_mentions AS for_all WHERE for_all.group_id = threads.group_id \
             AND for_all.root_seq = threads.root_seq AND for_all.seq > coalesce(own.read_seq, 0) \
             AND for_all.author_id <> ",
        );
        pass.push_bind_param::<BigInt, _>(&self.viewer)?;
        pass.push_sql(" AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = ");
        pass.push_bind_param::<BigInt, _>(&self.viewer)?;
        pass.push_sql(
            " AND blocks.blocked_id = for_all.author_id) \
             AND NOT EXISTS (SELECT 1 FROM mentions WHERE mentions.message_id = for_all.message_id \
             AND mentions.is_told AND mentions.user_id = ",
        );
        pass.push_bind_param::<BigInt, _>(&self.viewer)?;
        pass.push_sql(")))");
        Ok(())
    }
}
