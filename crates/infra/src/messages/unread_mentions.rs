//! How many mentions somebody has not read, which Diesel's query builder can't express.
//!
//! Nothing stores the number: it is that of the mentions after the read cursor, which an index has in order. At most the
//! newest 100 of those of single users are looked at, and a group keeps at most 100 of all members. So whatever moves a cursor,
//! in either direction, and whatever adds or removes a mention, or a block, the number is right.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};

use crate::schema::{groups, threads};

/// Whose mentions are counted, in SQL.
#[derive(Debug, Clone, Copy)]
enum Reader {
    /// The user in this column.
    Column(&'static str),
    /// This user.
    Id(i64),
}

/// Which mentions are counted, in SQL. They are called `unread`.
struct Counted {
    /// The group, and the number of the root of the thread in it, or 0.
    group: &'static str,
    root_seq: &'static str,
    /// Where the read cursor is.
    read_seq: &'static str,
    /// What else they have to be, after an `AND`.
    and: &'static str,
}

impl Counted {
    const IN_GROUP: Self = Self {
        group: "groups.id",
        root_seq: "0",
        read_seq: "memberships.read_seq",
        and: " AND unread.seq > groups.trimmed_seq \
            AND (groups.history <> 'joined' OR unread.seq > memberships.joined_seq)",
    };

    const IN_THREAD: Self = Self {
        group: "threads.group_id",
        root_seq: "threads.root_seq",
        read_seq: "coalesce(own.read_seq, 0)",
        and: "",
    };

    const OF_CURSOR: Self = Self { read_seq: "thread_members.read_seq", ..Self::IN_THREAD };

    /// Writes how many there are. For the same constants the text is always the same, so a statement is prepared once.
    fn push<'b, DB>(&self, reader: &'b Reader, pass: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        i64: ToSql<BigInt, DB>,
        DB: Backend + HasSqlType<BigInt>,
    {
        pass.push_sql(
            "((SELECT count(*) FROM (SELECT unread.author_id FROM mentions AS unread WHERE unread.user_id = ",
        );
        reader.push(pass)?;
        self.push_condition(pass);
        pass.push_sql(" AND unread.is_told ORDER BY unread.seq DESC LIMIT 100) AS unread WHERE ");
        Self::push_unblocked(reader, pass)?;
        pass.push_sql(") + (SELECT count(*) FROM group_mentions AS unread WHERE unread.author_id <> ");
        reader.push(pass)?;
        self.push_condition(pass);
        pass.push_sql(" AND ");
        Self::push_unblocked(reader, pass)?;
        pass.push_sql(
            " AND NOT EXISTS (SELECT 1 FROM mentions WHERE mentions.message_id = unread.message_id \
             AND mentions.is_told AND mentions.user_id = ",
        );
        reader.push(pass)?;
        pass.push_sql(")))");
        Ok(())
    }

    fn push_condition<DB: Backend>(&self, pass: &mut AstPass<'_, '_, DB>) {
        for part in [
            " AND unread.group_id = ",
            self.group,
            " AND unread.root_seq = ",
            self.root_seq,
            " AND unread.seq > ",
            self.read_seq,
            self.and,
        ] {
            pass.push_sql(part);
        }
    }

    fn push_unblocked<'b, DB>(reader: &'b Reader, pass: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        i64: ToSql<BigInt, DB>,
        DB: Backend + HasSqlType<BigInt>,
    {
        pass.push_sql(
            "NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.blocked_id = unread.author_id AND blocks.user_id = ",
        );
        reader.push(pass)?;
        pass.push_sql(")");
        Ok(())
    }
}

impl Reader {
    fn push<'b, DB>(&'b self, pass: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        i64: ToSql<BigInt, DB>,
        DB: Backend + HasSqlType<BigInt>,
    {
        match self {
            Self::Column(column) => {
                pass.push_sql(column);
                Ok(())
            }
            Self::Id(user) => pass.push_bind_param::<BigInt, _>(user),
        }
    }
}

/// Makes an expression of what is counted, for queries of a table.
macro_rules! expression {
    ($name:ident of $table:ident: $counted:expr, $reader:expr) => {
        impl Expression for $name {
            type SqlType = BigInt;
        }

        impl<QS> AppearsOnTable<QS> for $name where $table: AppearsOnTable<QS> {}

        impl<QS> SelectableExpression<QS> for $name where $table: SelectableExpression<QS> {}

        impl ValidGrouping<()> for $name {
            type IsAggregate = is_aggregate::No;
        }

        impl<DB: Backend> QueryFragment<DB> for $name
        where
            i64: ToSql<BigInt, DB>,
            DB: HasSqlType<BigInt>,
        {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                let reader: fn(&'b Self) -> &'b Reader = $reader;
                $counted.push(reader(self), &mut pass)
            }
        }
    };
}

type GroupId = groups::id;
type RootId = threads::root_id;

/// The unread mentions of the viewer in a group itself, for a query of groups with the viewer's membership; 0 for others
/// than members. Under a history that begins with the joining, those from before don't count.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct UnreadInGroup;

expression!(UnreadInGroup of GroupId: Counted::IN_GROUP, |_| &Reader::Column("memberships.user_id"));

/// The same in a thread, for a query of threads with what the viewer is to them, as `own`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnreadInThread(Reader);

impl QueryId for UnreadInThread {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl UnreadInThread {
    /// Of this user.
    pub(crate) const fn of(viewer: i64) -> Self {
        Self(Reader::Id(viewer))
    }
}

expression!(UnreadInThread of RootId: Counted::IN_THREAD, |unread| &unread.0);

/// The same of a thread's cursor, for a query of threads with those who are something to them.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct UnreadOfCursor;

expression!(UnreadOfCursor of RootId: Counted::OF_CURSOR, |_| &Reader::Column("thread_members.user_id"));
