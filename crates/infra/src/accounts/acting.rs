//! Whether a user can act now, which Diesel's query builder can't express in a column of a join.

use crate::schema::users;

/// Defines the condition for one name of the table. The text is always the same, so the statement is prepared once, unlike one with
/// a piece of `diesel::dsl::sql`.
macro_rules! can_act {
    ($(#[$doc:meta])* $condition:ident of $id:ty, $name:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, diesel::query_builder::QueryId)]
        pub(crate) struct $condition;

        impl diesel::Expression for $condition {
            type SqlType = diesel::sql_types::Bool;
        }

        impl<QS> diesel::AppearsOnTable<QS> for $condition where $id: diesel::AppearsOnTable<QS> {}

        impl<QS> diesel::SelectableExpression<QS> for $condition where $id: diesel::SelectableExpression<QS> {}

        impl diesel::expression::ValidGrouping<()> for $condition {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }

        impl<DB: diesel::backend::Backend> diesel::query_builder::QueryFragment<DB> for $condition {
            fn walk_ast<'b>(
                &'b self,
                mut pass: diesel::query_builder::AstPass<'_, 'b, DB>,
            ) -> diesel::QueryResult<()> {
                pass.push_sql(concat!(
                    "(NOT ", $name, ".suspended AND NOT EXISTS (SELECT 1 FROM users AS owners WHERE owners.id = ", $name,
                    ".owner_id AND (owners.suspended OR owners.deleted_at IS NOT NULL)))"
                ));
                Ok(())
            }
        }
    };
}

pub(crate) use can_act;

can_act! {
    /// Whether the user of a row is not suspended and, if it is a bot, its owner is neither suspended nor deleted.
    CanAct of users::id, "users"
}
